/* SPDX-License-Identifier: Apache-2.0 */
/* test_branch.c - a waiting interpreter forks boxes, and each is as closed as a fresh one.
 *
 * Builds real boxes, so it needs what cordon needs: root, or user namespaces; and /usr/bin/python3
 * with ctypes.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "branching.h"
#include "clock.h"
#include "fd.h"
#include "plan.h"
#include "policy.h"
#include "profile_program.h"
#include "str.h"
#include "supervise.h"
#include "unit.h"
#include "usage.h"

#define TEXT(text) ((char *)(uintptr_t)(text))

/* What the text of an order is to this one: Python, to be executed. */
static const char program[] = "import _imp, ctypes, os, random, tempfile, threading\n"
                              "class Spec: name, origin = 'cordon_branch', '/box/branch.so'\n"
                              "try:\n"
                              "    _imp.create_dynamic(Spec)\n"
                              "except StopIteration as order:\n"
                              "    source = order.value\n"
                              "exec(source)\n";

static char state[] = "/tmp/cordon-branch-XXXXXX", workspace[] = "/tmp/cordon-branch-ws-XXXXXX";
static struct sandbox sandbox;
static struct policy *policy;
static struct identity identity;
static struct cgroup cgroup;
static struct plan stem_is;
static struct box stem_box;
static struct stem stem = { .sock = -1 };
static int nothing = -1;

static struct plan_bind library = { .host = BRANCH_LIBRARY,
                                    .inside = "/box/branch.so",
                                    .why = "library" };

static int script_of(const char *text)
{
    struct error err = { 0 };
    int fd = memfd_create("script", MFD_CLOEXEC);
    assert_ok(fd_write_all(fd, text, strlen(text), &err), &err);
    return fd;
}

static void make_plan(int script, int out, int profile, struct plan *ret)
{
    static char *argv[] = { TEXT("/usr/bin/python3"), TEXT("-I"), TEXT("-c"), TEXT(program), NULL },
                *env[] = { TEXT("PATH=/usr/bin:/bin"), TEXT("PYTHONUNBUFFERED=1"), NULL };
    struct error err = { 0 };
    struct plan_request request = { .policy = policy,
                                    .limits = policy->limits,
                                    .workspace = workspace,
                                    .workspace_fd = -1,
                                    .cwd = workspace,
                                    .binds = &library,
                                    .bind_count = 1,
                                    .script = script,
                                    .script_at = INLINE_SCRIPT,
                                    .argv = argv,
                                    .env = env,
                                    .count_denied = true,
                                    .profile = profile,
                                    .stdio = { nothing, out, out } };
    assert_ok(plan_make(&sandbox, &request, &identity, ret, &err), &err);
    for (size_t i = 0; i < ret->root.file_count; i++)
        if (profile > 0 && strcmp(ret->root.files[i].path, PROFILE_FILE) == 0)
            ret->root.files[i].text[0] = '\0', ret->root.files[i].len = 0;
}

static int set_up(void **unused)
{
    (void)unused;
    struct error err = { 0 };
    int ends[2];
    assert_non_null(mkdtemp(state));
    assert_non_null(mkdtemp(workspace));
    (void)signal(SIGPIPE, SIG_IGN); /* as main() does */
    struct sandbox_options options = { .state = state,
                                       .policies = SOURCE_DIR "/policies",
                                       .oneshot = true };
    assert_ok(sandbox_init(&options, &sandbox, &err), &err);
    assert_ok(policy_load(&sandbox, "default", &policy, &err), &err);
    assert_ok(sandbox_enter(&sandbox, &err), &err);
    nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_ok(identity_take(&sandbox, -1, true, &identity, &err), &err);
    assert_return_code(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), errno);
    stem.sock = ends[0];
    make_plan(script_of("raise SystemExit('the stem has no script')\n"), STDERR_FILENO, ends[1],
              &stem_is);
    assert_ok(stem_plan(&stem_is, &err), &err);
    assert_ok(cgroup_make(&sandbox, &stem_is.limits, &cgroup, &err), &err);
    assert_ok(box_start(&stem_is, &cgroup, &stem_box, &err), &err);
    close(ends[1]);
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    struct error err = { 0 };
    close(stem.sock);
    box_done(&stem_box);
    cgroup_remove(&cgroup);
    plan_done(&stem_is);
    identity_drop(&identity);
    sandbox_done(&sandbox);
    int r = tree_remove(AT_FDCWD, workspace, &err);
    return r < 0 ? r : tree_remove(AT_FDCWD, state, &err);
}

