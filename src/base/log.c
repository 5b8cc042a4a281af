/* SPDX-License-Identifier: Apache-2.0 */
/* log.c - one event, one line, one write: lines of several processes never mix. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cordon/log.h>
#include <cordon/own.h>

#include "clock.h"

#define LINE_MAX_BYTES 2048

static const char *const names[] = { "error", "warn", "info", "debug" };
static enum log_level threshold = LOG_WARN;

void log_set_level(enum log_level level)
{
    threshold = level;
}

int log_level_parse(const char *name)
{
    for (int i = 0; i < (int)COUNT(names); i++)
        if (strcmp(name, names[i]) == 0)
            return i;
    return -1;
}

struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
};

static void line_put(struct line *line, char c)
{
    if (line->len < sizeof(line->text) - 2) /* room for the line's end */
        line->text[line->len++] = c;
}

static void line_puts(struct line *line, const char *text)
{
    for (; *text; text++)
        line_put(line, *text);
}

static bool plain(const char *text)
{
    if (*text == '\0')
        return false;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f)
            return false;
    }
    return true;
}

static void line_quote(struct line *line, const char *text)
{
    if (plain(text)) {
        line_puts(line, text);
        return;
    }
    line_put(line, '"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        char hex[8];
        if (c == '"' || c == '\\') {
            line_put(line, '\\');
            line_put(line, (char)c);
        } else if (c < ' ' || c == 0x7f) {
            (void)snprintf(hex, sizeof(hex), "\\x%02x", c);
            line_puts(line, hex);
        } else {
            line_put(line, (char)c);
        }
    }
    line_put(line, '"');
}

void log_fields(enum log_level level, const char *event, const struct log_field *fields,
                unsigned count)
{
    if (level > threshold)
        return;
    struct line line = { .len = 0 };
    char text[32];
    now_iso8601(text);
    line_puts(&line, "ts=");
    line_puts(&line, text);
    line_puts(&line, " level=");
    line_puts(&line, names[level]);
    line_puts(&line, " event=");
    line_quote(&line, event);
    for (unsigned i = 0; i < count; i++) {
        line_put(&line, ' ');
        line_puts(&line, fields[i].name);
        line_put(&line, '=');
        if (fields[i].text) {
            line_quote(&line, fields[i].text);
        } else {
            (void)snprintf(text, sizeof(text), "%llu", (unsigned long long)fields[i].number);
            line_puts(&line, text);
        }
    }
    line.text[line.len++] = '\n';
    /* A log that cannot be written has nowhere to say so. */
    ssize_t ignored = write(STDERR_FILENO, line.text, line.len);
    (void)ignored;
}
