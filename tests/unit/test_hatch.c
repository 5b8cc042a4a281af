/* SPDX-License-Identifier: Apache-2.0 */
/* test_hatch.c - who knocks at a gate, what he is answered, and what he may hand in then. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cordon/hatch.h>

#include "fd.h"
#include "hatch.h"
#include "str.h"
#include "unit.h"

static char place[] = "/tmp/cordon-test-XXXXXX";
static unsigned char frame[LAUNCH_FRAME_MAX];
static struct sandbox sandbox = { .state_fd = -1 };
static unsigned launched;
static bool room = true;

static bool has_room(void *context)
{
    (void)context;
    return room;
}

static void take(void *context, int caller, size_t len, int *fds, size_t count)
{
    (void)context;
    (void)len;
    launched++;
    for (size_t i = 0; i < count; i++)
        own_close(&fds[i]);
    assert_true(hatch_taken(caller));
}

static struct footing here(void)
{
    struct footing footing;
    const struct footing_of of = { .program = "/proc/self/exe" };
    footing_find(&of, &footing);
    return footing;
}

static int begin(void **state)
{
    static struct hatch hatch;
    struct error err = { 0 };
    (void)snprintf(place, sizeof(place), "/tmp/cordon-test-XXXXXX");
    if (!mkdtemp(place) || config_parse("test", "{}", 2, &sandbox.config, &err) < 0)
        return -1;
    sandbox.state_fd = open(place, O_PATH | O_DIRECTORY | O_CLOEXEC);
    sandbox.uid = geteuid();
    sandbox.footing = here();
    sandbox.rights = hatch_rights();
    hatch = (struct hatch){
        .sandbox = &sandbox, .frame = frame, .has_room = has_room, .launched = take
    };
    hatch_open(&hatch);
    launched = 0;
    *state = &hatch;
    return hatch.listener >= 0 ? 0 : -1;
}

static int end(void **state)
{
    struct error ignored;
    hatch_close(*state);
    own_close(&sandbox.state_fd);
    free(sandbox.rights);
    config_done(&sandbox.config);
    return tree_remove(AT_FDCWD, place, &ignored);
}

static void serve(struct hatch *hatch)
{
    struct pollfd polls[HATCH_POLLS];
    size_t count;
    while (count = hatch_watch(hatch, polls), poll(polls, count, 0) > 0)
        hatch_serve(hatch, polls, count);
}

static int call(const struct hatch *hatch)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/hatch/%s", place, hatch->name);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

static void send_knock(int fd, const struct knock *knock)
{
    unsigned char bytes[4096];
    size_t len;
    struct error err = { 0 };
    assert_ok(knock_encode(knock, bytes, &len, &err), &err);
    assert_int_equal(send(fd, bytes, len, 0), (ssize_t)len);
}

/* What came back, as text; "" at the end of the connection, NULL where nothing came. */
static const char *heard(int fd)
{
    static char words[300];
    ssize_t n = recv(fd, words, sizeof(words) - 1, MSG_DONTWAIT);
    words[n > 0 ? n : 0] = '\0';
    return n < 0 ? NULL : words;
}

static const char *answer_to(struct hatch *hatch, const struct knock *knock)
{
    autoclose int fd = call(hatch);
    send_knock(fd, knock);
    serve(hatch);
    return heard(fd);
}

static struct knock polite(void)
{
    return (struct knock){ .from = here(), .policy = "default" };
}

static void an_equal_is_welcome_and_hands_in_one_launch(void **state)
{
    struct hatch *hatch = *state;
    const struct knock knock = polite();
    autoclose int fd = call(hatch);
    send_knock(fd, &knock);
    serve(hatch);
    assert_string_equal(heard(fd), "y");
    assert_int_equal(send(fd, "L", 1, 0), 1);
    serve(hatch);
    assert_int_equal(launched, 1);
    assert_string_equal(heard(fd), "t");
    assert_string_equal(heard(fd), "");
}

static void nothing_is_taken_of_who_was_not_welcome(void **state)
{
    struct hatch *hatch = *state;
    autoclose int before = call(hatch), after = call(hatch);
    struct knock elsewhere = polite();
    elsewhere.from.parts[FOOTING_ENVIRONMENT]++;
    assert_int_equal(send(before, "L", 1, 0), 1);
    send_knock(after, &elsewhere);
    serve(hatch);
    assert_int_equal(*heard(before), HATCH_NO);
    assert_int_equal(*heard(after), HATCH_NO);
    assert_int_equal(send(after, "L", 1, MSG_NOSIGNAL), -1);
    assert_int_equal(launched, 0);
}

static void a_refusal_says_why(void **state)
{
    struct knock knock = polite();
    assert_int_equal(*answer_to(*state, &knock), HATCH_WELCOME);
    (void)snprintf(knock.policy, sizeof(knock.policy), "ci");
    assert_non_null(strstr(answer_to(*state, &knock), "policy ci"));
    knock = polite();
    knock.directory = place;
    assert_non_null(strstr(answer_to(*state, &knock), "outside the allowed"));
    knock = polite();
    knock.from.limits[0] = 1;
    assert_non_null(strstr(answer_to(*state, &knock), "limit"));
    knock = polite();
    room = false;
    assert_non_null(strstr(answer_to(*state, &knock), "no room"));
    room = true;
}

