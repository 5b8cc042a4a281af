/* SPDX-License-Identifier: Apache-2.0 */
/* cost.c - the box's share of a run, and the script's. */
#include "cost.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "clock.h"
#include "fd.h"
#include "kernel.h"

/* Above what pid 1 expects to find (LISTENER_FD in confine.c). */
#define HIGH_FD 16

#define SCRATCH_HOME_IN "/box" /* where SCRATCH_HOME lies */

/* The calls of one listing follow each other at once. */
#define LISTING_NS NS_PER_MS

/* No filter takes longer to load: what was longer has waited for a processor. */
#define FILTER_NS_MAX NS_PER_MS

#define BLOCK_BYTES 512 /* getrusage(2) counts in these, whatever the file system */

/* Written by the payload while its program is still ours. */
struct share {
    uint64_t filter_ns, execute_ns; /* by the payload's clock */
    uint64_t user_ns, system_ns, switches, faults;
    uint64_t init_ns, forked_ns; /* by the host's clock */
    struct {
        const char *name;
        uint64_t done_ns;
        bool inside;
    } steps[REPORT_STEPS_MAX];
    uint32_t step_count;
};

static struct share nothing, *share = &nothing;
static int64_t shift_ns, own_shift_ns; /* of the payload's clock, and of pid 1's */
static volatile uint64_t script_read_ns;

static uint64_t timeval_ns(struct timeval tv)
{
    return (uint64_t)tv.tv_sec * NS_PER_S + (uint64_t)tv.tv_usec * 1000;
}

/* --- when the interpreter has started ------------------------------------------------- */

/* The script's directory, and the scratch directory in it or -1. */
static int watched = -1, home = -1;
static uint64_t listed_ns, last_read_ns;
static const char *awaited; /* the script that is still to come, and empty until then; or NULL */

/* The epoch, which no reader leaves behind: so the next one shows. */
static void forget_reading(int directory)
{
    const struct timespec times[2] = { { 0 }, { .tv_nsec = UTIME_OMIT } };
    (void)futimens(directory, times);
}

/* An interpreter that waits for its order has read other things there. */
static bool has_come(void)
{
    struct stat st;
    return !awaited || (stat(awaited, &st) == 0 && st.st_size > 0);
}

static bool home_was_read(void)
{
    struct stat st;
    if (home < 0 || fstat(home, &st) < 0 || (st.st_atim.tv_sec == 0 && st.st_atim.tv_nsec == 0))
        return false;
    forget_reading(home);
    return true;
}

/* The kernel tells of what is read in a directory and of listings of the directories in it alike,
 * more than once each, and of those maybe before it has noted them. An interpreter that imports
 * from home lists it first of all, and long before it reads its script. */
static void take_read(uint64_t now)
{
    bool listed = home_was_read();
    if (listed)
        listed_ns = now;
    if (!has_come())
        return;
    if (script_read_ns > 0 && now - script_read_ns >= LISTING_NS) {
        (void)fcntl(watched, F_NOTIFY, 0);
        return;
    }
    last_read_ns = now;
    bool awaits_listing = home >= 0 && listed_ns == 0;
    if (listed)
        script_read_ns = 0;
    else if (script_read_ns == 0 && !awaits_listing && now - listed_ns >= LISTING_NS)
        script_read_ns = now;
}

static void on_read(int number)
{
    int before = errno;
    (void)number;
    take_read(now_ns());
    errno = before;
}

static int to_high(int low)
{
    int high = low < 0 ? -1 : fcntl(low, F_DUPFD_CLOEXEC, HIGH_FD);
    own_close(&low);
    return high;
}

/* A directory of the host is read by others too. */
static bool is_the_boxes_own(int directory)
{
    struct stat st, top, box;
    return fstat(directory, &st) == 0 && stat("/", &top) == 0 &&
           (st.st_dev == top.st_dev || (stat("/box", &box) == 0 && st.st_dev == box.st_dev));
}

/* The first who reads in the script's own directory is the interpreter that was told to.
 * F_NOTIFY and not inotify(7), whose end waits for milliseconds. It ends with the first
 * descriptor of the file that is closed. */
