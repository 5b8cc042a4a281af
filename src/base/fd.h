/* SPDX-License-Identifier: Apache-2.0 */
/* fd.h - whole reads and writes, memfds, descriptors over sockets. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cordon/error.h>

/* Reads to the end of the file, at most `max` bytes (EFBIG beyond). *ret is
 * NUL-ended and the caller's; *len may be NULL. */
int fd_read_all(int fd, size_t max, char **ret, size_t *len, struct error *err) must_check;

/* The same for a path beneath a directory descriptor (AT_FDCWD allowed). */
int file_read(int dir, const char *path, size_t max, char **ret, size_t *len,
              struct error *err) must_check;

/* Writes all of it or fails; retries on EINTR. */
int fd_write_all(int fd, const void *bytes, size_t len, struct error *err) must_check;

/* Writes a file beneath `dir` whole or not at all: temporary name, then rename. */
int file_write(int dir, const char *name, const void *bytes, size_t len, mode_t mode,
               struct error *err) must_check;

/* A close-on-exec memfd holding `bytes`, sealed against every change. */
int memfd_sealed(const char *name, const void *bytes, size_t len, struct error *err) must_check;

/* True for a memfd that carries all four seals (shrink, grow, write, seal). */
bool fd_is_sealed(int fd);
bool fd_is_pipe(int fd);

/* Sends one datagram with descriptors; fds that are -1 are skipped. */
int socket_send(int sock, const void *bytes, size_t len, const int *fds, size_t count,
                struct error *err) must_check;

/* Receives one datagram; descriptors beyond `room` are closed and make it fail.
 * Returns the number of bytes, 0 at the end of the stream. *count gets the
 * number of descriptors, all close-on-exec and the caller's. */
ssize_t socket_receive(int sock, void *bytes, size_t len, int *fds, size_t room, size_t *count,
                       struct error *err) must_check;

int fd_nonblocking(int fd, struct error *err) must_check;

/* Raises the soft limit of open files to the hard one. It is also what unix(7) lets us send
 * descriptors up to (ETOOMANYREFS), counting those that every process of our user has sent and
 * nobody has taken: with the usual soft limit a box of the same user could fill it up, and no
 * other box would start. */
void fd_limit_raise(void);

/* mkdir -p of an absolute path; every part made gets `mode`. */
int make_directories(const char *path, mode_t mode, struct error *err) must_check;

/* Removes a tree beneath `dir` without following links or crossing mounts. */
int tree_remove(int dir, const char *name, struct error *err) must_check;
