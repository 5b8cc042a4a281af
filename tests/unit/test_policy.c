/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "filter.h"
#include "policy.h"
#include "policy_parts.h"
#include "str.h"
#include "unit.h"

static char *shipped[] = { (char[]){ SOURCE_DIR "/policies" }, NULL };
static const struct sandbox sandbox = { .policy_dirs = shipped, .state_fd = -1 };

static int parse(const char *text, struct policy **ret, struct error *err)
{
    *err = (struct error){ 0 };
    return policy_parse(&sandbox, "p.json", text, strlen(text), ret, err);
}

/* A policy with `members` behind the two that every one has. */
static char *with(const char *members)
{
    return xasprintf("{\"version\": 1, \"name\": \"p\",\n%s}", members);
}

static void assert_fault(const char *members, const char *says)
{
    struct error err;
    struct policy *policy = NULL;
    autofree char *text = with(members);
    if (parse(text, &policy, &err) == 0)
        fail_msg("%s is taken", members);
    assert_null(policy);
    assert_int_equal(err.blame, BLAME_HOST);
    assert_says(&err, "p.json: line ");
    assert_says(&err, says);
}

static struct policy *assert_taken(const char *members)
{
    struct error err;
    struct policy *policy = NULL;
    autofree char *text = with(members);
    if (parse(text, &policy, &err) < 0)
        fail_msg("%s: %s", members, err.text);
    return policy;
}

/* --- the format ------------------------------------------------------------- */

static void a_missing_key_permits_nothing(void **state)
{
    (void)state;
    struct error err;
    autopolicy struct policy *policy = NULL;
    assert_ok(parse("{\"version\": 1, \"name\": \"p\"}", &policy, &err), &err);
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        assert_int_equal(limit_get(&policy->limits, &limit_fields[i]), 0);
    assert_false(policy->hosts_allowed || policy->hosts_private);
    assert_int_equal(policy->file_count, 0);
    assert_int_equal(policy->workspace, WORKSPACE_NONE);
    assert_null(policy->env_accept);
    assert_null(policy->env_pass);
    assert_int_equal(policy->syscall_count, 0);
    assert_int_equal(policy->otherwise, ENOSYS);
    assert_int_equal(filter_reachable(&sandbox, policy, &err), 0);
    assert_false(policy->builds_isolated || policy->infer_known || policy->output_end);
    assert_int_equal(policy->start, START_SPAWN);
}

static void every_key_arrives(void **state)
{
    (void)state;
    autopolicy struct policy *policy = assert_taken(
        "\"purpose\": \"p\", \"limits\": {\"wall\": \"90s\", \"memory\": \"2G\", \"pids\": 7},"
        "\"network\": {\"hosts\": [\"pypi.org\", \"x.org:8443\", \"*.example.org\"],"
        " \"private\": true, \"why\": \"tests\"},"
        "\"files\": [{\"read\": \"/opt\", \"at\": \"/srv\"}, {\"write\": \"/data\", \"why\": "
        "\"w\"},"
        " {\"scratch\": \"/tmp\"}, {\"proc\": \"/proc\"}, {\"dev\": \"/dev\"},"
        " {\"device\": \"/dev/kvm\", \"why\": \"w\"}],"
        "\"workspace\": {\"mode\": \"overlay-discard\", \"protect\": [\".git\"]},"
        "\"environment\": {\"set\": {\"A\": \"b=c\", \"B\": \"\"}, \"accept\": [\"*\"], \"pass\": "
        "[\"LANG\"]},"
        "\"syscalls\": {\"otherwise\": \"EPERM\", \"rules\": [{\"allow\": \"@files\"}]},"
        "\"require\": [\"user\", \"limits.memory~\"], \"builds\": \"isolated\", \"infer\": "
        "\"known\","
        "\"start\": \"fork\", \"preload\": [\"numpy.linalg\"], \"grace\": \"2s\", \"output_end\": "
        "true");
    assert_int_equal(policy->limits.wall_ms, 90000);
    assert_int_equal(policy->limits.memory_bytes, 2ULL << 30);
    assert_int_equal(policy->limits.pids, 7);
    assert_int_equal(policy->host_count, 3);
    assert_string_equal(policy->hosts[1].name, "x.org");
    assert_int_equal(policy->hosts[1].port, 8443);
    assert_int_equal(policy->hosts[2].port, 0);
    assert_true(policy->hosts_private);
    assert_int_equal(policy->file_count, 6);
    assert_int_equal(policy->files[0].kind, FILE_READ);
    assert_string_equal(policy->files[0].at, "/srv");
    assert_int_equal(policy->files[1].kind, FILE_WRITE);
    assert_int_equal(policy->files[5].kind, FILE_DEVICE);
    assert_int_equal(policy->workspace, WORKSPACE_OVERLAY_DISCARD);
    assert_string_equal(policy->protect[0], ".git");
    assert_string_equal(policy->env_set[0], "A=b=c");
    assert_string_equal(policy->env_set[1], "B=");
    assert_string_equal(policy->env_accept[0], "*");
    assert_string_equal(policy->env_pass[0], "LANG");
    assert_int_equal(policy->otherwise, EPERM);
    assert_string_equal(policy->syscalls[0].calls[0], "@files");
    assert_string_equal(policy->require[1], "limits.memory~");
    assert_true(policy->builds_isolated && policy->infer_known && policy->output_end);
    assert_int_equal(policy->start, START_FORK);
    assert_string_equal(policy->preload[0], "numpy.linalg");
    assert_int_equal(policy->grace_ms, 2000);
}

