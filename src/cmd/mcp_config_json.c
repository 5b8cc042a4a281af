/* SPDX-License-Identifier: Apache-2.0 */
/* mcp_config_json.c - a member is put into a JSON text, and nothing else of it is touched.
 *
 * Settings that people edit have comments, and commas before a closing bracket (JSONC). json-c
 * would lose both; so this walks the bytes, finds where a member is or belongs, and edits there.
 */
#include <errno.h>
#include <string.h>

#include "cmd/mcp_config.h"
#include "json.h"

struct cursor {
    const char *text;
    size_t len, at;
    struct error *err;
};

struct span {
    size_t begin, end;
};

/* An object, and a member of it that was looked for. */
struct object {
    size_t open, close; /* where its brackets are */
    size_t first;       /* where its first key begins; 0: it is empty */
    size_t last_end;    /* behind its last value */
    bool comma;         /* is there one behind that? */
    bool found;
    struct span value;
};

/* --- reading ---------------------------------------------------------------------------------- */

static int unlike(const struct cursor *cursor, size_t at, const char *problem)
{
    return fail_caller(cursor->err, EINVAL, "line %u: %s",
                       line_number(cursor->text, cursor->len, at), problem);
}

static char here(const struct cursor *cursor)
{
    return cursor->at < cursor->len ? cursor->text[cursor->at] : '\0';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool begins(const struct cursor *cursor, const char *with)
{
    size_t len = strlen(with);
    return cursor->len - cursor->at >= len && memcmp(cursor->text + cursor->at, with, len) == 0;
}

/* White space and comments. */
static int skip(struct cursor *cursor)
{
    for (;;) {
        while (is_space(here(cursor)))
            cursor->at++;
        size_t from = cursor->at;
        if (begins(cursor, "//")) {
            while (cursor->at < cursor->len && here(cursor) != '\n')
                cursor->at++;
        } else if (begins(cursor, "/*")) {
            cursor->at += 2;
            while (cursor->at < cursor->len && !begins(cursor, "*/"))
                cursor->at++;
            if (cursor->at == cursor->len)
                return unlike(cursor, from, "a comment that begins here does not end");
            cursor->at += 2;
        } else {
            return 0;
        }
    }
}

/* A string, number, true, false or null: found by where it ends, judged by the strict parser. */
static int take_scalar(struct cursor *cursor)
{
    size_t from = cursor->at;
    if (here(cursor) == '"') {
        for (cursor->at++; cursor->at < cursor->len && here(cursor) != '"'; cursor->at++)
            if (here(cursor) == '\\')
                cursor->at++;
        if (cursor->at >= cursor->len)
            return unlike(cursor, from, "a string that begins here does not end");
        cursor->at++;
    } else {
        while (cursor->at < cursor->len && !is_space(here(cursor)) &&
               !strchr(",:[]{}\"/", here(cursor)))
            cursor->at++;
    }
    struct error problem = { 0 };
    if (cursor->at == from ||
        json_scan(cursor->text + from, cursor->at - from, &problem) == JSON_MALFORMED)
        return unlike(cursor, from, "this is no JSON value (a comma or a bracket may be missing)");
    return 0;
}

static int take_value(struct cursor *cursor, unsigned depth);

static bool same_text(const char *text, size_t len, const char *wanted)
{
    autojson struct json_object *value = NULL;
    struct error problem = { 0 };
    return json_load(text, len, &value, &problem) == JSON_OK &&
           json_object_is_type(value, json_type_string) &&
           strlen(wanted) == (size_t)json_object_get_string_len(value) &&
           strcmp(json_object_get_string(value), wanted) == 0;
}

/* "key": value; with `wanted` NULL nothing is looked for. */
static int take_member(struct cursor *cursor, unsigned depth, const char *wanted,
                       struct object *object)
{
    size_t key = cursor->at;
    if (here(cursor) != '"')
        return unlike(cursor, key, "the name of a member is missing here");
    int r = take_scalar(cursor);
    size_t key_end = cursor->at;
    if (r == 0)
        r = skip(cursor);
    if (r == 0 && here(cursor) != ':')
        return unlike(cursor, key, "this member has no value");
    cursor->at++;
    if (r == 0)
        r = skip(cursor);
    size_t begin = cursor->at;
    if (r == 0)
        r = take_value(cursor, depth);
    if (r < 0)
        return r;
    object->last_end = cursor->at;
    object->first = object->first ? object->first : key;
    if (!wanted || !same_text(cursor->text + key, key_end - key, wanted))
        return 0;
    if (object->found)
        return unlike(cursor, key, "a member of this name is there twice");
    object->found = true;
    object->value = (struct span){ begin, cursor->at };
    return 0;
}

/* From its '{' to behind its '}'. */
static int take_object(struct cursor *cursor, unsigned depth, const char *wanted,
                       struct object *object)
{
    *object = (struct object){ .open = cursor->at };
    cursor->at++;
    for (;;) {
        int r = skip(cursor);
        if (r == 0 && here(cursor) == '}') {
            object->close = cursor->at++;
            return 0;
        }
        if (r == 0 && object->first && !object->comma)
            return unlike(cursor, cursor->at, "a comma or \"}\" is missing before this");
        object->comma = false;
        if (r == 0)
            r = take_member(cursor, depth, wanted, object);
        if (r == 0)
            r = skip(cursor);
        if (r < 0)
            return r;
        if (here(cursor) == ',') {
            object->comma = true;
            cursor->at++;
        }
    }
}

static int take_array(struct cursor *cursor, unsigned depth)
{
    bool ready = true; /* for a value */
    cursor->at++;
    for (;;) {
        int r = skip(cursor);
        if (r == 0 && here(cursor) == ']') {
            cursor->at++;
            return 0;
        }
        if (r == 0 && !ready)
            return unlike(cursor, cursor->at, "a comma or \"]\" is missing before this");
        if (r == 0)
            r = take_value(cursor, depth);
        if (r == 0)
            r = skip(cursor);
        if (r < 0)
            return r;
        ready = here(cursor) == ',';
        cursor->at += ready;
    }
}

static int take_value(struct cursor *cursor, unsigned depth)
{
    struct object object;
    if (depth >= MCP_DEPTH_MAX)
        return unlike(cursor, cursor->at, "this is nested too deeply");
    if (here(cursor) == '{')
        return take_object(cursor, depth + 1, NULL, &object);
    return here(cursor) == '[' ? take_array(cursor, depth + 1) : take_scalar(cursor);
}

/* --- writing ---------------------------------------------------------------------------------- */

/* The white space before `at` on its line, or NULL if something else stands there; the caller's. */
static char *indent_of(const struct str *text, size_t at)
{
    size_t begin = at;
    while (begin > 0 && text->data[begin - 1] != '\n')
        begin--;
    size_t len = strspn(text->data + begin, " \t");
    return begin + len < at ? NULL : xstrndup(text->data + begin, at - begin);
}

/* The same, whatever stands there. */
static char *indent_of_line(const struct str *text, size_t at)
{
    while (at > 0 && text->data[at - 1] != '\n')
        at--;
    return xstrndup(text->data + at, strspn(text->data + at, " \t"));
}

static const char *newline_of(const struct str *text)
{
    const char *first = memchr(text->data, '\n', text->len);
    return first && first > text->data && first[-1] == '\r' ? "\r\n" : "\n";
}

/* What the file indents by: as its first member is, else two spaces. */
static char *unit_of(const struct str *text, const struct object *root)
{
    char *unit = root->first ? indent_of(text, root->first) : NULL;
    if (unit && *unit)
        return unit;
    free(unit);
    return xstrdup("  ");
}

/* A new last member, on a line of its own. */
static void insert(struct str *text, const struct object *root, const struct object *object,
                   const char *key, const char *value)
{
    const char *newline = newline_of(text);
    autofree char *unit = unit_of(text, root), *outer = indent_of_line(text, object->open);
    autofree char *inner = object->first ? indent_of(text, object->first) : NULL;
    if (!inner)
        inner = xasprintf("%s%s", outer, unit);
    size_t end = object->close; /* of what stands in it */
    while (end > object->open + 1 && is_space(text->data[end - 1]))
        end--;
    bool closed = memchr(text->data + end, '\n', object->close - end) != NULL;
    autofree char *member = xasprintf("%s%s\"%s\": %s%s%s", newline, inner, key, value,
                                      closed ? "" : newline, closed ? "" : outer);
    str_replace(text, end, closed ? end : object->close, member);
    if (object->first && !object->comma)
        str_replace(text, object->last_end, object->last_end, ",");
}

/* Same value, however it is written? */
static bool is_same(const struct str *text, struct span span, const char *value)
{
    autojson struct json_object *old = NULL, *wanted = NULL;
    struct error problem = { 0 };
    return json_load(text->data + span.begin, span.end - span.begin, &old, &problem) == JSON_OK &&
           json_load(value, strlen(value), &wanted, &problem) == JSON_OK &&
           json_object_equal(old, wanted);
}

/* --- a member by its path --------------------------------------------------------------------- */

struct place {
    struct object root, object; /* object: the innermost of the path that is there */
    size_t depth;               /* how many names of the path lead to a value */
};

/* The whole text is checked on the way, each time: an edit before must have left it in order. */
static int find(const struct str *text, const char *const *path, struct place *ret,
                struct error *err)
{
    struct cursor cursor = { .text = text->data, .len = text->len, .err = err };
    if (begins(&cursor, "\xEF\xBB\xBF"))
        cursor.at += 3; /* editors of Windows put it there, and clients take it */
    int r = skip(&cursor);
    if (r == 0 && here(&cursor) != '{')
        return unlike(&cursor, cursor.at, "the file is not an object of JSON");
    if (r == 0)
        r = take_object(&cursor, 1, path[0], &ret->root);
    if (r == 0)
        r = skip(&cursor);
    if (r == 0 && cursor.at < cursor.len)
        r = unlike(&cursor, cursor.at, "something stands behind the end of the object");
    ret->object = ret->root;
    ret->depth = 0;
    while (r == 0 && path[ret->depth] && ret->object.found) {
        cursor.at = ret->object.value.begin;
        if (!path[++ret->depth])
            break;
        if (here(&cursor) != '{') {
            autofree char *problem = xasprintf("%s is not an object", path[ret->depth - 1]);
            return unlike(&cursor, cursor.at, problem);
        }
        r = take_object(&cursor, (unsigned)ret->depth + 1, path[ret->depth], &ret->object);
    }
    return r;
}

/* Sets the member at a path; what leads there is made. */
static int set(struct str *text, const char *const *path, const char *value, struct error *err)
{
    for (;;) {
        struct place place;
        int r = find(text, path, &place, err);
        if (r < 0)
            return r;
        if (!path[place.depth]) {
            if (!is_same(text, place.object.value, value))
                str_replace(text, place.object.value.begin, place.object.value.end, value);
            return 0;
        }
        bool last = !path[place.depth + 1];
        insert(text, &place.root, &place.object, path[place.depth], last ? value : "{}");
        if (last)
            return 0;
    }
}

/* The text of a string there; NULL if there is none. */
static char *get(const struct str *text, const char *const *path)
{
    struct place place;
    struct error problem = { 0 };
    autojson struct json_object *value = NULL;
    if (find(text, path, &place, &problem) < 0 || path[place.depth] ||
        json_load(text->data + place.object.value.begin,
                  place.object.value.end - place.object.value.begin, &value, &problem) != JSON_OK ||
        !json_object_is_type(value, json_type_string))
        return NULL;
    return xstrdup(json_object_get_string(value));
}

static bool has(const struct str *text, const char *const *path)
{
    struct place place;
    struct error problem = { 0 };
    return find(text, path, &place, &problem) == 0 && !path[place.depth];
}

/* --- the entry -------------------------------------------------------------------------------- */

static char *quoted(const char *text)
{
    autojson struct json_object *value = json_object_new_string(text);
    return xstrdup(json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE));
}

