/* SPDX-License-Identifier: Apache-2.0 */
/* listen.h - sockets that wait for clients, made before the cage closes. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include <cordon/error.h>

/* "127.0.0.1:8000", "[::1]:8000", "localhost:8000" (which is 127.0.0.1) or, as in configurations,
 * "unix:/PATH". Port 0: one that is free. Other names are not looked up. */
struct address {
    struct sockaddr_storage where;
    socklen_t len;
    bool local; /* loopback or a Unix socket: nobody else's machine can reach it */
};

int address_parse(const char *text, struct address *ret, struct error *err) must_check;
int address_of_path(const char *path, struct address *ret, struct error *err) must_check;

/* Returns the descriptor, the caller's. What it does for every client is inherited from it: small
 * pieces go out at once, and a peer that is gone without a word is noticed. A Unix socket is its
 * user's alone (0600); one that nobody listens on any more is replaced. */
int address_listen(const struct address *address, struct error *err) must_check;

/* Can nobody else's machine reach it? */
bool address_is_local(int listener);

/* Where that is, as in address_parse(); with the port that was found. The caller's. */
char *address_text(int listener) never_null;