static void a_full_proc_is_a_kind_of_its_own(void **state)
{
    (void)state;
    autopolicy struct policy *policy =
        assert_taken("\"files\": [{\"proc\": \"full\", \"why\": \"w\"}]");
    assert_int_equal(policy->files[0].kind, FILE_PROC_FULL);
    assert_string_equal(policy->files[0].path, "/proc");
    autopolicy struct policy *own = assert_taken("\"files\": [{\"proc\": \"/proc\"}]");
    assert_int_equal(own->files[0].kind, FILE_PROC);
}

static void a_rule_s_conditions_arrive(void **state)
{
    (void)state;
    autopolicy struct policy *policy = assert_taken(
        "\"syscalls\": {\"rules\": [{\"deny\": [\"ioctl\", \"@sockets\"], \"with\": \"EPERM\", "
        "\"why\": \"w\", \"when\": {\"1\": [\"TIOCSTI\", 5, -1], \"0\": {\"mask\": \"0xff\", "
        "\"is\": "
        "[3]}, \"2\": {\"bits\": [\"CLONE_NEWNS\", 1]}, \"3\": [4294967296]}}]}");
    const struct syscall_rule *rule = policy->syscalls;
    assert_false(rule->allow);
    assert_int_equal(rule->error, EPERM);
    assert_string_equal(rule->calls[1], "@sockets");
    assert_int_equal(rule->when_count, 4);
    assert_int_equal(rule->when[0].mask, UINT32_MAX);
    assert_int_equal(rule->when[0].values[0], 0x5412);
    assert_int_equal(rule->when[0].values[2], UINT32_MAX);
    assert_int_equal(rule->when[1].mask, 0xff);
    assert_true(rule->when[2].any);
    assert_int_equal(rule->when[2].mask, 0x20001);
    assert_true(rule->when[3].mask == UINT64_MAX);
}

