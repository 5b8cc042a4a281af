/* SPDX-License-Identifier: Apache-2.0 */
/* imports.c - Python's lexical structure, as far as it takes to see import statements.
 *
 * `import` is a keyword: as a token it occurs in import statements only. `from`
 * also occurs in "raise ... from" and "yield from", but begins a statement only
 * in an import. So tokens and the beginnings of statements are enough; what may
 * hide them is strings, and of these f-strings alone have a structure: since
 * Python 3.12 (PEP 701) the expressions in one are code, quotes included. Before,
 * they could not hold what would be read differently here.
 */
#include "script/imports.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "str.h"

/* CPython's own bounds are 150 f-strings and 200 brackets within each other. */
#define MODES_MAX 512

/* Where the scanner is: the program, or within an f-string that is within ... */
enum mode_kind {
    MODE_PROGRAM,
    MODE_TEXT,  /* the literal part of an f-string */
    MODE_FIELD, /* the expression of {...} */
    MODE_SPEC,  /* what stands behind its colon */
};

struct mode {
    enum mode_kind kind;
    char quote; /* of the f-string it belongs to */
    bool triple, raw;
    unsigned open; /* brackets, of a program or an expression */
};

/* What the words of the statement mean so far. */
enum clause {
    CLAUSE_NONE,
    CLAUSE_IMPORT,      /* `import`, or a comma behind one: a name comes */
    CLAUSE_IMPORT_REST, /* ".b as c" */
    CLAUSE_FROM,        /* `from`: dots or a name come */
    CLAUSE_FROM_REST,   /* ".f import" */
    CLAUSE_NAMES,       /* `from`, a shared package, `import`, or a comma behind: a name comes */
    CLAUSE_NAMES_REST,  /* "as c" */
};

struct word {
    const char *text;
    size_t len;
};

/* Open addressing, twice as large as what it may hold. */
#define SLOTS (2 * IMPORTS_MAX)

struct scan {
    const char *at, *end;
    struct mode modes[MODES_MAX];
    size_t depth; /* index of the innermost mode */
    bool begins;  /* the next token is the first of a statement */
    enum clause clause;
    bool relative;
    bool dotted; /* the token before was a dot */
    struct word from;
    char path[IMPORT_NAME_MAX + 1]; /* of a module in a shared package; empty: in none */
    struct word slots[SLOTS];
    char **found;
    size_t count;
};

/* --- what was found ------------------------------------------------------------- */

static bool word_is(struct word word, const char *text)
{
    return word.len == strlen(text) && memcmp(word.text, text, word.len) == 0;
}

static bool is_plain(struct word word)
{
    for (size_t i = 0; i < word.len; i++)
        if ((unsigned char)word.text[i] >= 0x80)
            return false;
    return word.len <= IMPORT_NAME_MAX;
}

static uint32_t hash(struct word word)
{
    uint32_t value = 2166136261U; /* FNV-1a */
    for (size_t i = 0; i < word.len; i++)
        value = (value ^ (unsigned char)word.text[i]) * 16777619U;
    return value;
}

static void add(struct scan *scan, struct word name)
{
    if (!is_plain(name) || scan->count == IMPORTS_MAX)
        return;
    size_t slot = hash(name) % SLOTS;
    while (scan->slots[slot].text) {
        const struct word known = scan->slots[slot];
        if (known.len == name.len && memcmp(known.text, name.text, name.len) == 0)
            return;
        slot = (slot + 1) % SLOTS;
    }
    char *kept = xstrndup(name.text, name.len);
    scan->slots[slot] = (struct word){ kept, name.len };
    list_add_owned(&scan->found, kept);
    scan->count++;
}

/* --- packages that many projects share ------------------------------------------- */

static const char *const shared[] = { "google", "azure" };

static bool is_shared(struct word word)
{
    for (size_t i = 0; i < COUNT(shared); i++)
        if (word_is(word, shared[i]))
            return true;
    return false;
}

