/* SPDX-License-Identifier: Apache-2.0 */
/* Policies that were made ready once: the same as those that are made anew, or not used. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "filter.h"
#include "policy.h"
#include "policy_keep.h"
#include "unit.h"

#define GROUPS \
    "{\"version\": 1, \"groups\": {\"@a\": {\"help\": \"h\", \"calls\": [\"read\", \"%s\"]}}}"

/* Every key there is, with a value that is not the one of a missing key. */
#define EVERYTHING                                                                                 \
    "{\"version\": 1, \"name\": \"p\", \"purpose\": \"all of it\","                                \
    "\"limits\": {\"wall\": \"90s\", \"cpu\": \"80s\", \"memory\": \"2G\", \"pids\": 7, "          \
    "\"open_files\": "                                                                             \
    "9, \"file\": \"1M\", \"scratch\": \"2M\", \"output\": \"3M\", \"inodes\": 11, "               \
    "\"workspace_growth\": \"4M\"},"                                                               \
    "\"network\": {\"hosts\": [\"a.org\", \"x.org:8443\", \"*.example.org\"], \"private\": true, " \
    "\"why\": \"tests\"},"                                                                         \
    "\"files\": [{\"read\": \"/opt\", \"at\": \"/srv\"}, {\"write\": \"/data\", \"why\": \"w\"},"  \
    " {\"scratch\": \"/tmp\"}, {\"proc\": \"/proc\"}, {\"dev\": \"/dev\"},"                        \
    " {\"device\": \"/dev/kvm\", \"why\": \"w\"}],"                                                \
    "\"workspace\": {\"mode\": \"overlay-discard\", \"protect\": [\".git\", \".envrc\"]},"         \
    "\"environment\": {\"set\": {\"A\": \"b=c\", \"B\": \"\"}, \"accept\": [\"*\"], \"pass\": "    \
    "[\"LANG\"]},"                                                                                 \
    "\"syscalls\": {\"otherwise\": \"EPERM\", \"rules\": [{\"allow\": \"@a\"}]},"                  \
    "\"require\": [\"user\", \"limits.memory~\"], \"builds\": \"isolated\", \"infer\": \"known\"," \
    "\"start\": \"fork\", \"preload\": [\"numpy.linalg\"], \"grace\": \"2s\", \"output_end\": "    \
    "true}"

struct place {
    char dir[64], path[80];
    char *dirs[2];
    struct sandbox sandbox;
};

static void put(const char *dir, const char *name, const char *text)
{
    autofree char *path = path_join(dir, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0600), 0);
}

/* A state and policies in one directory of our own. */
static void place_init(struct place *place)
{
    *place = (struct place){ .dir = "/tmp/cordon-keep-XXXXXX" };
    assert_non_null(mkdtemp(place->dir));
    place->dirs[0] = place->dir;
    place->sandbox = (struct sandbox){ .policy_dirs = place->dirs,
                                       .state = place->dir,
                                       .state_fd = open(place->dir, O_PATH | O_DIRECTORY) };
    (void)snprintf(place->path, sizeof(place->path), "%s/p.json", place->dir);
    autofree char *groups = xasprintf(GROUPS, "write");
    put(place->dir, "groups.json", groups);
    put(place->dir, "p.json", EVERYTHING);
}

static void place_done(struct place *place)
{
    struct error err;
    close(place->sandbox.state_fd);
    assert_ok(tree_remove(AT_FDCWD, place->dir, &err), &err);
}

static struct policy *ready(const struct place *place)
{
    struct error err;
    struct policy *policy = NULL;
    assert_ok(policy_ready(&place->sandbox, "p", &policy, &err), &err);
    return policy;
}

/* What is kept for the file as it is now; NULL if that does not count. */
static struct policy *recalled(const struct place *place)
{
    struct error err;
    struct policy *policy = NULL;
    autofree char *text = NULL;
    struct policy_text_pair from = { .path = place->path };
    assert_ok(policy_text(place->path, &text, &from.len, &err), &err);
    from.text = text;
    from.groups = groups_text(&place->sandbox, &err);
    assert_non_null(from.groups);
    int r = policy_recall(&place->sandbox, &from, &policy, &err);
    assert_true(r == 0 || r == -ENOENT);
    return policy;
}

/* The one file that is kept. */
static char *kept_file(const struct place *place)
{
    autofree char *command = xasprintf("ls %s/filters", place->dir);
    FILE *list = popen(command, "r");
    char name[256] = "", more[256];
    assert_int_equal(fscanf(list, "%255s", name), 1);
    assert_int_not_equal(fscanf(list, "%255s", more), 1);
    assert_int_equal(pclose(list), 0);
    return xasprintf("%s/filters/%s", place->dir, name);
}

