/* SPDX-License-Identifier: Apache-2.0 */
#include "job/tidy.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include <cordon/log.h>

#include "clock.h"
#include "str.h"

/* From the first thing that wants tidying to the tidying: a burst of ends costs one. */
#define DELAY_S 1

/* A disk that answers no more must not keep a server that ends. */
#define STOP_S 1

/* Some hundred jobs. Not sooner: the first record after each costs somebody a wait. */
#define LOG_BYTES (4UL << 20)

/* A look at every file there is. */
#define SWEEP_NS (3600 * NS_PER_S)

/* SQLite wants some ten KiB. */
#define STACK_BYTES ((size_t)256 * 1024)

struct tidy {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool ready, wanted, stopping;
    struct bounds bounds;
    struct store *store; /* the thread's */
    uint64_t sweep_ns;   /* when it next looks for what is left over */
};

static struct timespec after_s(time_t seconds)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec += seconds;
    return at;
}

static void tidy_once(struct tidy *tidy)
{
    struct error err = { 0 };
    int r = store_bound(tidy->store, &tidy->bounds, &err);
    if (r == 0 && now_ns() >= tidy->sweep_ns) {
        r = store_sweep(tidy->store, &err);
        tidy->sweep_ns = now_ns() + SWEEP_NS;
    }
    if (r == 0)
        r = store_checkpoint(tidy->store, LOG_BYTES, &err);
    if (r < 0)
        log_event(LOG_WARN, "store-untidy", KV("reason", err.text));
}

static void *tidy_run(void *context)
{
    struct tidy *tidy = context;
    (void)pthread_mutex_lock(&tidy->lock);
    tidy->ready = true;
    (void)pthread_cond_broadcast(&tidy->changed);
    while (!tidy->stopping) {
        if (!tidy->wanted) {
            (void)pthread_cond_wait(&tidy->changed, &tidy->lock);
            continue;
        }
        struct timespec until = after_s(DELAY_S);
        while (!tidy->stopping && pthread_cond_clockwait(&tidy->changed, &tidy->lock,
                                                         CLOCK_MONOTONIC, &until) != ETIMEDOUT)
            ;
        tidy->wanted = false;
        if (tidy->stopping)
            break;
        (void)pthread_mutex_unlock(&tidy->lock);
        tidy_once(tidy);
        (void)pthread_mutex_lock(&tidy->lock);
    }
    (void)pthread_mutex_unlock(&tidy->lock);
    return NULL;
}

/* Signals are the event loop's. */
static int thread_start(struct tidy *tidy)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)mallopt(M_ARENA_MAX, 1); /* a second arena would cost more than it saves */
    int r = pthread_attr_init(&attributes);
    if (r == 0)
        r = pthread_attr_setstacksize(&attributes, STACK_BYTES);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    if (r == 0)
        r = pthread_create(&tidy->thread, &attributes, tidy_run, tidy);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)pthread_attr_destroy(&attributes);
    return r;
}

int tidy_start(int front, const struct bounds *bounds, struct tidy **ret, struct error *err)
{
    struct tidy *tidy = xcalloc(1, sizeof(*tidy));
    tidy->bounds = *bounds;
    int r = store_new(front, STORE_TIDIER, &tidy->store, err);
    if (r < 0) {
        free(tidy);
        return r;
    }
    (void)pthread_mutex_init(&tidy->lock, NULL);
    (void)pthread_cond_init(&tidy->changed, NULL);
    r = thread_start(tidy);
    if (r != 0) {
        store_close(tidy->store);
        free(tidy);
        return fail_host_as(err, r, "start a thread that keeps the job store tidy");
    }
    /* A thread's first steps are calls that a cage may not know. */
    (void)pthread_mutex_lock(&tidy->lock);
    while (!tidy->ready)
        (void)pthread_cond_wait(&tidy->changed, &tidy->lock);
    (void)pthread_mutex_unlock(&tidy->lock);
    *ret = tidy;
    return 0;
}

void tidy_wake(struct tidy *tidy)
{
    if (!tidy)
        return;
    (void)pthread_mutex_lock(&tidy->lock);
    if (!tidy->wanted)
        (void)pthread_cond_signal(&tidy->changed);
    tidy->wanted = true;
    (void)pthread_mutex_unlock(&tidy->lock);
}

void tidy_stop(struct tidy *tidy)
{
    if (!tidy)
        return;
    struct timespec until = after_s(STOP_S);
    (void)pthread_mutex_lock(&tidy->lock);
    tidy->stopping = true;
    (void)pthread_cond_signal(&tidy->changed);
    (void)pthread_mutex_unlock(&tidy->lock);
    if (pthread_clockjoin_np(tidy->thread, NULL, CLOCK_MONOTONIC, &until) != 0)
        return; /* it ends with the process */
    store_close(tidy->store);
    (void)pthread_cond_destroy(&tidy->changed);
    (void)pthread_mutex_destroy(&tidy->lock);
    free(tidy);
}
