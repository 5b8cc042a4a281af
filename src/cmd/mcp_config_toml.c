/* SPDX-License-Identifier: Apache-2.0 */
/* mcp_config_toml.c - a table is put into a TOML text (Codex), and nothing else of it is touched.
 *
 * The text is read into a list of what it says where, and the edit is decided on that list.
 */
#include <errno.h>
#include <string.h>

#include "cmd/mcp_config.h"
#include "cmd/toml.h"

/* --- what is there ---------------------------------------------------------------------------- */

/* Only a table of its own can be added to without a second thought. */
static int check_layout(const struct toml *toml, const struct mcp_entry *entry)
{
    const char *path[] = { entry->section, entry->name, NULL };
    bool table = false, within = false; /* a table of ours, or one below it */
    for (size_t i = 0; i < toml->count; i++) {
        const struct toml_item *item = &toml->items[i];
        size_t n = toml_shared(item->path, path), len = list_len(item->path);
        bool at = n == 2 && len == 2, above = n == 1 && len == 1, below = n == 2 && len > 2;
        bool header = item->kind == TOML_TABLE || item->kind == TOML_TABLES;
        within = header ? n == 2 : within;
        if ((at || above) && item->kind != TOML_TABLE)
            return fail_caller(toml->err, EEXIST,
                               "line %u: %s is not written as a table [%s.%s], which is all that "
                               "can be edited here",
                               item->line, at ? entry->name : entry->section, entry->section,
                               entry->name);
        if (at && table)
            return fail_caller(toml->err, EEXIST, "line %u: this table is there twice", item->line);
        table |= at;
        if (below && !header && !within)
            return fail_caller(toml->err, EEXIST,
                               "line %u: this belongs to %s, which is not written as a table "
                               "[%s.%s]",
                               item->line, entry->name, entry->section, entry->name);
        if (below && len == 3 && strcmp(item->path[2], "url") == 0)
            return fail_caller(toml->err, EEXIST,
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
    struct toml toml;
    int r = toml_read(&toml, text, err);
    const char *path[5] = { NULL };
    size_t n = 0;
    for (; table[n]; n++)
        path[n] = table[n];
    path[n] = key;
    const struct toml_item *old = toml_at(&toml, path), *header = toml_at(&toml, table);
    path[n] = after;
    const struct toml_item *above = after ? toml_at(&toml, path) : NULL;
    if (r == 0 && old) {
        autofree char *was = xstrndup(text->data + old->begin, old->end - old->begin);
        if (strcmp(was, value) != 0)
            str_replace(text, old->begin, old->end, value);
    } else if (r == 0 && header) {
        autofree char *line = xasprintf("%s%s = %s", newline_of(text), key, value);
        size_t at = above ? above->end : header->end;
        while (at < text->len && text->data[at] != '\n' && text->data[at] != '\r')
            at++; /* a comment behind it */
        str_replace(text, at, at, line);
    }
    toml_done(&toml);
    return r;
}

static char *string_at(const struct str *text, const char *const *path)
{
    struct toml toml;
    struct error problem = { 0 };
    const struct toml_item *item =
        toml_read(&toml, text, &problem) == 0 ? toml_at(&toml, path) : NULL;
    char *said = item ? toml_string(&toml, item) : NULL;
    toml_done(&toml);
    return said;
}

static enum toml_kind kind_at(const struct str *text, const char *const *path, bool *there)
{
    struct toml toml;
    struct error problem = { 0 };
    const struct toml_item *item =
        toml_read(&toml, text, &problem) == 0 ? toml_at(&toml, path) : NULL;
    enum toml_kind kind = item ? item->kind : TOML_VALUE;
    *there = item != NULL;
    toml_done(&toml);
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
    enum toml_kind kind = kind_at(text, env, &has_env);
    (void)kind_at(text, variable, &has_it);
    if (has_it || (has_env && kind == TOML_TABLE))
        return set(text, env, pair[0], value, NULL, err);
    if (!has_env) {
        autofree char *whole = xasprintf("{ %s = %s }", pair[0], value);
        return set(text, table, "env", whole, "args", err);
    }
    if (kind != TOML_INLINE)
        return fail_caller(err, EEXIST, "%s.%s.env is not a table", entry->section, entry->name);
    struct toml toml;
    int r = toml_read(&toml, text, err);
    const struct toml_item *item = r == 0 ? toml_at(&toml, env) : NULL;
    if (item) {
        size_t inside = item->begin + 1;
        size_t blanks = strspn(text->data + inside, " \t\r\n");
        autofree char *added =
            xasprintf(" %s = %s%s", pair[0], value, text->data[inside + blanks] == '}' ? "" : ",");
        str_replace(text, inside, inside, added);
    }
    toml_done(&toml);
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
    struct toml toml;
    int r = toml_read(&toml, text, err);
    if (r == 0)
        r = check_layout(&toml, entry);
    toml_done(&toml);
    if (r < 0)
        return r;
    (void)kind_at(text, args, &has_args);
    autofree char *old = string_at(text, command), *list = mcp_array(entry->args, quoted);
    autofree char *value = quoted(entry->command);
    ensure_table(text, entry);
    if (!old || strcmp(old, entry->command) != 0)
        r = set(text, table, "command", value, NULL, err);
    if (r == 0 && !(has_args && old && mcp_args_stay(entry, old)))
        r = set(text, table, "args", list, "command", err);
    for (char **pair = entry->env; r == 0 && pair && pair[0]; pair += 2)
        r = put_variable(text, entry, pair, err);
    if (r == 0)
        r = toml_read(&toml, text, err), toml_done(&toml);
    return r;
}
