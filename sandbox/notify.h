/* SPDX-License-Identifier: Apache-2.0 */
/* notify.h - which system calls a box was denied, told by the kernel (seccomp_unotify(2)).
 *
 * The payload loads a variant of its filter whose denials ask the supervisor first. The
 * supervisor never looks at memory and never lets a call through: it counts and answers
 * what the plain filter would have. After DENIALS_MAX it closes the listener, and the
 * kernel answers ENOSYS from then on, so that a flood of denials costs nothing outside.
 */
#pragma once

#include <linux/seccomp.h>
#include <stdint.h>

#include <cordon/outcome.h>

#include "filter.h"

#define DENIALS_MAX 1000

/* The asking variant of `plain`, the caller's (filter_done()). Every denial by errno asks,
 * but that of clone3, which each new thread tries first and which says nothing. */
int notify_variant(const struct filter *plain, struct filter *ret, struct error *err) must_check;

/* What a filter answers to one call: a SECCOMP_RET_* value. */
uint32_t filter_answer(const struct filter *filter, const struct seccomp_data *call);

/* Somebody who wants to hear of every denial, however many there are: `cordon policy learn`. */
struct notify_ear {
    void (*hear)(void *context, const struct seccomp_data *call);
    void *context;
};

/* Takes one question from the listener, counts it and answers. False when the listener
 * has nothing more to say, or enough has been counted: the caller closes it. */
struct notify_counts {
    uint64_t total;
    struct {
        int number;
        uint64_t count;
    } calls[DENIED_MAX];
    unsigned call_count;
    const struct notify_ear *ear; /* then nothing is ever enough; or NULL */
};
bool notify_answer(int listener, const struct filter *plain, struct notify_counts *counts);

/* Adds what was counted to the outcome, by the names of the calls. */
void notify_tell(const struct notify_counts *counts, struct outcome *outcome);
