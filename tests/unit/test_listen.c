/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "net/listen.h"
#include "str.h"
#include "unit.h"

static void an_address_is_a_number_or_localhost(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int family; /* 0: it is none */
        bool local;
    } rows[] = {
        { "127.0.0.1:8000", AF_INET, true },
        { "127.9.9.9:0", AF_INET, true },
        { "localhost:0", AF_INET, true },
        { "[::1]:65535", AF_INET6, true },
        { "unix:/run/x", AF_UNIX, true },
        { "0.0.0.0:1", AF_INET, false },
        { "192.0.2.1:1", AF_INET, false },
        { "128.0.0.1:1", AF_INET, false },
        { "[::]:1", AF_INET6, false },
        { "[::ffff:127.0.0.1]:1", AF_INET6, false }, /* may be, and who says so says 127.0.0.1 */
        { "[fe80::1]:1", AF_INET6, false },
        { "", 0, false },
        { ":1", 0, false },
        { "127.0.0.1", 0, false },
        { "127.0.0.1:", 0, false },
        { "127.0.0.1:65536", 0, false },
        { "127.0.0.1:-1", 0, false },
        { "127.0.0.1:+1", 0, false },
        { "127.0.0.1: 1", 0, false },
        { "127.0.0.1:1x", 0, false },
        { "127.1:1", 0, false },
        { "2130706433:1", 0, false },
        { "::1:1", 0, false },
        { "[::1:1", 0, false },
        { "[::1%lo]:1", 0, false },
        { "[]:1", 0, false },
        { "example.org:1", 0, false },
        { "LOCALHOST:1", 0, false },
        { "unix:", 0, false },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct address address = { 0 };
        struct error err = { 0 };
        bool good = address_parse(rows[i].text, &address, &err) == 0;
        if (good != (rows[i].family != 0))
            fail_msg("%s: %s", rows[i].text, err.text);
        if (!good)
            assert_int_equal(err.blame, BLAME_CALLER);
        if (good && (address.where.ss_family != rows[i].family || address.local != rows[i].local))
            fail_msg("%s: family %d, local %d", rows[i].text, address.where.ss_family,
                     address.local);
    }
}

static void what_is_listened_on_is_told_with_its_port(void **state)
{
    (void)state;
    static const char *const texts[] = { "127.0.0.1:0", "[::1]:0" };
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct address address;
        struct error err = { 0 };
        unsigned port = 0;
        assert_ok(address_parse(texts[i], &address, &err), &err);
        autoclose int fd = address_listen(&address, &err);
        if (fd < 0 && i > 0)
            continue; /* a host without IPv6 */
        assert_true(fd >= 0);
        autofree char *text = address_text(fd);
        assert_int_equal(strncmp(text, texts[i], strlen(texts[i]) - 1), 0);
        assert_int_equal(sscanf(text + strlen(texts[i]) - 1, "%u", &port), 1);
        assert_true(port > 0);
        assert_ok(address_parse(text, &address, &err), &err);
        assert_true(address_listen(&address, &err) < 0); /* it is taken */
        assert_says(&err, "take the address: Address already in use");
    }
}

static void a_socket_file_is_its_owners_and_replaced_when_it_is_nobodys(void **state)
{
    (void)state;
    char directory[] = "/tmp/cordon-listen-XXXXXX";
    assert_non_null(mkdtemp(directory));
    autofree char *path = xasprintf("%s/socket", directory);
    struct address address;
    struct error err = { 0 };
    struct stat st;
    assert_ok(address_of_path(path, &address, &err), &err);
    int fd = address_listen(&address, &err);
    assert_true(fd >= 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    autofree char *text = address_text(fd);
    autofree char *wanted = xasprintf("unix:%s", path);
    assert_string_equal(text, wanted);
    assert_true(address_listen(&address, &err) < 0); /* somebody listens */
    close(fd);
    fd = address_listen(&address, &err);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(unlink(path), 0);

    FILE *file = fopen(path, "we"); /* what is no socket stays */
    assert_non_null(file);
    assert_int_equal(fclose(file), 0);
    assert_true(address_listen(&address, &err) < 0);
    assert_says(&err, "there is a file, not a socket");
    assert_int_equal(stat(path, &st), 0);
    assert_true(S_ISREG(st.st_mode));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("/nowhere", path), 0);
    assert_true(address_listen(&address, &err) < 0);
    assert_says(&err, "there is a link, not a socket");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(directory), 0);

    struct sockaddr_un room;
    char longest[sizeof(room.sun_path) + 1];
    memset(longest, 'x', sizeof(longest));
    longest[sizeof(longest) - 1] = '\0';
    assert_true(address_of_path(longest, &address, &err) < 0);
    assert_says(&err, "at most 107 characters");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(an_address_is_a_number_or_localhost),
    cmocka_unit_test(what_is_listened_on_is_told_with_its_port),
    cmocka_unit_test(a_socket_file_is_its_owners_and_replaced_when_it_is_nobodys),
};

UNIT_MAIN(tests)
