/* SPDX-License-Identifier: Apache-2.0 */
/* gate_take.c - bytes and descriptors become a launch, or a refusal. */
#include "gate_take.h"

#include <errno.h>

#include "fd.h"
#include "principal.h"
#include "str.h"

/* Which kind each descriptor must be; anything else could be a way back into us. */
static bool acceptable(enum launch_fd which, int fd)
{
    return which == FD_SCRIPT ? fd_is_sealed(fd) : fd_is_pipe(fd);
}

static const char *const fd_names[FD_COUNT] = {
    [FD_STDIN] = "standard input",  [FD_STDOUT] = "standard output",
    [FD_STDERR] = "standard error", [FD_CONTROL] = "control",
    [FD_NOTES] = "notes",           [FD_SCRIPT] = "script",
    [FD_PROFILE] = "profile",
};

/* Gives the received descriptors to the launch in the order it announces them. */
static int attach_descriptors(struct launch *launch, unsigned present, int *fds, size_t count,
                              struct error *err)
{
    const unsigned needed = 1U << FD_STDOUT | 1U << FD_STDERR | 1U << FD_CONTROL | 1U << FD_NOTES;
    size_t next = 0;
    for (enum launch_fd i = 0; i < FD_COUNT; i++) {
        if (!(present & 1U << i))
            continue;
        if (next == count)
            return fail_caller(err, EBADMSG, "the frame announces more descriptors than came");
        launch->fds[i] = fds[next];
        fds[next++] = -1;
        if (!acceptable(i, launch->fds[i]))
            return fail_caller(err, EBADF, "the descriptor for %s is of the wrong kind",
                               fd_names[i]);
    }
    if (next != count || (present & needed) != needed)
        return fail_caller(err, EBADMSG, "the frame and its descriptors do not match");
    return 0;
}

/* They end up in names of files and in lines of the audit log. */
static int check_names(const struct launch *launch, struct error *err)
{
    if (!principal_name_valid(launch->job) || !principal_name_valid(launch->owner))
        return fail_caller(err, EBADMSG, "a launch whose job or owner has no plain name");
    return 0;
}

/* A frame with its descriptors -> a launch that is whole, or nothing. */
int gate_take_launch(const void *frame, size_t len, int *fds, size_t count, struct launch *ret,
                     struct error *err)
{
    unsigned present = 0;
    launch_init(ret);
    int r = launch_decode(frame, len, ret, &present, err);
    if (r == 0)
        r = attach_descriptors(ret, present, fds, count, err);
    if (r == 0)
        r = check_names(ret, err);
    for (size_t i = 0; i < count; i++)
        own_close(&fds[i]);
    return r;
}

int gate_receive(int sock, struct launch *ret, struct error *err)
{
    static unsigned char frame[LAUNCH_FRAME_MAX];
    int fds[FD_COUNT];
    size_t count = 0;
    launch_init(ret);
    ssize_t n = socket_receive(sock, frame, sizeof(frame), fds, FD_COUNT, &count, err);
    if (n <= 0)
        return n == 0 ? 0 : -err->code;
    int r = gate_take_launch(frame, (size_t)n, fds, count, ret, err);
    return r < 0 ? r : 1;
}

size_t gate_descriptors(const struct launch *launch, int ret[FD_COUNT])
{
    size_t count = 0;
    for (enum launch_fd i = 0; i < FD_COUNT; i++)
        if (launch->fds[i] >= 0)
            ret[count++] = launch->fds[i];
    return count;
}
