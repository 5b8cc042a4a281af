/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_place.c - finding where groups can be made. */
#include "cgroup_place.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cordon/log.h>

#include "cgroup_text.h"
#include "fd.h"
#include "kernel.h"
#include "str.h"

#define LISTING_MAX (256 * 1024)

/* As root, when our own group cannot hand controllers on: beside everybody's. */
#define TOP_GROUP "cordon"

/* The leaf that cordon itself moves into. */
#define LEAF CGROUP_PREFIX "self"

static const char *const v1_names[V1_COUNT] = {
    [V1_MEMORY] = "memory",
    [V1_PIDS] = "pids",
    [V1_CPUACCT] = "cpuacct",
};

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

/* Below a threaded group there can be groups of threads only, and a box is processes. */
static bool takes_processes(int dir)
{
    char type[32];
    return !cgroup_get(dir, "cgroup.type", type, sizeof(type)) || strcmp(type, "domain\n") == 0;
}

static int open_writable(const char *path)
{
    autoclose int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0 || faccessat(dir, ".", W_OK, AT_EACCESS) < 0 ||
        faccessat(dir, "cgroup.procs", W_OK, AT_EACCESS) < 0 || !takes_processes(dir))
        return -1;
    return fd_take(&dir);
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
    /* Memory first: it is refused where processes live. Processes alone would be granted
     * there, and make the group one of threads, in which no box can be. */
    if (!cgroup_put(dir, "cgroup.subtree_control", "+memory"))
        return false;
    /* Without this one the kernel still counts the processes of a box's own users. */
    (void)cgroup_put(dir, "cgroup.subtree_control", "+pids");
    return true;
}

static void disable(int dir)
{
    (void)cgroup_put(dir, "cgroup.subtree_control", "-pids");
    (void)cgroup_put(dir, "cgroup.subtree_control", "-memory");
}

/* --- the leaf ------------------------------------------------------------------------ */

/* Of cordon's own processes at most these three are where it was started: whoever started us, and
 * who started that one. */
#define FAMILY_MAX 3

static bool is_cordon(pid_t pid)
{
    char file[32], name[32];
    (void)snprintf(file, sizeof(file), "/proc/%d/comm", (int)pid);
    return cgroup_get(AT_FDCWD, file, name, sizeof(name)) && starts_with(name, "cordon");
}

/* A steward (src/cmd/steward.h) says who he is, and then our parent is his server: neither may be
 * seen where /proc hides what cannot be traced. Else the parent may be somebody's shell. */
static void find_family(pid_t family[FAMILY_MAX])
{
    const char *steward = getenv("CORDON_STEWARD");
    pid_t parent = getppid();
    family[0] = getpid();
    family[1] = steward || is_cordon(parent) ? parent : 0;
    family[2] = steward ? (pid_t)strtol(steward, NULL, 10) : 0;
}

static bool is_of(const pid_t family[FAMILY_MAX], pid_t pid)
{
    for (size_t i = 0; i < FAMILY_MAX; i++)
        if (pid > 0 && family[i] == pid)
            return true;
    return false;
}

/* Only cordon lives here: this process and those that started it. */
static bool only_us(int dir, pid_t pids[FAMILY_MAX])
{
    char list[256];
    pid_t family[FAMILY_MAX];
    if (dir < 0 || !cgroup_get(dir, "cgroup.procs", list, sizeof(list)))
        return false;
    find_family(family);
    size_t count = 0;
    bool here = false;
    char *rest = list, *line;
    while ((line = strsep(&rest, "\n")) && *line) {
        pid_t pid = (pid_t)strtol(line, NULL, 10);
        /* 0 is somebody in a pid namespace outside ours. */
        if (count == FAMILY_MAX || !is_of(family, pid))
            return false;
        here = here || pid == family[0];
        pids[count++] = pid;
    }
    for (size_t i = count; i < FAMILY_MAX; i++)
        pids[i] = 0;
    return here;
}

static bool move_to(int dir, const char *file, const pid_t pids[FAMILY_MAX])
{
    bool all = true;
    for (size_t i = 0; i < FAMILY_MAX; i++) {
        char text[16];
        (void)snprintf(text, sizeof(text), "%d", (int)pids[i]);
        all = all && (pids[i] == 0 || cgroup_put(dir, file, text) || errno == ESRCH);
    }
    return all;
}

/* What step_aside() did, undone by whoever is the last in the leaf: a group that hands
 * controllers on would take no process any more, from its owner either. */
