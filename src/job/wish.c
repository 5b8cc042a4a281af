/* SPDX-License-Identifier: Apache-2.0 */
#include "job/wish.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "job/part.h"

#define DIRECTORY "wishes"

static int watch_open(int front)
{
    autoclose int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    autoclose int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (watch < 0 || fchdir(front) < 0)
        return -1;
    int r =
        inotify_add_watch(watch, DIRECTORY, IN_CREATE | IN_DELETE | IN_ONLYDIR | IN_DONT_FOLLOW);
    if (here >= 0)
        (void)!fchdir(here); /* a front has no use for where it was, and may be unable to return */
    return r < 0 ? -1 : fd_take(&watch);
}

void wishes_open(int front, struct wishes *ret)
{
    *ret = (struct wishes){ -1, -1 };
    ret->directory = part_open(front, DIRECTORY);
    if (ret->directory >= 0)
        ret->watch = watch_open(front);
}

void wishes_close(struct wishes *wishes)
{
    own_close(&wishes->directory);
    own_close(&wishes->watch);
    *wishes = (struct wishes){ -1, -1 };
}

int wish_make(const struct wishes *wishes, const char *id, struct error *err)
{
    autoclose int fd = openat(wishes->directory, id,
                              O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    return fd < 0 ? fail_host(err, "make " DIRECTORY "/%s", id) : 0;
}

void wish_remove(const struct wishes *wishes, const char *id)
{
    (void)unlinkat(wishes->directory, id, 0);
}

void wishes_walk(const struct wishes *wishes,
                 void (*changed)(void *context, const char *id, bool granted), void *context)
{
    autoclose int fd = openat(wishes->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *entries = fd < 0 ? NULL : fdopendir(fd);
    if (!entries)
        return;
    fd = -1; /* the stream's */
    for (struct dirent *entry; (entry = readdir(entries));)
        if (entry->d_name[0] != '.')
            changed(context, entry->d_name, false);
    (void)closedir(entries);
}

void wishes_read(const struct wishes *wishes,
                 void (*changed)(void *context, const char *id, bool granted), void *context)
{
    char room[16 * (sizeof(struct inotify_event) + NAME_MAX + 1)]
        __attribute__((aligned(__alignof__(struct inotify_event))));
    if (wishes->watch < 0) {
        wishes_walk(wishes, changed, context);
        return;
    }
    for (ssize_t n; (n = read(wishes->watch, room, sizeof(room))) > 0;)
        for (char *at = room; at < room + n;) {
            struct inotify_event event;
            memcpy(&event, at, sizeof(event));
            const char *name = at + sizeof(event);
            if (event.mask & IN_Q_OVERFLOW) {
                wishes_walk(wishes, changed, context);
                changed(context, NULL, true);
            } else if (event.len > 0) {
                changed(context, name, event.mask & IN_DELETE);
            }
            at += sizeof(event) + event.len;
        }
}
