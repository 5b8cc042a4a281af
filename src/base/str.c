/* SPDX-License-Identifier: Apache-2.0 */
/* str.c - strings that grow, and lists of them. */
#include "str.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Sizes are bounded before anything is allocated (the largest message is
 * 16 MiB), so this is a host without memory, and going on would be a guess. */
static void *or_abort(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

void *xcalloc(size_t count, size_t size)
{
    return or_abort(calloc(count ? count : 1, size ? size : 1));
}

void *xrealloc(void *old, size_t size)
{
    return or_abort(realloc(old, size ? size : 1));
}

char *xstrdup(const char *text)
{
    return or_abort(strdup(text));
}

char *xstrndup(const char *text, size_t len)
{
    char *copy = or_abort(malloc(len + 1));
    memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

char *xasprintf(const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    if (vasprintf(&text, fmt, args) < 0)
        abort();
    va_end(args);
    return text;
}

static void str_room(struct str *str, size_t more)
{
    size_t need = str->len + more + 1;
    if (need <= str->room)
        return;
    size_t room = str->room ? str->room : 64;
    while (room < need)
        room *= 2;
    str->data = xrealloc(str->data, room);
    str->room = room;
}

void str_add(struct str *str, const void *bytes, size_t len)
{
    str_room(str, len);
    assert(str->data); /* str_room() made some */
    if (len > 0)
        memcpy(str->data + str->len, bytes, len);
    str->len += len;
    str->data[str->len] = '\0';
}

void str_puts(struct str *str, const char *text)
{
    str_add(str, text, strlen(text));
}

void str_putc(struct str *str, char c)
{
    str_add(str, &c, 1);
}

void str_printf(struct str *str, const char *fmt, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, fmt);
    int len = vasprintf(&text, fmt, args);
    va_end(args);
    if (len < 0)
        abort();
    str_add(str, text, (size_t)len);
    free(text);
}

void str_done(struct str *str)
{
    free(str->data);
    *str = (struct str){ 0 };
}

char *str_take(struct str *str)
{
    if (!str->data)
        str_add(str, "", 0);
    char *data = str->data;
    *str = (struct str){ 0 };
    return data;
}

size_t list_len(char *const *list)
{
    size_t n = 0;
    while (list && list[n])
        n++;
    return n;
}

void list_add_owned(char ***list, char *text)
{
    size_t n = list_len(*list);
    /* Doubling at powers of two keeps a long list linear without a stored size. */
    if (n == 0)
        *list = xrealloc(*list, 2 * sizeof(char *));
    else if ((n & (n - 1)) == 0)
        *list = xrealloc(*list, (2 * n + 1) * sizeof(char *));
    (*list)[n] = text;
    (*list)[n + 1] = NULL;
}

void list_add(char ***list, const char *text)
{
    list_add_owned(list, xstrdup(text));
}

char **list_copy(char *const *list)
{
    char **copy = NULL;
    for (size_t i = 0; list && list[i]; i++)
        list_add(&copy, list[i]);
    return copy;
}

bool list_has(char *const *list, const char *text)
{
    for (size_t i = 0; list && list[i]; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}

char *list_join(char *const *list)
{
    struct str text = { 0 };
    for (size_t i = 0; list && list[i]; i++)
        str_printf(&text, "%s%s", i ? ", " : "", list[i]);
    return text.data ? str_take(&text) : xstrdup("none");
}

void list_free(char **list)
{
    for (size_t i = 0; list && list[i]; i++)
        free(list[i]);
    free(list);
}

bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool ends_with(const char *text, const char *suffix)
{
    size_t text_len = strlen(text), suffix_len = strlen(suffix);
    return text_len >= suffix_len && strcmp(text + text_len - suffix_len, suffix) == 0;
}

char *path_join(const char *dir, const char *name)
{
    return xasprintf("%s%s%s", dir, ends_with(dir, "/") ? "" : "/", name);
}

bool path_within(const char *path, const char *dir)
{
    size_t len = strlen(dir);
    if (strcmp(dir, "/") == 0)
        return path[0] == '/';
    return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

/* The number of bytes of the character at `at`, 0 if it is not one (RFC 3629). */
static size_t utf8_step(const unsigned char *at, size_t left)
{
    unsigned char c = at[0];
    size_t size = c < 0x80                ? 1
                  : c >= 0xc2 && c < 0xe0 ? 2
                  : c >= 0xe0 && c < 0xf0 ? 3
                  : c >= 0xf0 && c < 0xf5 ? 4
                                          : 0;
    if (size == 0 || size > left)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    bool overlong = (c == 0xe0 && at[1] < 0xa0) || (c == 0xf0 && at[1] < 0x90);
    bool surrogate = c == 0xed && at[1] >= 0xa0;
    bool too_big = c == 0xf4 && at[1] >= 0x90;
    return overlong || surrogate || too_big ? 0 : size;
}

bool utf8_valid(const char *text, size_t len)
{
    const unsigned char *at = (const unsigned char *)text;
    while (len > 0) {
        size_t step = utf8_step(at, len);
        if (step == 0)
            return false;
        at += step;
        len -= step;
    }
    return true;
}

/* What would steer a terminal (C0 and C1 controls, separators of lines), turns the direction of
 * text, or takes no room, so that two names look alike. */
static bool steers(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        { 0x00, 0x1f },     { 0x7f, 0x9f },     { 0xad, 0xad },       { 0x61c, 0x61c },
        { 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e },   { 0x2060, 0x206f },
        { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb }, { 0xe0000, 0xe007f },
    };
    for (size_t i = 0; i < sizeof(ranges) / sizeof(*ranges); i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/* The character of `step` bytes at `at`. */
static uint32_t utf8_character(const unsigned char *at, size_t step)
{
    static const unsigned char first_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    uint32_t c = at[0] & first_bits[step];
    for (size_t i = 1; i < step; i++)
        c = c << 6 | (at[i] & 0x3f);
    return c;
}

void str_replace(struct str *str, size_t begin, size_t end, const char *with)
{
    struct str whole = { 0 };
    str_add(&whole, str->data, begin);
    str_puts(&whole, with);
    str_add(&whole, str->data + end, str->len - end);
    str_done(str);
    *str = whole;
}

unsigned line_number(const char *text, size_t len, size_t at)
{
    unsigned line = 1;
    for (size_t i = 0; i < at && i < len; i++)
        line += text[i] == '\n';
    return line;
}

const char *printable(const char *text, char *out, size_t room)
{
    size_t len = 0;
    while (*text) {
        const unsigned char *at = (const unsigned char *)text;
        size_t step = utf8_step(at, strnlen(text, 4));
        bool shown = step > 0 && !steers(utf8_character(at, step));
        size_t size = shown ? step : 1;
        if (len + size >= room)
            break;
        memcpy(out + len, shown ? text : "?", size);
        len += size;
        text += step > 0 ? step : 1;
    }
    out[len] = '\0';
    if (!*text || room <= 4)
        return out;
    size_t end = len < room - 4 ? len : room - 4;
    while (end > 0 && ((unsigned char)out[end] & 0xc0) == 0x80)
        end--; /* not within a character */
    memcpy(out + end, "...", 4);
    return out;
}
