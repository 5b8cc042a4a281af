/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_place.c - finding where groups can be made. */
#include "cgroup_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroup_text.h"
#include "fd.h"
#include "str.h"

#define LISTING_MAX (256 * 1024)

/* As root, when our own group cannot hand controllers on: beside everybody's. */
#define TOP_GROUP "cordon"

/* The leaf that cordon itself moves into. */
#define LEAF "cordon-self"

static const char *const v1_names[V1_COUNT] = {
    [V1_MEMORY] = "memory",
    [V1_PIDS] = "pids",
    [V1_CPUACCT] = "cpuacct",
};

static const char *const wanted_controllers[] = { "memory", "pids" };

const char *cgroup_v1_name(enum cgroup_v1 hierarchy)
{
    return v1_names[hierarchy];
}

/* --- small files --------------------------------------------------------------- */

bool cgroup_put(int dir, const char *file, const char *text)
{
    autoclose int fd = openat(dir, file, O_WRONLY | O_CLOEXEC);
    return fd >= 0 && write(fd, text, strlen(text)) >= 0;
}

bool cgroup_get(int dir, const char *file, char *out, unsigned room)
{
    autoclose int fd = openat(dir, file, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, out, room - 1);
    if (n < 0)
        return false;
    out[n] = '\0';
    return true;
}

/* --- where we are ------------------------------------------------------------------ */

static int open_writable(const char *path)
{
    int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0 && (faccessat(dir, ".", W_OK, AT_EACCESS) < 0 ||
                     faccessat(dir, "cgroup.procs", W_OK, AT_EACCESS) < 0)) {
        close(dir);
        return -1;
    }
    return dir;
}

static int open_own(const char *groups, const char *mounts, const char *controller)
{
    autofree char *group = cgroup_own_path(groups, controller);
    autofree char *mount = cgroup_mount_point(mounts, controller);
    if (!group || !mount)
        return -1;
    autofree char *path = path_join(mount, group + 1);
    return open_writable(path);
}

/* --- controllers of version 2 -------------------------------------------------------- */

static bool hands_on(int dir)
{
    char words[512];
    return cgroup_get(dir, "cgroup.subtree_control", words, sizeof(words)) &&
           cgroup_has_word(words, "memory");
}

static bool offers(int dir)
{
    char words[512];
    return cgroup_get(dir, "cgroup.controllers", words, sizeof(words)) &&
           cgroup_has_word(words, "memory");
}

static bool enable(int dir)
{
    for (size_t i = 0; i < COUNT(wanted_controllers); i++) {
        char word[16];
        (void)snprintf(word, sizeof(word), "+%s", wanted_controllers[i]);
        if (!cgroup_put(dir, "cgroup.subtree_control", word))
            return false;
    }
    return true;
}

/* Only cordon lives here: this process and the one that started it. */
static bool only_us(int dir, pid_t pids[2])
{
    char list[256];
    if (!cgroup_get(dir, "cgroup.procs", list, sizeof(list)))
        return false;
    size_t count = 0;
    char *rest = list, *line;
    while ((line = strsep(&rest, "\n")) && *line) {
        pid_t pid = (pid_t)strtol(line, NULL, 10);
        if (count == 2 || (pid != getpid() && pid != getppid()))
            return false;
        pids[count++] = pid;
    }
    for (; count < 2; count++)
        pids[count] = 0;
    return pids[0] != 0;
}

static bool step_aside(int dir)
{
    pid_t pids[2];
    if (!only_us(dir, pids) || (mkdirat(dir, LEAF, 0755) < 0 && errno != EEXIST))
        return false;
    for (size_t i = 0; i < 2; i++) {
        char text[16];
        (void)snprintf(text, sizeof(text), "%d", (int)pids[i]);
        if (pids[i] != 0 && !cgroup_put(dir, LEAF "/cgroup.procs", text))
            return false;
    }
    return true;
}

static bool usable(int dir)
{
    return dir >= 0 &&
           (hands_on(dir) || (offers(dir) && (enable(dir) || (step_aside(dir) && enable(dir)))));
}

/* A group of our own at the top, as container managers without systemd do. */
static int open_top(const char *mounts)
{
    autofree char *mount = cgroup_mount_point(mounts, "");
    if (!mount)
        return -1;
    autofree char *path = path_join(mount, TOP_GROUP);
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return -1;
    int dir = open_writable(path);
    if (usable(dir))
        return dir;
    own_close(&dir);
    (void)rmdir(path);
    return -1;
}

static int find_v2(bool root, const char *given, const char *groups, const char *mounts)
{
    if (given) {
        int dir = open_writable(given);
        if (usable(dir))
            return dir;
        own_close(&dir);
    }
    int own = open_own(groups, mounts, "");
    if (usable(own))
        return own;
    int top = root ? open_top(mounts) : -1;
    if (top < 0)
        return own; /* without controllers it still kills and counts CPU time */
    own_close(&own);
    return top;
}

void cgroup_places_find(bool root, const char *given, struct cgroup_places *ret)
{
    *ret = (struct cgroup_places){ .v2 = -1 };
    for (int i = 0; i < V1_COUNT; i++)
        ret->v1[i] = -1;
    autofree char *groups = NULL, *mounts = NULL;
    struct error ignored;
    if (file_read(AT_FDCWD, "/proc/self/cgroup", LISTING_MAX, &groups, NULL, &ignored) < 0 ||
        file_read(AT_FDCWD, "/proc/self/mountinfo", LISTING_MAX, &mounts, NULL, &ignored) < 0)
        return;
    ret->v2 = find_v2(root, given, groups, mounts);
    for (int i = 0; i < V1_COUNT; i++)
        ret->v1[i] = open_own(groups, mounts, v1_names[i]);
}

void cgroup_places_done(struct cgroup_places *places)
{
    own_close(&places->v2);
    for (int i = 0; i < V1_COUNT; i++)
        own_close(&places->v1[i]);
    *places = (struct cgroup_places){ .v2 = -1, .v1 = { -1, -1, -1 } };
}
