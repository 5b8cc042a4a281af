/* SPDX-License-Identifier: Apache-2.0 */
/* hidden.c - shared memory that a box holds and none of its processes shows. */
#include "hidden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>

#include <cordon/own.h>

#include "usage.h"

/* More different ones are not told apart; then the last one stands for the rest. */
#define MAPPINGS_MAX 4096

struct mappings {
    struct mapping {
        unsigned long inode;
        uint64_t end; /* of what is mapped of it */
    } of[MAPPINGS_MAX];
    size_t count;
};

uint64_t host_shared_bytes(void)
{
    struct sysinfo info;
    return sysinfo(&info) == 0 ? (uint64_t)info.sharedram * info.mem_unit : 0;
}

static void add(struct mappings *mappings, unsigned long inode, uint64_t end)
{
    size_t i = 0;
    while (i < mappings->count && mappings->of[i].inode != inode)
        i++;
    if (i == MAPPINGS_MAX)
        i--;
    else if (i == mappings->count)
        mappings->of[mappings->count++] = (struct mapping){ .inode = inode };
    if (mappings->of[i].end < end)
        mappings->of[i].end = end;
}

/* "7f0000-7f1000 rw-s 00000000 00:01 4711  /dev/zero (deleted)" (proc_pid_maps(5)). */
static void add_line(struct mappings *mappings, const char *line)
{
    uint64_t begin, end, offset;
    unsigned long inode;
    int name = 0;
    if (sscanf(line, "%lx-%lx %*3c%*c %lx %*s %lu %n", &begin, &end, &offset, &inode, &name) < 4 ||
        name == 0)
        return;
    if (strncmp(line + name, "/dev/zero (deleted)", 19) == 0 ||
        strncmp(line + name, "/SYSV", 5) == 0)
        add(mappings, inode, offset + (end - begin));
}

uint64_t tree_shared_bytes(pid_t init)
{
    static struct mappings mappings; /* one supervisor, one thread; too large for a stack */
    const pid_t *pids;
    size_t count = tree_pids(init, &pids);
    mappings.count = 0;
    for (size_t i = 0; i < count; i++) {
        char path[32];
        (void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)tree_shown_by(pids[i]));
        FILE *file = fopen(path, "re");
        if (!file)
            continue;
        autofree char *line = NULL;
        size_t room = 0;
        while (getline(&line, &room, file) > 0)
            add_line(&mappings, line);
        (void)fclose(file);
    }
    uint64_t bytes = 0;
    for (size_t i = 0; i < mappings.count; i++)
        bytes += mappings.of[i].end;
    return bytes;
}
