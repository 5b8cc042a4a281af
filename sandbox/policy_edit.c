/* SPDX-License-Identifier: Apache-2.0 */
/* policy_edit.c - changes of a text by place, and the lines they touch. */
#include "policy_edit.h"

#include <stdio.h>
#include <string.h>

#include "json.h"

/* Lines around a change, as diff -u has them. */
#define CONTEXT 3

struct policy_edit {
    size_t begin, end; /* the bytes that go */
    char *with;
};

/* --- making ----------------------------------------------------------------- */

/* Behind those of the same place: what came first stays first. */
static void add_edit(struct policy_edits *edits, size_t begin, size_t end, char *with)
{
    edits->list = xrealloc(edits->list, (edits->count + 1) * sizeof(*edits->list));
    size_t at = edits->count++;
    for (; at > 0 && edits->list[at - 1].begin > begin; at--)
        edits->list[at] = edits->list[at - 1];
    edits->list[at] = (struct policy_edit){ .begin = begin, .end = end, .with = with };
}

/* The blanks in front of what begins a line; NULL for what stands in the middle of one. */
static char *indentation(const struct policy_edits *edits, size_t at)
{
    size_t start = at;
    while (start > 0 && (edits->text[start - 1] == ' ' || edits->text[start - 1] == '\t'))
        start--;
    return start > 0 && edits->text[start - 1] == '\n' ? xstrndup(edits->text + start, at - start)
                                                       : NULL;
}

void policy_edit_append(struct policy_edits *edits, const char *path, char *const *elements)
{
    size_t begin, end, last_begin, last_end;
    if (!elements || !*elements || !json_place_of(edits->text, edits->len, path, &begin, &end))
        return;
    size_t count = 0;
    for (;; count++) {
        autofree char *element = xasprintf("%s[%zu]", path, count);
        size_t from, to;
        if (!json_place_of(edits->text, edits->len, element, &from, &to))
            break;
        last_begin = from;
        last_end = to;
    }
    struct str with = { 0 };
    if (count == 0) {
        for (char *const *element = elements; *element; element++)
            str_printf(&with, "%s%s", element == elements ? " " : ", ", *element);
        str_puts(&with, " ");
        add_edit(edits, begin + 1, begin + 1, str_take(&with));
        return;
    }
    autofree char *blanks = indentation(edits, last_begin);
    for (; *elements; elements++)
        str_printf(&with, ",%s%s%s", blanks ? "\n" : " ", blanks ? blanks : "", *elements);
    add_edit(edits, last_end, last_end, str_take(&with));
}

void policy_edit_value(struct policy_edits *edits, const char *path, const char *value)
{
    size_t begin, end;
    if (json_place_of(edits->text, edits->len, path, &begin, &end)) {
        add_edit(edits, begin, end, xstrdup(value));
        return;
    }
    if (!strpbrk(path, ".[") && json_place_of(edits->text, edits->len, "", &begin, &end))
        add_edit(edits, begin + 1, begin + 1, xasprintf("\n  \"%s\": %s,", path, value));
}

void policy_edits_done(struct policy_edits *edits)
{
    for (size_t i = 0; i < edits->count; i++)
        free(edits->list[i].with);
    free(edits->list);
    *edits = (struct policy_edits){ 0 };
}

/* --- applying --------------------------------------------------------------- */

/* The bytes from `begin` to `end`, with the changes that lie there. */
static void apply_between(const struct policy_edits *edits, size_t begin, size_t end,
                          struct str *out)
{
    for (size_t i = 0; i < edits->count; i++) {
        const struct policy_edit *edit = &edits->list[i];
        if (edit->begin < begin || edit->begin >= end)
            continue;
        str_add(out, edits->text + begin, edit->begin - begin);
        str_puts(out, edit->with);
        begin = edit->end;
    }
    str_add(out, edits->text + begin, end - begin);
}

char *policy_edits_apply(const struct policy_edits *edits)
{
    struct str out = { 0 };
    apply_between(edits, 0, edits->len, &out);
    return str_take(&out);
}

/* --- lines ------------------------------------------------------------------ */

/* A run of whole lines, by their bytes. */
struct lines {
    size_t begin, end;
};

