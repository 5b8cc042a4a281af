/* SPDX-License-Identifier: Apache-2.0 */
/* uv_reason.c - what uv says when it fails, as one sentence.
 *
 * uv writes a headline, causes beneath it and hints, over many lines; older
 * versions draw boxes around them. What it quotes may come from strangers.
 */
#include <errno.h>
#include <string.h>

#include "str.h"
#include "uv.h"

#define DETAIL_MAX 230 /* leaves room in a struct error for what is put around it */

#define FIRST_MAX 1000 /* of the causes: long enough to find a sign in */

struct said {
    struct str headline;
    struct str first, last; /* causes */
    struct str hints;
};

enum part { PART_NONE, PART_HEADLINE, PART_CAUSE, PART_HINT };

/* How the lines of each part begin, without indentation. */
static const struct opening {
    const char *text;
    enum part part;
} openings[] = {
    { "error:", PART_HEADLINE },
    { "\xc3\x97", PART_HEADLINE }, /* multiplication sign */
    { "cause:", PART_CAUSE },
    { "Caused by:", PART_CAUSE },
    { "\xe2\x95\xb0\xe2\x94\x80\xe2\x96\xb6", PART_CAUSE }, /* corner, line, arrow */
    { "\xe2\x94\x9c\xe2\x94\x80\xe2\x96\xb6", PART_CAUSE }, /* branch, line, arrow */
    { "hint:", PART_HINT },
    { "warning:", PART_NONE },
};

static const char bar[] = "\xe2\x94\x82"; /* a box's vertical line */

static const char *skip_blanks(const char *line)
{
    while (*line == ' ' || *line == '\t')
        line++;
    if (strncmp(line, bar, strlen(bar)) == 0)
        return skip_blanks(line + strlen(bar));
    return line;
}

/* The quoted requirement with marks beneath it repeats what the sentence says. */
static bool is_marks(const char *line)
{
    return *line && strspn(line, "^ ") == strlen(line);
}

static void append(struct str *to, const char *line)
{
    if (!*line)
        return;
    if (to->len)
        str_putc(to, ' ');
    str_puts(to, line);
}

static void read_line(struct said *said, enum part *part, const char *line, const char *next)
{
    line = skip_blanks(line);
    for (size_t i = 0; i < COUNT(openings); i++) {
        if (!starts_with(line, openings[i].text))
            continue;
        line = skip_blanks(line + strlen(openings[i].text));
        *part = openings[i].part;
        if (*part == PART_CAUSE)
            str_done(&said->last);
        break;
    }
    if (is_marks(line) || is_marks(skip_blanks(next)))
        return;
    if (*part == PART_HEADLINE)
        append(&said->headline, line);
    if (*part == PART_HINT)
        append(&said->hints, line);
    if (*part == PART_CAUSE)
        append(&said->last, line);
    if (*part == PART_CAUSE && said->first.len < FIRST_MAX)
        append(&said->first, line);
}

static void read_text(struct said *said, char *text)
{
    enum part part = PART_NONE;
    char *rest = text;
    char *line = strsep(&rest, "\n");
    while (line) {
        char *next = strsep(&rest, "\n");
        read_line(said, &part, line, next ? next : "");
        line = next;
    }
}

static void said_done(struct said *said)
{
    str_done(&said->headline);
    str_done(&said->first);
    str_done(&said->last);
    str_done(&said->hints);
}

/* ESC [ ... letter */
static void strip_colours(char *text)
{
    char *to = text;
    for (const char *at = text; *at;) {
        if (at[0] == '\x1b' && at[1] == '[') {
            at += 2;
            at += strspn(at, "0123456789;");
            at += *at != '\0';
            continue;
        }
        *to++ = *at++;
    }
    *to = '\0';
}

/* --- sentences ----------------------------------------------------------------- */

static void cut_at(struct str *text, const char *end)
{
    char *found = text->data ? strstr(text->data, end) : NULL;
    if (found) {
        *found = '\0';
        text->len = (size_t)(found - text->data);
    }
}

/* At most DETAIL_MAX bytes, cut between characters, without control characters
 * and a final full stop. */