static void a_knock_that_is_none_ends_the_connection(void **state)
{
    struct hatch *hatch = *state;
    unsigned char bytes[4096];
    size_t len;
    struct error err = { 0 };
    const struct knock knock = polite();
    assert_ok(knock_encode(&knock, bytes, &len, &err), &err);
    for (size_t cut = 1; cut < len; cut++) {
        autoclose int fd = call(hatch);
        assert_int_equal(send(fd, bytes, cut, 0), (ssize_t)cut);
        serve(hatch);
        assert_int_equal(*heard(fd), HATCH_NO);
        assert_string_equal(heard(fd), "");
    }
}

/* Serves until a child of ours has gone; its status. */
static int serve_child(struct hatch *hatch, pid_t child)
{
    int status;
    while (waitpid(child, &status, WNOHANG) == 0) {
        struct pollfd polls[HATCH_POLLS];
        size_t count = hatch_watch(hatch, polls);
        (void)poll(polls, count, 20);
        hatch_serve(hatch, polls, count);
    }
    return status;
}

/* 1: it was answered; 0: nobody heard it. */
static int knock_as_child(const struct hatch *hatch)
{
    const struct knock knock = polite();
    int fd = call(hatch);
    unsigned char bytes[4096];
    size_t len;
    struct error err;
    (void)!knock_encode(&knock, bytes, &len, &err);
    (void)!send(fd, bytes, len, MSG_NOSIGNAL);
    struct pollfd answered = { .fd = fd, .events = POLLIN };
    (void)poll(&answered, 1, -1);
    const char *words = heard(fd);
    return words && *words;
}

static void who_has_given_up_privileges_is_not_heard(void **state)
{
    for (int confined = 0; confined <= 1; confined++) {
        pid_t child = fork();
        if (child == 0) {
            if (confined)
                (void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
            _exit(knock_as_child(*state));
        }
        assert_int_equal(WEXITSTATUS(serve_child(*state, child)), !confined);
    }
}

static void who_says_nothing_is_pushed_out_by_others(void **state)
{
    struct hatch *hatch = *state;
    int silent[HATCH_CALLERS + 1];
    for (size_t i = 0; i < COUNT(silent); i++) {
        silent[i] = call(hatch);
        serve(hatch);
    }
    assert_string_equal(heard(silent[0]), "");
    assert_null(heard(silent[1]));
    for (size_t i = 0; i < COUNT(silent); i++)
        own_close(&silent[i]);
    serve(hatch);
    const struct knock knock = polite();
    assert_string_equal(answer_to(hatch, &knock), "y");
}

static void a_name_ends_with_its_server(void **state)
{
    struct hatch *hatch = *state;
    autofree char *path = xasprintf("%s/hatch/%s", place, hatch->name);
    assert_int_equal(access(path, F_OK), 0);
    hatch_close(hatch);
    assert_int_equal(access(path, F_OK), -1);
    struct pollfd polls[HATCH_POLLS];
    assert_int_equal(hatch_watch(hatch, polls), 0);
}

/* --- where a process stands ----------------------------------------------------------------- */

static void what_decides_about_packages_is_part_of_where_one_stands(void **state)
{
    (void)state;
    const struct footing before = here();
    assert_int_equal(setenv("UNRELATED", "x", 1), 0);
    struct footing after = here();
    assert_null(footing_differs(&before, &after));
    assert_int_equal(setenv("UV_INDEX_URL", "https://example.org", 1), 0);
    after = here();
    assert_non_null(footing_differs(&before, &after));
    assert_int_equal(unsetenv("UV_INDEX_URL"), 0);
    after = here();
    assert_null(footing_differs(&before, &after));
}

static void a_caller_may_be_bounded_less_than_the_server_but_not_more(void **state)
{
    (void)state;
    struct footing server = here(), caller = server;
    server.limits[1] = 1000;
    caller.limits[1] = 2000;
    assert_null(footing_differs(&server, &caller));
    caller.limits[1] = 999;
    assert_non_null(footing_differs(&server, &caller));
}

#define AT_A_GATE(test) cmocka_unit_test_setup_teardown(test, begin, end)

static const struct CMUnitTest tests[] = {
    AT_A_GATE(an_equal_is_welcome_and_hands_in_one_launch),
    AT_A_GATE(nothing_is_taken_of_who_was_not_welcome),
    AT_A_GATE(a_refusal_says_why),
    AT_A_GATE(a_knock_that_is_none_ends_the_connection),
    AT_A_GATE(who_has_given_up_privileges_is_not_heard),
    AT_A_GATE(who_says_nothing_is_pushed_out_by_others),
    AT_A_GATE(a_name_ends_with_its_server),
    cmocka_unit_test(what_decides_about_packages_is_part_of_where_one_stands),
    cmocka_unit_test(a_caller_may_be_bounded_less_than_the_server_but_not_more),
};

UNIT_MAIN(tests)
