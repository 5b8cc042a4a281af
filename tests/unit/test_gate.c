/* SPDX-License-Identifier: Apache-2.0 */
#include <event2/event.h>

#include "fake_gate.h"
#include "mcp/gate.h"
#include "str.h"

struct asked {
    int code, calls;
    char *path, *text;
};

static void remember(void *context, const struct resolved *resolved, int fd)
{
    struct asked *asked = context;
    struct error err = { 0 };
    asked->calls++;
    asked->code = resolved->code;
    free(asked->path);
    asked->path = resolved->path ? xstrdup(resolved->path) : NULL;
    if (fd >= 0) {
        free(asked->text);
        assert_ok(fd_read_all(fd, 1000, &asked->text, NULL, &err), &err);
        close(fd);
    }
}

static void asked_done(struct asked *asked)
{
    free(asked->path);
    free(asked->text);
}

static void count_death(void *context)
{
    ++*(int *)context;
}

struct setup {
    struct event_base *base;
    struct gate *gate;
    int other, deaths;
};

static int setup(void **state)
{
    struct setup *setup = xcalloc(1, sizeof(*setup));
    int ends[2];
    fake_gate_open(ends);
    setup->base = event_base_new();
    setup->gate = gate_new(setup->base, ends[0], count_death, &setup->deaths);
    setup->other = ends[1];
    *state = setup;
    return 0;
}

static int teardown(void **state)
{
    struct setup *setup = *state;
    gate_free(setup->gate);
    event_base_free(setup->base);
    own_close(&setup->other);
    free(setup);
    return 0;
}

static void turn(struct setup *setup)
{
    (void)event_base_loop(setup->base, EVLOOP_NONBLOCK);
}

static uint32_t ask(struct setup *setup, const char *path, struct asked *asked)
{
    uint32_t ticket;
    struct error err = { 0 };
    const struct gate_ask ask = { .owner = OWNER_LOCAL,
                                  .directory = "/srv",
                                  .path = path,
                                  .answer = remember,
                                  .context = asked };
    assert_ok(gate_ask(setup->gate, &ask, &ticket, &err), &err);
    return ticket;
}

static void answers_find_their_question_in_any_order(void **state)
{
    struct setup *setup = *state;
    struct asked one = { 0 }, two = { 0 };
    ask(setup, "one.py", &one);
    ask(setup, "two.py", &two);
    struct resolve first = fake_gate_asked(setup->other), second = fake_gate_asked(setup->other);
    assert_string_equal(first.path, "one.py");
    assert_string_equal(second.directory, "/srv");
    fake_gate_answer(setup->other, &second, "/srv", "/srv/two.py", "print(2)", NULL);
    turn(setup);
    assert_int_equal(one.calls, 0);
    assert_string_equal(two.text, "print(2)");
    fake_gate_answer(setup->other, &first, NULL, NULL, NULL, "not beneath a root");
    turn(setup);
    assert_int_equal(one.code, EPERM);
    asked_done(&one);
    asked_done(&two);
}

static void a_forgotten_question_is_answered_to_nobody(void **state)
{
    struct setup *setup = *state;
    struct asked asked = { 0 };
    gate_forget(setup->gate, ask(setup, "one.py", &asked));
    struct resolve question = fake_gate_asked(setup->other);
    fake_gate_answer(setup->other, &question, "/srv", "/srv/one.py", "print(1)", NULL);
    turn(setup);
    assert_int_equal(asked.calls, 0);
    gate_forget(setup->gate, 0);
}

static void only_so_many_questions_are_on_the_wire(void **state)
{
    struct setup *setup = *state;
    enum { QUESTIONS = 50 };
    struct asked asked[QUESTIONS] = { 0 };
    uint32_t tickets[QUESTIONS];
    for (int i = 0; i < QUESTIONS; i++)
        tickets[i] = ask(setup, "x.py", &asked[i]);
    gate_forget(setup->gate, tickets[QUESTIONS - 1]);
    int seen = 0;
    (void)fcntl(setup->other, F_SETFL, O_NONBLOCK);
    for (char c; recv(setup->other, &c, 1, MSG_PEEK) > 0; seen++) {
        struct resolve question = fake_gate_asked(setup->other);
        int before = 0, after = 0;
        for (int i = 0; i < QUESTIONS; i++)
            before += asked[i].calls;
        assert_int_equal(before, seen);
        fake_gate_answer(setup->other, &question, "/srv", "/srv/x.py", "", NULL);
        turn(setup);
        for (int i = 0; i < QUESTIONS; i++)
            after += asked[i].calls;
        assert_int_equal(after, seen + 1);
    }
    assert_int_equal(seen, QUESTIONS - 1);
    for (int i = 0; i < QUESTIONS; i++)
        asked_done(&asked[i]);
}

static void its_death_answers_everything_with_a_fault(void **state)
{
    struct setup *setup = *state;
    struct asked asked = { 0 }, late = { 0 };
    ask(setup, "one.py", &asked);
    own_close(&setup->other);
    setup->other = -1;
    turn(setup);
    assert_int_equal(asked.calls, 1);
    assert_int_not_equal(asked.code, 0);
    assert_int_equal(setup->deaths, 1);
    uint32_t ticket;
    struct error err = { 0 };
    const struct gate_ask ask = {
        .owner = OWNER_LOCAL, .path = "x", .answer = remember, .context = &late
    };
    assert_true(gate_ask(setup->gate, &ask, &ticket, &err) < 0);
    assert_int_equal(err.blame, BLAME_HOST);
    asked_done(&asked);
}

static void nonsense_from_the_gate_is_its_death(void **state)
{
    struct setup *setup = *state;
    assert_int_equal(send(setup->other, "nonsense", 8, 0), 8);
    turn(setup);
    assert_int_equal(setup->deaths, 1);
}

static void a_path_too_long_for_a_frame_is_the_callers(void **state)
{
    struct setup *setup = *state;
    autofree char *path = xcalloc(1, LAUNCH_FRAME_MAX + 1);
    memset(path, 'a', LAUNCH_FRAME_MAX);
    struct asked asked = { 0 };
    uint32_t ticket;
    struct error err = { 0 };
    const struct gate_ask ask = {
        .owner = OWNER_LOCAL, .path = path, .answer = remember, .context = &asked
    };
    assert_true(gate_ask(setup->gate, &ask, &ticket, &err) < 0);
    assert_int_equal(err.blame, BLAME_CALLER);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(answers_find_their_question_in_any_order, setup, teardown),
    cmocka_unit_test_setup_teardown(a_forgotten_question_is_answered_to_nobody, setup, teardown),
    cmocka_unit_test_setup_teardown(only_so_many_questions_are_on_the_wire, setup, teardown),
    cmocka_unit_test_setup_teardown(its_death_answers_everything_with_a_fault, setup, teardown),
    cmocka_unit_test_setup_teardown(nonsense_from_the_gate_is_its_death, setup, teardown),
    cmocka_unit_test_setup_teardown(a_path_too_long_for_a_frame_is_the_callers, setup, teardown),
};

UNIT_MAIN(tests)