/* --- the same ---------------------------------------------------------------------- */

/* Two structs of one policy, told apart by nothing but where their pointers lead: a member
 * that does not come back is zero in one of them. */
static void assert_alike(const void *left, const void *right, size_t size)
{
    for (size_t i = 0; i < size; i += sizeof(uintptr_t)) {
        uintptr_t a, b;
        memcpy(&a, (const char *)left + i, sizeof(a));
        memcpy(&b, (const char *)right + i, sizeof(b));
        bool pointers = a > UINT32_MAX && b > UINT32_MAX;
        if (a != b && !pointers)
            fail_msg("the word at offset %zu is %#zx, and %#zx when it was kept", i, (size_t)a,
                     (size_t)b);
    }
}

static void assert_lists(char *const *a, char *const *b)
{
    assert_int_equal(list_len(a), list_len(b));
    for (; a && *a; a++, b++)
        assert_string_equal(*a, *b);
}

static void all_of_a_policy_comes_back(void **state)
{
    (void)state;
    struct place place;
    place_init(&place);
    autopolicy struct policy *made = ready(&place), *kept = recalled(&place);
    assert_non_null(kept);
    assert_int_equal(made->syscall_count, 1);
    assert_int_equal(kept->syscall_count, 0);
    struct policy without = *made;
    without.syscalls = NULL;
    without.syscall_count = 0;
    assert_alike(&without, kept, sizeof(without));
    for (size_t i = 0; i < made->host_count; i++) {
        assert_int_equal(made->hosts[i].port, kept->hosts[i].port);
        assert_true(made->hosts[i].inward && kept->hosts[i].inward);
        assert_string_equal(made->hosts[i].name, kept->hosts[i].name);
    }
    for (size_t i = 0; i < made->file_count; i++) {
        assert_int_equal(made->files[i].kind, kept->files[i].kind);
        assert_string_equal(made->files[i].path, kept->files[i].path);
    }
    assert_string_equal(kept->files[0].at, "/srv");
    assert_string_equal(kept->files[1].why, "w");
    assert_string_equal(made->purpose, kept->purpose);
    assert_string_equal(made->source, kept->source);
    assert_string_equal(made->hosts_why, kept->hosts_why);
    assert_lists(made->protect, kept->protect);
    assert_lists(made->env_set, kept->env_set);
    assert_lists(made->env_accept, kept->env_accept);
    assert_lists(made->env_pass, kept->env_pass);
    assert_lists(made->require, kept->require);
    assert_lists(made->preload, kept->preload);
    assert_memory_equal(made->program, kept->program,
                        made->program_length * sizeof(struct sock_filter));
    place_done(&place);
}

static void what_is_shipped_is_the_same_when_it_was_kept(void **state)
{
    (void)state;
    static const char *const names[] = { "default", "strict", "fetch", "data", "web", "ci" };
    struct place place;
    place_init(&place);
    place.dirs[0] = (char[]){ SOURCE_DIR "/policies" };
    for (size_t i = 0; i < COUNT(names); i++) {
        struct error err;
        struct filter filter;
        autopolicy struct policy *plain = NULL, *first = NULL, *again = NULL;
        assert_ok(policy_load(&place.sandbox, names[i], &plain, &err), &err);
        assert_ok(policy_ready(&place.sandbox, names[i], &first, &err), &err);
        assert_ok(policy_ready(&place.sandbox, names[i], &again, &err), &err);
        assert_true(first->syscall_count > 0);
        assert_int_equal(again->syscall_count, 0); /* it was kept */
        assert_ok(filter_for(&place.sandbox, plain, &filter, &err), &err);
        assert_int_equal(filter.length, again->program_length);
        assert_memory_equal(filter.program, again->program,
                            filter.length * sizeof(struct sock_filter));
        filter_done(&filter);
        assert_ok(filter_for(&place.sandbox, again, &filter, &err), &err);
        assert_int_equal(filter.length, again->program_length);
        filter_done(&filter);
        assert_true(filter_guards_modes(&place.sandbox, plain) == again->guards_modes);
    }
    place_done(&place);
}

/* --- another ------------------------------------------------------------------------ */

static void a_changed_policy_is_not_taken_from_memory(void **state)
{
    (void)state;
    struct place place;
    place_init(&place);
    autopolicy struct policy *before = ready(&place);
    struct stat st;
    assert_int_equal(stat(place.path, &st), 0);
    /* The same size, the same times: only the text is another. */
    autofree char *text = xstrdup(EVERYTHING);
    *strstr(text, "90s") = '3';
    put(place.dir, "p.json", text);
    const struct timespec times[] = { st.st_atim, st.st_mtim };
    assert_int_equal(utimensat(AT_FDCWD, place.path, times, 0), 0);
    assert_null(recalled(&place));
    autopolicy struct policy *after = ready(&place), *kept = recalled(&place);
    assert_int_equal(before->limits.wall_ms, 90000);
    assert_int_equal(after->limits.wall_ms, 30000);
    assert_non_null(kept);
    free(kept_file(&place)); /* one: in the place of the one before */
    place_done(&place);
}