/* A server that is reached in another way has one of these. */
static int check_kind(const struct str *text, const struct mcp_entry *entry, struct error *err)
{
    static const char *const others[] = { "url", "httpUrl", "serverUrl" };
    for (size_t i = 0; i < COUNT(others); i++)
        if (has(text, (const char *[]){ entry->section, entry->name, others[i], NULL }))
            return fail_caller(err, EEXIST,
                               "%s.%s is a server at an address (it has \"%s\"); name ours "
                               "otherwise (--name)",
                               entry->section, entry->name, others[i]);
    return 0;
}

static int put_args(struct str *text, const struct mcp_entry *entry, const char *old,
                    struct error *err)
{
    const char *path[] = { entry->section, entry->name, "args", NULL };
    autofree char *args = mcp_array(entry->args, quoted);
    if (old && has(text, path) && mcp_args_stay(entry, old))
        return 0;
    return set(text, path, args, err);
}

int mcp_put_json(struct str *text, const struct mcp_entry *entry, struct error *err)
{
    const char *kind[] = { entry->section, entry->name, entry->kind[0], NULL };
    const char *command[] = { entry->section, entry->name, "command", NULL };
    if (strspn(text->len ? text->data : "", " \t\r\n") == text->len)
        str_puts(text, "{\n}\n");
    struct place place;
    int r = find(text, command, &place, err); /* is it what it should be? */
    if (r == 0)
        r = check_kind(text, entry, err);
    autofree char *old = r == 0 ? get(text, command) : NULL;
    autofree char *value = quoted(entry->command);
    if (r == 0 && kind[2]) {
        autofree char *word = quoted(entry->kind[1]);
        r = set(text, kind, word, err);
    }
    if (r == 0)
        r = set(text, command, value, err);
    if (r == 0)
        r = put_args(text, entry, old, err);
    for (char **pair = entry->env; r == 0 && pair && pair[0]; pair += 2) {
        autofree char *word = quoted(pair[1]);
        r = set(text, (const char *[]){ entry->section, entry->name, "env", pair[0], NULL }, word,
                err);
    }
    return r == 0 ? find(text, command, &place, err) : r;
}
