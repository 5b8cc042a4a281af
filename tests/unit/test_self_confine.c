/* SPDX-License-Identifier: Apache-2.0 */
/* Every attempt succeeds outside the cage, or it would prove nothing inside. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/keepings.h"
#include "cmd/self_confine.h"
#include "fd.h"
#include "ids.h"
#include "script/library.h"
#include "str.h"
#include "unit.h"

static char directory[] = "/tmp/cordon-cage-XXXXXX";
static int inside = -1;   /* the directory that stays open to the cage */
static int listener = -1; /* where it listens too */

static int outcome(long result)
{
    return result < 0 ? errno : 0;
}

/* --- what a captured front would try: 0 or an errno -------------------------------- */

static int make_process(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return outcome(child);
}

static int make_thread(void)
{
    /* As pthread_create() asks for it; without a stack the kernel says EINVAL after us. */
    long r = syscall(SYS_clone3, NULL, 0);
    return r < 0 && errno == EINVAL ? 0 : outcome(r);
}

static int run_program(void)
{
    static char name[] = "/no/such/program";
    char *argv[] = { name, NULL }, *env[] = { NULL };
    int r = outcome(execve(name, argv, env));
    return r == ENOENT ? 0 : r; /* it was let through */
}

static int make_socket(void)
{
    return outcome(socket(AF_UNIX, SOCK_STREAM, 0));
}

static int signal_another(void)
{
    return outcome(kill(getppid(), 0));
}

