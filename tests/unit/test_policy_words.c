/* SPDX-License-Identifier: Apache-2.0 */
/* `cordon policy`: what it prints, and its exit status. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "filter.h"
#include "policy.h"
#include "policy_parts.h"
#include "print.h"
#include "str.h"
#include "unit.h"

static char *shipped[] = { (char[]){ SOURCE_DIR "/policies" }, NULL };
static const struct sandbox sandbox = { .policy_dirs = shipped, .state_fd = -1 };

/* --- one file of our own -------------------------------------------------------- */

static char dir[64], path[80];

static void file_init(void)
{
    (void)snprintf(dir, sizeof(dir), "/tmp/cordon-words-XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof(path), "%s/p.json", dir);
}

static void file_put(const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

static void file_done(void)
{
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(dir), 0);
}

/* --- the command ------------------------------------------------------------ */

/* What `policy WORDS` prints, both streams in one; *status is its exit status. */
static char *command(const char *const *words, int *status)
{
    autolist char **argv = NULL;
    int argc = 0, pipes[2];
    for (; words[argc]; argc++)
        list_add(&argv, words[argc]);
    assert_int_equal(pipe(pipes), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (dup2(pipes[1], STDOUT_FILENO) < 0 || dup2(pipes[1], STDERR_FILENO) < 0)
            _exit(99);
        close(pipes[0]);
        close(pipes[1]);
        _exit(print_end(policy_command(&sandbox, argc, argv)));
    }
    close(pipes[1]);
    struct error err;
    char *text = NULL;
    assert_ok(fd_read_all(pipes[0], 1 << 20, &text, NULL, &err), &err);
    close(pipes[0]);
    assert_int_equal(waitpid(child, status, 0), child);
    assert_true(WIFEXITED(*status));
    *status = WEXITSTATUS(*status);
    return text;
}

static void assert_command(const char *const *words, int wanted, const char *says)
{
    int status;
    autofree char *text = command(words, &status);
    if (status != wanted || !strstr(text, says))
        fail_msg("policy %s: status %d, \"%s\"", words[0] ? words[0] : "", status, text);
}

#define WORDS(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void the_command_answers_in_words_and_status(void **state)
{
    (void)state;
    assert_command(WORDS("list"), 0, "strict       Pure computation");
    assert_command(WORDS("show", "default"), 0, "workspace          read and write");
    assert_command(WORDS("show", "default"), 0, "@sockets: 18 calls, sockets: local ones");
    assert_command(WORDS("show", "--filter", "strict"), 0, "## part 1 of");
    assert_command(WORDS("show", "none"), 125, "there are: ci, data, default, fetch, strict, web");
    assert_command(WORDS("show"), 125, "usage: ");
    assert_command(WORDS("show", "--filter", "--json", "strict"), 125, "usage: ");
    assert_command(WORDS("check"), 125, "usage: ");
    assert_command(WORDS("check", "/nowhere/p.json"), 1, "open /nowhere/p.json");
    assert_command(WORDS("check", SOURCE_DIR "/policies/default.json"), 0, "ok, policy default");
    assert_command(WORDS("prune"), 125, "policy: no verb \"prune\": say list, show, ");
}

static void show_json_is_the_file(void **state)
{
    (void)state;
    int status;
    struct error err;
    autofree char *file = NULL, *shown = command(WORDS("show", "--json", "fetch"), &status);
    assert_int_equal(status, 0);
    assert_ok(file_read(AT_FDCWD, SOURCE_DIR "/policies/fetch.json", 1 << 20, &file, NULL, &err),
              &err);
    assert_string_equal(shown, file);
}

static void check_names_every_fault_and_every_doubt(void **state)
{
    (void)state;
    int status;
    file_init();
    file_put("{\"version\": 1, \"name\": \"p\",\n\"start\": 1,\n\"infer\": 2}");
    autofree char *named = command(WORDS("check", path), &status);
    assert_int_equal(status, 1);
    assert_non_null(strstr(named, "line 2: start: allowed are"));
    assert_non_null(strstr(named, "line 3: infer: allowed are"));
    file_put("{\"version\": 1, \"name\": \"p\"}");
    autofree char *doubts = command(WORDS("check", path), &status);
    assert_int_equal(status, 0);
    assert_non_null(strstr(doubts, "limits.wall is missing, which permits nothing"));
    assert_non_null(strstr(doubts, "no scratch at /box/home"));
    assert_non_null(strstr(doubts, "syscalls has no rules"));
    file_done();
}

/* Nothing that `check` would doubt, and a reason that a person can read. */
static void every_shipped_policy_is_complete(void **state)
{
    (void)state;
    struct policy_found *list;
    size_t count = policies_list(&sandbox, &list);
    assert_int_equal(count, 6);
    for (size_t i = 0; i < count; i++) {
        struct error err;
        int status;
        autopolicy struct policy *policy = NULL;
        autofree char *said =
            command((const char *const[]){ "check", list[i].path, NULL }, &status);
        autofree char *good = xasprintf("%s: ok, policy %s, ", list[i].path, list[i].name);
        if (status != 0 || !starts_with(said, good) || strchr(said, '\n')[1])
            fail_msg("%s", said);
        assert_ok(policy_load(&sandbox, list[i].name, &policy, &err), &err);
        assert_true(strlen(policy->purpose) > 20);
        assert_true(filter_guards_modes(&sandbox, policy));
        int reachable = filter_reachable(&sandbox, policy, &err);
        assert_true(reachable > 0 && reachable <= 230);
    }
    policies_list_free(list, count);
}

/* --- explain --------------------------------------------------------------------- */

static const struct {
    const char *policy, *what, *says;
} explained[] = {
    /* system calls */
    { "default", "read", "read: allowed\n  line # allow, as one of @default (what every" },
    { "default", "fork", "            Python's subprocess and multiprocessing\n" },
    { "default", "bpf", "bpf: denied, with ENOSYS\n  line # deny with ENOSYS: no rule allows it" },
    { "default", "clone3", "line # deny with ENOSYS\n            its flags are behind a pointer" },
    { "default", "openat",
      "openat: depends on its arguments: the first of these that holds decides\n  line # deny "
      "with EPERM where argument 2 has a bit of O_CREAT, O_TMPFILE and argument 3 has a bit of "
      "07000\n" },
    { "default", "ioctl", "deny with EPERM where argument 1 is TIOCSTI, TIOCLINUX or TIOCSETD\n" },
    { "default", "mknod", "deny with EPERM where argument 1 & S_IFMT is S_IFCHR or S_IFBLK\n" },
    { "strict", "fork", "fork: denied, with ENOSYS" },
    { "default", "socketcall", "calls of those end the process" },
    /* paths */
    { "default", "/usr/bin/env", "/usr/bin/env: seen read-only\n  line # read /usr\n" },
    { "default", "/usr/no/such", "but this host does not have it" },
    { "default", "/usr/", "/usr: seen read-only" },
    { "default", "/usrlocal", "no rule shows it" },
    { "default", "/tmp/x", "in memory: empty at first" },
    { "default", "/box/home/x", "line # scratch /box/home" },
    { "default", "/dev/null", "of the box's own /dev\n  line # dev /dev" },
    { "default", "/dev/kvm", "not among what the box's own /dev has" },
    { "default", "/proc/self/status", "of the box's own /proc" },
    { "default", "/etc/passwd", "made for each box; the host's own is not seen" },
    { "default", "/etc/shadow", "no rule shows it: in a box it does not exist\n  (no workspace" },
    { "default", "/etc", "made for each box, read-only" },
    { "default", "/", "made for each box, read-only" },
    { "default", "/home/x/.ssh/id",
      "no rule shows it: in a box it does not exist\n  line # a workspace (--directory) that "
      "holds it would show it, to be written\n  line # at its top these stay read-only: .git" },
    { "strict", "/home/x", "no workspace: --directory is refused" },
    /* hosts */
    { "default", "example.org", "example.org: refused\n  line # network is \"none\"\n" },
    { "default", "localhost", "the box's own loopback" },
    { "web", "example.org", "may be reached\n  line # example.org, ports 443 and 80\n" },
    { "web", "example.org:80", "may be reached" },
    { "web", "EXAMPLE.org:80", "may be reached" },
    { "web", "example.org:22", "refused\n  line # no rule names it\n  line # example.org" },
    { "web", "a.b.example.net", "may be reached\n  line # *.example.net" },
    { "web", "example.net", "refused" },
    { "web", "badexample.net", "refused" },
    { "web", "192.0.2.1:443", "refused" },
};

/* Numbers of lines change with the file. */
static void hide_lines(char *text)
{
    for (char *at = text; (at = strstr(at, "  line ")); at++) {
        char *number = at + strlen("  line "), *behind = number;
        behind += strspn(behind, "0123456789");
        behind += strspn(behind, " ");
        *number = '#';
        number[1] = ' ';
        memmove(number + 2, behind, strlen(behind) + 1);
    }
}

static void explain_names_the_rule_and_its_reason(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(explained); i++) {
        int status;
        autofree char *said =
            command(WORDS("explain", explained[i].policy, explained[i].what), &status);
        hide_lines(said);
        if (status != 0 || !strstr(said, explained[i].says))
            fail_msg("%s: status %d, \"%s\"", explained[i].what, status, said);
    }
    assert_command(WORDS("explain", SOURCE_DIR "/policies/strict.json", "fork"), 0, "denied");
}

