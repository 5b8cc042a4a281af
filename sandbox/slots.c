/* SPDX-License-Identifier: Apache-2.0 */
#include "slots.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "clock.h"
#include "fd.h"
#include "kernel.h"
#include "marks.h"
#include "stop.h"
#include "str.h"

#define QUEUE "queue"

/* The kernel tells of a closed file a moment before it opens its lock. Who gives a slot back
 * opens it first (slot_give_back()); after one who was killed, and where the host has no watches
 * left, the one at the head of the line looks again by itself. */
#define LOOK_MS 1000

static struct {
    void (*told)(void *context);
    void *context;
    uint64_t waited_ns;
    struct slot_wait last;
} waiter;

void slots_tell(void (*told)(void *context), void *context)
{
    waiter.told = told;
    waiter.context = context;
}

uint64_t slots_waited_ns(void)
{
    return waiter.waited_ns;
}

struct slot_wait slots_last_wait(void)
{
    return waiter.last;
}

void slots_add_wait(const struct slot_wait *wait)
{
    uint64_t from = wait->begun_ns > waiter.last.ended_ns ? wait->begun_ns : waiter.last.ended_ns;
    if (wait->ended_ns <= from)
        return;
    waiter.waited_ns += wait->ended_ns - from;
    waiter.last = *wait;
}

static int open_slots(struct error *err)
{
    int r = make_directories(SLOT_DIRECTORY, 0700, err);
    if (r < 0)
        return r;
    int dir = open(SLOT_DIRECTORY, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (dir < 0 || fstat(dir, &st) < 0) {
        own_close(&dir);
        return fail_host(err, "open %s", SLOT_DIRECTORY);
    }
    if (st.st_uid != 0 || (st.st_mode & 022)) {
        close(dir);
        return fail_host_as(err, EPERM, "%s must belong to root and be writable by nobody else",
                            SLOT_DIRECTORY);
    }
    return dir;
}

/* Opened for writing: closing that is what a watcher hears of. */
static int open_slot(int dir, const char *name, int how, struct error *err)
{
    int fd = openat(dir, name, how | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd < 0 ? fail_host(err, "open slot %s/%s", SLOT_DIRECTORY, name) : fd;
}

/* A look that no watcher hears of, ourselves among them. */
static bool seems_free(int dir, const char *name)
{
    struct error ignored;
    autoclose int fd = open_slot(dir, name, O_RDONLY, &ignored);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0;
}

/* -EAGAIN where all are taken. */
static int take_free(int dir, uint32_t count, bool quietly, int *lock, struct error *err)
{
    for (uint32_t i = 0; i < count; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "%u", i);
        if (quietly && !seems_free(dir, name))
            continue;
        autoclose int fd = open_slot(dir, name, O_RDWR, err);
        if (fd < 0)
            return fd;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0)
            continue;
        *lock = fd_take(&fd);
        return (int)i;
    }
    return -EAGAIN;
}

/* --- the line ------------------------------------------------------------------------- */

static bool told_to_end(int control)
{
    struct stop stop = { .control = control };
    return stop_wanted(&stop);
}

/* Only a call that blocks stands in the kernel's line, and only a process can be called back from
 * one. The lock is on the open file, which is ours as well. */
static void stand_in_line(int queue, pid_t parent)
{
    sigset_t all;
    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(1);
    _exit(flock(queue, LOCK_EX) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

static int await_line(int queue, int control, struct error *err)
{
    int pidfd = -1, status = 0;
    pid_t parent = getpid();
    struct clone3_args args = { .flags = CLONE_PIDFD,
                                .pidfd = (uintptr_t)&pidfd,
                                .exit_signal = SIGCHLD };
    if (flock(queue, LOCK_EX | LOCK_NB) == 0)
        return 0;
    pid_t child = kernel_clone3(&args);
    if (child < 0)
        return fail_host(err, "clone3 to wait for a slot");
    if (child == 0)
        stand_in_line(queue, parent);
    struct pollfd fds[] = { { .fd = pidfd, .events = POLLIN },
                            { .fd = control, .events = POLLIN } };
    bool ended = false;
    do
        (void)poll(fds, COUNT(fds), -1);
    while (!fds[0].revents && !(ended = told_to_end(control)));
    (void)kernel_pidfd_send_signal(pidfd, SIGKILL);
    (void)waitpid(child, &status, 0);
    close(pidfd);
    if (ended)
        return fail_host_as(err, ECANCELED, "cancelled");
    return WIFEXITED(status) && WEXITSTATUS(status) == 0
               ? 0
               : fail_host_as(err, EAGAIN, "nobody could wait for a slot");
}

static int await_slot(int dir, uint32_t count, int control, int *lock, struct error *err)
{
    char events[4096];
    autoclose int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (watch >= 0)
        (void)!inotify_add_watch(watch, SLOT_DIRECTORY, IN_CLOSE_WRITE);
    struct pollfd fds[] = { { .fd = watch, .events = POLLIN },
                            { .fd = control, .events = POLLIN } };
    int r;
    while ((r = take_free(dir, count, true, lock, err)) == -EAGAIN) {
        (void)poll(fds, COUNT(fds), LOOK_MS);
        if (told_to_end(control))
            return fail_host_as(err, ECANCELED, "cancelled");
        while (watch >= 0 && read(watch, events, sizeof(events)) > 0)
            ;
    }
    return r;
}

static int wait_in_line(int dir, int queue, uint32_t count, int control, int *lock,
                        struct error *err)
{
    if (waiter.told)
        waiter.told(waiter.context);
    mark("look for a slot");
    struct slot_wait wait = { .begun_ns = now_ns() };
    int r = await_line(queue, control, err);
    if (r == 0)
        r = await_slot(dir, count, control, lock, err);
    wait.ended_ns = now_ns();
    slots_add_wait(&wait);
    mark("queue");
    return r;
}

/* Nobody overtakes those who wait; and those who do not are not in each other's way. */
static int take_now(int dir, int queue, uint32_t count, int *lock, struct error *err)
{
    return flock(queue, LOCK_SH | LOCK_NB) < 0 ? -EAGAIN : take_free(dir, count, false, lock, err);
}

int slot_take(uint32_t count, int control, int *lock, struct error *err)
{
    autoclose int dir = open_slots(err);
    autoclose int queue = dir < 0 ? -1 : open_slot(dir, QUEUE, O_RDONLY, err);
    if (queue < 0)
        return -err->code;
    int r = take_now(dir, queue, count, lock, err);
    return r == -EAGAIN ? wait_in_line(dir, queue, count, control, lock, err) : r;
}

int slot_try(uint32_t count, int *lock, struct error *err)
{
    autoclose int dir = open_slots(err);
    autoclose int queue = dir < 0 ? -1 : open_slot(dir, QUEUE, O_RDONLY, err);
    return queue < 0 ? -err->code : take_now(dir, queue, count, lock, err);
}

bool slots_wanted(void)
{
    struct error ignored;
    autoclose int dir = open_slots(&ignored);
    autoclose int queue = dir < 0 ? -1 : open_slot(dir, QUEUE, O_RDONLY, &ignored);
    return queue >= 0 && flock(queue, LOCK_SH | LOCK_NB) < 0;
}

void slot_give_back(int *lock)
{
    if (*lock >= 0)
        (void)flock(*lock, LOCK_UN);
    own_close(lock);
    *lock = -1;
}
