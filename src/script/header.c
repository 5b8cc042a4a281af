/* SPDX-License-Identifier: Apache-2.0 */
/* header.c - a header is made of TOML lines, and a block of commented ones:
 *
 *     # /// script
 *     # requires-python = ">=3.10"
 *     # dependencies = [
 *     #   "requests>=2",
 *     # ]
 *     # ///
 *
 * Of a block that is there only this is understood: these two keys, plain strings, blank
 * lines and comments; and where the first table begins, which is kept with all that follows.
 * That is little on purpose: TOML is for a TOML reader, which this process has not.
 */
#include "script/header.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "script/check.h"
#include "script/pep723.h"
#include "script/prologue.h"

#define OPENING "# /// script"
#define CLOSING "# ///"

/* --- the words that may stand in it ----------------------------------------------- */

static bool specifier_fits(const char *text, size_t len)
{
    static const char *const operators[] = { "===", ">=", "<=", "==", "!=", "~=", ">", "<" };
    const char *end = text + len;
    while (text < end && *text == ' ')
        text++;
    while (end > text && end[-1] == ' ')
        end--;
    const char *version = NULL;
    for (size_t i = 0; !version && i < COUNT(operators); i++)
        if (starts_with(text, operators[i]))
            version = text + strlen(operators[i]);
    while (version && version < end && *version == ' ')
        version++;
    if (!version || version >= end || !isdigit((unsigned char)*version))
        return false;
    for (; version < end; version++)
        if (!isalnum((unsigned char)*version) && !strchr(".*+!_-", *version))
            return false;
    return true;
}

int requires_python_check(const char *text, struct error *err)
{
    char shown[64];
    bool good = strlen(text) <= 200;
    for (const char *at = text; good; at++) {
        size_t len = strcspn(at, ",");
        good = specifier_fits(at, len);
        at += len;
        if (*at == '\0')
            break;
    }
    if (!good)
        return fail_caller(err, EINVAL, "\"%s\" is not a version specifier such as >=3.11",
                           printable(text, shown, sizeof(shown)));
    return 0;
}

/* Plain ASCII: then it is the same in every encoding that a source can name. */
static int words_check(const struct header_words *words, struct error *err)
{
    char shown[64];
    for (char *const *text = words->dependencies; text && *text; text++) {
        int r = requirement_check(*text, err);
        if (r < 0)
            return fail_within(err, "dependencies");
        /* No run would take it: better said now. */
        if (strchr(*text, '@') || strstr(*text, "://"))
            return fail_caller(err, EINVAL,
                               "dependencies: \"%s\": direct references (URL, path, git) are "
                               "refused; give a name and versions",
                               printable(*text, shown, sizeof(shown)));
        for (const char *at = *text; *at; at++)
            if ((unsigned char)*at > 0x7e)
                return fail_caller(err, EINVAL, "dependencies: \"%s\" is not plain ASCII",
                                   printable(*text, shown, sizeof(shown)));
    }
    if (words->requires_python && requires_python_check(words->requires_python, err) < 0)
        return fail_within(err, "requires_python");
    return 0;
}

/* --- the header that is there --------------------------------------------------------- */

struct header {
    char *requires_python;
    char **dependencies;
    bool has_list;
    const char *list;      /* behind its '[' */
    const char *last_item; /* and behind it, where there is one */
    const char *last_end;
};

