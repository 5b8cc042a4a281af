/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - a main for fuzz targets without libFuzzer: every file of the given
 * directories once. A directory that is missing or empty fails, or a target whose
 * corpus got lost would pass for ever. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "fd.h"
#include "str.h"

#define INPUT_MAX ((size_t)64 * 1024 * 1024)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An exact copy on the heap: reading one byte too far is then seen. */
static int replay_file(int dir, const char *name)
{
    autofree char *text = NULL;
    size_t len = 0;
    struct error err = { 0 };
    if (file_read(dir, name, INPUT_MAX, &text, &len, &err) < 0) {
        (void)fprintf(stderr, "%s\n", err.text);
        return -1;
    }
    uint8_t *exact = xcalloc(len ? len : 1, 1);
    memcpy(exact, text, len);
    int r = LLVMFuzzerTestOneInput(exact, len);
    free(exact);
    return r;
}

/* How many files were replayed, or -1. */
static int replay_directory(const char *path)
{
    DIR *dir = opendir(path);
    if (!dir) {
        perror(path);
        return -1;
    }
    int count = 0;
    struct dirent *entry;
    while (count >= 0 && (entry = readdir(dir))) {
        if (entry->d_name[0] == '.')
            continue;
        if (replay_file(dirfd(dir), entry->d_name) != 0)
            count = -1;
        else
            count++;
    }
    (void)closedir(dir);
    if (count == 0)
        (void)fprintf(stderr, "%s: empty\n", path);
    return count > 0 ? count : -1;
}

int main(int argc, char **argv)
{
    int status = argc > 1 ? 0 : 1;
    for (int i = 1; i < argc; i++) {
        int count = replay_directory(argv[i]);
        if (count < 0)
            status = 1;
        else
            (void)printf("%s: %d inputs\n", argv[i], count);
    }
    return status;
}
