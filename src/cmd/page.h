/* SPDX-License-Identifier: Apache-2.0 */
/* page.h - text for a person: headings, rows, bars, and figures with their units.
 *
 * Colour only on a terminal, and not where NO_COLOR says so; blocks only where the caller's
 * locale is UTF-8. What a stranger chose goes through page_text() and steers nothing.
 */
#pragma once

#include <cordon/own.h>

#include "str.h"

enum tint { TINT_NONE, TINT_BOLD, TINT_DIM, TINT_GOOD, TINT_WARN, TINT_BAD };

struct page {
    bool colour, blocks;
};

/* For standard output, as the environment and the terminal want it. */
struct page page_of_output(void);

void page_heading(const struct page *page, const char *text);

/* "  name        text". An empty name continues the row above. */
void page_row(const struct page *page, const char *name, const char *fmt, ...) printf_like(3, 4);

/* The same behind a bar that is `share` full, from 0 to 1 (more is full). */
void page_bar_row(const struct page *page, const char *name, enum tint tint, double share,
                  const char *fmt, ...) printf_like(5, 6);

/* One line of somebody's text behind a margin; bytes that are no text and all that steers a
 * terminal are shown as '?', and it is cut. */
void page_text(const struct page *page, const char *bytes, size_t len);

/* The sequences around a word; "" without colour. */
const char *page_begin(const struct page *page, enum tint tint);
const char *page_end(const struct page *page);

/* "16 ms" "1.25 s" "4 min 10 s" "2 h 5 min"; "3.4 MiB" "512 KiB" "17 bytes". */
const char *page_seconds(double seconds, char out[32]);
const char *page_bytes(double bytes, char out[32]);