static void header_done(struct header *header)
{
    free(header->requires_python);
    list_free(header->dependencies);
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* Of a line where nothing but a comment may follow; NULL where something else does. */
static const char *line_rest(const char *at)
{
    at = skip_blanks(at);
    if (*at == '#')
        at = strchrnul(at, '\n');
    return *at == '\n' || *at == '\0' ? at : NULL;
}

/* A string on one line, with no escapes but those that put_string() makes; NULL: none. */
static const char *take_string(const char *at, char **ret)
{
    char quote = *at;
    autostr struct str text = { 0 };
    if ((quote != '"' && quote != '\'') || (at[1] == quote && at[2] == quote))
        return NULL;
    for (at++; *at != quote; at++) {
        bool escape = *at == '\\' && quote == '"';
        if (escape && (at[1] == '"' || at[1] == '\\'))
            at++;
        else if (escape || iscntrl((unsigned char)*at))
            return NULL; /* an escape of another kind, or its line has ended */
        str_putc(&text, *at);
    }
    *ret = str_take(&text);
    return at + 1;
}

static const char *take_key(const char *at, const char *key)
{
    if (!starts_with(at, key))
        return NULL;
    at = skip_blanks(at + strlen(key));
    return *at == '=' ? skip_blanks(at + 1) : NULL;
}

/* Blanks, line ends and comments of a list. */
static const char *skip_space(const char *at)
{
    for (at += strspn(at, " \t\n"); *at == '#'; at += strspn(at, " \t\n"))
        at = strchrnul(at, '\n');
    return at;
}

static const char *take_list(const char *at, struct header *header)
{
    if (*at++ != '[')
        return NULL;
    header->list = at;
    for (at = skip_space(at); *at != ']'; at = skip_space(at)) {
        char *text = NULL;
        header->last_item = at;
        at = take_string(at, &text);
        if (!at)
            return NULL;
        list_add_owned(&header->dependencies, text);
        header->last_end = at;
        at = skip_space(at);
        if (*at == ',')
            at++;
        else if (*at != ']')
            return NULL;
    }
    return at + 1;
}

/* One line, or one list over several; NULL where it is neither of those we know. */
static const char *take_line(const char *at, struct header *header)
{
    const char *value;
    at = skip_blanks(at);
    if ((value = take_key(at, "requires-python")) && !header->requires_python) {
        at = take_string(value, &header->requires_python);
    } else if ((value = take_key(at, "dependencies")) && !header->has_list) {
        header->has_list = true;
        at = take_list(value, header);
    }
    return at ? line_rest(at) : NULL;
}

/* All there is before the first table, whose own keys are of no interest. */
static bool understand(const char *toml, struct header *header)
{
    for (const char *at = toml; *at && *skip_blanks(at) != '[';) {
        at = take_line(at, header);
        if (!at)
            return false;
        at += *at == '\n';
    }
    return true;
}

/* --- what it shall be -------------------------------------------------------------------- */

static void put_string(struct str *out, const char *text)
{
    str_putc(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            str_putc(out, '\\');
        str_putc(out, *text);
    }
    str_putc(out, '"');
}

/* Between one item and the next: as it is between the list's beginning and its last item. */
static char *item_space(const struct header *header)
{
    const char *at = header->last_item;
    while (at && at > header->list && (at[-1] == ' ' || at[-1] == '\t'))
        at--;
    if (!at || at == header->list || at[-1] != '\n')
        return xstrdup(", ");
    return xasprintf(",\n%.*s", (int)(header->last_item - at), at);
}

/* The header's lines, with what is new put into its list. */
static void put_grown(const char *toml, const struct header *header, char *const *added,
                      struct str *out)
{
    autofree char *space = item_space(header);
    const char *at = header->last_end ? header->last_end : header->list;
    bool first = !header->last_end;
    str_add(out, toml, (size_t)(at - toml));
    for (; *added; added++, first = false) {
        str_puts(out, first ? "" : space);
        put_string(out, *added);
    }
    str_puts(out, at);
}

static void put_list(char *const *items, struct str *out)
{
    str_puts(out, "dependencies = [\n");
    for (; *items; items++) {
        str_puts(out, "  ");
        put_string(out, *items);
        str_puts(out, ",\n");
    }
    str_puts(out, "]\n");
}

/* `toml` is the old header's text, or "". */
static int merge(const char *toml, const struct header_words *words, struct str *out,
                 struct error *err)
{
    struct header header = { 0 };
    autolist char **added = NULL;
    char shown[2][64];
    int r = 0;
    if (!understand(toml, &header))
        r = fail_caller(err, EINVAL,
                        "the source's own header (PEP 723) holds more than plain requires-python "
                        "and dependencies; say it there and leave these parameters out");
    const char *asked = words->requires_python, *old = header.requires_python;
    if (r == 0 && asked && old && strcmp(asked, old) != 0)
        r = fail_caller(err, EINVAL,
                        "requires_python is \"%s\", and the source's own header says \"%s\"",
                        printable(asked, shown[0], sizeof(shown[0])),
                        printable(old, shown[1], sizeof(shown[1])));
    for (char *const *text = words->dependencies; r == 0 && text && *text; text++)
        if (!list_has(header.dependencies, *text) && !list_has(added, *text))
            list_add(&added, *text);
    if (r == 0 && asked && !old) {
        str_puts(out, "requires-python = ");
        put_string(out, asked);
        str_putc(out, '\n');
    }
    if (r == 0 && added && !header.has_list)
        put_list(added, out);
    if (r == 0 && added && header.has_list)
        put_grown(toml, &header, added, out);
    else if (r == 0)
        str_puts(out, toml);
    header_done(&header);
    return r;
}

/* --- the header as a block of comments ----------------------------------------------------- */

static void put_block(struct str *out, const char *toml, const char *line_end)
{
    while (*toml) {
        size_t len = strcspn(toml, "\n");
        str_puts(out, len > 0 ? "# " : "#");
        str_add(out, toml, len);
        str_puts(out, line_end);
        toml += len + (toml[len] == '\n');
    }
}

/* Behind what must stay first, with a blank line to end the run of comment lines. */
static int insert(const char *text, size_t len, const char *toml, struct str *out,
                  struct error *err)
{
    struct prologue first;
    prologue_read(text, len, &first);
    if (first.lone_return)
        return fail_caller(err, EINVAL,
                           "the source's first line ends in a CR alone; save it with LF or CR LF");
    str_add(out, text, first.len);
    if (first.len > first.mark && text[first.len - 1] != '\n')
        str_puts(out, first.line_end);
    str_printf(out, "%s%s", OPENING, first.line_end);
    put_block(out, toml, first.line_end);
    str_printf(out, "%s%s", CLOSING, first.line_end);
    bool blank = first.len == len || text[first.len] == '\n' || text[first.len] == '\r';
    if (!blank)
        str_puts(out, first.line_end);
    str_add(out, text + first.len, len - first.len);
    return 0;
}

/* In the place of the old one, whose lines stand between `content` and `closing`. */
static void replace(const char *text, size_t len, const struct pep723_place *old, const char *toml,
                    struct str *out)
{
    bool windows = old->content >= 2 && text[old->content - 2] == '\r';
    str_add(out, text, old->content);
    put_block(out, toml, windows ? "\r\n" : "\n");
    str_add(out, text + old->closing, len - old->closing);
}

/* What tools will read there is what was meant. */
static int read_back(const struct str *out, const char *toml, struct error *err)
{
    autofree char *found = NULL;
    int r = pep723_find(out->data, out->len, &found, err);
    if (r == 0 && (!found || strcmp(found, toml) != 0))
        r = fail_caller(err, EINVAL,
                        "the comments of the source leave no place for a header (PEP 723); give it "
                        "its \"# /// script\" block yourself");
    return r;
}

int header_write(const char *text, size_t len, const struct header_words *words, struct str *ret,
                 struct error *err)
{
    autostr struct str out = { 0 }, toml = { 0 };
    autofree char *old = NULL;
    struct pep723_place place;
    int r = words_check(words, err);
    if (r == 0)
        r = pep723_locate(text, len, &old, &place, err);
    bool asked = list_len(words->dependencies) > 0 || words->requires_python;
    if (r == 0 && asked)
        r = merge(old ? old : "", words, &toml, err);
    if (r < 0)
        return r;
    const char *lines = toml.data ? toml.data : "";
    if (!asked || (old && strcmp(old, lines) == 0)) {
        str_add(ret, text, len);
        return 0;
    }
    if (old)
        replace(text, len, &place, lines, &out);
    else
        r = insert(text, len, lines, &out, err);
    if (r == 0)
        r = read_back(&out, lines, err);
    if (r == 0)
        str_add(ret, out.data, out.len);
    return r;
}