static int signal_another_by_thread(void)
{
    return outcome(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int signal_another_by_owner(void)
{
    int ends[2];
    return pipe2(ends, 0) < 0 ? errno : outcome(fcntl(ends[0], F_SETOWN, getppid()));
}

static int limit_another(void)
{
    struct rlimit limit;
    return outcome(prlimit(getppid(), RLIMIT_NOFILE, NULL, &limit));
}

static int trace(void)
{
    return outcome(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int hold_another(void)
{
    return outcome(syscall(SYS_pidfd_open, getppid(), 0));
}

static int read_a_file(void)
{
    return outcome(open("/etc/passwd", O_RDONLY));
}

static int write_a_file(void)
{
    return outcome(open("/tmp", O_TMPFILE | O_RDWR, 0600));
}

static int map_code(void)
{
    void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return code == MAP_FAILED ? errno : 0;
}

static int make_code(void)
{
    void *data = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return outcome(mprotect(data, 4096, PROT_READ | PROT_EXEC));
}

static int dump_again(void)
{
    return outcome(syscall(SYS_prctl, 4 /* PR_SET_DUMPABLE */, 1, 0, 0, 0));
}

typedef int attempt(void);

static const struct {
    const char *name;
    attempt *make;
    bool file; /* what Landlock denies, where the kernel has it */
} attempts[] = {
    { "fork", make_process, false },
    { "thread", make_thread, false },
    { "execve", run_program, false },
    { "socket", make_socket, false },
    { "kill", signal_another, false },
    { "tgkill", signal_another_by_thread, false },
    { "F_SETOWN", signal_another_by_owner, false },
    { "prlimit", limit_another, false },
    { "ptrace", trace, false },
    { "pidfd_open", hold_another, false },
    { "read a file", read_a_file, true },
    { "write a file", write_a_file, true },
    { "map code", map_code, false },
    { "make code", make_code, false },
    { "be dumpable", dump_again, false },
};

/* --- what it needs ------------------------------------------------------------------- */

static int does_its_work(void)
{
    struct error err = { 0 };
    int ends[2];
    char *memory = malloc(1 << 20);
    if (!memory)
        return 1;
    memset(memory, 1, 1 << 20);
    int file = memfd_sealed("x", memory, 1 << 20, &err);
    free(memory);
    if (file < 0 || !fd_is_sealed(file))
        return 2;
    if (pipe2(ends, O_CLOEXEC) < 0 || fd_nonblocking(ends[0], &err) < 0)
        return 3;
    unsigned char chance[8];
    if (syscall(SYS_getrandom, chance, sizeof(chance), 0) != sizeof(chance))
        return 4;
    if (raise(0) < 0)
        return 5;
    const struct library library = { inside, directory, LIBRARY_LOCAL };
    bool written = false;
    struct script_list list;
    if (library_save(&library, "a", "1", 1, false, &written, &err) < 0 || !written)
        return 6;
    if (library_list(&library, false, &list, &err) < 0 || list.total != 1)
        return 7;
    script_list_done(&list);
    if (library_save(&library, "a", "2", 1, true, &written, &err) < 0 || !written)
        return 8;
    if (library_remove(&library, "a", &err) < 0)
        return 9;
    return 0;
}

#define A_JOB "00000001-0000-4000-8000-000000000000"

static int write_job(struct store *store, struct outputs *outputs, struct error *err)
{
    struct record record = { .id = A_JOB, .owner = "local", .policy = "default" };
    struct progress progress = { .current = 1 };
    struct output_writer *writer = output_begin(outputs, A_JOB);
    int r = store_add(store, &record, err);
    if (r == 0)
        r = store_started(store, A_JOB, 1, err);
    if (r == 0)
        r = store_progress(store, A_JOB, &progress, err);
    if (r == 0)
        r = output_append(writer, 1, "text", 4, err);
    if (r == 0)
        r = store_wish_end(store, A_JOB, err);
    output_end(writer);
    record.status = JOB_COMPLETED;
    record.completed_ms = 2;
    return r == 0 ? store_end(store, &record, err) : r;
}

static void ignore_wish(void *context, const char *id)
{
    *(bool *)context = strcmp(id, A_JOB) == 0;
}

static int read_job(struct store *store, struct outputs *outputs, struct error *err)
{
    struct record record = { 0 };
    struct record_list list = { 0 };
    struct str text = { 0 };
    bool told = false;
    struct store_events events = { .ended = ignore_wish, .context = &told };
    store_events_read(store, &events);
    int r = store_find(store, "local", A_JOB, &record, err) == 1 ? 0 : -1;
    if (r == 0)
        r = output_read(outputs, A_JOB, 1, 0, 10, &text, err);
    if (r == 0)
        r = store_list(store, "local", -1, 10, &list, err);
    bool right = told && record.status == JOB_COMPLETED && text.len == 4 && list.total == 1;
    record_done(&record);
    record_list_done(&list);
    str_done(&text);
    return r < 0 ? r : right ? 0 : -1;
}

/* As cordon serve does it: made before the cage, opened inside, with the thread. */
static int keep_jobs(void)
{
    struct error err = { 0 };
    struct keepings keepings = { 0 };
    struct config config = { .jobs_keep = 0 };
    struct prune all = { .ended_before_ms = INT64_MAX, .completed = true };
    uint64_t removed = 0, remaining = 0;
    if (confine_privileges(&err) < 0 || confine_files(inside, &err) < 0 ||
        keepings_make(inside, &err, &config, &keepings, &err) < 0 || confine_resources(&err) < 0 ||
        confine_calls(false, &err) < 0)
        return 250;
    keepings_connect(&keepings, directory);
    if (write_job(keepings.store, keepings.outputs, &err) < 0)
        return 1;
    if (read_job(keepings.store, keepings.outputs, &err) < 0)
        return 2;
    if (store_checkpoint(keepings.store, 0, &err) < 0)
        return 3;
    if (store_prune(keepings.store, "local", &all, &removed, &remaining, &err) < 0 || removed != 1)
        return 4;
    /* The bounds keep no ended job: the thread takes it away. */
    if (write_job(keepings.store, keepings.outputs, &err) < 0)
        return 5;
    for (int i = 0; output_size(keepings.outputs, A_JOB, 1) > 0; i++)
        if (i > 1000 || ppoll(NULL, 0, &(struct timespec){ .tv_nsec = 10000000 }, NULL) < 0)
            return 6;
    if (confine_possible()) /* a sanitizer ends threads by calls that the cage has not */
        keepings_done(&keepings);
    return 0;
}

/* --- in a child, in the cage or not -------------------------------------------------- */

#define NO_LANDLOCK 252

static int caged(attempt *make, bool file)
{
    struct error err = { 0 };
    if (confine_privileges(&err) < 0)
        return 250;
    int abi = confine_files(inside, &err);
    if (abi < 0 || confine_resources(&err) < 0 || confine_calls(listener >= 0, &err) < 0)
        return 250;
    return file && abi == 0 ? NO_LANDLOCK : make();
}

static int run_in_child(attempt *make, bool cage, bool file)
{
    pid_t child = fork();
    if (child == 0) /* not _exit(): before a function that does not return a sanitizer wants calls
                     * that the cage has not */
        (void)syscall(SYS_exit_group, cage ? caged(make, file) : make());
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int in_child(attempt *make, bool cage)
{
    return run_in_child(make, cage, false);
}

static void what_a_captured_front_would_try_is_denied(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(attempts); i++) {
        bool file = attempts[i].file;
        int outside = in_child(attempts[i].make, false);
        int within = run_in_child(attempts[i].make, true, file);
        if (outside != 0)
            fail_msg("%s fails outside: %s", attempts[i].name, strerror(outside));
        if (within != EPERM && !(file && (within == EACCES || within == NO_LANDLOCK)))
            fail_msg("%s inside: %d", attempts[i].name, within);
    }
}

static int accept_nobody(void)
{
    struct sockaddr_storage from;
    socklen_t len = sizeof(from);
    return outcome(accept4(listener, (struct sockaddr *)&from, &len, SOCK_CLOEXEC));
}

static void a_front_that_listens_may_take_in_who_comes_and_no_more(void **state)
{
    assert_int_equal(in_child(accept_nobody, true), EPERM);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(listener, &(const struct sockaddr){ .sa_family = AF_UNIX }, 2), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(in_child(accept_nobody, true), EAGAIN);
    what_a_captured_front_would_try_is_denied(state);
    close(listener);
    listener = -1;
}

static void what_it_needs_works(void **state)
{
    (void)state;
    assert_int_equal(in_child(does_its_work, true), 0);
}

static void a_server_keeps_jobs_inside(void **state)
{
    (void)state;
    assert_int_equal(in_child(keep_jobs, false), 0); /* puts on the cage itself */
}

static int open_beneath(void)
{
    struct error err = { 0 };
    if (confine_privileges(&err) < 0)
        return 250;
    int abi = confine_files(inside, &err);
    if (abi < 0)
        return 251;
    if (abi == 0)
        return NO_LANDLOCK;
    if (openat(inside, "new", O_CREAT | O_RDWR, 0600) < 0)
        return 1;
    if (openat(inside, "../x", O_CREAT | O_RDWR, 0600) >= 0 || errno != EACCES)
        return 2;
    if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES)
        return 3;
    return kill(getppid(), 0) == 0 ? 4 : 0; /* since ABI 6 */
}

static void landlock_leaves_the_state_alone(void **state)
{
    (void)state;
    int r = in_child(open_beneath, false);
    if (r == NO_LANDLOCK || r == 4)
        skip(); /* this kernel has no Landlock, or one without scopes */
    assert_int_equal(r, 0);
}

static int change_identity(void)
{
    struct error err = { 0 };
    if (confine_privileges(&err) < 0)
        return 250;
    return outcome(setgid(getgid() + 1)); /* still uid 0, and not allowed any more */
}

static void root_without_another_account_keeps_no_capabilities(void **state)
{
    (void)state;
    if (getuid() != 0)
        skip();
    assert_int_equal(in_child(change_identity, false), EPERM);
}

static int become_nobody(void)
{
    struct error err = { 0 };
    struct account account;
    if (account_find(NULL, &account, &err) < 0 || account.uid != (IDS_SLOT_FIRST - 1))
        return 1;
    if (confine_identity(&account, &err) < 0)
        return 2;
    gid_t groups[8];
    return getuid() != (IDS_SLOT_FIRST - 1) || getgid() != (IDS_SLOT_FIRST - 1) ||
           getgroups(8, groups);
}

static void root_becomes_an_account_of_its_own(void **state)
{
    (void)state;
    if (getuid() != 0)
        skip();
    assert_int_equal(in_child(become_nobody, false), 0);
}

static void an_account_is_a_name_or_numbers_and_never_root(void **state)
{
    (void)state;
    struct account account;
    struct error err = { 0 };
    assert_ok(account_find("1234", &account, &err), &err);
    assert_int_equal(account.uid, 1234);
    assert_int_equal(account.gid, 1234);
    assert_ok(account_find("1234:99", &account, &err), &err);
    assert_int_equal(account.gid, 99);
    assert_ok(account_find("daemon", &account, &err), &err);
    assert_int_equal(account.uid, 1);
    static const char *const bad[] = { "root", "0",           "5:0",          "4294967295",
                                       "-1",   "99999999999", "no such name", "" };
    for (size_t i = 0; i < COUNT(bad); i++)
        if (account_find(bad[i], &account, &err) == 0)
            fail_msg("\"%s\" is uid %u", bad[i], account.uid);
}

static void the_filter_fits(void **state)
{
    (void)state;
    struct sock_filter program[FILTER_LENGTH_MAX];
    unsigned short len = filter_assemble(true, program);
    assert_true(len < FILTER_LENGTH_MAX);
    for (unsigned short i = 0; i < len; i++)
        if (BPF_CLASS(program[i].code) == BPF_JMP)
            assert_true(i + 1 + program[i].jt < len && i + 1 + program[i].jf < len);
}

static int make_directory(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(directory));
    inside = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return inside < 0;
}

static int remove_directory(void **state)
{
    (void)state;
    struct error err = { 0 };
    close(inside);
    return tree_remove(AT_FDCWD, directory, &err);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_a_captured_front_would_try_is_denied),
    cmocka_unit_test(a_front_that_listens_may_take_in_who_comes_and_no_more),
    cmocka_unit_test(what_it_needs_works),
    cmocka_unit_test(a_server_keeps_jobs_inside),
    cmocka_unit_test(landlock_leaves_the_state_alone),
    cmocka_unit_test(root_without_another_account_keeps_no_capabilities),
    cmocka_unit_test(root_becomes_an_account_of_its_own),
    cmocka_unit_test(an_account_is_a_name_or_numbers_and_never_root),
    cmocka_unit_test(the_filter_fits),
};

int main(void)
{
    return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
