/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/stdio.h"
#include "str.h"
#include "unit.h"

struct client {
    struct event_base *base;
    struct stdio *stdio;
    int to, from; /* our ends: what it reads, what it wrote */
    char **lines;
    size_t long_head; /* bytes kept of the last line that was too long */
    unsigned too_long, closed;
    size_t longest;
    bool echo; /* answer each line with itself */
};

static void on_line(void *context, const char *text, size_t len)
{
    struct client *client = context;
    if (len > client->longest)
        client->longest = len;
    autofree char *copy = xstrndup(text, len < 200 ? len : 200);
    list_add(&client->lines, copy);
    if (client->echo)
        stdio_send(client->stdio, copy);
}

static void on_too_long(void *context, const char *head, size_t len)
{
    struct client *client = context;
    client->too_long++;
    client->long_head = len;
    assert_memory_equal(head, "xxxx", 4);
}

static void on_closed(void *context)
{
    ((struct client *)context)->closed++;
}

static void on_flushed(void *context)
{
    (void)context;
}

static int setup(void **state)
{
    struct client *client = xcalloc(1, sizeof(*client));
    int in[2], out[2];
    (void)signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe2(in, O_CLOEXEC | O_NONBLOCK), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC | O_NONBLOCK), 0);
    client->to = in[1];
    client->from = out[0];
    client->base = event_base_new();
    const struct stdio_events events = { on_line, on_too_long, on_closed, on_flushed, client };
    client->stdio = stdio_new(client->base, in[0], out[1], &events);
    *state = client;
    return 0;
}

static int teardown(void **state)
{
    struct client *client = *state;
    stdio_free(client->stdio);
    event_base_free(client->base);
    own_close(&client->to);
    own_close(&client->from);
    list_free(client->lines);
    free(client);
    return 0;
}

static void turn(struct client *client)
{
    for (int i = 0; i < 4; i++)
        (void)event_base_loop(client->base, EVLOOP_NONBLOCK);
}

static void put(struct client *client, const char *text)
{
    assert_int_equal(write(client->to, text, strlen(text)), strlen(text));
    turn(client);
}

static void hang_up(struct client *client)
{
    own_close(&client->to);
    client->to = -1;
    turn(client);
}

static void lines_are_whole_however_they_come(void **state)
{
    struct client *client = *state;
    put(client, "on");
    put(client, "e\ntwo\n\nthr");
    assert_int_equal(list_len(client->lines), 3);
    assert_string_equal(client->lines[0], "one");
    assert_string_equal(client->lines[1], "two");
    assert_string_equal(client->lines[2], "");
    put(client, "ee\n");
    assert_string_equal(client->lines[3], "three");
    assert_int_equal(client->closed, 0);
}

static void a_last_line_needs_no_end(void **state)
{
    struct client *client = *state;
    put(client, "one\ntwo");
    hang_up(client);
    assert_int_equal(list_len(client->lines), 2);
    assert_string_equal(client->lines[1], "two");
    assert_int_equal(client->closed, 1);
}

/* Writes that many 'x' as the client, the loop reading along. */
static void pour(struct client *client, size_t len)
{
    static char bytes[65536];
    memset(bytes, 'x', sizeof(bytes));
    while (len > 0) {
        ssize_t n = write(client->to, bytes, len < sizeof(bytes) ? len : sizeof(bytes));
        if (n > 0)
            len -= (size_t)n;
        turn(client);
    }
}

static void the_longest_line_is_taken(void **state)
{
    struct client *client = *state;
    pour(client, STDIO_LINE_MAX);
    put(client, "\nnext\n");
    assert_int_equal(client->too_long, 0);
    assert_true(client->longest == STDIO_LINE_MAX);
    assert_string_equal(client->lines[1], "next");
}

static void a_longer_line_is_skipped_to_its_end(void **state)
{
    struct client *client = *state;
    pour(client, STDIO_LINE_MAX + 1);
    assert_int_equal(client->too_long, 0); /* told at its end, so that answers keep their order */
    pour(client, STDIO_LINE_MAX);
    put(client, "\nnext\n");
    assert_int_equal(client->too_long, 1);
    assert_true(client->long_head == STDIO_HEAD_MAX);
    assert_int_equal(list_len(client->lines), 1);
    assert_string_equal(client->lines[0], "next");
}

