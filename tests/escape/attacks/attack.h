/* SPDX-License-Identifier: Apache-2.0 */
/* attack.h - how an attack ends, and whom it is after. Exit status 0: it worked. */
#pragma once

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* Something stood in the way: what must happen in a box. No accident has this number. */
#define STOPPED 42
/* This kernel has not got what is attacked: outside a reason to skip, inside a failure. */
#define NOTHING_TO_ATTACK 77

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

__attribute__((unused)) static _Noreturn void worked(const char *what)
{
    printf("worked: %s\n", what);
    exit(0);
}

__attribute__((unused)) static _Noreturn void stopped(const char *by)
{
    printf("stopped: %s: %s\n", by, strerror(errno));
    exit(STOPPED);
}

__attribute__((unused)) static _Noreturn void nothing_to_attack(const char *reason)
{
    printf("%s\n", reason);
    exit(NOTHING_TO_ATTACK);
}

/* The process that stands for the one above us: pid 1 in a box. */
__attribute__((unused)) static pid_t pid_of_init(void)
{
    const char *given = getenv("STAND_IN");
    return given ? atoi(given) : 1;
}

/* Whom to attack: the stand-in outside; in a box pid 1 and, by its number there, a process of the
 * host's, given as the last argument. */
__attribute__((unused)) static size_t victims(int argc, char **argv, pid_t out[2])
{
    out[0] = pid_of_init();
    if (getenv("STAND_IN") || argc < 2)
        return 1;
    out[1] = atoi(argv[argc - 1]);
    return 2;
}

/* True if it is gone, a zombie or stopped; it may take a moment to get there. */
__attribute__((unused)) static bool is_dead(pid_t pid)
{
    char path[32], text[256] = "";
    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    for (int i = 0; i < 40; i++) {
        if (kill(pid, 0) < 0 && errno == ESRCH)
            return true;
        FILE *file = fopen(path, "r"); /* pid 1 of a box does not show its own */
        size_t n = file ? fread(text, 1, sizeof(text) - 1, file) : 0;
        if (file)
            (void)fclose(file);
        text[n] = '\0';
        const char *state = strrchr(text, ')');
        if (state && (state[2] == 'Z' || state[2] == 'T'))
            return true;
        usleep(5000);
    }
    return false;
}

/* Writes to every page, in a way that no compiler finds superfluous. */
__attribute__((unused)) static void touch(void *room, size_t size)
{
    volatile char *byte = room;
    for (size_t i = 0; i < size; i += 4096)
        byte[i] = 1;
}

/* An attack of two parties: its first argument is `send` or `receive`. */
__attribute__((unused)) static bool sending(int argc, char **argv)
{
    if (argc < 2)
        nothing_to_attack("neither sender nor receiver");
    return strcmp(argv[1], "send") == 0;
}

/* What was sent is there; it stays so until somebody ends us. */
__attribute__((unused)) static _Noreturn void sent(void)
{
    printf("sent\n");
    (void)fflush(stdout);
    sleep(20);
    exit(0);
}
