/* SPDX-License-Identifier: Apache-2.0 */
/* mcp_config_toml.c - a table is put into a TOML text (Codex), and nothing else of it is touched.
 *
 * The text is read once into a list of what it says where: each header of a table and each value,
 * with its whole path, also inside of inline tables. The edit is decided on that list.
 */
#include <errno.h>
#include <string.h>

#include "cmd/mcp_config.h"

enum item_kind {
    ITEM_TABLE,  /* [path] */
    ITEM_TABLES, /* [[path]] */
    ITEM_VALUE,  /* path = value */
    ITEM_INLINE, /* path = { ... } */
};

struct item {
    enum item_kind kind;
    bool within; /* an inline table */
    char **path; /* owned */
    unsigned line;
    size_t begin, end; /* of a value; of a header the end of its line, without it */
};

struct reader {
    const char *text;
    size_t len, at;
    struct error *err;
    struct item *items;
    size_t count;
    char **table; /* the header that holds now; owned */
};

/* --- reading ---------------------------------------------------------------------------------- */

static char here(const struct reader *reader)
{
    return reader->at < reader->len ? reader->text[reader->at] : '\0';
}

static bool begins(const struct reader *reader, const char *with)
{
    size_t len = strlen(with);
    return reader->len - reader->at >= len && memcmp(reader->text + reader->at, with, len) == 0;
}

static unsigned line_at(const struct reader *reader, size_t at)
{
    unsigned line = 1;
    for (size_t i = 0; i < at && i < reader->len; i++)
        line += reader->text[i] == '\n';
    return line;
}

static int unlike(const struct reader *reader, size_t at, const char *problem)
{
    return fail_caller(reader->err, EINVAL, "line %u: %s", line_at(reader, at), problem);
}

static void skip_blanks(struct reader *reader)
{
    while (here(reader) == ' ' || here(reader) == '\t')
        reader->at++;
}

static void skip_comment(struct reader *reader)
{
    if (here(reader) == '#')
        while (reader->at < reader->len && here(reader) != '\n')
            reader->at++;
}

/* Lines, blanks and comments, as they may stand in an array. */
static void skip_lines(struct reader *reader)
{
    for (size_t from = reader->len; from != reader->at;) {
        from = reader->at;
        skip_blanks(reader);
        skip_comment(reader);
        while (here(reader) == '\n' || here(reader) == '\r')
            reader->at++;
    }
}

static void utf8_put(struct str *out, unsigned long code)
{
    if (code < 0x80) {
        str_putc(out, (char)code);
    } else if (code < 0x800) {
        str_putc(out, (char)(0xC0 | code >> 6));
        str_putc(out, (char)(0x80 | (code & 0x3F)));
    } else {
        if (code < 0x10000) {
            str_putc(out, (char)(0xE0 | code >> 12));
        } else {
            str_putc(out, (char)(0xF0 | (code >> 18 & 7)));
            str_putc(out, (char)(0x80 | (code >> 12 & 0x3F)));
        }
        str_putc(out, (char)(0x80 | (code >> 6 & 0x3F)));
        str_putc(out, (char)(0x80 | (code & 0x3F)));
    }
}

/* Behind a backslash; false if nothing may be written so. */
static bool take_escape(struct reader *reader, struct str *out)
{
    static const char names[] = "btnfr\"\\e", values[] = "\b\t\n\f\r\"\\\x1b";
    char name = here(reader);
    const char *known = name ? strchr(names, name) : NULL;
    size_t digits = name == 'u' ? 4 : name == 'U' ? 8 : name == 'x' ? 2 : 0;
    if (known) {
        str_putc(out, values[known - names]);
        reader->at++;
        return true;
    }
    char number[9] = "";
    if (digits == 0 || reader->len - reader->at <= digits)
        return false;
    memcpy(number, reader->text + reader->at + 1, digits);
    if (strspn(number, "0123456789abcdefABCDEF") != digits)
        return false;
    unsigned long code = strtoul(number, NULL, 16);
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return false;
    utf8_put(out, code);
    reader->at += digits + 1;
    return true;
}