static const char *detail(struct str *text)
{
    if (text->len == 0)
        return "no reason given";
    for (char *at = text->data; *at; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = '?';
    if (text->len > DETAIL_MAX) {
        text->len = DETAIL_MAX;
        while (text->len > 0 && ((unsigned char)text->data[text->len] & 0xc0) == 0x80)
            text->len--;
        text->data[text->len] = '\0';
        str_puts(text, "...");
    }
    while (text->len > 0 && strchr(".: ", text->data[text->len - 1]) &&
           !ends_with(text->data, "..."))
        text->data[--text->len] = '\0';
    return text->data;
}

/* How uv calls it where the proxy on its box's way out has got no connection. */
static bool is_unreachable(const struct said *said)
{
    const char *cause = said->last.data ? said->last.data : "";
    return strstr(cause, "tunnel error") || strstr(cause, "502 Bad Gateway") ||
           strstr(cause, "504 Gateway Timeout");
}

static int say_fetch(struct said *said, struct error *err)
{
    autostr struct str both = { 0 };
    if (is_unreachable(said))
        return fail_host_as(err, ENETUNREACH,
                            "uv: %s: no connection to that host: is its name right, and does this "
                            "machine reach it (itself, or by HTTPS_PROXY)?",
                            detail(&said->headline));
    const char *cause = said->last.data ? said->last.data : "";
    bool untrusted = strstr(cause, "UnknownIssuer");
    str_printf(&both, "%s: %s", said->headline.data, cause);
    return fail_host_as(err, ENETUNREACH, "uv: %s%s", detail(&both),
                        untrusted ? ": where an authority of your own signs, SSL_CERT_FILE names "
                                    "the file with its certificate"
                                  : "");
}

static int say_credentials(struct said *said, struct error *err)
{
    return fail_host_as(err, EACCES, "uv: %s", detail(&said->hints));
}

static int say_parse(struct said *said, struct error *err)
{
    autostr struct str both = { 0 };
    str_printf(&both, "%s: %s", said->headline.data, said->last.data ? said->last.data : "");
    return fail_caller(err, EINVAL, "uv: %s", detail(&both));
}

#define NOT_FOUND "was not found in the package registry"

/* "Because A and B, we can conclude that your requirements are unsatisfiable."
 * An environment that cannot be made is a fault and no refusal (contract, section 3). */
static int say_no_solution(struct said *said, struct error *err)
{
    cut_at(&said->first, ", we can conclude that your requirements are unsatisfiable");
    if (said->first.data && strstr(said->first.data, NOT_FOUND " and you require "))
        cut_at(&said->first, " and you require "); /* once is enough */
    char *reason = said->first.data ? said->first.data : said->headline.data;
    autostr struct str text = { 0 };
    str_puts(&text, starts_with(reason, "Because ") ? reason + strlen("Because ") : reason);
    return fail_host_as(err, ENOENT, "no versions meet the requirements: %s", detail(&text));
}

static int say_outdated(struct said *said, struct error *err)
{
    (void)said;
    return fail_caller(err, ESTALE,
                       "it is not of the pyproject.toml beside it: run `uv lock` in the directory");
}

static const char wheels_required[] = "Wheels are required for `";

/* Which versions were asked for: "requests<1" of "...because you require requests<1, we can ...";
 * the caller's, NULL where that is the name alone. */
static char *asked_versions(const struct said *said, const char *name)
{
    static const char require[] = "you require ";
    const char *found = NULL;
    for (const char *at = said->first.data; at && (at = strstr(at, require));)
        found = at += strlen(require);
    size_t len = found ? strcspn(found, ", ") : 0;
    bool more = found && starts_with(found, name) && len > strlen(name);
    return more && strchr("<>=!~", found[strlen(name)]) ? xstrndup(found, len) : NULL;
}

static int say_source_only(struct said *said, struct error *err)
{
    autostr struct str name = { 0 };
    const char *at = said->hints.data ? strstr(said->hints.data, wheels_required) : NULL;
    if (at) {
        at += strlen(wheels_required);
        str_add(&name, at, strcspn(at, "`"));
    }
    if (name.len == 0)
        str_puts(&name, said->headline.data);
    autofree char *asked = asked_versions(said, name.data);
    return fail_policy(err, ENOTSUP,
                       "%s has no wheel that fits%s%s, only a source distribution, and building "
                       "is off: a policy with \"builds\": \"isolated\" allows it",
                       detail(&name), asked ? " " : "", asked ? asked : "");
}

/* The first that is found anywhere in what uv said, from the special to the general. */
static const struct sentence {
    const char *sign;
    int (*say)(struct said *said, struct error *err);
} sentences[] = {
    { "needs to be updated, but", say_outdated },
    { "Failed to parse", say_parse },
    { "authentication credentials", say_credentials },
    { "Forbidden", say_credentials },
    { wheels_required, say_source_only },
    { "building from source is disabled", say_source_only },
    { "Building source distributions", say_source_only },
    { "Failed to fetch", say_fetch },
    { "error sending request", say_fetch },
    { "Failed to download", say_fetch },
    { "No solution found", say_no_solution },
};

static bool was_said(const struct said *said, const char *sign)
{
    const struct str *parts[] = { &said->headline, &said->first, &said->hints };
    for (size_t i = 0; i < COUNT(parts); i++)
        if (parts[i]->data && strstr(parts[i]->data, sign))
            return true;
    return false;
}

/* Nothing we know: the headline and its last cause, or the last line. */
static int say_other(struct said *said, const char *text, struct error *err)
{
    autostr struct str both = { 0 };
    if (said->headline.len) {
        str_printf(&both, "%s%s%s", said->headline.data, said->last.len ? ": " : "",
                   said->last.len ? said->last.data : "");
        return fail_host_as(err, EIO, "uv: %s", detail(&both));
    }
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == '\n')
        len--;
    const char *start = len ? memrchr(text, '\n', len) : NULL;
    start = start ? start + 1 : text;
    str_add(&both, start, len - (size_t)(start - text));
    return fail_host_as(err, EIO, "uv: %s", detail(&both));
}

int uv_reason(const struct uv_settings *settings, const char *text, struct error *err)
{
    autofree char *plain = xstrdup(text);
    strip_colours(plain);
    uv_redact(settings, plain);

    autofree char *lines = xstrdup(plain);
    struct said said = { 0 };
    read_text(&said, lines);
    int r = 0;
    for (size_t i = 0; i < COUNT(sentences) && r == 0 && said.headline.len; i++)
        if (was_said(&said, sentences[i].sign))
            r = sentences[i].say(&said, err);
    if (r == 0)
        r = say_other(&said, plain, err);
    said_done(&said);
    return r;
}