static void changed_groups_are_not_taken_from_memory(void **state)
{
    (void)state;
    struct place one, other;
    place_init(&one);
    place_init(&other);
    autofree char *groups = xasprintf(GROUPS, "close");
    put(other.dir, "groups.json", groups);
    policy_free(ready(&one));
    one.sandbox.policy_dirs = other.dirs; /* the groups of a directory before it */
    assert_null(recalled(&one));
    place_done(&one);
    place_done(&other);
}

static void patch(const char *path, off_t at, const char *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0 && pwrite(fd, bytes, len, at) == (ssize_t)len && close(fd) == 0);
}

static void what_is_not_whole_is_made_anew(void **state)
{
    (void)state;
    struct place place;
    place_init(&place);
    policy_free(ready(&place));
    autofree char *path = kept_file(&place);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);

    /* Any byte. */
    for (off_t at = 0; at < st.st_size; at += at < 200 ? 1 : 37) {
        struct error err;
        autofree char *bytes = NULL;
        assert_ok(file_read(AT_FDCWD, path, 1 << 20, &bytes, NULL, &err), &err);
        char other = (char)(bytes[at] ^ 0x10);
        patch(path, at, &other, 1);
        autopolicy struct policy *kept = recalled(&place);
        if (kept)
            fail_msg("the byte at %ld is not looked at", (long)at);
        patch(path, at, &bytes[at], 1);
    }
    /* Any length. */
    autopolicy struct policy *whole = recalled(&place);
    assert_non_null(whole);
    for (off_t len = st.st_size - 1; len > 0; len -= 61) {
        assert_int_equal(truncate(path, len), 0);
        assert_null(recalled(&place));
    }
    autopolicy struct policy *anew = ready(&place), *kept = recalled(&place);
    assert_int_equal(anew->syscall_count, 1);
    assert_non_null(kept);

    assert_int_equal(chmod(path, 0622), 0); /* others may have written it */
    assert_null(recalled(&place));
    place_done(&place);
}

static void a_policy_that_cannot_be_kept_works(void **state)
{
    (void)state;
    struct place place;
    place_init(&place);
    put(place.dir, "filters", "in the way");
    policy_free(ready(&place));
    autopolicy struct policy *again = ready(&place);
    assert_int_equal(again->syscall_count, 1);
    assert_true(again->program_length > 0);
    autofree char *path = path_join(place.dir, "filters");
    assert_int_equal(unlink(path), 0);
    place.sandbox.state = NULL;
    autopolicy struct policy *stateless = ready(&place);
    assert_true(stateless->program_length > 0);
    assert_int_equal(access(path, F_OK), -1);
    place_done(&place);
}

/* --- bytes from anywhere --------------------------------------------------------------- */

static void damaged_bytes_are_refused(void **state)
{
    (void)state;
    struct place place;
    struct error err;
    place_init(&place);
    autopolicy struct policy *policy = ready(&place);
    struct str flat = { 0 };
    policy_flatten(policy, &flat);
    for (size_t len = 0; len < flat.len; len++) {
        struct policy *back = NULL;
        autofree char *exact = xcalloc(len + 1, 1); /* so that a step too far is seen */
        memcpy(exact, flat.data, len);
        assert_int_equal(policy_unflatten(exact, len, &back, &err), -EBADMSG);
        assert_null(back);
    }
    for (size_t i = 0; i < flat.len; i++) {
        autopolicy struct policy *back = NULL;
        flat.data[i] = (char)~flat.data[i];
        (void)!policy_unflatten(flat.data, flat.len, &back, &err);
        flat.data[i] = (char)~flat.data[i];
    }
    str_done(&flat);
    place_done(&place);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(all_of_a_policy_comes_back),
    cmocka_unit_test(what_is_shipped_is_the_same_when_it_was_kept),
    cmocka_unit_test(a_changed_policy_is_not_taken_from_memory),
    cmocka_unit_test(changed_groups_are_not_taken_from_memory),
    cmocka_unit_test(what_is_not_whole_is_made_anew),
    cmocka_unit_test(a_policy_that_cannot_be_kept_works),
    cmocka_unit_test(damaged_bytes_are_refused),
};

UNIT_MAIN(tests)