/* A backslash before the end of a line: that, and the white space behind it, are not there. */
static bool skip_line_end(struct reader *reader)
{
    size_t from = reader->at;
    skip_blanks(reader);
    bool ends = here(reader) == '\n' || begins(reader, "\r\n");
    if (!ends)
        reader->at = from;
    while (ends && here(reader) && strchr(" \t\r\n", here(reader)))
        reader->at++;
    return ends;
}

/* One of the four kinds of string; what it says goes to `out`. */
static int take_string(struct reader *reader, struct str *out)
{
    size_t from = reader->at;
    char quote = here(reader);
    char three[] = { quote, quote, quote, '\0' }, one[] = { quote, '\0' };
    bool lines = begins(reader, three);
    const char *mark = lines ? three : one;
    reader->at += strlen(mark);
    while (reader->at < reader->len && !begins(reader, mark)) {
        unsigned char c = (unsigned char)here(reader);
        bool ends = c == '\n' || c == '\r';
        if ((c < 0x20 && c != '\t' && !(lines && ends)) || c == 0x7F)
            return unlike(reader, from, "a string that begins here does not end");
        reader->at++;
        if (c != '\\' || quote == '\'')
            str_putc(out, (char)c);
        else if (!(lines && skip_line_end(reader)) && !take_escape(reader, out))
            return unlike(reader, reader->at, "nothing is written like this in a string");
    }
    if (reader->at >= reader->len)
        return unlike(reader, from, "a string that begins here does not end");
    reader->at += strlen(mark);
    /* Up to two quotes may stand before the three that end it. */
    for (int i = 0; lines && i < 2 && here(reader) == quote; i++)
        reader->at++;
    return 0;
}

