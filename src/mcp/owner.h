/* SPDX-License-Identifier: Apache-2.0 */
/* owner.h - a principal at work in this server: what it has under way, what it may still have.
 *
 * Everything that is asked is asked by an owner (struct services), and everything that is kept
 * is his. Quotas are judged where a run begins, rates where a call comes; what a run may still
 * have of a quota goes with its launch (`ceiling`), so that many at once cannot take more than
 * one after the other. What was used within an hour is in the store: a restart forgives nothing.
 *
 * All calls come from the event loop.
 */
#pragma once

#include <cordon/launch.h>

#include "mcp/places.h"
#include "mcp/services.h"
#include "mcp/turns.h"
#include "principal.h"

struct owners;

/* Principals that this server remembers; of those that have nothing under way the one longest
 * not seen is forgotten. */
#define OWNERS_MAX 4096

/* Less CPU time than this is no run's. */
#define OWNER_CPU_LEAST_MS 1000

struct owner {
    char name[OWNER_MAX];
    const struct principal *may;
    struct services services[SCOPES_ALL + 1]; /* what his calls work with, by scopes */
    struct line line;                         /* of his runs */
    struct places places;                     /* that he has asked for lately */
    size_t sessions;                          /* of his that go on */
    size_t jobs;                              /* under way here */
    uint64_t granted_cpu_ms, granted_bytes;   /* to the runs under way */
    double calls;                             /* that he may make now, of those in a minute */
    uint64_t calls_ns;                        /* when that was so */
    uint64_t seen;
    struct owners *all;
    struct owner *next;
};

/* `common`: what is the same for all of them; copied. */
struct owners *owners_new(const struct principals *principals, const struct services *common);
void owners_free(struct owners *owners); /* NULL is fine; nobody may have a job under way */

/* Valid while he has sessions or jobs under way, and otherwise until OWNERS_MAX others came. NULL:
 * there is no such principal. */
struct owner *owner_find(struct owners *owners, const char *name);

/* What his sessions hand on to their calls; `scopes`: of the token that began the session. */
const struct services *owner_services(const struct owner *owner, unsigned scopes);

/* Around each session. */
void owner_enter(struct owner *owner);
void owner_leave(struct owner *owner);

/* One call more. Too many within a minute: BLAME_POLICY, EBUSY, and *wait_ns until the next. */
int owner_call(struct owner *owner, uint64_t now_ns, uint64_t *wait_ns,
               struct error *err) must_check;

/* A job of his from the order to its end; zeroed: none. */
struct claim {
    struct owner *owner;
    uint64_t granted_ms, granted_bytes; /* CPU time and output, to the run under way */
};

/* Puts his name into the launch, and what of the quotas can be said at once. BLAME_POLICY where
 * one is used up, or asked to be exceeded; with both numbers. `runs`: how often the launch will
 * be run; all of them count from here on. */
int claim_take(struct claim *claim, struct owner *owner, unsigned runs, struct launch *launch,
               struct error *err) must_check;

/* Around each run of the job. */
int claim_run(struct claim *claim, struct launch *launch, struct error *err) must_check;
void claim_ran(struct claim *claim, uint64_t cpu_ns);

/* The job is over, or will never be. A zeroed one is fine. */
void claim_leave(struct claim *claim);

/* May so many bytes more be kept of his? BLAME_POLICY, EDQUOT. */
int owner_keep(struct owner *owner, uint64_t more, struct error *err) must_check;