static struct lines line_at(const struct policy_edits *edits, size_t at)
{
    struct lines line = { at, at };
    while (line.begin > 0 && edits->text[line.begin - 1] != '\n')
        line.begin--;
    while (line.end < edits->len && edits->text[line.end] != '\n')
        line.end++;
    line.end += line.end < edits->len;
    return line;
}

/* The lines that the changes from `i` on touch without a gap; *next is the first beyond. */
static struct lines touched(const struct policy_edits *edits, size_t i, size_t *next)
{
    struct lines region = line_at(edits, edits->list[i].begin);
    for (; i < edits->count && edits->list[i].begin < region.end; i++) {
        size_t last = edits->list[i].end > edits->list[i].begin ? edits->list[i].end - 1
                                                                : edits->list[i].begin;
        size_t end = line_at(edits, last).end;
        if (end > region.end)
            region.end = end;
    }
    *next = i;
    return region;
}

static size_t count_lines(const char *text, size_t len)
{
    size_t count = len > 0 && text[len - 1] != '\n';
    for (size_t i = 0; i < len; i++)
        count += text[i] == '\n';
    return count;
}

static struct lines context_before(const struct policy_edits *edits, size_t at)
{
    struct lines lines = { at, at };
    for (int i = 0; i < CONTEXT && lines.begin > 0; i++)
        lines.begin = line_at(edits, lines.begin - 1).begin;
    return lines;
}

static struct lines context_behind(const struct policy_edits *edits, size_t at)
{
    struct lines lines = { at, at };
    for (int i = 0; i < CONTEXT && lines.end < edits->len; i++)
        lines.end = line_at(edits, lines.end).end;
    return lines;
}

static void add_lines(struct str *out, char sign, const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        const char *end = memchr(text + at, '\n', len - at);
        size_t size = end ? (size_t)(end - text) + 1 - at : len - at;
        str_putc(out, sign);
        str_add(out, text + at, size);
        at += size;
    }
    if (len > 0 && text[len - 1] != '\n')
        str_puts(out, "\n\\ No newline at end of file\n");
}

/* One hunk from the change `i` on; returns the first change beyond it. */
static size_t add_hunk(const struct policy_edits *edits, size_t i, long *shift, struct str *out)
{
    autostr struct str body = { 0 };
    size_t next = i, old = 0, new = 0;
    struct lines region = touched(edits, i, &next);
    struct lines before = context_before(edits, region.begin);
    size_t first = count_lines(edits->text, before.begin) + 1;
    for (;;) {
        size_t len = before.end - before.begin;
        add_lines(&body, ' ', edits->text + before.begin, len);
        old += count_lines(edits->text + before.begin, len);
        new += count_lines(edits->text + before.begin, len);
        autostr struct str changed = { 0 };
        apply_between(edits, region.begin, region.end, &changed);
        add_lines(&body, '-', edits->text + region.begin, region.end - region.begin);
        add_lines(&body, '+', changed.data, changed.len);
        old += count_lines(edits->text + region.begin, region.end - region.begin);
        new += count_lines(changed.data, changed.len);

        struct lines behind = context_behind(edits, region.end);
        size_t beyond = next;
        struct lines other = next < edits->count ? touched(edits, next, &beyond) : behind;
        bool joins = next < edits->count && other.begin <= context_behind(edits, behind.end).end;
        if (!joins) {
            len = behind.end - behind.begin;
            add_lines(&body, ' ', edits->text + behind.begin, len);
            old += count_lines(edits->text + behind.begin, len);
            new += count_lines(edits->text + behind.begin, len);
            break;
        }
        before = (struct lines){ region.end, other.begin };
        region = other;
        next = beyond;
    }
    str_printf(out, "@@ -%zu,%zu +%ld,%zu @@\n", first, old, (long)first + *shift, new);
    str_add(out, body.data, body.len);
    *shift += (long)new - (long)old;
    return next;
}

void policy_edits_diff(const struct policy_edits *edits, const char *name, struct str *out)
{
    long shift = 0;
    if (edits->count > 0)
        str_printf(out, "--- %s\n+++ %s\n", name, name);
    for (size_t i = 0; i < edits->count;)
        i = add_hunk(edits, i, &shift, out);
}