struct result {
    struct outcome outcome;
    char *output;
};

static uint64_t wall_ms = 60000;

static struct result run(const char *text)
{
    struct error err = { 0 };
    struct result result = { 0 };
    int out[2], script = script_of("print('script')\n");
    assert_return_code(pipe2(out, O_CLOEXEC), errno);
    struct plan plan;
    make_plan(script, out[1], 0, &plan);
    struct box box;
    plan.limits.wall_ms = wall_ms;
    assert_ok(branch_stand(&stem, &plan, &box, &err), &err);
    assert_ok(branch_order(&box, &plan, text, strlen(text), &err), &err);
    close(out[1]);
    struct str collected = { 0 };
    struct supervision watched = { .box = &box,
                                   .cgroup = &cgroup,
                                   .limits = &plan.limits,
                                   .filter = &plan.filter,
                                   .control = -1,
                                   .feed = -1,
                                   .drains = { { out[0], 100000, &collected }, { .fd = -1 } } };
    supervise(&watched, &result.outcome);
    result.output = str_take(&collected);
    box_done(&box);
    plan_done(&plan);
    close(script);
    return result;
}

static void says(const char *text, const char *wanted)
{
    struct result result = run(text);
    if (result.outcome.end == END_FAULT)
        fail_msg("%s", result.outcome.error.text);
    if (strcmp(result.output, wanted) != 0)
        fail_msg("%s\nsaid \"%s\" and not \"%s\"", text, result.output, wanted);
    free(result.output);
}

/* --- what it can --------------------------------------------------------------------------- */

static void a_branch_runs_and_ends_like_any_box(void **unused)
{
    (void)unused;
    struct result result = run("import sys\nprint('ran', flush=True)\nsys.exit(7)\n");
    assert_string_equal(result.output, "ran\n");
    assert_int_equal(result.outcome.end, END_EXITED);
    assert_int_equal(result.outcome.code, 7);
    free(result.output);
}

static void python_is_whole_in_a_branch(void **unused)
{
    (void)unused;
    says("import subprocess, threading\n"
         "seen = []\n"
         "thread = threading.Thread(target=seen.append, args=(1,))\n"
         "thread.start(); thread.join()\n"
         "print(seen, threading.current_thread() is threading.main_thread())\n"
         "print(subprocess.run(['/bin/echo', 'below'], capture_output=True).stdout)\n"
         "child = os.fork()\n"
         "if child == 0: os._exit(5)\n"
         "print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))\n",
         "[1] True\nb'below\\n'\n5\n");
    says("import signal\n"
         "try: os.kill(os.getpid(), signal.SIGINT); signal.pause()\n"
         "except KeyboardInterrupt: print('interrupted')\n"
         "print(signal.getsignal(signal.SIGPIPE) is signal.SIG_IGN,\n"
         "      signal.getsignal(signal.SIGCHLD) is signal.SIG_DFL, signal.pthread_sigmask(0, "
         "[]))\n",
         "interrupted\nTrue True set()\n");
}

static void the_workspace_is_written_and_little_else(void **unused)
{
    (void)unused;
    struct error err = { 0 };
    autofree char *written = NULL, *path = path_join(workspace, "made");
    says("open('made', 'w').write('by a branch')\n"
         "print(open('/box/script.py').read(), end='')\n"
         "for place in '/x', '/box/x', '/box/script.py', '/usr/x', '/proc/self/comm':\n"
         "    try: open(place, 'w'); print('wrote', place)\n"
         "    except OSError: pass\n"
         "for place in '/tmp/x', '/dev/shm/x', '/box/home/x': open(place, 'w')\n",
         "print('script')\n");
    assert_ok(file_read(AT_FDCWD, path, 100, &written, NULL, &err), &err);
    assert_string_equal(written, "by a branch");
}

/* --- what it cannot -------------------------------------------------------------------------- */

