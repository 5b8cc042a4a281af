/* SPDX-License-Identifier: Apache-2.0 */
/* An archive of an environment, written out into a directory that holds nothing else. */
#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "env_archive.h"
#include "fd.h"
#include "str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static unsigned entries(int dir)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *stream = fdopendir(fd);
    assert(stream);
    unsigned count = 0;
    while (readdir(stream))
        count++;
    closedir(stream);
    return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[] = "/tmp/cordon-fuzz-XXXXXX";
    struct error err = { 0 };
    assert(mkdtemp(path));
    int top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert(mkdirat(top, "env", 0755) == 0);
    int env = openat(top, "env", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert(symlinkat("..", env, "link") == 0);
    int in = memfd_sealed("archive", data, size, &err);
    struct archive_reader *reader = NULL;
    struct archive_head head = { 0 };
    if (archive_open(in, &reader, &head, &err) == 0 && archive_extract(reader, env, &err) < 0)
        assert(err.text[0]);
    archive_close(reader);
    archive_head_done(&head);
    close(in);
    close(env);
    /* "." ".." and "env": nothing has come to lie beside it. */
    assert(entries(top) == 3);
    close(top);
    assert(tree_remove(AT_FDCWD, path, &err) == 0);
    return 0;
}