static bool is_bare(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/* a."b".c, added to *path. */
static int take_key(struct reader *reader, char ***path)
{
    for (;;) {
        autostr struct str part = { 0 };
        skip_blanks(reader);
        size_t from = reader->at;
        int r = 0;
        if (here(reader) == '"' || here(reader) == '\'')
            r = begins(reader, "\"\"\"") || begins(reader, "'''")
                    ? unlike(reader, from, "a key is on one line")
                    : take_string(reader, &part);
        else
            for (; is_bare(here(reader)); reader->at++)
                str_putc(&part, here(reader));
        if (r == 0 && reader->at == from)
            r = unlike(reader, from, "the name of a key is missing here");
        if (r < 0)
            return r;
        list_add_owned(path, str_take(&part));
        skip_blanks(reader);
        if (here(reader) != '.')
            return 0;
        reader->at++;
    }
}

static int take_value(struct reader *reader, char *const *path, unsigned depth);

static struct item *item_add(struct reader *reader, enum item_kind kind, char **path, size_t at)
{
    reader->items = xrealloc(reader->items, (reader->count + 1) * sizeof(*reader->items));
    struct item *item = &reader->items[reader->count++];
    *item = (struct item){ .kind = kind, .path = path, .line = line_at(reader, at), .begin = at };
    return item;
}

/* key = value; the key continues `above`. */
static int take_pair(struct reader *reader, char *const *above, unsigned depth)
{
    autolist char **path = list_copy(above);
    size_t from = reader->at;
    int r = take_key(reader, &path);
    if (r == 0 && here(reader) != '=')
        r = unlike(reader, from, "this key has no value");
    if (r < 0)
        return r;
    reader->at++;
    skip_blanks(reader);
    enum item_kind kind = here(reader) == '{' ? ITEM_INLINE : ITEM_VALUE;
    size_t index = reader->count;
    char **kept = list_copy(path);
    item_add(reader, kind, kept, reader->at)->within = depth > 0;
    r = take_value(reader, path, depth);
    reader->items[index].end = reader->at;
    return r;
}

static int take_inline(struct reader *reader, char *const *path, unsigned depth)
{
    bool ready = true; /* for a pair */
    reader->at++;
    for (;;) {
        /* TOML 1.1 lets it go over lines, with a comma at its end. */
        skip_lines(reader);
        if (here(reader) == '}') {
            reader->at++;
            return 0;
        }
        if (!ready)
            return unlike(reader, reader->at, "a comma or \"}\" is missing before this");
        int r = take_pair(reader, path, depth + 1);
        if (r < 0)
            return r;
        skip_lines(reader);
        ready = here(reader) == ',';
        reader->at += ready;
    }
}

static int take_array(struct reader *reader, unsigned depth)
{
    static char unnamed[] = "";
    static char *const nowhere[] = { unnamed, NULL }; /* the elements of an array have no path */
    bool ready = true;
    reader->at++;
    for (;;) {
        skip_lines(reader);
        if (here(reader) == ']') {
            reader->at++;
            return 0;
        }
        if (!ready)
            return unlike(reader, reader->at, "a comma or \"]\" is missing before this");
        int r = take_value(reader, nowhere, depth + 1);
        if (r < 0)
            return r;
        skip_lines(reader);
        ready = here(reader) == ',';
        reader->at += ready;
    }
}

static int take_value(struct reader *reader, char *const *path, unsigned depth)
{
    autostr struct str ignored = { 0 };
    size_t from = reader->at;
    if (depth >= MCP_DEPTH_MAX)
        return unlike(reader, from, "this is nested too deeply");
    if (here(reader) == '"' || here(reader) == '\'')
        return take_string(reader, &ignored);
    if (here(reader) == '{')
        return take_inline(reader, path, depth);
    if (here(reader) == '[')
        return take_array(reader, depth);
    /* Numbers, dates, true and false: the client judges them, here they only have to end. */
    while (is_bare(here(reader)) || (here(reader) && strchr("+.:", here(reader))))
        reader->at++;
    /* 1979-05-27 07:32:00 */
    if (reader->at - from == 10 && here(reader) == ' ' && reader->at + 1 < reader->len &&
        reader->text[reader->at + 1] >= '0' && reader->text[reader->at + 1] <= '9')
        for (reader->at++; is_bare(here(reader)) || (here(reader) && strchr("+.:", here(reader)));)
            reader->at++;
    return reader->at == from ? unlike(reader, from, "a value is missing here") : 0;
}

/* [path] or [[path]]. */
static int take_header(struct reader *reader)
{
    size_t from = reader->at;
    bool many = begins(reader, "[[");
    autolist char **path = NULL;
    reader->at += many ? 2 : 1;
    int r = take_key(reader, &path);
    if (r == 0 && !begins(reader, many ? "]]" : "]"))
        r = unlike(reader, from, "the name of a table does not end");
    if (r < 0)
        return r;
    reader->at += many ? 2 : 1;
    list_free(reader->table);
    reader->table = list_copy(path);
    item_add(reader, many ? ITEM_TABLES : ITEM_TABLE, TAKE(&path), from);
    return 0;
}

static int take_all(struct reader *reader)
{
    for (;;) {
        skip_lines(reader);
        if (reader->at >= reader->len)
            return 0;
        size_t index = reader->count;
        bool header = here(reader) == '[';
        int r = header ? take_header(reader) : take_pair(reader, reader->table, 0);
        if (r < 0)
            return r;
        skip_blanks(reader);
        skip_comment(reader);
        if (here(reader) == '\r')
            reader->at++;
        if (reader->at < reader->len && here(reader) != '\n')
            return unlike(reader, reader->at, "this belongs on a line of its own");
        if (header)
            reader->items[index].end = reader->at;
    }
}

static int reader_open(struct reader *reader, const struct str *text, struct error *err)
{
    *reader = (struct reader){ .text = text->data, .len = text->len, .err = err };
    return utf8_valid(text->len ? text->data : "", text->len)
               ? take_all(reader)
               : fail_caller(err, EILSEQ, "the file is not UTF-8");
}

static void reader_close(struct reader *reader)
{
    for (size_t i = 0; i < reader->count; i++)
        list_free(reader->items[i].path);
    free(reader->items);
    list_free(reader->table);
}

/* --- what is there ---------------------------------------------------------------------------- */

/* How many names of the two paths are the same. */
static size_t shared(char *const *path, const char *const *other)
{
    size_t i = 0;
    while (path && path[i] && other[i] && strcmp(path[i], other[i]) == 0)
        i++;
    return i;
}

static const struct item *item_at(const struct reader *reader, const char *const *path)
{
    for (size_t i = 0; i < reader->count; i++) {
        size_t n = shared(reader->items[i].path, path);
        if (!path[n] && !reader->items[i].path[n])
            return &reader->items[i];
    }
    return NULL;
}

/* Only a table of its own can be added to without a second thought. */
static int check_layout(const struct reader *reader, const struct mcp_entry *entry)
{
    const char *path[] = { entry->section, entry->name, NULL };
    bool table = false;
    for (size_t i = 0; i < reader->count; i++) {
        const struct item *item = &reader->items[i];
        size_t n = shared(item->path, path), len = list_len(item->path);
        bool at = n == 2 && len == 2, above = n == 1 && len == 1, below = n == 2 && len > 2;
        if ((at || above) && item->kind != ITEM_TABLE)
            return fail_caller(reader->err, EEXIST,
                               "line %u: %s is not written as a table [%s.%s], which is all that "
                               "can be edited here",
                               item->line, at ? entry->name : entry->section, entry->section,
                               entry->name);
        if (at && table)
            return fail_caller(reader->err, EEXIST, "line %u: this table is there twice",
                               item->line);
        table |= at;
        if (below && !table && item->kind == ITEM_VALUE)
            return fail_caller(reader->err, EEXIST,
                               "line %u: this belongs to %s, which is not written as a table "
                               "[%s.%s]",
                               item->line, entry->name, entry->section, entry->name);
        if (below && len == 3 && strcmp(item->path[2], "url") == 0)
            return fail_caller(reader->err, EEXIST,
                               "line %u: %s.%s is a server at an address; name ours otherwise "
                               "(--name)",
                               item->line, entry->section, entry->name);
    }
    return 0;
}

/* --- writing ---------------------------------------------------------------------------------- */

static char *quoted(const char *text)
{
    struct str out = { 0 };
    str_putc(&out, '"');
    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        if (*c == '"' || *c == '\\')
            str_printf(&out, "\\%c", *c);
        else if (*c < 0x20 || *c == 0x7F)
            str_printf(&out, "\\u%04x", *c);
        else
            str_putc(&out, (char)*c);
    }
    str_putc(&out, '"');
    return str_take(&out);
}