/* Longer than a name may be: not a name that anybody knows. */
static void path_append(struct scan *scan, struct word word)
{
    size_t len = strlen(scan->path);
    if (len + 1 + word.len > IMPORT_NAME_MAX)
        return;
    if (len > 0)
        scan->path[len++] = '.';
    memcpy(scan->path + len, word.text, word.len);
    scan->path[len + word.len] = '\0';
}

static void path_end(struct scan *scan)
{
    if (scan->path[0])
        add(scan, (struct word){ scan->path, strlen(scan->path) });
    scan->path[0] = '\0';
}

/* A name that the statement takes from the shared package. */
static void path_add_with(struct scan *scan, struct word word)
{
    size_t len = strlen(scan->path);
    path_append(scan, word);
    add(scan, (struct word){ scan->path, strlen(scan->path) });
    scan->path[len] = '\0';
}

/* --- statements ------------------------------------------------------------------- */

static void on_name(struct scan *scan, struct word word)
{
    bool begins = scan->begins, dotted = scan->dotted;
    scan->begins = scan->dotted = false;
    switch (scan->clause) {
    case CLAUSE_NONE:
        if (begins && word_is(word, "import"))
            scan->clause = CLAUSE_IMPORT;
        if (begins && word_is(word, "from"))
            scan->clause = CLAUSE_FROM;
        scan->relative = false;
        break;
    case CLAUSE_IMPORT:
        if (is_shared(word))
            path_append(scan, word);
        else
            add(scan, word);
        scan->clause = CLAUSE_IMPORT_REST;
        break;
    case CLAUSE_IMPORT_REST:
        if (scan->path[0] && dotted)
            path_append(scan, word);
        break;
    case CLAUSE_FROM:
        scan->from = word;
        if (is_shared(word) && !scan->relative)
            path_append(scan, word);
        scan->clause = word_is(word, "import") ? CLAUSE_NONE : CLAUSE_FROM_REST;
        break;
    case CLAUSE_FROM_REST:
        if (scan->path[0] && dotted)
            path_append(scan, word);
        if (dotted || !word_is(word, "import"))
            break;
        if (!scan->relative && !scan->path[0])
            add(scan, scan->from);
        scan->clause = scan->path[0] ? CLAUSE_NAMES : CLAUSE_NONE;
        break;
    case CLAUSE_NAMES:
        path_add_with(scan, word);
        scan->clause = CLAUSE_NAMES_REST;
        break;
    case CLAUSE_NAMES_REST:
        break;
    }
}

/* What has been named is all of it. */
static void end_clause(struct scan *scan)
{
    if (scan->clause == CLAUSE_IMPORT_REST)
        path_end(scan);
    scan->path[0] = '\0';
    scan->clause = CLAUSE_NONE;
    scan->dotted = false;
}

/* Anything but a name, a number or the end of a line. */
static void on_sign(struct scan *scan, char sign)
{
    scan->begins = false;
    scan->dotted = sign == '.';
    if (sign == '.' && scan->clause == CLAUSE_FROM) {
        scan->relative = true;
    } else if (sign == ',' && scan->clause == CLAUSE_IMPORT_REST) {
        path_end(scan);
        scan->clause = CLAUSE_IMPORT;
    } else if (sign == ',' && scan->clause == CLAUSE_NAMES_REST) {
        scan->clause = CLAUSE_NAMES;
    } else if (sign == '*' && scan->clause == CLAUSE_NAMES) {
        path_end(scan);
        end_clause(scan);
    } else if (sign != '.' && (sign != '(' || scan->clause != CLAUSE_NAMES)) {
        end_clause(scan);
    }
}

static void begin_statement(struct scan *scan)
{
    scan->begins = true;
    end_clause(scan);
}

/* --- strings ------------------------------------------------------------------------- */

static bool is_triple(const struct scan *scan, const char *at)
{
    return scan->end - at >= 3 && at[1] == *at && at[2] == *at;
}

