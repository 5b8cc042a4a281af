/* SPDX-License-Identifier: Apache-2.0 */
/* jobs_page_output.c - the beginning and the end of what a job has written, on its page. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cmd/jobs.h"
#include "cmd/page.h"

#define SHOWN_LINES 5    /* of the beginning of a stream, and of its end */
#define SHOWN_BYTES 2048 /* likewise */

/* Up to SHOWN_LINES lines of `text`; the last ones where `last`. Returns how many. */
static size_t print_lines(const struct page *page, const struct str *text, bool last, bool whole)
{
    size_t starts[SHOWN_BYTES + 1], count = 0;
    const char *data = text->data ? text->data : "";
    for (size_t i = 0; i < text->len && count < COUNT(starts); i++)
        if (i == 0 || data[i - 1] == '\n')
            starts[count++] = i;
    size_t most = whole ? 2 * SHOWN_LINES : SHOWN_LINES;
    size_t from = last && count > most ? count - most : 0;
    size_t to = !last && count > most ? most : count;
    for (size_t i = from; i < to; i++)
        page_text(page, data + starts[i], strcspn(data + starts[i], "\n"));
    return count;
}

static size_t lines_in(const struct str *text)
{
    size_t lines = text->len > 0 && text->data[text->len - 1] != '\n';
    for (size_t i = 0; i < text->len; i++)
        lines += text->data[i] == '\n';
    return lines;
}

/* Adds bytes of a stream; a zero byte, which would end a text, is shown as what it is not. */
static int read_shown(struct jobs_visit *visit, const char *id, int stream, uint64_t from,
                      struct str *ret)
{
    struct error ignored;
    int r = output_read(visit->outputs, id, stream, from, SHOWN_BYTES, ret, &ignored);
    for (size_t i = 0; r == 0 && i < ret->len; i++)
        if (ret->data[i] == '\0')
            ret->data[i] = '?';
    return r;
}

static void print_stream(const struct page *page, struct jobs_visit *visit, const char *id,
                         int stream, uint64_t bytes)
{
    char shown[32];
    autostr struct str head = { 0 }, tail = { 0 };
    page_row(page, stream == 1 ? "stdout" : "stderr", "%s",
             bytes ? page_bytes((double)bytes, shown) : "nothing");
    if (bytes == 0 || read_shown(visit, id, stream, 0, &head) < 0)
        return;
    bool whole = bytes <= head.len && lines_in(&head) <= (size_t)2 * SHOWN_LINES;
    (void)print_lines(page, &head, false, whole);
    if (whole)
        return;
    uint64_t from = bytes > SHOWN_BYTES ? bytes - SHOWN_BYTES : 0;
    (void)printf("    %s...%s\n", page_begin(page, TINT_DIM), page_end(page));
    if (read_shown(visit, id, stream, from, &tail) == 0)
        (void)print_lines(page, &tail, true, false);
}

void job_page_output(const struct page *page, struct jobs_visit *visit, const struct record *record)
{
    page_heading(page, "Output");
    for (int i = 0; i < 2; i++) {
        uint64_t bytes = job_status_ended(record->status)
                             ? record->bytes[i]
                             : output_size(visit->outputs, record->id, i + 1);
        print_stream(page, visit, record->id, i + 1, bytes);
    }
}