static char *array_of(char *const *list)
{
    struct str text = { 0 };
    for (size_t i = 0; i < list_len(list); i++) {
        autofree char *word = quoted(list[i]);
        str_printf(&text, "%s%s", i ? ", " : "[", word);
    }
    str_puts(&text, text.len ? "]" : "[]");
    return str_take(&text);
}

static void replace(struct str *text, size_t begin, size_t end, const char *with)
{
    struct str whole = { 0 };
    str_add(&whole, text->data, begin);
    str_puts(&whole, with);
    str_add(&whole, text->data + end, text->len - end);
    str_done(text);
    *text = whole;
}

static const char *newline_of(const struct str *text)
{
    const char *first = text->len ? memchr(text->data, '\n', text->len) : NULL;
    return first && first > text->data && first[-1] == '\r' ? "\r\n" : "\n";
}

/* One value of a table that has a header: in its place, or on the line below the header, or below
 * `after`. A value that says the same is left as it is written. */
static int set(struct str *text, const char *const *table, const char *key, const char *value,
               const char *after, struct error *err)
{
    struct reader reader;
    int r = reader_open(&reader, text, err);
    const char *path[5] = { NULL };
    size_t n = 0;
    for (; table[n]; n++)
        path[n] = table[n];
    path[n] = key;
    const struct item *old = item_at(&reader, path), *header = item_at(&reader, table);
    path[n] = after;
    const struct item *above = after ? item_at(&reader, path) : NULL;
    if (r == 0 && old) {
        autofree char *was = xstrndup(text->data + old->begin, old->end - old->begin);
        if (strcmp(was, value) != 0)
            replace(text, old->begin, old->end, value);
    } else if (r == 0 && header) {
        autofree char *line = xasprintf("%s%s = %s", newline_of(text), key, value);
        size_t at = above ? above->end : header->end;
        while (at < text->len && text->data[at] != '\n' && text->data[at] != '\r')
            at++; /* a comment behind it */
        replace(text, at, at, line);
    }
    reader_close(&reader);
    return r;
}