static const struct {
    const char *members, *says;
} faults[] = {
    { "\"wall\": 1", "line 2: wall: no such key; allowed are version, name, purpose, limits" },
    { "\"purpose\": \"\"", "purpose: an empty string" },
    { "\"limits\": {\"wall\": 300}", "limits.wall: a duration such as" },
    { "\"limits\": {\"wall\": \"300\"}", "\"300\" is not a duration" },
    { "\"limits\": {\"wall\": \"0s\"}", "greater than zero" },
    { "\"limits\": {\"wall\": \"10000h\"}", "more than 744h" },
    { "\"limits\": {\n\"memory\": \"2GB\"}", "line 3: limits.memory: \"2GB\" is not a size" },
    { "\"limits\": {\"pids\": \"7\"}", "a whole number from 1 to" },
    { "\"limits\": {\"pids\": 0}", "from 1 to 4194304" },
    { "\"limits\": {\"cpus\": 1}", "no such limit; allowed are wall, cpu" },
    { "\"limits\": []", "limits: an object" },
    { "\"network\": \"all\"", "network: allowed are \"none\"" },
    { "\"network\": {\"private\": true}", "the key hosts is missing" },
    { "\"network\": {\"hosts\": [\"*.org\"], \"why\": \"w\"}",
      "hosts[0]: \"*.org\" is not a host" },
    { "\"network\": {\"hosts\": [\"http://x.org\"]}", "is not a host" },
    { "\"network\": {\"hosts\": [\"X.org\"]}", "lower-case" },
    { "\"network\": {\"hosts\": [\"x.org:0\"]}", "is not a host" },
    { "\"network\": {\"hosts\": [\"x.org:65536\"]}", "is not a host" },
    { "\"network\": {\"hosts\": [\"127.1\"]}", "is not a host" },
    { "\"network\": {\"hosts\": [\"10.0.0.1:80\"]}", "10.0.0.1 is an address of a private" },
    { "\"network\": {\"hosts\": [\"*.x.org\"]}", "network: \"why\" is missing" },
    { "\"network\": {\"hosts\": [], \"private\": true}", "\"why\" is missing" },
    { "\"files\": [{\"proc\": \"full\"}]", "\"why\" is missing: a full proc" },
    { "\"files\": [{\"proc\": \"all\"}]", "\"all\" is not an absolute path" },
    { "\"files\": [{\"proc\": \"/proc\"}, {\"proc\": \"full\", \"why\": \"w\"}]",
      "a second rule for /proc" },
    { "\"files\": [{\"read\": \"usr\"}]", "files[0].read: \"usr\" is not an absolute path" },
    { "\"files\": [{\"read\": \"/a/../b\"}]", "not an absolute path without" },
    { "\"files\": [{\"read\": \"/a/\"}]", "not an absolute path without" },
    { "\"files\": [{\"read\": \"/\"}]", "\"/\" cannot be put into a box" },
    { "\"files\": [{\"write\": \"/a\"}]", "\"why\" is missing: write opens the host" },
    { "\"files\": [{\"device\": \"/dev/kvm\"}]", "\"why\" is missing: device opens" },
    { "\"files\": [{\"device\": \"/srv/kvm\", \"why\": \"w\"}]", "a device lies under /dev" },
    { "\"files\": [{\"read\": \"/a\", \"write\": \"/b\"}]", "one of read, write, scratch" },
    { "\"files\": [{\"why\": \"w\"}]", "one of read, write, scratch" },
    { "\"files\": [{\"scratch\": \"/tmp\", \"at\": \"/x\"}]", "\"at\" belongs to" },
    { "\"files\": [{\"proc\": \"/p\"}]", "proc is made at /proc" },
    { "\"files\": [{\"read\": \"/a\"}, {\"read\": \"/b\", \"at\": \"/a\"}]",
      "a second rule for /a" },
    { "\"workspace\": {\"mode\": \"rwx\"}",
      "workspace.mode: allowed are \"none\", \"ro\", \"rw\"" },
    { "\"workspace\": {\"mode\": \"rw\\u0000\"}", "workspace.mode: allowed are" },
    { "\"workspace\": {}", "the key mode is missing" },
    { "\"workspace\": {\"mode\": \"rw\", \"protect\": [\"a/b\"]}", "without '/'" },
    { "\"environment\": {\"set\": {\"A-B\": \"\"}}", "a variable's name" },
    { "\"environment\": {\"set\": {\"CORDON_A\": \"\"}}", "not \"CORDON_\"" },
    { "\"environment\": {\"accept\": [\"A*\"]}", "a variable's name" },
    { "\"environment\": {\"pass\": [\"*\"]}", "a variable's name" },
    { "\"syscalls\": {\"otherwise\": \"KILL\"}", "allowed are EPERM, ENOENT" },
    { "\"syscalls\": {\"rules\": [{\"allow\": \"@none\"}]}", "no group is named \"@none\"; there" },
    { "\"syscalls\": {\"rules\": [{\"allow\": \"openfile\"}]}",
      "no system call is named \"openfile\"" },
    { "\"syscalls\": {\"rules\": [{\"allow\": \"read\"}]}", "rules[0]: \"why\" is missing" },
    { "\"syscalls\": {\"rules\": [{\"allow\": \"@files\", \"when\": {\"0\": [1]}}]}",
      "\"why\" is" },
    { "\"syscalls\": {\"rules\": [{\"deny\": \"read\", \"why\": \"w\"}]}",
      "\"deny\" needs \"with\"" },
    { "\"syscalls\": {\"rules\": [{\"deny\": \"read\", \"with\": \"EPERM\"}]}",
      "\"why\" is missing" },
    { "\"syscalls\": {\"rules\": [{\"allow\": \"@files\", \"with\": \"EPERM\"}]}", "belongs to" },
    { "\"syscalls\": {\"rules\": [{\"why\": \"w\"}]}", "one of \"allow\" and \"deny\"" },
    { "\"syscalls\": {\"rules\": [{\"allow\": []}]}", "a system call, a \"@group\"" },
    { "\"syscalls\": {\"rules\": [{\"allow\": \"read\", \"why\": \"w\", \"when\": {}}]}",
      "conditions" },
    { "\"syscalls\": {\"rules\": [{\"allow\": \"read\", \"why\": \"w\", \"when\": {\"6\": "
      "[1]}}]}",
      "arguments are numbered" },
    { "\"syscalls\": {\"rules\": [{\"allow\": \"read\", \"why\": \"w\", \"when\": {\"0\": "
      "[]}}]}",
      "a list of values" },
    { "\"syscalls\": {\"rules\": [{\"allow\": \"read\", \"why\": \"w\", \"when\": {\"0\": "
      "[\"O_NONE\"]}}]}",
      "is no constant that rules know" },
    { "\"syscalls\": {\"rules\": [{\"allow\": \"read\", \"why\": \"w\", \"when\": {\"0\": "
      "{\"mask\": "
      "1, \"is\": [2]}}}]}",
      "values within it" },
    { "\"syscalls\": {\"rules\": [{\"allow\": \"read\", \"why\": \"w\", \"when\": {\"0\": "
      "{\"mask\": "
      "1, \"bits\": [2]}}}]}",
      "values within it" },
    { "\"syscalls\": {\"rules\": [{\"allow\": \"read\", \"why\": \"w\", \"when\": {\"0\": "
      "{\"bits\": "
      "[-1]}, \"1\": {\"bits\": [-1]}}}]}",
      "more than 128 combinations" },
    { "\"require\": [\"users\"]", "require[0]: allowed are user, mount" },
    { "\"require\": [\"limits.walls\"]", "limits.NAME~" },
    { "\"require\": [\"user~\"]", "allowed are user" },
    { "\"builds\": true", "builds: allowed are \"none\", \"isolated\"" },
    { "\"infer\": \"all\"", "allowed are \"off\", \"known\"" },
    { "\"start\": \"forks\"", "allowed are \"spawn\", \"pool\", \"fork\"" },
    { "\"preload\": [\"a b\"]", "a Python module" },
    { "\"grace\": \"11s\"", "grace: more than 10s" },
    { "\"output_end\": 1", "true or false" },
    { "\"infer\": \"off\",\n\"infer\": \"known\"", "line 3, column 1: duplicate key \"infer\"" },
};

