/* SPDX-License-Identifier: Apache-2.0 */
/* test_command_order.c - an order arrives as it was given, and half an order is none. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command_order.h"
#include "fd.h"
#include "str.h"
#include "unit.h"

#define TEXT(text) ((char *)(uintptr_t)(text))

enum verdict { TAKEN = 10, REFUSED, OTHERWISE };

/* As pid 1 of a box: takes the order, and writes all its words to what is its standard output. */
static _Noreturn void take(int report)
{
    struct command_order order = { 0 };
    struct error err = { 0 };
    autostr struct str words = { 0 };
    if (command_order_take(report, &order) < 0)
        _exit(errno == EBADMSG || errno == EMSGSIZE ? REFUSED : OTHERWISE);
    char *const *const lists[] = { order.argv, order.env, order.path };
    for (size_t i = 0; i < COUNT(lists); i++) {
        for (char *const *word = lists[i]; *word; word++)
            str_printf(&words, "%s|", *word);
        str_puts(&words, "/");
    }
    bool closed =
        fcntl(report + 1, F_GETFD) < 0; /* what came is where it belongs, and only there */
    int r = fd_write_all(STDOUT_FILENO, words.data, words.len, &err);
    _exit(r == 0 && closed ? TAKEN : OTHERWISE);
}

struct pair {
    int ours;
    pid_t child;
};

static struct pair begin(void)
{
    int ends[2];
    assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), errno);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        take(dup2(ends[1], 60));
    }
    close(ends[1]);
    return (struct pair){ ends[0], child };
}

static int end(struct pair *pair)
{
    int status = 0;
    close(pair->ours);
    assert_int_equal(waitpid(pair->child, &status, 0), pair->child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void what_was_given_arrives(void **unused)
{
    (void)unused;
    char *argv[] = { TEXT("run"), TEXT(""), TEXT("with spaces"), NULL };
    char *env[] = { TEXT("A=1"), NULL }, *path[] = { TEXT("/bin/run"), TEXT("/usr/bin/run"), NULL };
    int out[2], nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_return_code(pipe2(out, O_CLOEXEC), errno);
    const struct plan plan = {
        .argv = argv, .env = env, .path = path, .stdio = { nothing, out[1], nothing }
    };
    struct pair pair = begin();
    struct error err = { 0 };
    assert_ok(command_order_send(pair.ours, &plan, &err), &err);
    close(out[1]);
    assert_int_equal(end(&pair), TAKEN);
    autofree char *said = NULL;
    assert_ok(fd_read_all(out[0], 4096, &said, NULL, &err), &err);
    assert_string_equal(said, "run||with spaces|/A=1|//bin/run|/usr/bin/run|/");
    close(out[0]);
    close(nothing);
}

static void too_much_is_not_sent(void **unused)
{
    (void)unused;
    autofree char *long_one = xcalloc(1, COMMAND_ORDER_MAX);
    memset(long_one, 'x', COMMAND_ORDER_MAX - 1);
    char *argv[] = { long_one, NULL }, *none[] = { NULL };
    const struct plan plan = { .argv = argv, .env = none, .path = none, .stdio = { 0, 1, 2 } };
    struct pair pair = begin();
    struct error err = { 0 };
    assert_int_equal(command_order_send(pair.ours, &plan, &err), -EMSGSIZE);
    assert_int_equal(end(&pair), 0); /* nobody wants it any more */
}

static void half_an_order_is_none(void **unused)
{
    (void)unused;
    static const struct {
        uint32_t head[3];
        char words[16];
        size_t len; /* of the words */
    } those[] = {
        { { 1, 0, 1 }, "a\0a", 3 },       /* the last word has no end */
        { { 2, 0, 1 }, "a\0a", 4 },       /* fewer than announced */
        { { 1, 0, 1 }, "a\0a\0b", 6 },    /* more */
        { { 0, 0, 1 }, "a", 2 },          /* nothing to run */
        { { UINT32_MAX, 0, 1 }, "a", 2 }, /* more than there is room for */
    };
    const int stdio[] = { 0, 1, 2 };
    for (size_t i = 0; i < COUNT(those); i++) {
        autostr struct str text = { 0 };
        struct error err = { 0 };
        struct pair pair = begin();
        str_add(&text, those[i].head, sizeof(those[i].head));
        str_add(&text, those[i].words, those[i].len);
        assert_ok(socket_send(pair.ours, text.data, text.len, stdio, 3, &err), &err);
        assert_int_equal(end(&pair), REFUSED);
        pair = begin();
        assert_ok(socket_send(pair.ours, text.data, text.len, stdio, 2, &err), &err);
        assert_int_equal(end(&pair), REFUSED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_given_arrives),
        cmocka_unit_test(too_much_is_not_sent),
        cmocka_unit_test(half_an_order_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