static void explain_names_the_line(void **state)
{
    (void)state;
    file_init();
    file_put("{\"version\": 1, \"name\": \"p\",\n"
             "\"network\": {\"hosts\": [\"a.org\",\n\"b.org:1\"]},\n"
             "\"files\": [{\"read\": \"/usr\"},\n\n{\"scratch\": \"/tmp\"}],\n"
             "\"workspace\": {\n\"mode\": \"ro\"},\n"
             "\"syscalls\": {\"rules\": [\n{\"allow\": \"@default\"},\n"
             "{\"deny\": \"read\", \"with\": \"EPERM\", \"why\": \"so\"}\n],\n"
             "\"otherwise\": \"EACCES\"}}");
    assert_command(WORDS("explain", path, "write"), 0, "  line 10   allow, as one of @default");
    assert_command(WORDS("explain", path, "read"), 0,
                   "  line 11   deny with EPERM\n            so\n");
    assert_command(WORDS("explain", path, "bpf"), 0, "  line 13   deny with EACCES: no rule");
    assert_command(WORDS("explain", path, "a.org"), 0, "  line 2    a.org");
    assert_command(WORDS("explain", path, "b.org:1"), 0, "  line 3    b.org, port 1");
    assert_command(WORDS("explain", path, "/usr"), 0, "  line 4    read /usr");
    assert_command(WORDS("explain", path, "/tmp"), 0, "  line 6    scratch /tmp");
    assert_command(WORDS("explain", path, "/x/y"), 0, "  line 8    a workspace");
    file_done();
}

