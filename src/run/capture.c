/* SPDX-License-Identifier: Apache-2.0 */
#include "run/capture.h"

#include <inttypes.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* The line between, with a link in it. */
#define GAP_LINE_COST 512

void capture_add(struct capture *capture, const void *bytes, size_t len)
{
    const char *at = bytes;
    size_t room = CAPTURE_END_BYTES - capture->head.len;
    size_t first = len < room ? len : room;
    if (first > 0)
        str_add(&capture->head, at, first);
    at += first;
    uint64_t where = capture->bytes + first;
    capture->bytes += len;
    len -= first;
    if (len == 0)
        return;
    if (!capture->ring)
        capture->ring = xcalloc(1, CAPTURE_END_BYTES);
    /* Of a long write only the end can stay. */
    if (len > CAPTURE_END_BYTES) {
        where += len - CAPTURE_END_BYTES;
        at += len - CAPTURE_END_BYTES;
        len = CAPTURE_END_BYTES;
    }
    size_t offset = (size_t)((where - CAPTURE_END_BYTES) % CAPTURE_END_BYTES);
    size_t straight = CAPTURE_END_BYTES - offset < len ? CAPTURE_END_BYTES - offset : len;
    memcpy(capture->ring + offset, at, straight);
    memcpy(capture->ring, at + straight, len - straight);
}

void capture_done(struct capture *capture)
{
    str_done(&capture->head);
    free(capture->ring);
    *capture = (struct capture){ 0 };
}

/* What the ring holds, in order; returns its length. */
static size_t tail_copy(const struct capture *capture, char out[CAPTURE_END_BYTES])
{
    uint64_t after = capture->bytes - capture->head.len;
    if (after <= CAPTURE_END_BYTES) {
        if (after > 0)
            memcpy(out, capture->ring, (size_t)after);
        return (size_t)after;
    }
    size_t start = (size_t)(after % CAPTURE_END_BYTES);
    memcpy(out, capture->ring + start, CAPTURE_END_BYTES - start);
    memcpy(out + CAPTURE_END_BYTES - start, capture->ring, start);
    return CAPTURE_END_BYTES;
}

size_t capture_cost(unsigned char c)
{
    if (c == '"' || c == '\\')
        return 2 + 4; /* \" and \\\" */
    if (c == '\n' || c == '\r' || c == '\t' || c == '\b' || c == '\f')
        return 2 + 3; /* \n and \\n */
    return c < 0x20 ? 6 + 7 : 1 + 1;
}

/* The length of the character at `text`; where there is no valid one, of what one
 * U+FFFD stands for: the longest beginning of a character (as Python counts it). */
static size_t utf8_step(const char *text, size_t len, bool *valid)
{
    const unsigned char *b = (const unsigned char *)text;
    *valid = true;
    if (b[0] < 0x80)
        return 1;
    size_t step = b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
    if (step <= len && utf8_valid(text, step))
        return step;
    *valid = false;
    if (b[0] < 0xc2 || b[0] > 0xf4)
        return 1;
    /* The second byte is where over-long forms, surrogates and what is past
     * U+10FFFF show. */
    unsigned char low = b[0] == 0xe0 ? 0xa0 : b[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char high = b[0] == 0xed ? 0x9f : b[0] == 0xf4 ? 0x8f : 0xbf;
    size_t n = 1;
    if (n < len && b[n] >= low && b[n] <= high)
        for (n++; n < len && n < step && (b[n] & 0xc0) == 0x80; n++)
            ;
    return n;
}

static size_t step_cost(const char *text, size_t len, bool valid)
{
    if (!valid)
        return strlen(REPLACEMENT) * capture_cost(0xef);
    size_t cost = 0;
    for (size_t i = 0; i < len; i++)
        cost += capture_cost((unsigned char)text[i]);
    return cost;
}

static size_t text_cost(const char *text, size_t len)
{
    size_t cost = 0;
    bool valid;
    for (size_t at = 0, step; at < len; at += step) {
        step = utf8_step(text + at, len - at, &valid);
        cost += step_cost(text + at, step, valid);
    }
    return cost;
}

/* How many bytes of the beginning cost at most `budget`. */
static size_t fit_head(const char *text, size_t len, size_t budget)
{
    size_t cost = 0, at = 0;
    while (at < len) {
        bool valid;
        size_t step = utf8_step(text + at, len - at, &valid);
        cost += step_cost(text + at, step, valid);
        if (cost > budget)
            break;
        at += step;
    }
    return at;
}

/* The same of the end. */
static size_t fit_tail(const char *text, size_t len, size_t budget)
{
    size_t cost = text_cost(text, len), at = 0;
    while (at < len && cost > budget) {
        bool valid;
        size_t step = utf8_step(text + at, len - at, &valid);
        cost -= step_cost(text + at, step, valid);
        at += step;
    }
    return len - at;
}

static void add_clean(struct str *out, const char *text, size_t len)
{
    bool valid;
    for (size_t at = 0, step; at < len; at += step) {
        step = utf8_step(text + at, len - at, &valid);
        if (valid)
            str_add(out, text + at, step);
        else
            str_puts(out, REPLACEMENT);
    }
}

/* Bytes that begin a character and then stop, at the end of `text`. */
static size_t cut_short(const char *text, size_t len)
{
    for (size_t back = 1; back <= 3 && back <= len; back++) {
        unsigned char c = (unsigned char)text[len - back];
        if ((c & 0xc0) == 0x80)
            continue;
        size_t step = c < 0xc0 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
        return step > back ? back : 0;
    }
    return 0;
}

static size_t continuation_bytes(const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && n < 3 && ((unsigned char)text[n] & 0xc0) == 0x80)
        n++;
    return n;
}

