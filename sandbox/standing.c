/* SPDX-License-Identifier: Apache-2.0 */
/* standing.c - the supervisor's side of an interpreter that waits. */
#include "standing.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cordon/launch.h>

#include "fd.h"
#include "str.h"
#include "usage.h"
#include "variables.h"

/* An order is one datagram: a count of arguments, a count of variables, a count of those arguments
 * that are the script's own, and all of them, each ended by a NUL. */
#define ORDER_BYTES_MAX (2 * LAUNCH_FRAME_MAX)

void standing_init(struct standing *standing)
{
    *standing = (struct standing){
        .channel = -1, .theirs = -1, .script = -1, .output = { -1, -1 }, .ends = { -1, -1 }
    };
}

int standing_make(struct standing *standing, struct error *err)
{
    int pair[2];
    standing_init(standing);
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return fail_host(err, "make the socket of a waiting interpreter");
    standing->channel = pair[0];
    standing->theirs = pair[1];
    for (int i = 0; i < 2; i++) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) < 0)
            return fail_host(err, "make a pipe of a waiting interpreter");
        standing->output[i] = ends[0];
        standing->ends[i] = ends[1];
    }
    return 0;
}

void standing_let_go(struct standing *standing)
{
    int *const ends[] = { &standing->theirs, &standing->ends[0], &standing->ends[1] };
    for (size_t i = 0; i < COUNT(ends); i++) {
        own_close(ends[i]);
        *ends[i] = -1;
    }
}

void standing_done(struct standing *standing)
{
    standing_let_go(standing);
    own_close(&standing->channel);
    own_close(&standing->script);
    for (int i = 0; i < 2; i++)
        own_close(&standing->output[i]);
    standing_init(standing);
}

void standing_variables(char ***list, char *const *preload, const char *directories)
{
    const char *asked = env_get(*list, "PYTHONPATH");
    autofree char *path = xstrdup(asked ? asked : "");
    autostr struct str names = { 0 };
    for (size_t i = 0; preload && preload[i]; i++)
        str_printf(&names, "%s%s", i > 0 ? "," : "", preload[i]);
    /* Not before the order: a workspace's `encodings` would run as the interpreter starts. */
    variables_set(list, "PYTHONPATH", STANDING_START);
    variables_set(list, "CORDON_STANDING_PATH", path);
    variables_set(list, "CORDON_STANDING_LOAD", names.data ? names.data : "");
    variables_set(list, "CORDON_STANDING_OWN", directories ? directories : "");
}

enum standing_word standing_hear(struct standing *standing)
{
    char byte = 0;
    ssize_t n;
    do
        n = recv(standing->channel, &byte, 1, MSG_DONTWAIT);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return STANDING_NOTHING;
    return n == 1 && (byte == STANDING_READY || byte == STANDING_TAKEN) ? (enum standing_word)byte
                                                                        : STANDING_LOST;
}

/* --- from outside --------------------------------------------------------------------- */

static const char *const namespaces[STANDING_NAMESPACES] = { "user", "mnt", "pid",
                                                             "net",  "ipc", "uts" };

static int look_at_namespaces(pid_t pid, ino_t ret[STANDING_NAMESPACES], struct error *err)
{
    for (size_t i = 0; i < STANDING_NAMESPACES; i++) {
        char path[64];
        struct stat st;
        (void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, namespaces[i]);
        if (stat(path, &st) < 0)
            return fail_host(err, "look at %s", path);
        ret[i] = st.st_ino;
    }
    return 0;
}

int standing_note(struct standing *standing, pid_t init, struct error *err)
{
    return look_at_namespaces(init, standing->namespaces, err);
}

static int same_namespaces(const struct standing *standing, pid_t payload, struct error *err)
{
    ino_t now[STANDING_NAMESPACES];
    int r = look_at_namespaces(payload, now, err);
    for (size_t i = 0; r == 0 && i < STANDING_NAMESPACES; i++)
        if (now[i] != standing->namespaces[i])
            return fail_host_as(err, EPERM, "it has left its %s namespace", namespaces[i]);
    return r;
}