static void explain_says_in_a_line_what_it_does_not_know(void **state)
{
    (void)state;
    const struct {
        const char *const *words;
        const char *says;
    } rows[] = {
        { WORDS("explain", "default", "opennat"), "\"opennat\" is no system call, no host" },
        { WORDS("explain", "default", ""), "\"\" is no system call" },
        { WORDS("explain", "default", "a b\nc"), "\"a b?c\" is no system call" },
        { WORDS("explain", "default", "*.example.org"), "is no system call" },
        { WORDS("explain", "default", "/a/../b"), "a path without" },
        { WORDS("explain", "none", "read"), "no policy is named \"none\"" },
        { WORDS("explain", "default"), "usage: " },
        { WORDS("explain", "default", "read", "write"), "usage: " },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        int status;
        autofree char *said = command(rows[i].words, &status);
        if (status != 125 || !strstr(said, rows[i].says) || strchr(said, '\n')[1])
            fail_msg("status %d, \"%s\"", status, said);
    }
}

static void a_path_seen_elsewhere_is_named(void **state)
{
    (void)state;
    file_init();
    file_put("{\"version\": 1, \"name\": \"p\",\n\"files\": [\n{\"read\": \"/opt/a\", \"at\": "
             "\"/srv/b\", \"why\": \"so\"}]}");
    assert_command(
        WORDS("explain", path, "/opt/a/c"), 0,
        "no rule shows it: in a box it does not exist\n  line 3    the host's /opt/a/c is "
        "at /srv/b/c inside\n            so\n");
    assert_command(WORDS("explain", path, "/srv/b"), 0, "line 3    read /opt/a at /srv/b");
    assert_command(WORDS("explain", path, "/srv"), 0, "made for each box");
    file_done();
}

