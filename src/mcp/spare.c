/* SPDX-License-Identifier: Apache-2.0 */
/* spare.c - three small files of the kernel's. */
#include "mcp/spare.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "str.h"

#define TEXT_BYTES 4096

static bool read_from(int fd, char text[TEXT_BYTES])
{
    ssize_t n = fd < 0 ? -1 : pread(fd, text, TEXT_BYTES - 1, 0);
    if (n <= 0)
        return false;
    text[n] = '\0';
    return true;
}

static bool read_file(const char *path, char text[TEXT_BYTES])
{
    autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
    return read_from(fd, text);
}

/* "200000 100000", in two files or one; a group without a quota says "max" or -1. */
static double quota(void)
{
    char text[TEXT_BYTES], period[TEXT_BYTES];
    double most, each;
    if (read_file("/sys/fs/cgroup/cpu.max", text) && sscanf(text, "%lf %lf", &most, &each) == 2)
        return each > 0 ? most / each : 0;
    if (read_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", text) &&
        read_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period) &&
        sscanf(text, "%lf", &most) == 1 && sscanf(period, "%lf", &each) == 1)
        return most > 0 && each > 0 ? most / each : 0;
    return 0;
}

/* "Cpus_allowed:	f,ffffffff": a bit for each. */
static unsigned count_allowed(void)
{
    static const char name[] = "Cpus_allowed:";
    char text[TEXT_BYTES];
    unsigned count = 0;
    const char *at = read_file("/proc/self/status", text) ? strstr(text, name) : NULL;
    for (at = at ? at + strlen(name) : ""; *at && *at != '\n'; at++) {
        const char digit[] = { *at, '\0' };
        if (strspn(digit, "0123456789abcdef") == 1)
            count += (unsigned)__builtin_popcountl(strtoul(digit, NULL, 16));
    }
    return count;
}

unsigned spare_count_processors(void)
{
    double most = quota();
    unsigned count = count_allowed();
    if (most > 0 && most < count)
        count = (unsigned)(most + 0.5);
    return count > 0 ? count : 1;
}

void spare_open(struct spare *ret)
{
    *ret = (struct spare){ .load = open("/proc/loadavg", O_RDONLY | O_CLOEXEC),
                           .memory = open("/proc/meminfo", O_RDONLY | O_CLOEXEC),
                           .processors = spare_count_processors() };
}

void spare_close(struct spare *spare)
{
    own_close(&spare->load);
    own_close(&spare->memory);
    spare->load = spare->memory = -1;
}

unsigned spare_processors(const struct spare *spare)
{
    char text[TEXT_BYTES];
    unsigned running;
    if (!read_from(spare->load, text) || sscanf(text, "%*s %*s %*s %u/", &running) != 1)
        return 0;
    running -= running > 0; /* we are */
    return running < spare->processors ? spare->processors - running : 0;
}

static bool find_kib(const char *text, const char *name, uint64_t *ret)
{
    const char *line = strstr(text, name);
    return line && sscanf(line + strlen(name), "%" SCNu64, ret) == 1;
}

unsigned spare_runs(const struct spare *spare)
{
    char text[TEXT_BYTES];
    uint64_t total, available;
    if (!read_from(spare->memory, text) || !find_kib(text, "MemTotal:", &total) ||
        !find_kib(text, "MemAvailable:", &available))
        return UINT_MAX;
    uint64_t part = total * 1024 / SPARE_FREE_PART, free = available * 1024;
    uint64_t kept = part < SPARE_FREE_BYTES ? part : SPARE_FREE_BYTES;
    return free > kept ? (unsigned)((free - kept) / SPARE_RUN_BYTES) : 0;
}