/* Behind a backslash: one character, of which a line end may have two bytes. */
static void skip_escaped(struct scan *scan)
{
    bool cr_lf = scan->end - scan->at >= 3 && scan->at[1] == '\r' && scan->at[2] == '\n';
    size_t len = cr_lf ? 3 : 2;
    scan->at += (size_t)(scan->end - scan->at) < len ? (size_t)(scan->end - scan->at) : len;
}

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

/* From the opening quote; raw or not, a backslash keeps a quote from closing. */
static void skip_string(struct scan *scan)
{
    char quote = *scan->at;
    bool triple = is_triple(scan, scan->at);
    scan->at += triple ? 3 : 1;
    while (scan->at < scan->end) {
        char c = *scan->at;
        if (c == '\\') {
            skip_escaped(scan);
        } else if (c == quote && (!triple || is_triple(scan, scan->at))) {
            scan->at += triple ? 3 : 1;
            return;
        } else if (is_line_end(c) && !triple) {
            return; /* not closed: no Python */
        } else {
            scan->at++;
        }
    }
}

static void push(struct scan *scan, struct mode mode)
{
    if (scan->depth + 1 < MODES_MAX)
        scan->modes[++scan->depth] = mode;
    else
        scan->at = scan->end; /* deeper than Python reads */
}

static void begin_fstring(struct scan *scan, bool raw)
{
    bool triple = is_triple(scan, scan->at);
    push(scan, (struct mode){ MODE_TEXT, *scan->at, triple, raw, 0 });
    scan->at += scan->at < scan->end ? (triple ? 3 : 1) : 0;
}

/* Out of the innermost f-string, with what is open in it. */
static void end_fstring(struct scan *scan)
{
    while (scan->modes[scan->depth].kind != MODE_TEXT)
        scan->depth--;
    scan->depth--;
}

/* A backslash in an f-string: braces keep their meaning behind it, but for \N{...}. */
static void skip_backslash(struct scan *scan, const struct mode *mode)
{
    const char *next = scan->at + 1;
    if (next < scan->end && (*next == '{' || *next == '}')) {
        scan->at++;
        return;
    }
    bool named = !mode->raw && scan->end - scan->at >= 3 && next[0] == 'N' && next[1] == '{';
    if (!named) {
        skip_escaped(scan);
        return;
    }
    scan->at += 3;
    while (scan->at < scan->end && *scan->at != '}' && *scan->at != mode->quote &&
           !is_line_end(*scan->at))
        scan->at++;
    if (scan->at < scan->end && *scan->at == '}')
        scan->at++;
}

/* The literal part of an f-string, or what stands behind a colon in one. */
static void scan_text(struct scan *scan)
{
    struct mode *mode = &scan->modes[scan->depth];
    char c = *scan->at;
    bool twice = scan->end - scan->at >= 2 && scan->at[1] == c;
    if (c == '\\') {
        skip_backslash(scan, mode);
    } else if (c == '{' && twice && mode->kind == MODE_TEXT) {
        scan->at += 2;
    } else if (c == '{') {
        scan->at++;
        push(scan, (struct mode){ MODE_FIELD, mode->quote, mode->triple, mode->raw, 0 });
    } else if (c == '}' && mode->kind == MODE_SPEC) {
        scan->at++;
        scan->depth--;
    } else if (c == mode->quote && (!mode->triple || is_triple(scan, scan->at))) {
        scan->at += mode->triple ? 3 : 1;
        end_fstring(scan);
    } else if (is_line_end(c) && !mode->triple) {
        end_fstring(scan);
    } else {
        scan->at++;
    }
}

/* --- tokens ------------------------------------------------------------------------------ */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_' ||
           (unsigned char)c >= 0x80;
}

