/* SPDX-License-Identifier: Apache-2.0 */
/* test_terminal.c - bytes between a terminal and two pipes. */
#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cordon/own.h>

#include "fd.h"
#include "terminal.h"
#include "unit.h"

/* What a terminal's driver and a pipe hold together is less. */
#define FLOOD ((size_t)512 * 1024)

struct desk {
    struct terminal terminal;
    int follower; /* what a box has */
    int keys;     /* our ends of the pipes */
    int screen;
};

static int desk_set_up(void **state)
{
    static struct desk desk;
    int keys[2], screen[2], locked = 0;
    struct termios modes;
    struct error err = { 0 };
    int leader = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (leader < 0 || ioctl(leader, TIOCSPTLCK, &locked) < 0 || pipe2(keys, O_CLOEXEC) < 0 ||
        pipe2(screen, O_CLOEXEC) < 0)
        return -1;
    desk = (struct desk){ .follower = ioctl(leader, TIOCGPTPEER, O_RDWR | O_NOCTTY),
                          .keys = keys[1],
                          .screen = screen[0] };
    if (desk.follower < 0 || tcgetattr(desk.follower, &modes) < 0)
        return -1;
    cfmakeraw(&modes);
    *state = &desk;
    if (tcsetattr(desk.follower, TCSANOW, &modes) < 0 ||
        terminal_begin(&desk.terminal, keys[0], screen[1], &err) < 0)
        return -1;
    terminal_attach(&desk.terminal, leader);
    return 0;
}

static int desk_clear(void **state)
{
    struct desk *desk = *state;
    own_close(&desk->screen); /* first: nobody reads what is left */
    own_close(&desk->keys);
    own_close(&desk->follower);
    terminal_end(&desk->terminal);
    return 0;
}

/* One round of a supervisor's loop; how many were ready at once. */
static int turn(struct desk *desk)
{
    struct pollfd fds[TERMINAL_WATCHED];
    terminal_watch(&desk->terminal, fds);
    int ready = poll(fds, TERMINAL_WATCHED, 0);
    if (ready > 0)
        terminal_pump(&desk->terminal, fds);
    return ready;
}

static void settle(struct desk *desk)
{
    int turns = 0;
    while (turn(desk) > 0)
        assert_true(turns++ < 10000); /* or it would turn for ever */
}

static void bytes_go_both_ways(void **state)
{
    struct desk *desk = *state;
    char got[16] = { 0 };
    assert_int_equal(write(desk->keys, "in\3", 3), 3);
    settle(desk);
    assert_int_equal(read(desk->follower, got, sizeof(got)), 3);
    assert_memory_equal(got, "in\3", 3);
    assert_int_equal(write(desk->follower, "out\n", 4), 4);
    settle(desk);
    assert_int_equal(read(desk->screen, got, sizeof(got)), 4);
    assert_memory_equal(got, "out\n", 4);
}

static void a_size_arrives(void **state)
{
    struct desk *desk = *state;
    struct winsize size;
    terminal_resize(&desk->terminal, (struct screen){ .rows = 7, .columns = 300 });
    assert_int_equal(ioctl(desk->follower, TIOCGWINSZ, &size), 0);
    assert_int_equal(size.ws_row, 7);
    assert_int_equal(size.ws_col, 300);
}

/* Both sides stop whoever writes to them, and neither stops us. */
static void what_nobody_takes_is_waited_for_by_its_writer(void **state)
{
    struct desk *desk = *state;
    struct error err;
    static char flood[FLOOD];
    assert_ok(fd_nonblocking(desk->follower, &err), &err);
    assert_ok(fd_nonblocking(desk->keys, &err), &err);
    size_t shown = 0, typed = 0;
    for (int i = 0; i < 1000; i++) {
        ssize_t n = write(desk->follower, flood, sizeof(flood));
        shown += n > 0 ? (size_t)n : 0;
        n = write(desk->keys, flood, sizeof(flood));
        typed += n > 0 ? (size_t)n : 0;
        settle(desk);
    }
    assert_in_range(shown, TERMINAL_BYTES, FLOOD);
    assert_in_range(typed, TERMINAL_BYTES, FLOOD);
}

static void the_end_of_the_keys_is_no_end_of_the_terminal(void **state)
{
    struct desk *desk = *state;
    char got[16];
    own_close(&desk->keys);
    desk->keys = -1;
    settle(desk);
    assert_int_equal(write(desk->follower, "on", 2), 2);
    settle(desk);
    assert_int_equal(read(desk->screen, got, sizeof(got)), 2);
}

static void a_reader_that_goes_away_is_not_waited_for(void **state)
{
    struct desk *desk = *state;
    own_close(&desk->screen);
    desk->screen = -1;
    assert_int_equal(write(desk->follower, "lost", 4), 4);
    settle(desk);
    assert_int_equal(desk->terminal.screen, -1);
    own_close(&desk->follower);
    desk->follower = -1;
    terminal_end(&desk->terminal);
}

static void what_a_terminal_holds_at_its_end_arrives(void **state)
{
    struct desk *desk = *state;
    struct error err;
    static char flood[FLOOD];
    memset(flood, 'x', sizeof(flood));
    assert_ok(fd_nonblocking(desk->follower, &err), &err);
    size_t written = 0;
    for (int i = 0; i < 1000; i++) {
        ssize_t n = write(desk->follower, flood, sizeof(flood));
        written += n > 0 ? (size_t)n : 0;
        settle(desk);
    }
    own_close(&desk->follower);
    desk->follower = -1;
    /* Somebody who reads slowly, and counts. */
    pid_t reader = fork();
    assert_true(reader >= 0);
    if (reader == 0) {
        close(desk->terminal.screen);
        close(desk->terminal.leader);
        size_t seen = 0;
        for (ssize_t n; (n = read(desk->screen, flood, 1000)) > 0;)
            seen += (size_t)n;
        _exit(seen == written ? 0 : 1);
    }
    terminal_end(&desk->terminal);
    int status;
    assert_int_equal(waitpid(reader, &status, 0), reader);
    assert_int_equal(status, 0);
}

static void a_launch_carries_name_and_size(void **state)
{
    (void)state;
    static char frame[LAUNCH_FRAME_MAX];
    struct launch sent, got;
    struct error err;
    size_t len;
    unsigned present;
    launch_init(&sent);
    launch_init(&got);
    sent.terminal = strdup("xterm");
    sent.screen = (struct screen){ .rows = 65535, .columns = 1 };
    assert_ok(launch_encode(&sent, frame, &len, &err), &err);
    assert_ok(launch_decode(frame, len, &got, &present, &err), &err);
    assert_string_equal(got.terminal, "xterm");
    assert_int_equal(got.screen.rows, 65535);
    assert_int_equal(got.screen.columns, 1);
    launch_done(&sent);
    launch_done(&got);
}

#define AT_DESK(test) cmocka_unit_test_setup_teardown(test, desk_set_up, desk_clear)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_DESK(bytes_go_both_ways),
        AT_DESK(a_size_arrives),
        AT_DESK(what_nobody_takes_is_waited_for_by_its_writer),
        AT_DESK(the_end_of_the_keys_is_no_end_of_the_terminal),
        AT_DESK(a_reader_that_goes_away_is_not_waited_for),
        AT_DESK(what_a_terminal_holds_at_its_end_arrives),
        cmocka_unit_test(a_launch_carries_name_and_size),
    };
    (void)signal(SIGPIPE, SIG_IGN); /* as cordon-sandbox does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