static void step_back(int dir)
{
    pid_t pids[FAMILY_MAX];
    char counts[128];
    autoclose int leaf = openat(dir, LEAF, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    /* Boxes of a cordon that lives elsewhere would lose their limits. */
    if (!only_us(leaf, pids) || !cgroup_get(dir, "cgroup.stat", counts, sizeof(counts)) ||
        !starts_with(counts, "nr_descendants 1\n"))
        return;
    disable(dir);
    (void)move_to(dir, "cgroup.procs", pids);
    (void)unlinkat(dir, LEAF, AT_REMOVEDIR);
}

static bool step_aside(int dir)
{
    pid_t pids[FAMILY_MAX];
    if (!only_us(dir, pids) || (mkdirat(dir, LEAF, 0755) < 0 && errno != EEXIST))
        return false;
    if (move_to(dir, LEAF "/cgroup.procs", pids) && enable(dir))
        return true;
    step_back(dir);
    return false;
}

/* --- the candidates -------------------------------------------------------------------- */

static bool usable(int dir)
{
    return dir >= 0 && (hands_on(dir) || (offers(dir) && (enable(dir) || step_aside(dir))));
}

/* A box is cloned into its group, for which the group above both that and ours must be
 * writable (cgroups(7)): asked of the kernel, with a child that only ends. */
static bool reachable(int dir)
{
    char name[48];
    (void)snprintf(name, sizeof(name), CGROUP_PREFIX "%d-try", (int)getpid());
    if (mkdirat(dir, name, 0755) < 0)
        return false;
    autoclose int group = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct clone3_args args = { .flags = CLONE_INTO_CGROUP,
                                .exit_signal = SIGCHLD,
                                .cgroup = (uint64_t)group };
    pid_t child = group < 0 ? -1 : kernel_clone3(&args);
    if (child == 0)
        _exit(0);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    (void)unlinkat(dir, name, AT_REMOVEDIR);
    return child > 0;
}

/* -1 with a line of log: somebody meant it to be used. */
static int open_given(const char *path)
{
    int dir = open_writable(path);
    const char *fault = dir < 0           ? "not a group that we may write to"
                        : !reachable(dir) ? "we may not move processes there from our own group"
                        : !usable(dir)    ? "it cannot hand on the memory controller"
                                          : NULL;
    if (!fault)
        return dir;
    log_event(LOG_WARN, "cgroup-unusable", KV("directory", path), KV("reason", fault));
    own_close(&dir);
    return -1;
}

/* The group above the leaf, where the cordon before us has stepped aside. */
static int open_above_leaf(const char *groups, const char *mounts)
{
    autofree char *group = cgroup_own_path(groups, "");
    autofree char *mount = cgroup_mount_point(mounts, "");
    if (!group || !mount || !ends_with(group, "/" LEAF))
        return -1;
    group[strlen(group) - strlen("/" LEAF)] = '\0';
    autofree char *path = *group ? path_join(mount, group + 1) : xstrdup(mount);
    int dir = open_writable(path);
    if (dir >= 0 && hands_on(dir))
        return dir;
    own_close(&dir);
    return -1;
}

/* A group of our own at the top, as container managers without systemd do. */
static int open_top(const char *mounts)
{
    autofree char *mount = cgroup_mount_point(mounts, "");
    autoclose int top = mount ? open_writable(mount) : -1;
    if (top < 0 || !(hands_on(top) || (offers(top) && enable(top))) ||
        (mkdirat(top, TOP_GROUP, 0755) < 0 && errno != EEXIST))
        return -1;
    autofree char *path = path_join(mount, TOP_GROUP);
    int dir = open_writable(path);
    if (usable(dir))
        return dir;
    own_close(&dir);
    (void)unlinkat(top, TOP_GROUP, AT_REMOVEDIR);
    return -1;
}

static int find_v2(bool root, const char *given, const char *groups, const char *mounts)
{
    int dir = given ? open_given(given) : -1;
    if (dir >= 0)
        return dir;
    dir = open_above_leaf(groups, mounts);
    if (dir >= 0)
        return dir;
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
    if (places->v2 >= 0)
        step_back(places->v2);
    own_close(&places->v2);
    for (int i = 0; i < V1_COUNT; i++)
        own_close(&places->v1[i]);
    *places = (struct cgroup_places){ .v2 = -1, .v1 = { -1, -1, -1 } };
}