static void a_branch_is_closed(void **unused)
{
    (void)unused;
    says("lines = dict(line.split(':', 1) for line in open('/proc/self/status'))\n"
         "for name in 'CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb', 'NoNewPrivs', 'Seccomp', "
         "'NSpid':\n"
         "    print(int(lines[name], 16), end=' ')\n"
         "print(os.getpid(), os.getppid(), os.getuid(), os.getsid(0), os.listdir('/proc')[2:])\n"
         "print(sorted(int(f) for f in os.listdir('/proc/self/fd') if "
         "os.path.exists('/proc/self/fd/' + f)))\n"
         "print([line for line in open('/proc/self/maps') if 'memfd' in line or 'rw-s' in line])\n",
         "0 0 0 0 0 1 2 2 2 1 1000 2 ['2']\n[0, 1, 2]\n[]\n");
    says("for number in 2, 9, 15:\n"
         "    try: os.kill(1, number); print('sent', number)\n"
         "    except PermissionError: pass\n"
         "for name in 'mem', 'environ', 'fd/3', 'root/usr', 'maps':\n"
         "    try: open('/proc/1/' + name, 'rb').read(1); print('read', name)\n"
         "    except OSError: pass\n"
         "libc = ctypes.CDLL(None, use_errno=True)\n"
         "def refused(name, *arguments):\n"
         "    if getattr(libc, name)(*arguments) >= 0: print('may', name)\n"
         "refused('unshare', 0x10000000)\n"
         "refused('mount', b'none', b'/tmp', b'tmpfs', 0, 0)\n"
         "refused('umount2', b'/tmp', 2)\n"
         "refused('setns', 0, 0)\n"
         "refused('sethostname', b'x', 1)\n"
         "refused('ptrace', 16, 1, 0, 0)\n",
         "");
}

/* Calls that only the stem's filter lets through are denied, as the policy says, and counted. */
static void denials_are_the_policys_and_are_counted(void **unused)
{
    (void)unused;
    struct result result =
        run("libc = ctypes.CDLL(None, use_errno=True)\n"
            "for number in 428, 430, 272, 0x10000, 321:\n"
            "    libc.syscall(number, 0x10000000, 0, 0, 0, 0, 0)\n"
            "    print(ctypes.get_errno(), end=' ')\n"
            "libc.syscall(56, 0x10000000, 0, 0, 0, 0); print(ctypes.get_errno())\n");
    assert_string_equal(result.output, "38 38 38 38 38 1\n");
    assert_true(result.outcome.denied_count >= 5);
    free(result.output);
}

/* Numbers of those that are gone are given out again: it is held against who is there. */
static void every_namespace_is_another_one(void **unused)
{
    (void)unused;
    const char *const text = "for name in sorted(os.listdir('/proc/self/ns')):\n"
                             "    print(os.readlink('/proc/self/ns/' + name))\n";
    struct result result = run(text);
    const pid_t *pids;
    size_t count = 0;
    assert_int_equal(tree_pids(stem_box.pid, &pids), 2);
    const pid_t others[] = { getpid(), pids[0], pids[1] };
    char *rest = result.output;
    for (char *line; (line = strsep(&rest, "\n")) && *line; count++)
        for (size_t i = 0; i < COUNT(others); i++) {
            char link[64], path[64];
            (void)snprintf(path, sizeof(path), "/proc/%d/ns/%.*s", (int)others[i],
                           (int)strcspn(line, ":"), line);
            ssize_t n = readlink(path, link, sizeof(link) - 1);
            assert_true(n < 0 || strlen(line) != (size_t)n || memcmp(link, line, (size_t)n) != 0);
        }
    assert_true(count >= 8);
    free(result.output);
}

static void clocks_begin_anew(void **unused)
{
    (void)unused;
    autofree char *text = xasprintf("import time\n"
                                    "print(1 <= time.monotonic() < %llu, 1 <= "
                                    "time.clock_gettime(time.CLOCK_BOOTTIME) < %llu)\n",
                                    (unsigned long long)(now_ns() / NS_PER_S),
                                    (unsigned long long)(now_ns() / NS_PER_S));
    says(text, "True True\n");
}

static void nothing_of_an_order_is_left_for_the_next(void **unused)
{
    (void)unused;
    says("import sys\n"
         "for place in '/tmp/x', '/dev/shm/x', '/box/home/x': open(place, 'w').write('left')\n"
         "os.environ['LEFT'] = '1'; sys.left = 1; os.umask(0)\n",
         "");
    says("import sys\n"
         "print([os.path.exists(place + '/x') for place in ('/tmp', '/dev/shm', '/box/home')])\n"
         "print(hasattr(sys, 'left'), 'LEFT' in os.environ, oct(os.umask(0o22)))\n",
         "[False, False, False]\nFalse False 0o22\n");
}

