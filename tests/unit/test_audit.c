/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log's file, where many runs end at once. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cordon/launch.h>

#include "audit.h"
#include "fd.h"
#include "unit.h"

#define WRITERS 4
#define LINES   1500 /* of each: some of them lie across two pages, which grow one by one */

static void write_lines(const struct sandbox *sandbox)
{
    struct launch launch;
    launch_init(&launch);
    (void)snprintf(launch.job, sizeof(launch.job), "j-1");
    launch.script_path = xcalloc(1, 701);
    memset(launch.script_path, 'x', 700);
    for (int i = 0; i < LINES; i++)
        audit_end(sandbox, &(struct audit_entry){ .launch = &launch });
    launch_done(&launch);
}

static void writers_at_once_leave_whole_lines_and_no_empty_one(void **state)
{
    (void)state;
    char directory[] = "/tmp/test-audit-XXXXXX";
    assert_non_null(mkdtemp(directory));
    struct sandbox sandbox = { .uid = getuid(), .oneshot = true };
    sandbox.state_fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(sandbox.state_fd >= 0);
    for (int i = 0; i < WRITERS; i++) {
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            write_lines(&sandbox);
            _exit(0);
        }
    }
    for (int i = 0; i < WRITERS; i++)
        assert_true(wait(NULL) > 0);
    int fd = openat(sandbox.state_fd, "audit.log", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "r");
    assert_non_null(file);
    char *line = NULL;
    size_t room = 0;
    int count = 0;
    for (ssize_t n; (n = getline(&line, &room, file)) > 0; count++) {
        assert_true(n > 700 && line[0] == '{');
        assert_string_equal(line + n - 2, "}\n");
    }
    assert_int_equal(count, WRITERS * LINES);
    free(line);
    (void)fclose(file);
    assert_int_equal(unlinkat(sandbox.state_fd, "audit.log", 0), 0);
    own_close(&sandbox.state_fd);
    assert_int_equal(rmdir(directory), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writers_at_once_leave_whole_lines_and_no_empty_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
