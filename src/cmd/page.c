/* SPDX-License-Identifier: Apache-2.0 */
#include "cmd/page.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define NAME_WIDTH 12
#define BAR_WIDTH  24
#define LINE_BYTES 100

/* --- what the reader has ---------------------------------------------------------------------- */

static bool locale_is_utf8(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *value = getenv(names[i]);
        if (value && *value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

struct page page_of_output(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    bool plain = (no && *no) || !term || strcmp(term, "dumb") == 0;
    return (struct page){ .colour = isatty(STDOUT_FILENO) && !plain, .blocks = locale_is_utf8() };
}

const char *page_begin(const struct page *page, enum tint tint)
{
    static const char *const sequences[] = {
        [TINT_NONE] = "",         [TINT_BOLD] = "\033[1m",  [TINT_DIM] = "\033[2m",
        [TINT_GOOD] = "\033[32m", [TINT_WARN] = "\033[33m", [TINT_BAD] = "\033[31m",
    };
    return page->colour ? sequences[tint] : "";
}

const char *page_end(const struct page *page)
{
    return page->colour ? "\033[0m" : "";
}

/* --- rows ------------------------------------------------------------------------------------- */

void page_heading(const struct page *page, const char *text)
{
    (void)printf("\n%s%s%s\n", page_begin(page, TINT_BOLD), text, page_end(page));
}

static void name_print(const struct page *page, const char *name)
{
    (void)printf("  %s%-*s%s ", page_begin(page, TINT_DIM), NAME_WIDTH, name, page_end(page));
}

void page_row(const struct page *page, const char *name, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    name_print(page, name);
    (void)vprintf(fmt, args);
    (void)putchar('\n');
    va_end(args);
}

static void bar_print(const struct page *page, enum tint tint, double share)
{
    /* What is more than nothing is to be seen. */
    double cells = fmin(fmax(share, 0), 1) * BAR_WIDTH;
    int full = share > 0 && cells < 1 ? 1 : (int)(cells + 0.5);
    (void)fputs(page_begin(page, tint), stdout);
    for (int i = 0; i < BAR_WIDTH; i++) {
        if (i == full)
            (void)printf("%s%s", page_end(page), page_begin(page, TINT_DIM));
        (void)fputs(i < full ? (page->blocks ? "\xe2\x96\x88" : "#")
                             : (page->blocks ? "\xe2\x96\x91" : "."),
                    stdout);
    }
    (void)printf("%s  ", page_end(page));
}

void page_bar_row(const struct page *page, const char *name, enum tint tint, double share,
                  const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    name_print(page, name);
    bar_print(page, tint, share);
    (void)vprintf(fmt, args);
    (void)putchar('\n');
    va_end(args);
}

void page_text(const struct page *page, const char *bytes, size_t len)
{
    char shown[LINE_BYTES + 8];
    autofree char *text = xstrndup(bytes, len);
    (void)printf("    %s|%s %s\n", page_begin(page, TINT_DIM), page_end(page),
                 printable(text, shown, sizeof(shown)));
}

/* --- figures ---------------------------------------------------------------------------------- */

/* At most three digits that count, and no zeros at the end. */
static void figure(double value, const char *unit, char out[32])
{
    int digits = value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
    char text[24];
    (void)snprintf(text, sizeof(text), "%.*f", digits, value);
    if (digits > 0) {
        size_t len = strlen(text);
        while (text[len - 1] == '0')
            text[--len] = '\0';
        if (text[len - 1] == '.')
            text[len - 1] = '\0';
    }
    (void)snprintf(out, 32, "%s %s", text, unit);
}

static void two_figures(double large, const char *of_large, double small, const char *of_small,
                        char out[32])
{
    int len = snprintf(out, 32, "%.0f %s", large, of_large);
    if (small > 0 && len > 0 && len < 31)
        (void)snprintf(out + len, 32 - (size_t)len, " %.0f %s", small, of_small);
}

const char *page_seconds(double seconds, char out[32])
{
    double whole = floor(seconds);
    if (seconds < 0.9995)
        figure(seconds * 1000, "ms", out);
    else if (seconds < 60)
        figure(seconds, "s", out);
    else if (seconds < 3600)
        two_figures(floor(whole / 60), "min", fmod(whole, 60), "s", out);
    else
        two_figures(floor(whole / 3600), "h", floor(fmod(whole, 3600) / 60), "min", out);
    return out;
}

/* Of 1024, as the contract's members ..._mb are. */
const char *page_bytes(double bytes, char out[32])
{
    static const char *const units[] = { "KB", "MB", "GB", "TB" };
    size_t unit = 0;
    if (bytes < 1024) {
        (void)snprintf(out, 32, "%.0f bytes", bytes);
        return out;
    }
    bytes /= 1024;
    while (bytes >= 1023.5 && unit + 1 < COUNT(units)) {
        bytes /= 1024;
        unit++;
    }
    figure(bytes, units[unit], out);
    return out;
}