static void what_a_client_does_not_read_is_bounded(void **state)
{
    struct client *client = *state;
    client->echo = true;
    autofree char *line = xcalloc(1, 102);
    memset(line, 'y', 100);
    line[100] = '\n';
    /* It writes until nobody takes it any more. */
    size_t written = 0;
    for (unsigned idle = 0; idle < 8;) {
        ssize_t n = write(client->to, line, 101);
        idle = n < 0 ? idle + 1 : 0;
        written += n > 0 ? (size_t)n : 0;
        if (n < 0)
            turn(client);
    }
    assert_true(stdio_pending(client->stdio) > STDIO_QUEUE_MAX);
    assert_true(stdio_pending(client->stdio) < STDIO_QUEUE_MAX + 256 * 1024);
    /* Then it reads everything, and reading goes on where it stopped. */
    size_t got = 0;
    static char bytes[65536];
    for (unsigned idle = 0; idle < 8;) {
        ssize_t n = read(client->from, bytes, sizeof(bytes));
        idle = n < 0 ? idle + 1 : 0;
        got += n > 0 ? (size_t)n : 0;
        turn(client);
    }
    assert_true(got == written);
    assert_int_equal(stdio_pending(client->stdio), 0);
}

static void a_client_that_reads_no_more_has_closed(void **state)
{
    struct client *client = *state;
    own_close(&client->from);
    client->from = -1;
    stdio_send(client->stdio, "into the void");
    assert_int_equal(client->closed, 0); /* from the loop, not from here */
    assert_int_equal(stdio_pending(client->stdio), 0);
    turn(client);
    assert_int_equal(client->closed, 1);
    put(client, "ignored\n");
    assert_int_equal(list_len(client->lines), 0);
}

/* --- whose descriptors they are ---------------------------------------------------- */

static bool same_file(int one, int two)
{
    struct stat a, b;
    return fstat(one, &a) == 0 && fstat(two, &b) == 0 && a.st_ino == b.st_ino &&
           a.st_dev == b.st_dev && a.st_rdev == b.st_rdev;
}

/* In a child: it gives its own three away. */
static int claim(const int given[3], const int before[3])
{
    struct error err = { 0 };
    int in, out;
    for (int fd = 0; fd < 3; fd++)
        if (dup2(given[fd], fd) < 0)
            return 10;
    if (stdio_claim(&in, &out, &err) < 0)
        return 11;
    struct stat null, zero;
    if (stat("/dev/null", &null) < 0 || fstat(0, &zero) < 0 || null.st_rdev != zero.st_rdev)
        return 12;
    if (!same_file(1, 2) || !same_file(2, before[2]))
        return 13;
    if (!same_file(in, before[0]) || !same_file(out, before[1]) || in < 3 || out < 3)
        return 14;
    if (!(fcntl(in, F_GETFD) & FD_CLOEXEC) || !(fcntl(out, F_GETFD) & FD_CLOEXEC))
        return 15;
    /* Our non-blocking mode is our own. */
    if (!(fcntl(in, F_GETFL) & O_NONBLOCK) || fcntl(before[0], F_GETFL) & O_NONBLOCK)
        return 16;
    if (!(fcntl(out, F_GETFL) & O_NONBLOCK) || fcntl(before[1], F_GETFL) & O_NONBLOCK)
        return 17;
    return 0;
}

static void nothing_else_can_touch_the_protocol(void **state)
{
    (void)state;
    int in[2], out[2], log[2];
    assert_int_equal(pipe2(in, O_CLOEXEC), 0);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    assert_int_equal(pipe2(log, O_CLOEXEC), 0);
    const int given[3] = { in[0], out[1], log[1] };
    pid_t child = fork();
    if (child == 0)
        _exit(claim(given, given));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 0);
    int all[] = { in[0], in[1], out[0], out[1], log[0], log[1] };
    for (size_t i = 0; i < COUNT(all); i++)
        close(all[i]);
}

static void files_can_be_read_too(void **state)
{
    (void)state;
    int file = open("/dev/null", O_RDWR | O_CLOEXEC);
    struct error err = { 0 };
    struct event_base *base = stdio_loop(file, file, &err);
    assert_non_null(base);
    assert_string_not_equal(event_base_get_method(base), "epoll");
    event_base_free(base);
    close(file);
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    base = stdio_loop(ends[0], ends[1], &err);
    assert_string_equal(event_base_get_method(base), "epoll");
    event_base_free(base);
    close(ends[0]);
    close(ends[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static const struct CMUnitTest tests[] = {
    TEST(lines_are_whole_however_they_come),
    TEST(a_last_line_needs_no_end),
    TEST(the_longest_line_is_taken),
    TEST(a_longer_line_is_skipped_to_its_end),
    TEST(what_a_client_does_not_read_is_bounded),
    TEST(a_client_that_reads_no_more_has_closed),
    cmocka_unit_test(nothing_else_can_touch_the_protocol),
    cmocka_unit_test(files_can_be_read_too),
};

UNIT_MAIN(tests)