static void every_fault_says_where_and_what_is_allowed(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(faults); i++)
        assert_fault(faults[i].members, faults[i].says);
}

static void the_frame_of_a_policy_is_checked(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } rows[] = {
        { "", "line 1, column 1" },
        { "null", "line 1: an object" },
        { "[]", "line 1: an object" },
        { "{\"name\": \"p\"}", "the key version is missing" },
        { "{\"version\": 1}", "the key name is missing" },
        { "{\"version\": 2, \"name\": \"p\"}", "version: a whole number from 1 to 1" },
        { "{\"version\": 1, \"name\": \"../p\"}", "name: a name has" },
        { "{\"version\": 1, \"name\": \".p\"}", "name: a name has" },
        { "{\"version\": 1, \"name\": \"groups\"}", "name: a name has" },
        { "{\"version\": 1, \"name\": \"p\"} x", "'x' where nothing more" },
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct error err;
        struct policy *policy = NULL;
        if (parse(rows[i].text, &policy, &err) == 0)
            fail_msg("%s is taken", rows[i].text);
        assert_says(&err, rows[i].says);
    }
}

static void a_check_reports_all_faults_and_returns_the_first(void **state)
{
    (void)state;
    struct error err = { 0 };
    struct policy *policy = NULL;
    char *shown = NULL;
    size_t len;
    autofree char *text =
        with("\"limits\": {\"wall\": 1},\n\"start\": \"x\",\n\"require\": [\"y\"]");
    FILE *report = open_memstream(&shown, &len);
    assert_true(policy_parse_report(&sandbox, "p.json", text, strlen(text), report, &policy, &err) <
                0);
    (void)fclose(report);
    assert_says(&err, "line 2: limits.wall");
    assert_non_null(strstr(shown, "line 2: limits.wall"));
    assert_non_null(strstr(shown, "line 3: start"));
    assert_non_null(strstr(shown, "line 4: require[0]"));
    free(shown);
}

