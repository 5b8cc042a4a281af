/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c - the last line of a file that a script writes. */
#include "progress.h"

#include <string.h>
#include <sys/stat.h>

#include <cordon/own.h>

#include "clock.h"
#include "kernel.h"
#include "str.h"

/* Of the file's end: longer lines are not read. */
#define TAIL_BYTES 1024

/* --- the text ---------------------------------------------------------------------- */

/* A number, up to a space or the end. Only digits, dots, an exponent: no "nan", no signs. */
static bool take_number(const char **at, double *ret)
{
    size_t len = strspn(*at, "0123456789.eE+-");
    char *end;
    if (len == 0 || ((*at)[len] != ' ' && (*at)[len] != '\0') || **at == '-')
        return false;
    double value = strtod(*at, &end);
    if (end != *at + len || !(value >= 0 && value <= PROGRESS_NUMBER_MAX))
        return false;
    *at = end + strspn(end, " ");
    *ret = value;
    return true;
}

/* One line of UTF-8, cut between characters. */
static void take_message(const char *text, char *out, size_t room)
{
    size_t len = strlen(text);
    if (len >= room)
        for (len = room - 1; len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80;)
            len--;
    bool valid = utf8_valid(text, len);
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        out[i] = c < ' ' || c == 0x7f || (c >= 0x80 && !valid) ? '?' : text[i];
    }
    out[len] = '\0';
}

/* `line` is NUL-ended and holds no line end. */
static bool parse_line(const char *line, struct progress_note *ret)
{
    struct progress_note note = { 0 };
    if (!take_number(&line, &note.current) || !take_number(&line, &note.total))
        return false;
    take_message(line, note.message, sizeof(note.message));
    *ret = note;
    return true;
}

bool progress_parse(const char *text, size_t len, struct progress_note *ret)
{
    while (len > 0) {
        const char *end = memrchr(text, '\n', len);
        if (!end)
            return false;
        const char *before = memrchr(text, '\n', (size_t)(end - text));
        const char *begin = before ? before + 1 : text;
        autofree char *line = xstrndup(begin, (size_t)(end - begin));
        if (strlen(line) == (size_t)(end - begin) && parse_line(line, ret))
            return true;
        len = (size_t)(begin - text);
    }
    return false;
}

/* --- the file ---------------------------------------------------------------------- */

bool progress_look(struct progress_watch *watch, int scratch)
{
    const struct open_how how = { .flags =
                                      O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC,
                                  .resolve =
                                      RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV };
    autoclose int fd = kernel_openat2(scratch, PROGRESS_FILE, &how);
    struct stat now;
    if (fd < 0 || fstat(fd, &now) < 0 || !S_ISREG(now.st_mode))
        return false;
    int64_t changed_ns = (int64_t)now.st_mtim.tv_sec * (int64_t)NS_PER_S + now.st_mtim.tv_nsec;
    if (now.st_size == watch->size && changed_ns == watch->changed_ns)
        return false;
    watch->size = now.st_size;
    watch->changed_ns = changed_ns;
    char tail[TAIL_BYTES];
    ssize_t n =
        pread(fd, tail, sizeof(tail), now.st_size > TAIL_BYTES ? now.st_size - TAIL_BYTES : 0);
    return n > 0 && progress_parse(tail, (size_t)n, &watch->last);
}