static char *string_at(const struct str *text, const char *const *path)
{
    struct reader reader, value = { 0 };
    struct error problem = { 0 };
    struct str said = { 0 };
    bool ok = reader_open(&reader, text, &problem) == 0;
    const struct item *item = ok ? item_at(&reader, path) : NULL;
    if (item && (text->data[item->begin] == '"' || text->data[item->begin] == '\'')) {
        value = (struct reader){
            .text = text->data, .len = text->len, .at = item->begin, .err = &problem
        };
        ok = take_string(&value, &said) == 0;
    }
    reader_close(&reader);
    if (!ok || !value.text) {
        str_done(&said);
        return NULL;
    }
    return str_take(&said);
}

static enum item_kind kind_at(const struct str *text, const char *const *path, bool *there)
{
    struct reader reader;
    struct error problem = { 0 };
    const struct item *item =
        reader_open(&reader, text, &problem) == 0 ? item_at(&reader, path) : NULL;
    enum item_kind kind = item ? item->kind : ITEM_VALUE;
    *there = item != NULL;
    reader_close(&reader);
    return kind;
}

/* A variable: into the table or the inline table that there is, else into a new inline one. */
static int put_variable(struct str *text, const struct mcp_entry *entry, char *const *pair,
                        struct error *err)
{
    const char *table[] = { entry->section, entry->name, NULL };
    const char *env[] = { entry->section, entry->name, "env", NULL };
    const char *variable[] = { entry->section, entry->name, "env", pair[0], NULL };
    bool has_env, has_it;
    autofree char *value = quoted(pair[1]);
    enum item_kind kind = kind_at(text, env, &has_env);
    (void)kind_at(text, variable, &has_it);
    if (has_it || (has_env && kind == ITEM_TABLE))
        return set(text, env, pair[0], value, NULL, err);
    if (!has_env) {
        autofree char *whole = xasprintf("{ %s = %s }", pair[0], value);
        return set(text, table, "env", whole, "args", err);
    }
    if (kind != ITEM_INLINE)
        return fail_caller(err, EEXIST, "%s.%s.env is not a table", entry->section, entry->name);
    struct reader reader;
    int r = reader_open(&reader, text, err);
    const struct item *item = r == 0 ? item_at(&reader, env) : NULL;
    if (item) {
        size_t inside = item->begin + 1;
        size_t blanks = strspn(text->data + inside, " \t\r\n");
        autofree char *added =
            xasprintf(" %s = %s%s", pair[0], value, text->data[inside + blanks] == '}' ? "" : ",");
        replace(text, inside, inside, added);
    }
    reader_close(&reader);
    return r;
}

/* [section.name] at the end, if it is not there. */
static void ensure_table(struct str *text, const struct mcp_entry *entry)
{
    const char *table[] = { entry->section, entry->name, NULL };
    const char *newline = newline_of(text);
    bool there;
    (void)kind_at(text, table, &there);
    if (there)
        return;
    if (text->len && text->data[text->len - 1] != '\n')
        str_puts(text, newline);
    str_printf(text, "%s[%s.%s]%s", text->len ? newline : "", entry->section, entry->name, newline);
}

int mcp_put_toml(struct str *text, const struct mcp_entry *entry, struct error *err)
{
    const char *table[] = { entry->section, entry->name, NULL };
    const char *command[] = { entry->section, entry->name, "command", NULL };
    const char *args[] = { entry->section, entry->name, "args", NULL };
    bool has_args;
    struct reader reader;
    int r = reader_open(&reader, text, err);
    if (r == 0)
        r = check_layout(&reader, entry);
    reader_close(&reader);
    if (r < 0)
        return r;
    (void)kind_at(text, args, &has_args);
    autofree char *old = string_at(text, command), *list = array_of(entry->args);
    autofree char *value = quoted(entry->command);
    ensure_table(text, entry);
    if (!old || strcmp(old, entry->command) != 0)
        r = set(text, table, "command", value, NULL, err);
    if (r == 0 && !(has_args && old && mcp_args_stay(entry, old)))
        r = set(text, table, "args", list, "command", err);
    for (char **pair = entry->env; r == 0 && pair && pair[0]; pair += 2)
        r = put_variable(text, entry, pair, err);
    if (r == 0)
        r = reader_open(&reader, text, err), reader_close(&reader);
    return r;
}