/* --- finding ---------------------------------------------------------------- */

struct place {
    char dir[64];
    char *dirs[3];
    struct sandbox sandbox;
};

static void place_init(struct place *place)
{
    *place = (struct place){ .dir = "/tmp/cordon-policy-XXXXXX" };
    assert_non_null(mkdtemp(place->dir));
    place->dirs[0] = place->dir;
    place->dirs[1] = shipped[0];
    place->sandbox = (struct sandbox){ .policy_dirs = place->dirs, .state_fd = -1 };
}

static void place_put(const struct place *place, const char *name, const char *text, mode_t mode)
{
    autofree char *path = path_join(place->dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, mode), 0);
}

static void place_done(const struct place *place, const char *name)
{
    autofree char *path = path_join(place->dir, name);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(place->dir), 0);
}

static void the_first_directory_wins(void **state)
{
    (void)state;
    struct place place;
    struct error err;
    place_init(&place);
    place_put(&place, "strict.json",
              "{\"version\": 1, \"name\": \"strict\", \"purpose\": \"mine\"}", 0600);
    autopolicy struct policy *mine = NULL, *other = NULL;
    assert_ok(policy_load(&place.sandbox, "strict", &mine, &err), &err);
    assert_string_equal(mine->purpose, "mine");
    assert_ok(policy_load(&place.sandbox, "default", &other, &err), &err);
    assert_true(starts_with(other->source, SOURCE_DIR));
    place_done(&place, "strict.json");
}

static void a_file_that_others_can_write_is_refused(void **state)
{
    (void)state;
    struct place place;
    struct error err;
    struct policy *policy = NULL;
    place_init(&place);
    place_put(&place, "mine.json", "{\"version\": 1, \"name\": \"mine\"}", 0602);
    assert_true(policy_load(&place.sandbox, "mine", &policy, &err) < 0);
    assert_says(&err, "can be written by others (mode 0602)");
    place_done(&place, "mine.json");
}

static void a_file_s_name_is_the_policy_s(void **state)
{
    (void)state;
    struct place place;
    struct error err;
    struct policy *policy = NULL;
    place_init(&place);
    place_put(&place, "mine.json", "{\"version\": 1, \"name\": \"other\"}", 0600);
    assert_true(policy_load(&place.sandbox, "mine", &policy, &err) < 0);
    assert_says(&err, "name: \"other\" is not the file's name");
    place_done(&place, "mine.json");
}

static void an_unknown_name_lists_those_there_are(void **state)
{
    (void)state;
    static const char *const names[] = { "none",         "",           "../default", "groups", ".",
                                         "default.json", "/etc/passwd" };
    for (size_t i = 0; i < COUNT(names); i++) {
        struct error err;
        struct policy *policy = NULL;
        assert_int_equal(policy_load(&sandbox, names[i], &policy, &err), -ENOENT);
        assert_int_equal(err.blame, BLAME_CALLER);
        assert_says(&err, "there are: ci, data, default, fetch, strict, web");
        assert_int_equal(policy_ready(&sandbox, names[i], &policy, &err), -ENOENT);
        assert_says(&err, "there are: ci, data, default, strict, web");
    }
}

