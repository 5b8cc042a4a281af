/* SPDX-License-Identifier: Apache-2.0 */
/* command_order.c - an order is one datagram: how many words of each kind, then all of them, each
 * ended by a NUL; and three descriptors. */
#include "command_order.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "str.h"

struct head {
    uint32_t argv, env, path;
};

static uint32_t add_words(struct str *text, char *const *words)
{
    size_t count = list_len(words);
    for (size_t i = 0; i < count; i++)
        str_add(text, words[i], strlen(words[i]) + 1);
    return (uint32_t)count;
}

int command_order_send(int report, const struct plan *plan, struct error *err)
{
    autostr struct str text = { 0 };
    struct head head = { 0 };
    str_add(&text, &head, sizeof(head));
    head.argv = add_words(&text, plan->argv);
    head.env = add_words(&text, plan->env);
    head.path = add_words(&text, plan->path);
    memcpy(text.data, &head, sizeof(head));
    if (text.len > COMMAND_ORDER_MAX)
        return fail_host_as(err, EMSGSIZE, "arguments and variables of %zu bytes", text.len);
    return socket_send(report, text.data, text.len, plan->stdio, COUNT(plan->stdio), err);
}

/* --- in pid 1 ----------------------------------------------------------------------------- */

struct reader {
    char *at, *end;
};

/* The next of them, NULL-ended; NULL: there are not so many. */
static char **take_words(struct reader *reader, uint32_t count)
{
    if (count > (size_t)(reader->end - reader->at))
        return NULL;
    char **words = xcalloc((size_t)count + 1, sizeof(*words));
    for (uint32_t i = 0; i < count; i++) {
        char *end = memchr(reader->at, '\0', (size_t)(reader->end - reader->at));
        if (!end)
            return NULL; /* and with it goes the process */
        words[i] = reader->at;
        reader->at = end + 1;
    }
    return words;
}

static int read_order(char *text, size_t len, struct command_order *ret)
{
    struct head head;
    struct reader reader = { text + sizeof(head), text + len };
    errno = EBADMSG;
    if (len < sizeof(head))
        return -1;
    memcpy(&head, text, sizeof(head));
    ret->argv = take_words(&reader, head.argv);
    ret->env = ret->argv ? take_words(&reader, head.env) : NULL;
    ret->path = ret->env ? take_words(&reader, head.path) : NULL;
    return ret->path && head.argv > 0 && reader.at == reader.end ? 0 : -1;
}

int command_order_take(int report, struct command_order *ret)
{
    static char text[COMMAND_ORDER_MAX]; /* untouched pages of it cost nothing */
    struct error err = { 0 };
    int stdio[3];
    size_t count = 0;
    ssize_t n = socket_receive(report, text, sizeof(text), stdio, COUNT(stdio), &count, &err);
    if (n == 0)
        _exit(0);
    if (n < 0 || count != COUNT(stdio)) {
        errno = n < 0 ? err.code : EBADMSG;
        return -1;
    }
    for (int i = 0; i < 3; i++) {
        if (dup2(stdio[i], i) < 0)
            return -1;
        close(stdio[i]); /* the payload's filter makes a listener of the first free number */
    }
    return read_order(text, (size_t)n, ret);
}