static void chance_differs_from_branch_to_branch(void **unused)
{
    (void)unused;
    const char *const text = "import uuid, ssl\n"
                             "print(random.random(), next(tempfile._get_candidate_names()),\n"
                             "      uuid.uuid4(), os.urandom(4).hex(), ssl.RAND_bytes(4).hex())\n";
    struct result one = run(text), other = run(text);
    char *rest = one.output;
    for (char *word; (word = strsep(&rest, " \n")) && *word;)
        assert_null(strstr(other.output, word));
    free(one.output);
    free(other.output);
}

/* The stem has never had it in its memory: no later branch can find it there. */
static void an_order_never_is_in_the_stem(void **unused)
{
    (void)unused;
    says("print(len('not a sec' 'ret of the stem'))\n", "24\n");
    const pid_t *pids;
    const char word[] = "not a sec' 'ret of the stem";
    assert_int_equal(tree_pids(stem_box.pid, &pids), 2);
    autofree char *maps = xasprintf("/proc/%d/maps", (int)pids[1]),
                  *memory = xasprintf("/proc/%d/mem", (int)pids[1]);
    FILE *lines = fopen(maps, "re");
    autoclose int mem = open(memory, O_RDONLY | O_CLOEXEC);
    assert_non_null(lines);
    assert_true(mem >= 0);
    unsigned long from, to;
    size_t seen = 0;
    for (char line[512]; fgets(line, sizeof(line), lines);) {
        if (sscanf(line, "%lx-%lx rw-p", &from, &to) != 2 || !strstr(line, " rw-p "))
            continue;
        autofree char *bytes = xcalloc(to - from, 1);
        ssize_t n = pread(mem, bytes, to - from, (off_t)from);
        assert_true(n <= 0 || !memmem(bytes, (size_t)n, word, sizeof(word) - 1));
        seen += n > 0 ? (size_t)n : 0;
    }
    assert_true(seen > 1000000);
    (void)fclose(lines);
}

/* --- how it ends ------------------------------------------------------------------------------ */

static void a_limit_ends_a_branch_and_the_stem_goes_on(void **unused)
{
    (void)unused;
    wall_ms = 200;
    struct result result = run("import subprocess\nsubprocess.Popen(['sleep', '1000'])\n"
                               "while True: pass\n");
    wall_ms = 60000;
    assert_int_equal(result.outcome.end, END_WALL);
    assert_true(result.outcome.usage.cpu_user_ns > 0);
    free(result.output);
    says("print('next')\n", "next\n");
}

static void a_step_that_fails_is_named_and_the_stem_goes_on(void **unused)
{
    (void)unused;
    struct error err = { 0 };
    struct plan plan;
    struct box box;
    make_plan(-1, STDERR_FILENO, 0, &plan);
    for (size_t i = 0; i < plan.root.mount_count; i++)
        if (plan.root.mounts[i].kind == MOUNT_PTS)
            strcpy(plan.root.mounts[i].inside, "/dev/xxx");
    assert_true(branch_stand(&stem, &plan, &box, &err) < 0);
    assert_says(&err, "cover: /dev/xxx");
    plan_done(&plan);
    says("print('next')\n", "next\n");
}

static void a_branch_that_gets_no_order_is_let_go(void **unused)
{
    (void)unused;
    struct error err = { 0 };
    struct plan plan;
    struct box box;
    make_plan(-1, STDERR_FILENO, 0, &plan);
    assert_ok(branch_stand(&stem, &plan, &box, &err), &err);
    box_done(&box);
    plan_done(&plan);
    says("print('next')\n", "next\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_branch_runs_and_ends_like_any_box),
        cmocka_unit_test(python_is_whole_in_a_branch),
        cmocka_unit_test(the_workspace_is_written_and_little_else),
        cmocka_unit_test(a_branch_is_closed),
        cmocka_unit_test(denials_are_the_policys_and_are_counted),
        cmocka_unit_test(every_namespace_is_another_one),
        cmocka_unit_test(clocks_begin_anew),
        cmocka_unit_test(nothing_of_an_order_is_left_for_the_next),
        cmocka_unit_test(chance_differs_from_branch_to_branch),
        cmocka_unit_test(an_order_never_is_in_the_stem),
        cmocka_unit_test(a_limit_ends_a_branch_and_the_stem_goes_on),
        cmocka_unit_test(a_step_that_fails_is_named_and_the_stem_goes_on),
        cmocka_unit_test(a_branch_that_gets_no_order_is_let_go),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