static void a_broken_groups_file_is_named(void **state)
{
    (void)state;
    struct place place;
    struct error err;
    struct policy *policy = NULL;
    place_init(&place);
    place_put(
        &place, "groups.json",
        "{\"version\": 1, \"groups\": {\"@a\": {\"help\": \"h\",\n\"calls\": [\"readfile\"]}}}",
        0600);
    assert_true(policy_load(&place.sandbox, "default", &policy, &err) < 0);
    assert_says(&err,
                "groups.json: line 2: groups.@a.calls[0]: no system call is named \"readfile\"");
    place_done(&place, "groups.json");
}

/* --- what is shipped -------------------------------------------------------- */

static void the_shipped_policies_say_what_they_promise(void **state)
{
    (void)state;
    struct error err;
    autopolicy struct policy *plain = NULL, *strict = NULL, *fetch = NULL;
    assert_ok(policy_load(&sandbox, "default", &plain, &err), &err);
    assert_ok(policy_load(&sandbox, "strict", &strict, &err), &err);
    assert_ok(policy_load(&sandbox, "fetch", &fetch, &err), &err);
    assert_int_equal(plain->limits.wall_ms, 300000);
    assert_int_equal(plain->limits.memory_bytes, 1ULL << 30);
    assert_int_equal(plain->workspace, WORKSPACE_WRITE);
    assert_int_equal(strict->workspace, WORKSPACE_NONE);
    assert_null(strict->env_accept && strict->env_accept[0] ? strict->env_accept[0] : NULL);
    assert_int_equal(fetch->limits.wall_ms, 600000);
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        assert_true(limit_get(&strict->limits, &limit_fields[i]) <=
                    limit_get(&plain->limits, &limit_fields[i]));
    int most = filter_reachable(&sandbox, plain, &err);
    int least = filter_reachable(&sandbox, strict, &err);
    assert_true(most > 0 && most <= 230);
    assert_true(least > 0 && least < most);
}

static void what_the_policies_differ_in_is_what_they_are_for(void **state)
{
    (void)state;
    struct error err;
    autopolicy struct policy *plain = NULL, *data = NULL, *web = NULL, *ci = NULL;
    assert_ok(policy_load(&sandbox, "default", &plain, &err), &err);
    assert_ok(policy_load(&sandbox, "data", &data, &err), &err);
    assert_ok(policy_load(&sandbox, "web", &web, &err), &err);
    assert_ok(policy_load(&sandbox, "ci", &ci, &err), &err);
    assert_true(data->limits.memory_bytes > plain->limits.memory_bytes);
    assert_true(data->limits.pids > plain->limits.pids);
    assert_true(ci->limits.pids > data->limits.pids);
    assert_false(data->hosts_allowed || ci->hosts_allowed);
    assert_true(web->hosts_allowed && web->host_count > 0 && !web->hosts_private);
    assert_true(list_has(web->require, "egress"));
    assert_int_equal(ci->workspace, WORKSPACE_WRITE);
}

static void every_group_has_help_and_calls(void **state)
{
    (void)state;
    struct error err;
    const struct groups *groups = groups_get(&sandbox, &err);
    assert_non_null(groups);
    for (size_t i = 0; i < groups->count; i++) {
        assert_true(strlen(groups->list[i].help) > 10);
        assert_true(list_len(groups->list[i].calls) > 0);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_missing_key_permits_nothing),
    cmocka_unit_test(every_key_arrives),
    cmocka_unit_test(a_full_proc_is_a_kind_of_its_own),
    cmocka_unit_test(a_rule_s_conditions_arrive),
    cmocka_unit_test(every_fault_says_where_and_what_is_allowed),
    cmocka_unit_test(the_frame_of_a_policy_is_checked),
    cmocka_unit_test(a_check_reports_all_faults_and_returns_the_first),
    cmocka_unit_test(the_first_directory_wins),
    cmocka_unit_test(a_file_that_others_can_write_is_refused),
    cmocka_unit_test(a_file_s_name_is_the_policy_s),
    cmocka_unit_test(an_unknown_name_lists_those_there_are),
    cmocka_unit_test(a_broken_groups_file_is_named),
    cmocka_unit_test(the_shipped_policies_say_what_they_promise),
    cmocka_unit_test(what_the_policies_differ_in_is_what_they_are_for),
    cmocka_unit_test(every_group_has_help_and_calls),
};

UNIT_MAIN(tests)
