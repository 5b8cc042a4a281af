/* SPDX-License-Identifier: Apache-2.0 */
/* fd.c - whole reads and writes, memfds, descriptors over sockets. */
#include "fd.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "str.h"

#define SEALS          (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define PASSED_MAX     16
#define READ_ROOM      4096 /* to begin with, where a file has no size: /proc, pipes */
#define TREE_DEPTH_MAX 512

int fd_read_all(int fd, size_t max, char **ret, size_t *len, struct error *err)
{
    struct stat st;
    /* What the file says of its size is a hint, and a byte more shows its end. */
    bool sized = fstat(fd, &st) == 0 && st.st_size > 0 && (size_t)st.st_size <= max;
    size_t room = sized ? (size_t)st.st_size + 2 : READ_ROOM, used = 0;
    autofree char *text = xrealloc(NULL, room);
    for (;;) {
        if (used + 1 == room)
            text = xrealloc(text, room *= 2);
        ssize_t n = read(fd, text + used, room - used - 1);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_host(err, "read");
        if (n == 0)
            break;
        used += (size_t)n;
        if (used > max)
            return fail_caller(err, EFBIG, "more than %zu bytes", max);
    }
    text[used] = '\0';
    if (len)
        *len = used;
    *ret = TAKE(&text);
    return 0;
}

int file_read(int dir, const char *path, size_t max, char **ret, size_t *len, struct error *err)
{
    autoclose int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0)
        return fail_host(err, "open %s", path);
    int r = fd_read_all(fd, max, ret, len, err);
    return r < 0 ? fail_within(err, "%s", path) : 0;
}

int fd_write_all(int fd, const void *bytes, size_t len, struct error *err)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail_host(err, "write");
        at += n;
        len -= (size_t)n;
    }
    return 0;
}

int file_write(int dir, const char *name, const void *bytes, size_t len, mode_t mode,
               struct error *err)
{
    autofree char *temporary =
        xasprintf("%s.new-%d-%llx", name, (int)getpid(), (unsigned long long)now_ns());
    autoclose int fd =
        openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
    if (fd < 0)
        return fail_host(err, "create %s", temporary);
    int r = fd_write_all(fd, bytes, len, err);
    if (r == 0 && renameat(dir, temporary, dir, name) < 0)
        r = fail_host(err, "rename %s", temporary);
    if (r < 0)
        (void)unlinkat(dir, temporary, 0);
    return r < 0 ? fail_within(err, "write %s", name) : 0;
}

int memfd_sealed(const char *name, const void *bytes, size_t len, struct error *err)
{
    autoclose int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return fail_host(err, "memfd_create");
    int r = fd_write_all(fd, bytes, len, err);
    if (r < 0)
        return r;
    if (lseek(fd, 0, SEEK_SET) < 0 || fcntl(fd, F_ADD_SEALS, SEALS) < 0)
        return fail_host(err, "seal a memfd");
    return fd_take(&fd);
}

bool fd_is_sealed(int fd)
{
    int seals = fcntl(fd, F_GET_SEALS);
    return seals >= 0 && (seals & SEALS) == SEALS;
}

bool fd_is_pipe(int fd)
{
    struct stat st;
    /* Named FIFOs pass fstat too; F_GETPIPE_SZ holds for both, and both are harmless. */
    return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

int socket_send(int sock, const void *bytes, size_t len, const int *fds, size_t count,
                struct error *err)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(PASSED_MAX * sizeof(int))];
    } control = { 0 };
    int passed[PASSED_MAX];
    size_t n = 0;
    for (size_t i = 0; i < count && n < PASSED_MAX; i++)
        if (fds[i] >= 0)
            passed[n++] = fds[i];

    struct iovec part = { .iov_base = (void *)(uintptr_t)bytes, .iov_len = len };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    if (n > 0) {
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(n * sizeof(int));
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        assert(header); /* there is room for one */
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(n * sizeof(int));
        memcpy(CMSG_DATA(header), passed, n * sizeof(int));
    }
    ssize_t sent;
    do
        sent = sendmsg(sock, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? fail_host(err, "sendmsg") : 0;
}

/* Collects what came in one message; what does not fit is closed. */
static bool take_descriptors(struct msghdr *message, int *fds, size_t room, size_t *count)
{
    bool fits = true;
    *count = 0;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
         header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
            continue;
        size_t n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
            if (*count < room) {
                fds[(*count)++] = fd;
            } else {
                close(fd);
                fits = false;
            }
        }
    }
    return fits;
}

ssize_t socket_receive(int sock, void *bytes, size_t len, int *fds, size_t room, size_t *count,
                       struct error *err)
{
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(PASSED_MAX * sizeof(int))];
    } control = { 0 };
    struct iovec part = { .iov_base = bytes, .iov_len = len };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = &control,
                              .msg_controllen = sizeof(control) };
    ssize_t n;
    do
        n = recvmsg(sock, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    *count = 0;
    if (n < 0)
        return fail_host(err, "recvmsg");
    bool fits = take_descriptors(&message, fds, room, count);
    if (fits && !(message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
        return n;
    for (size_t i = 0; i < *count; i++)
        close(fds[i]);
    *count = 0;
    return fail_caller(err, EMSGSIZE, "a message with too many bytes or descriptors");
}

int fd_nonblocking(int fd, struct error *err)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return fail_host(err, "make a descriptor non-blocking");
    return 0;
}

void fd_limit_raise(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

int make_directories(const char *path, mode_t mode, struct error *err)
{
    autofree char *part = xstrdup(path);
    for (char *slash = part; slash;) {
        slash = strchr(slash + 1, '/');
        if (slash)
            *slash = '\0';
        if (mkdir(part, mode) < 0 && errno != EEXIST)
            return fail_host(err, "make directory %s", part);
        if (slash)
            *slash = '/';
    }
    return 0;
}

/* Depth is bounded because each level holds a descriptor; a deeper tree is
 * removed by moving nothing and saying so. */
static int tree_empty(int dir, dev_t device, unsigned depth, struct error *err)
{
    DIR *stream = fdopendir(dir);
    if (!stream) {
        close(dir);
        return fail_host(err, "read a directory");
    }
    int r = 0;
    for (struct dirent *entry; r == 0 && (entry = readdir(stream));) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
            continue;
        if (unlinkat(dirfd(stream), name, 0) == 0)
            continue;
        if (errno != EISDIR && errno != EPERM) {
            r = fail_host(err, "remove %s", name);
            break;
        }
        int child = openat(dirfd(stream), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        struct stat st;
        if (child < 0 || fstat(child, &st) < 0 || st.st_dev != device || depth == 0) {
            r = fail_host_as(err, child < 0 ? errno : EXDEV, "remove %s", name);
            own_close(&child);
            break;
        }
        r = tree_empty(child, device, depth - 1, err);
        if (r == 0 && unlinkat(dirfd(stream), name, AT_REMOVEDIR) < 0)
            r = fail_host(err, "remove directory %s", name);
    }
    closedir(stream);
    return r;
}

int tree_remove(int dir, const char *name, struct error *err)
{
    if (unlinkat(dir, name, 0) == 0 || errno == ENOENT)
        return 0;
    int top = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (top < 0 || fstat(top, &st) < 0) {
        own_close(&top);
        return fail_host(err, "remove %s", name);
    }
    int r = tree_empty(top, st.st_dev, TREE_DEPTH_MAX, err);
    if (r == 0 && unlinkat(dir, name, AT_REMOVEDIR) < 0)
        r = fail_host(err, "remove directory %s", name);
    return r;
}
