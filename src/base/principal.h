/* SPDX-License-Identifier: Apache-2.0 */
/* principal.h - on whose behalf something is done, as the operator's configuration says it.
 *
 * Everything that is kept belongs to a principal: jobs, output, scripts, environments. Over
 * standard input and a socket of one's own there is one, "local". Over HTTP a token says which
 * one asks (src/auth). The gate knows the same table, and takes no order in another name.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/launch.h>

/* What a token may be used for; bits. `admin` includes the others. */
enum scope {
    SCOPE_RUN = 1 << 0,     /* run scripts, and wait for them */
    SCOPE_JOBS = 1 << 1,    /* look at one's jobs, end and remove them */
    SCOPE_SCRIPTS = 1 << 2, /* save, list and read one's scripts */
    SCOPE_ADMIN = 1 << 3,   /* what tells of all principals: the metrics */
};
#define SCOPE_COUNT 4
#define SCOPES_ALL  0xfU

/* "run", "jobs", ...; NULL beyond the last. */
const char *scope_name(size_t index);

/* The bits of words that are separated by blanks, each with what it includes; words that are no
 * scopes of ours count for nothing (a token may be for other servers' too). */
unsigned scopes_parse(const char *words);

/* "run jobs"; the caller's. */
char *scopes_print(unsigned scopes);

/* All UNBOUNDED where the configuration says nothing. */
struct quotas {
    uint64_t running;      /* runs at once; more wait */
    uint64_t waiting;      /* of those; more are refused */
    uint64_t memory_bytes; /* of all its runs together: each gets its share, memory / running */
    uint64_t cpu_ms;       /* of all its runs, within an hour; likewise */
    uint64_t output_bytes; /* kept output of its jobs, and its saved scripts */
};

struct rates {
    uint64_t calls_per_minute, runs_per_hour; /* UNBOUNDED: any number */
};

struct principal {
    char name[OWNER_MAX]; /* letters, digits, '-', '_' and '.': it names directories */
    unsigned scopes;      /* the most that a token of it is good for */
    char *subject;        /* whose JWTs these are ("sub"); NULL: it has none */
    char **policies;      /* that it may name; NULL: those every client may */
    char **roots;         /* directories beneath which it may name some; NULL: the server's */
    struct quotas quotas;
    struct rates rates;
};

struct principals {
    struct principal *list;
    size_t count;
};

/* Who has shown a valid JWT and is nobody's `subject` is a principal of his own, as this entry
 * of the configuration says; without it he is refused. */
#define PRINCIPAL_ANYBODY "*"

/* His name: this, and 32 hexadecimal digits. */
#define PRINCIPAL_DERIVED "oauth-"

void principals_done(struct principals *principals);

/* May be a principal's? */
bool principal_name_valid(const char *name);

/* The row that says what `owner` may: his own, or that of anybody; "local" without a row may
 * everything. NULL: there is no such principal. */
const struct principal *principal_find(const struct principals *principals, const char *owner);
const struct principal *principal_of_subject(const struct principals *principals,
                                             const char *subject);