static const char *const wanted_status[][2] = {
    { "CapInh:", "0" }, { "CapPrm:", "0" },     { "CapEff:", "0" },  { "CapBnd:", "0" },
    { "CapAmb:", "0" }, { "NoNewPrivs:", "1" }, { "Seccomp:", "2" },
};

static int confined_status(pid_t payload, struct error *err)
{
    char path[48], text[4096];
    (void)snprintf(path, sizeof(path), "/proc/%d/status", (int)payload);
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    if (n <= 0)
        return fail_host(err, "read %s", path);
    text[n] = '\0';
    for (size_t i = 0; i < COUNT(wanted_status); i++) {
        const char *line = strstr(text, wanted_status[i][0]);
        const char *value = line ? line + strlen(wanted_status[i][0]) : "";
        if (!line || strtoull(value, NULL, 16) != strtoull(wanted_status[i][1], NULL, 16))
            return fail_host_as(err, EPERM, "its status is not that of a confined process (%s)",
                                wanted_status[i][0]);
    }
    return 0;
}

int standing_look(const struct standing *standing, pid_t init, pid_t *payload, struct error *err)
{
    const pid_t *pids;
    size_t count = tree_pids(init, &pids);
    if (count != 2)
        return fail_host_as(err, EBUSY, "it is not alone: %zu processes", count);
    *payload = pids[1];
    int r = same_namespaces(standing, *payload, err);
    return r < 0 ? r : confined_status(*payload, err);
}

/* --- the order -------------------------------------------------------------------------- */

static int write_script(struct standing *standing, int script, struct error *err)
{
    struct stat st;
    if (script < 0)
        return 0;
    if (standing->script < 0 || fstat(script, &st) < 0)
        return fail_host_as(err, EBADF, "the box has no place for a script");
    off_t at = 0;
    while (at < st.st_size) {
        ssize_t n = sendfile(standing->script, script, &at, (size_t)(st.st_size - at));
        if (n <= 0)
            return fail_host_as(err, n < 0 ? errno : EIO, "write the script");
    }
    own_close(&standing->script);
    standing->script = -1;
    return 0;
}

/* What its packages wrote at their start is its owner's to read. */
static int pass_on(int from, int to, struct error *err)
{
    char chunk[16384];
    int waiting = 0;
    /* Of that alone: a package that goes on writing would keep us here. */
    for (int left = ioctl(from, FIONREAD, &waiting) < 0 ? 0 : waiting; left > 0;) {
        size_t part = (size_t)left < sizeof(chunk) ? (size_t)left : sizeof(chunk);
        ssize_t n = read(from, chunk, part);
        if (n <= 0)
            break;
        left -= (int)n;
        int r = fd_write_all(to, chunk, (size_t)n, err);
        if (r < 0)
            return r;
    }
    return 0;
}

static void add_texts(struct str *message, char *const *list)
{
    for (size_t i = 0; list && list[i]; i++)
        str_add(message, list[i], strlen(list[i]) + 1);
}

static void add_count(struct str *message, size_t count)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%zu", count);
    str_add(message, text, (size_t)len + 1);
}

int standing_text(const struct standing_order *order, struct str *ret, struct error *err)
{
    add_count(ret, list_len(order->argv));
    add_count(ret, list_len(order->env));
    add_count(ret, order->arguments);
    add_texts(ret, order->argv);
    add_texts(ret, order->env);
    return ret->len > ORDER_BYTES_MAX
               ? fail_host_as(err, EMSGSIZE, "arguments and variables of %zu bytes", ret->len)
               : 0;
}

int standing_send(struct standing *standing, const struct standing_order *order, struct error *err)
{
    autostr struct str message = { 0 };
    int r = standing_text(order, &message, err);
    if (r == 0)
        r = write_script(standing, order->script, err);
    for (int i = 0; r == 0 && i < 2; i++)
        r = pass_on(standing->output[i], order->stdio[i + 1], err);
    if (r == 0)
        r = socket_send(standing->channel, message.data, message.len, order->stdio, 3, err);
    return r;
}