static void add_gap(struct str *out, uint64_t left_out, const char *rest)
{
    if (out->len > 0 && out->data[out->len - 1] != '\n')
        str_putc(out, '\n');
    str_printf(out, "[... %" PRIu64 " bytes left out", left_out);
    if (rest)
        str_printf(out, "; the whole is %s", rest);
    str_puts(out, " ...]\n");
}

static bool has_gap(const struct capture *capture)
{
    return capture->bytes > 2 * CAPTURE_END_BYTES;
}

/* Both ends as they came, one after the other. */
static void ends_join(const struct capture *capture, struct str *out)
{
    char end[CAPTURE_END_BYTES];
    str_add(out, capture->head.data, capture->head.len);
    str_add(out, end, tail_copy(capture, end));
}

size_t capture_size(const struct capture *capture)
{
    autostr struct str ends = { 0 };
    ends_join(capture, &ends);
    return text_cost(ends.data, ends.len) + (has_gap(capture) ? GAP_LINE_COST : 0);
}

bool capture_text(const struct capture *capture, size_t budget, const char *rest, struct str *out)
{
    autostr struct str ends = { 0 };
    ends_join(capture, &ends);
    if (!has_gap(capture) && text_cost(ends.data, ends.len) <= budget) {
        add_clean(out, ends.data, ends.len);
        return true;
    }

    /* Small but expensive to write: its two halves are the ends. A character that
     * our own cut goes through is not the script's mistake, so it is left out. */
    size_t split = has_gap(capture) ? capture->head.len : ends.len / 2;
    size_t head = split - cut_short(ends.data, split);
    size_t skip = continuation_bytes(ends.data + split, ends.len - split);
    const char *tail = ends.data + split + skip;
    size_t tail_len = ends.len - split - skip;

    size_t share = budget > GAP_LINE_COST ? (budget - GAP_LINE_COST) / 2 : 0;
    size_t first = fit_head(ends.data, head, share);
    size_t last = fit_tail(tail, tail_len, share);
    add_clean(out, ends.data, first);
    add_gap(out, capture->bytes - first - last, rest);
    add_clean(out, tail + tail_len - last, last);
    return false;
}

void capture_skip(struct capture *capture, uint64_t bytes)
{
    capture->bytes += bytes;
}

size_t text_fit(const char *bytes, size_t len, size_t budget, struct str *out)
{
    size_t fits = fit_head(bytes, len, budget);
    add_clean(out, bytes, fits);
    return fits;
}

char *text_label(const char *name)
{
    autostr struct str clean = { 0 };
    (void)text_fit(name, strlen(name), SIZE_MAX, &clean);
    char *shown = xcalloc(clean.len + 1, 1);
    (void)printable(clean.data ? clean.data : "", shown, clean.len + 1);
    return shown;
}