static void watch_script(const struct plan *plan)
{
    bool own = plan->root.script >= 0 || plan->root.script_later;
    const char *script = own ? plan->root.script_at : NULL;
    const char *slash = script ? strrchr(script, '/') : NULL;
    if (!slash || slash == script)
        return;
    char parent[PATH_MAX];
    (void)snprintf(parent, sizeof(parent), "%.*s", (int)(slash - script), script);
    struct sigaction action = { .sa_handler = on_read, .sa_flags = SA_RESTART };
    watched = to_high(open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (watched < 0 || !is_the_boxes_own(watched) || sigaction(cost_signal(), &action, NULL) < 0)
        return;
    if (strcmp(parent, SCRATCH_HOME_IN) == 0 && strcmp(plan->cwd, SCRATCH_HOME) == 0)
        home = to_high(open(SCRATCH_HOME, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (home >= 0)
        forget_reading(home);
    awaited = plan->root.script_later ? script : NULL;
    (void)fcntl(watched, F_NOTIFY, DN_ACCESS | DN_MULTISHOT); /* a kernel without it: not known */
}

/* --- what joined a group late ------------------------------------------------------------ */

static uint64_t apart_user_ns, apart_system_ns;

void cost_joined(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) < 0)
        return;
    apart_user_ns = timeval_ns(usage.ru_utime);
    apart_system_ns = timeval_ns(usage.ru_stime);
}

int cost_signal(void)
{
    return SIGIO;
}

/* --- when each step was done ------------------------------------------------------------ */

void cost_init(int64_t clock_shift_s)
{
    own_shift_ns = clock_shift_s * (int64_t)NS_PER_S;
    share->step_count = 0;
    share->init_ns = cost_now();
}

void cost_step(const char *name, bool inside)
{
    if (share->step_count == REPORT_STEPS_MAX)
        return;
    uint32_t i = share->step_count++;
    share->steps[i].name = name;
    share->steps[i].inside = inside;
    share->steps[i].done_ns = now_ns() - (uint64_t)(inside ? shift_ns : own_shift_ns);
}

void cost_forked(void)
{
    share->forked_ns = now_ns() - (uint64_t)shift_ns;
}

/* --- before the program ---------------------------------------------------------------- */

uint64_t cost_now(void)
{
    return now_ns() - (uint64_t)own_shift_ns;
}

void cost_script_read(void)
{
    if (script_read_ns == 0)
        script_read_ns = cost_now();
}

void cost_begin(const struct plan *plan, int64_t clock_shift_s)
{
    shift_ns = clock_shift_s * (int64_t)NS_PER_S;
    void *page =
        mmap(NULL, sizeof(*share), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED) {
        share = page;
        *share = nothing; /* with the steps so far */
    }
    watch_script(plan);
}

int cost_payload(const struct plan *plan)
{
    struct rusage usage;
    (void)plan;
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        share->user_ns = timeval_ns(usage.ru_utime);
        share->system_ns = timeval_ns(usage.ru_stime);
        share->switches = (uint64_t)usage.ru_nvcsw + (uint64_t)usage.ru_nivcsw;
        share->faults = (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
    }
    share->filter_ns = now_ns();
    return 0;
}

/* The filter may forbid to ask for more than the time of day, which is no system call. */
void cost_execute(void)
{
    uint64_t now = now_ns(), filter_ns = now - share->filter_ns;
    share->execute_ns = now;
    share->system_ns += filter_ns < FILTER_NS_MAX ? filter_ns : FILTER_NS_MAX;
}

void cost_forget(void)
{
    if (share != &nothing)
        (void)munmap(share, sizeof(*share));
    share = &nothing;
}

/* --- after ------------------------------------------------------------------------------- */

static void own_so_far(struct report *report)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) < 0)
        return;
    report->own_user_ns = timeval_ns(usage.ru_utime);
    report->own_system_ns = timeval_ns(usage.ru_stime);
}

static void tell_steps(struct report *report)
{
    report->step_count = share->step_count;
    for (uint32_t i = 0; i < share->step_count; i++) {
        struct report_step *step = &report->steps[i];
        (void)snprintf(step->name, sizeof(step->name), "%s", share->steps[i].name);
        step->inside = share->steps[i].inside;
        step->done_ns = share->steps[i].done_ns;
    }
}

void cost_running(struct report *report)
{
    if (share->execute_ns > 0)
        report->started_ns = share->execute_ns - (uint64_t)shift_ns;
    report->init_ns = share->init_ns;
    report->forked_ns = share->forked_ns;
    tell_steps(report);
    report->before_user_ns = share->user_ns;
    report->before_system_ns = share->system_ns;
    report->before_switches = share->switches;
    report->before_faults = share->faults;
    report->apart_user_ns = apart_user_ns;
    report->apart_system_ns = apart_system_ns;
    own_so_far(report);
}

void cost_end(struct report *report)
{
    struct rusage usage;
    if (getrusage(RUSAGE_CHILDREN, &usage) == 0) {
        report->user_ns = timeval_ns(usage.ru_utime);
        report->system_ns = timeval_ns(usage.ru_stime);
        report->maxrss = (uint64_t)usage.ru_maxrss * 1024;
        report->switches = (uint64_t)usage.ru_nvcsw + (uint64_t)usage.ru_nivcsw;
        report->faults = (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
        report->read_bytes = (uint64_t)usage.ru_inblock * BLOCK_BYTES;
        report->written_bytes = (uint64_t)usage.ru_oublock * BLOCK_BYTES;
    }
    own_so_far(report);
    report->script_read_ns = script_read_ns > 0 ? script_read_ns : last_read_ns;
    report->empty_ns = cost_now();
}