/* Is the word in front of a quote a string's prefix? */
static bool is_prefix(struct word word, bool *formatted, bool *raw)
{
    static const char *const prefixes[] = { "r",  "u",  "b", "br", "rb", "f",
                                            "fr", "rf", "t", "tr", "rt" };
    char lower[3] = "";
    if (word.len > 2)
        return false;
    for (size_t i = 0; i < word.len; i++)
        lower[i] = (char)tolower((unsigned char)word.text[i]);
    for (size_t i = 0; i < COUNT(prefixes); i++)
        if (strcmp(lower, prefixes[i]) == 0) {
            *formatted = strpbrk(lower, "ft") != NULL;
            *raw = strchr(lower, 'r') != NULL;
            return true;
        }
    return false;
}

static void scan_name(struct scan *scan)
{
    struct word word = { scan->at, 0 };
    while (scan->at < scan->end && is_name_byte(*scan->at))
        scan->at++;
    word.len = (size_t)(scan->at - word.text);
    bool formatted = false, raw = false;
    bool quoted = scan->at < scan->end && (*scan->at == '"' || *scan->at == '\'');
    bool string = quoted && is_prefix(word, &formatted, &raw);
    if (scan->depth == 0 && !string)
        on_name(scan, word);
    if (!string)
        return;
    if (scan->depth == 0)
        on_sign(scan, '"');
    if (formatted)
        begin_fstring(scan, raw);
    else
        skip_string(scan);
}

/* 1, 0x1f, 1_000.5e3: a word behind it without a space ("1if") is taken along; no
 * statement begins there. */
static void skip_number(struct scan *scan)
{
    while (scan->at < scan->end && (is_name_byte(*scan->at) || *scan->at == '.'))
        scan->at++;
}

static void skip_comment(struct scan *scan)
{
    while (scan->at < scan->end && !is_line_end(*scan->at))
        scan->at++;
}

static bool is_bracket(char c)
{
    return c == '(' || c == ')' || c == '[' || c == ']' || c == '{' || c == '}';
}

static void scan_bracket(struct scan *scan, char c)
{
    struct mode *mode = &scan->modes[scan->depth];
    scan->at++;
    if (c == '(' || c == '[' || c == '{') {
        mode->open++;
    } else if (mode->open > 0) {
        mode->open--;
    } else if (mode->kind == MODE_FIELD && c == '}') {
        scan->depth--;
    }
}

static void scan_code(struct scan *scan)
{
    struct mode *mode = &scan->modes[scan->depth];
    bool program = mode->kind == MODE_PROGRAM;
    char c = *scan->at;
    if (c == '#') {
        skip_comment(scan);
        return;
    }
    if (c == '\\') {
        skip_escaped(scan); /* the line goes on */
        return;
    }
    if (c == ' ' || c == '\t' || c == '\f' || is_line_end(c)) {
        scan->at++;
        if (program && is_line_end(c) && mode->open == 0)
            begin_statement(scan);
        return;
    }
    if (is_name_byte(c) && !is_digit(c)) {
        scan_name(scan);
        return;
    }
    if (program)
        on_sign(scan, c);
    if (is_digit(c)) {
        skip_number(scan);
    } else if (c == '"' || c == '\'') {
        skip_string(scan);
    } else if (is_bracket(c)) {
        scan_bracket(scan, c);
    } else if (c == ':' && mode->open == 0 && !program) {
        scan->at++;
        mode->kind = MODE_SPEC;
    } else {
        scan->at++;
        if (program && mode->open == 0 && (c == ':' || c == ';'))
            begin_statement(scan);
    }
}

char **imports_find(const char *code, size_t len)
{
    struct scan *scan = xcalloc(1, sizeof(*scan));
    scan->at = code;
    scan->end = code + len;
    scan->begins = true;
    if (len >= 3 && memcmp(code, "\xef\xbb\xbf", 3) == 0)
        scan->at += 3;
    while (scan->at < scan->end) {
        enum mode_kind kind = scan->modes[scan->depth].kind;
        if (kind == MODE_TEXT || kind == MODE_SPEC)
            scan_text(scan);
        else
            scan_code(scan);
    }
    end_clause(scan);
    char **found = scan->found;
    free(scan);
    return found;
}
