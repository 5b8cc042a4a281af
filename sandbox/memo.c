/* SPDX-License-Identifier: Apache-2.0 */
/* memo.c - facts that cost a box to learn, kept as lines "key TAB value". */
#include "memo.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include <cordon/log.h>

#include "fd.h"
#include "str.h"

#define MEMO_BYTES_MAX (2048UL * 1024)

void memo_load(const struct sandbox *sandbox, const char *name, struct memo *ret)
{
    *ret = (struct memo){ 0 };
    struct error ignored = { 0 };
    autofree char *text = NULL;
    if (file_read(sandbox->state_fd, name, MEMO_BYTES_MAX, &text, NULL, &ignored) < 0)
        return;
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char *value = strchr(line, '\t');
        if (!value)
            continue;
        *value++ = '\0';
        memo_put(ret, line, value);
    }
}

static size_t memo_find(const struct memo *memo, const char *key)
{
    size_t i = 0;
    while (memo->keys && memo->keys[i] && strcmp(memo->keys[i], key) != 0)
        i++;
    return i;
}

const char *memo_get(const struct memo *memo, const char *key)
{
    size_t i = memo_find(memo, key);
    return memo->keys && memo->keys[i] ? memo->values[i] : NULL;
}

static bool fits_a_line(const char *text)
{
    return !strpbrk(text, "\t\n\r");
}

void memo_put(struct memo *memo, const char *key, const char *value)
{
    if (!fits_a_line(key) || !fits_a_line(value))
        return;
    size_t i = memo_find(memo, key);
    if (memo->keys && memo->keys[i]) {
        free(memo->values[i]);
        memo->values[i] = xstrdup(value);
        return;
    }
    list_add(&memo->keys, key);
    list_add(&memo->values, value);
}

static int lock_file(const struct sandbox *sandbox, const char *name)
{
    autofree char *lock = xasprintf("%s.lock", name);
    int fd = openat(sandbox->state_fd, lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0 && flock(fd, LOCK_EX) < 0)
        own_close(&fd);
    return fd;
}

void memo_keep(const struct sandbox *sandbox, const char *name, const struct memo *fresh)
{
    if (!fresh->keys)
        return;
    autoclose int lock = lock_file(sandbox, name);
    if (lock < 0)
        return;
    automemo struct memo all;
    memo_load(sandbox, name, &all);
    for (size_t i = 0; fresh->keys && fresh->keys[i]; i++)
        memo_put(&all, fresh->keys[i], fresh->values[i]);

    autostr struct str text = { 0 };
    size_t count = list_len(all.keys);
    size_t first = count > MEMO_LINES_MAX ? count - MEMO_LINES_MAX : 0;
    for (size_t i = first; all.keys && all.keys[i]; i++)
        str_printf(&text, "%s\t%s\n", all.keys[i], all.values[i]);
    struct error why = { 0 };
    if (file_write(sandbox->state_fd, name, text.data, text.len, 0600, &why) < 0)
        log_event(LOG_DEBUG, "not_remembered", KV("reason", why.text));
}

void memo_done(struct memo *memo)
{
    list_free(memo->keys);
    list_free(memo->values);
    *memo = (struct memo){ 0 };
}
