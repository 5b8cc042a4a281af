/* SPDX-License-Identifier: Apache-2.0 */
/* frame.c - the flat binary form: writers that cannot fail, a reader that fails once. */
#include "frame.h"

#include <string.h>

#define ABSENT UINT32_MAX

void frame_put_u8(struct str *frame, uint8_t value)
{
    str_add(frame, &value, sizeof(value));
}

void frame_put_u32(struct str *frame, uint32_t value)
{
    str_add(frame, &value, sizeof(value));
}

void frame_put_u64(struct str *frame, uint64_t value)
{
    str_add(frame, &value, sizeof(value));
}

void frame_put_text(struct str *frame, const char *text)
{
    frame_put_u32(frame, text ? (uint32_t)strlen(text) : ABSENT);
    if (text)
        str_puts(frame, text);
}

void frame_put_list(struct str *frame, char *const *list)
{
    frame_put_u32(frame, (uint32_t)list_len(list));
    for (size_t i = 0; list && list[i]; i++)
        frame_put_text(frame, list[i]);
}

struct frame_reader frame_read(const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    return (struct frame_reader){ .at = at, .end = at + len };
}

static void frame_copy(struct frame_reader *reader, void *out, size_t len)
{
    if (reader->bad || (size_t)(reader->end - reader->at) < len) {
        reader->bad = true;
        memset(out, 0, len);
        return;
    }
    memcpy(out, reader->at, len);
    reader->at += len;
}

uint8_t frame_u8(struct frame_reader *reader)
{
    uint8_t value;
    frame_copy(reader, &value, sizeof(value));
    return value;
}

uint32_t frame_u32(struct frame_reader *reader)
{
    uint32_t value;
    frame_copy(reader, &value, sizeof(value));
    return value;
}

uint64_t frame_u64(struct frame_reader *reader)
{
    uint64_t value;
    frame_copy(reader, &value, sizeof(value));
    return value;
}

char *frame_text(struct frame_reader *reader)
{
    uint32_t len = frame_u32(reader);
    if (reader->bad || len == ABSENT)
        return NULL;
    if ((size_t)(reader->end - reader->at) < len || memchr(reader->at, '\0', len)) {
        reader->bad = true;
        return NULL;
    }
    char *text = xstrndup((const char *)reader->at, len);
    reader->at += len;
    return text;
}

void frame_fixed(struct frame_reader *reader, char *out, size_t room)
{
    autofree char *text = frame_text(reader);
    if (!text || strlen(text) >= room) {
        reader->bad = true;
        out[0] = '\0';
        return;
    }
    memcpy(out, text, strlen(text) + 1);
}

char **frame_list(struct frame_reader *reader, size_t max)
{
    uint32_t count = frame_u32(reader);
    if (count > max) {
        reader->bad = true;
        return NULL;
    }
    char **list = NULL;
    for (uint32_t i = 0; i < count && !reader->bad; i++) {
        char *text = frame_text(reader);
        if (!text)
            reader->bad = true;
        else
            list_add_owned(&list, text);
    }
    return list;
}

bool frame_end(const struct frame_reader *reader)
{
    return !reader->bad && reader->at == reader->end;
}