/* --- diff -------------------------------------------------------------------------- */

/* In brackets, or it would look like two rows without a comma. */
#define BPF_WHERE(condition)                                                      \
    ("\"syscalls\": {\"rules\": [{\"allow\": \"bpf\", \"why\": \"w\", \"when\": " \
     "{\"0\": " condition "}}]}")
#define BASE "\"version\": 1, \"name\": \"p\""

static int reachable(const char *name)
{
    struct error err;
    autopolicy struct policy *policy = NULL;
    assert_ok(policy_load(&sandbox, name, &policy, &err), &err);
    return filter_reachable(&sandbox, policy, &err);
}

static void diff_shows_what_only_one_permits(void **state)
{
    (void)state;
    assert_command(WORDS("diff", "default", "strict"), 1, "  memory             1G -> 512M\n");
    assert_command(WORDS("diff", "default", "strict"), 1,
                   "workspace\n- mode     rw\n- protect  .git\n");
    assert_command(WORDS("diff", "default", "strict"), 1, "- accept  *\n");
    autofree char *numbers = xasprintf("system calls: %d can be reached, then %d\n- connect accept",
                                       reachable("default"), reachable("strict"));
    assert_command(WORDS("diff", "default", "strict"), 1, numbers);
    assert_command(
        WORDS("diff", "default", "strict"), 1,
        "- socketpair: allow where argument 0 is AF_UNIX; else deny with EAFNOSUPPORT\n");
    assert_command(WORDS("diff", "strict", "default"), 1, "\n- clone: deny with EPERM");
    assert_command(WORDS("diff", "default", "web"), 1,
                   "\nnetwork\n- none\n+ example.org, ports 443 and 80\n+ example.com, port 443\n");
    assert_command(WORDS("diff", "default", "web"), 1, "must be on\n+ egress\n");
    assert_command(WORDS("diff", "default", "ci"), 1, "+ read     /etc/java-17-openjdk\n");
    assert_command(WORDS("diff", "default", "ci"), 1, "+ set     CI=true\n");
}

/* Every key that permits something is one that diff compares. */
static void no_difference_goes_unseen(void **state)
{
    (void)state;
    static const char *const members[] = {
        "\"limits\": {\"wall\": \"1s\"}",
        "\"limits\": {\"inodes\": 1}",
        "\"network\": {\"hosts\": []}",
        "\"network\": {\"hosts\": [\"a.org\"]}",
        "\"network\": {\"hosts\": [\"a.org:80\"]}",
        "\"network\": {\"hosts\": [\"a.org\"], \"private\": true, \"why\": \"w\"}",
        "\"files\": [{\"read\": \"/a\"}]",
        "\"files\": [{\"write\": \"/a\", \"why\": \"w\"}]",
        "\"files\": [{\"read\": \"/a\", \"at\": \"/b\"}]",
        "\"workspace\": {\"mode\": \"ro\"}",
        "\"workspace\": {\"mode\": \"none\", \"protect\": [\".git\"]}",
        "\"environment\": {\"set\": {\"A\": \"\"}}",
        "\"environment\": {\"accept\": [\"A\"]}",
        "\"environment\": {\"pass\": [\"A\"]}",
        "\"syscalls\": {\"otherwise\": \"EPERM\"}",
        "\"syscalls\": {\"rules\": [{\"allow\": \"@process\"}]}",
        "\"syscalls\": {\"rules\": [{\"deny\": \"bpf\", \"with\": \"EPERM\", \"why\": \"w\"}]}",
        BPF_WHERE("[1]"),
        BPF_WHERE("[2]"),
        BPF_WHERE("{\"bits\": [1]}"),
        "\"require\": [\"user\"]",
        "\"builds\": \"isolated\"",
        "\"infer\": \"known\"",
        "\"start\": \"fork\"",
        "\"preload\": [\"a\"]",
        "\"grace\": \"1s\"",
        "\"output_end\": true",
    };
    file_init();
    autofree char *other = path_join(dir, "other.json");
    for (size_t i = 0; i < COUNT(members); i++) {
        for (size_t k = 0; k < COUNT(members); k++) {
            if (k != 0 && k != i && k != i + 1)
                continue;
            autofree char *a = xasprintf("{" BASE ", %s}", members[k]);
            autofree char *b = xasprintf("{" BASE ", %s}", members[i]);
            int status;
            file_put(a);
            assert_int_equal(rename(path, other), 0);
            file_put(b);
            autofree char *said = command(WORDS("diff", other, path), &status);
            if (status != (i == k ? 0 : 1) || (i == k) != (*said == '\0'))
                fail_msg("%s, %s: status %d, \"%s\"", a, b, status, said);
        }
    }
    assert_int_equal(unlink(other), 0);
    file_done();
}

