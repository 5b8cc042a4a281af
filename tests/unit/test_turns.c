/* SPDX-License-Identifier: Apache-2.0 */
#include <event2/event.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "mcp/spare.h"
#include "mcp/turns.h"
#include "unit.h"

/* --- a host that is what a test says, and who wants what ------------------------------------- */

#define MANY 64

static uint64_t clock_ns;

static uint64_t told(void)
{
    return clock_ns;
}

struct who {
    struct turn turn; /* first: the queue knows it by this */
    struct queue *queue;
    char name[8];
};

struct queue {
    struct event_base *base;
    struct turns turns;
    struct spare spare;
    struct line ann, bob, eve;
    struct who who[MANY];
    unsigned count;
    char went[MANY * 8]; /* "a1 b1 " */
};

static void put(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(int fd, const char *format, ...)
{
    char text[200];
    va_list values;
    va_start(values, format);
    int len = vsnprintf(text, sizeof(text), format, values);
    va_end(values);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(pwrite(fd, text, (size_t)len, 0), len);
}

/* `running` counts us. */
static void host_is(struct queue *queue, unsigned running, unsigned available_mb)
{
    put(queue->spare.load, "0.50 0.40 0.30 %u/512 4711\n", running);
    put(queue->spare.memory, "MemTotal: 2097152 kB\nMemFree: 1 kB\nMemAvailable: %u kB\n",
        available_mb * 1024);
    clock_ns += NS_PER_S / 50; /* time for another look */
}

static void on_go(struct turn *turn)
{
    const struct who *who = (struct who *)turn;
    strcat(strcat(who->queue->went, who->name), " ");
}

static struct who *ask(struct queue *queue, struct line *line, enum turn_rank rank,
                       const char *name)
{
    assert_true(queue->count < MANY);
    struct who *who = &queue->who[queue->count++];
    who->turn = (struct turn){ .go = on_go, .line = line, .rank = rank };
    who->queue = queue;
    (void)snprintf(who->name, sizeof(who->name), "%s", name);
    if (turn_ask(&queue->turns, &who->turn))
        on_go(&who->turn);
    return who;
}

static void leave(struct who *who)
{
    turn_leave(&who->queue->turns, &who->turn);
}

#define assert_went(queue, names)                  \
    do {                                           \
        assert_string_equal((queue)->went, names); \
        (queue)->went[0] = '\0';                   \
    } while (0)

static void begin(struct queue *queue, unsigned places, unsigned begins)
{
    const struct turns_parts parts = {
        .base = queue->base, .places = places, .begins = begins, .spare = &queue->spare, .now = told
    };
    turns_done(&queue->turns);
    turns_init(&queue->turns, &parts);
    line_init(&queue->ann, UINT_MAX);
    line_init(&queue->bob, UINT_MAX);
    line_init(&queue->eve, 1);
}

static int set_up(void **state)
{
    static struct queue queue;
    queue = (struct queue){ .base = event_base_new() };
    queue.spare = (struct spare){ .load = memfd_create("load", MFD_CLOEXEC),
                                  .memory = memfd_create("memory", MFD_CLOEXEC),
                                  .processors = 2 };
    host_is(&queue, 100, 1024); /* busy, with memory */
    *state = &queue;
    return 0;
}

static int tear_down(void **state)
{
    struct queue *queue = *state;
    turns_done(&queue->turns);
    event_base_free(queue->base);
    spare_close(&queue->spare);
    return 0;
}

static void loop_once(struct queue *queue)
{
    (void)event_base_loop(queue->base, EVLOOP_ONCE);
}

/* --- the order ---------------------------------------------------------------------------- */

static void principals_take_turns(void **state)
{
    struct queue *queue = *state;
    begin(queue, 1, 1);
    struct who *first = ask(queue, &queue->ann, TURN_CALL, "a0");
    static const char *const anns[] = { "a1", "a2", "a3" }, *const bobs[] = { "b1", "b2" };
    struct who *a[3], *b[2];
    for (int i = 0; i < 3; i++)
        a[i] = ask(queue, &queue->ann, TURN_CALL, anns[i]);
    for (int i = 0; i < 2; i++)
        b[i] = ask(queue, &queue->bob, TURN_CALL, bobs[i]);
    assert_went(queue, "a0 ");
    assert_int_equal(turn_position(&queue->turns, &first->turn), 0);
    assert_int_equal(turn_position(&queue->turns, &a[0]->turn), 1);
    assert_int_equal(turn_position(&queue->turns, &b[0]->turn), 2);
    assert_int_equal(turn_position(&queue->turns, &a[1]->turn), 3);
    assert_int_equal(turn_position(&queue->turns, &b[1]->turn), 4);
    assert_int_equal(turn_position(&queue->turns, &a[2]->turn), 5);
    leave(first);
    leave(a[0]);
    leave(b[0]);
    leave(a[1]);
    leave(b[1]);
    leave(a[2]);
    assert_went(queue, "a1 b1 a2 b2 a3 ");
    assert_int_equal(queue->turns.taken + queue->turns.beginning + queue->ann.taken, 0);
}

static void who_has_fewer_places_goes_first(void **state)
{
    struct queue *queue = *state;
    begin(queue, 3, 3);
    struct who *a[3];
    for (int i = 0; i < 3; i++)
        a[i] = ask(queue, &queue->ann, TURN_CALL, "a");
    (void)ask(queue, &queue->ann, TURN_CALL, "a3");
    (void)ask(queue, &queue->bob, TURN_CALL, "b0");
    (void)ask(queue, &queue->bob, TURN_CALL, "b1");
    assert_went(queue, "a a a ");
    leave(a[0]);
    leave(a[1]);
    assert_went(queue, "b0 a3 "); /* two of ann's and none of bob's; then one of each */
}

static void calls_go_before_jobs_which_are_not_forgotten(void **state)
{
    struct queue *queue = *state;
    begin(queue, 1, 1);
    struct who *at = ask(queue, &queue->ann, TURN_BACKGROUND, "first");
    struct who *job = ask(queue, &queue->ann, TURN_BACKGROUND, "job");
    assert_int_equal(turn_position(&queue->turns, &job->turn), 1);
    struct who *calls[TURN_CALLS_IN_A_ROW + 1];
    for (int i = 0; i <= TURN_CALLS_IN_A_ROW; i++)
        calls[i] = ask(queue, &queue->bob, TURN_CALL, "c");
    assert_int_equal(turn_position(&queue->turns, &job->turn), TURN_CALLS_IN_A_ROW + 2);
    assert_went(queue, "first ");
    leave(at);
    for (int i = 0; i < TURN_CALLS_IN_A_ROW; i++)
        leave(calls[i]);
    assert_went(queue, "c c c c c c c c job ");
    leave(job);
    assert_went(queue, "c ");
}

static void who_may_run_no_more_holds_nobody_up(void **state)
{
    struct queue *queue = *state;
    begin(queue, 8, 8);
    struct who *one = ask(queue, &queue->eve, TURN_CALL, "e1");
    struct who *two = ask(queue, &queue->eve, TURN_CALL, "e2");
    (void)ask(queue, &queue->bob, TURN_CALL, "b1");
    assert_went(queue, "e1 b1 ");
    assert_int_equal(queue->eve.waiting, 1);
    leave(one);
    assert_went(queue, "e2 ");
    leave(two);
}

static void who_waits_may_leave(void **state)
{
    struct queue *queue = *state;
    begin(queue, 1, 1);
    struct who *at = ask(queue, &queue->ann, TURN_CALL, "a0");
    struct who *gone = ask(queue, &queue->ann, TURN_CALL, "a1");
    struct who *last = ask(queue, &queue->bob, TURN_CALL, "b1");
    leave(gone);
    assert_int_equal(turn_position(&queue->turns, &last->turn), 1);
    leave(at);
    leave(last);
    leave(last); /* once more is nothing */
    assert_went(queue, "a0 b1 ");
    assert_int_equal(queue->turns.taken, 0);
}

/* --- what the host has ----------------------------------------------------------------------- */

static void background_jobs_leave_places_for_calls(void **state)
{
    struct queue *queue = *state;
    host_is(queue, 1, 1024);
    begin(queue, 8, 8);
    for (int i = 0; i < 8; i++)
        (void)ask(queue, &queue->ann, TURN_BACKGROUND, "j");
    assert_went(queue, "j j j j j j ");
    (void)ask(queue, &queue->ann, TURN_CALL, "c1");
    (void)ask(queue, &queue->ann, TURN_CALL, "c2");
    (void)ask(queue, &queue->ann, TURN_CALL, "c3");
    assert_went(queue, "c1 c2 ");
}

static void few_begin_at_the_same_time(void **state)
{
    struct queue *queue = *state;
    begin(queue, 100, 2);
    struct who *one = ask(queue, &queue->ann, TURN_CALL, "1");
    (void)ask(queue, &queue->ann, TURN_CALL, "2");
    (void)ask(queue, &queue->ann, TURN_CALL, "3");
    (void)ask(queue, &queue->ann, TURN_CALL, "4");
    (void)ask(queue, &queue->ann, TURN_CALL, "5");
    assert_went(queue, "1 2 ");
    leave(one);
    assert_went(queue, "3 ");
    loop_once(queue);
    assert_went(queue, "");
    clock_ns += TURN_BEGINS_MS * NS_PER_MS; /* those before them have begun by then */
    loop_once(queue);
    assert_went(queue, "4 5 ");
    assert_int_equal(queue->turns.taken, 4);
}

static void who_waits_for_others_begins_no_more(void **state)
{
    struct queue *queue = *state;
    begin(queue, 100, 1);
    struct who *one = ask(queue, &queue->ann, TURN_CALL, "1");
    turn_begun(&queue->turns, &one->turn);
    (void)ask(queue, &queue->ann, TURN_CALL, "2");
    assert_went(queue, "1 2 ");
}

static void processors_that_nobody_uses_are_used(void **state)
{
    struct queue *queue = *state;
    begin(queue, 100, 1);
    (void)ask(queue, &queue->ann, TURN_CALL, "1");
    host_is(queue, 1, 1024); /* two processors, and only we run */
    (void)ask(queue, &queue->ann, TURN_CALL, "2");
    (void)ask(queue, &queue->ann, TURN_CALL, "3");
    assert_went(queue, "1 2 3 ");
    host_is(queue, 3, 1024);
    (void)ask(queue, &queue->ann, TURN_CALL, "4");
    assert_went(queue, "");
}

static void nothing_begins_beside_others_without_memory(void **state)
{
    struct queue *queue = *state;
    host_is(queue, 1, 10);
    begin(queue, 100, 100);
    struct who *one = ask(queue, &queue->ann, TURN_CALL, "1"); /* alone it may */
    struct who *two = ask(queue, &queue->ann, TURN_CALL, "2");
    assert_went(queue, "1 ");
    loop_once(queue);
    assert_went(queue, "");
    host_is(queue, 1, 1024);
    loop_once(queue);
    assert_went(queue, "2 ");
    leave(one);
    leave(two);
}

static void on_a_busy_host_background_jobs_begin_one_after_the_other(void **state)
{
    struct queue *queue = *state;
    begin(queue, 100, 1);
    struct who *one = ask(queue, &queue->ann, TURN_BACKGROUND, "1");
    turn_begun(&queue->turns, &one->turn);
    (void)ask(queue, &queue->ann, TURN_BACKGROUND, "2");
    (void)ask(queue, &queue->ann, TURN_CALL, "c");
    assert_went(queue, "1 c ");
    clock_ns += TURN_BEGINS_MS * NS_PER_MS;
    loop_once(queue);
    assert_went(queue, "");
    clock_ns += TURN_PATIENCE_MS * NS_PER_MS;
    loop_once(queue);
    assert_went(queue, "2 ");
}

static void a_host_that_says_nothing_is_in_nobodys_way(void **state)
{
    struct queue *queue = *state;
    struct spare none = { .load = -1, .memory = -1, .processors = 1 };
    assert_int_equal(spare_processors(&none), 0);
    assert_int_equal(spare_runs(&none), UINT_MAX);
    put(queue->spare.load, "words");
    put(queue->spare.memory, "MemTotal: many\n");
    assert_int_equal(spare_processors(&queue->spare), 0);
    assert_int_equal(spare_runs(&queue->spare), UINT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(principals_take_turns, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_has_fewer_places_goes_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(calls_go_before_jobs_which_are_not_forgotten, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(who_may_run_no_more_holds_nobody_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_waits_may_leave, set_up, tear_down),
        cmocka_unit_test_setup_teardown(background_jobs_leave_places_for_calls, set_up, tear_down),
        cmocka_unit_test_setup_teardown(few_begin_at_the_same_time, set_up, tear_down),
        cmocka_unit_test_setup_teardown(who_waits_for_others_begins_no_more, set_up, tear_down),
        cmocka_unit_test_setup_teardown(processors_that_nobody_uses_are_used, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nothing_begins_beside_others_without_memory, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(on_a_busy_host_background_jobs_begin_one_after_the_other,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_host_that_says_nothing_is_in_nobodys_way, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