static void what_is_only_written_otherwise_is_the_same(void **state)
{
    (void)state;
    file_init();
    autofree char *other = path_join(dir, "other.json");
    file_put(
        "{" BASE ", \"purpose\": \"one\", \"limits\": {\"wall\": \"60s\", \"memory\": \"1G\"},"
        "\"require\": [\"user\", \"pid\"], \"syscalls\": {\"rules\": [{\"allow\": \"@default\"},"
        "{\"allow\": \"socket\", \"why\": \"w\", \"when\": {\"0\": [\"AF_UNIX\", 2], \"1\": "
        "[1]}}]}}");
    assert_int_equal(rename(path, other), 0);
    file_put("{" BASE
             ", \"purpose\": \"other\", \"limits\": {\"memory\": \"1024M\", \"wall\": \"1m\"},"
             "\"require\": [\"pid\", \"user\"], \"workspace\": {\"mode\": \"none\"},"
             "\"syscalls\": {\"otherwise\": \"ENOSYS\", \"rules\": ["
             "{\"allow\": \"socket\", \"why\": \"v\", \"when\": {\"1\": [\"SOCK_STREAM\"], \"0\": "
             "[\"AF_INET\", "
             "1]}}, {\"allow\": \"@default\"}]}}");
    assert_command(WORDS("diff", other, path), 0, "");
    assert_int_equal(unlink(other), 0);
    file_done();
}

static void diff_takes_two_policies(void **state)
{
    (void)state;
    assert_command(WORDS("diff", "default", "default"), 0, "");
    assert_command(WORDS("diff", "default", SOURCE_DIR "/policies/default.json"), 0, "");
    assert_command(WORDS("diff", "default", "none"), 125, "no policy is named \"none\"");
    assert_command(WORDS("diff", "default"), 125, "usage: ");
    assert_command(WORDS("diff", "--json", "default"), 125, "usage: ");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(the_command_answers_in_words_and_status),
    cmocka_unit_test(show_json_is_the_file),
    cmocka_unit_test(check_names_every_fault_and_every_doubt),
    cmocka_unit_test(every_shipped_policy_is_complete),
    cmocka_unit_test(explain_names_the_rule_and_its_reason),
    cmocka_unit_test(explain_names_the_line),
    cmocka_unit_test(explain_says_in_a_line_what_it_does_not_know),
    cmocka_unit_test(a_path_seen_elsewhere_is_named),
    cmocka_unit_test(diff_shows_what_only_one_permits),
    cmocka_unit_test(no_difference_goes_unseen),
    cmocka_unit_test(what_is_only_written_otherwise_is_the_same),
    cmocka_unit_test(diff_takes_two_policies),
};

UNIT_MAIN(tests)
