/* SPDX-License-Identifier: Apache-2.0 */
/* test_harvest.c - layers that no kernel would make, applied to a workspace all the same. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "fd.h"
#include "harvest.h"
#include "protect.h"
#include "str.h"
#include "unit.h"

static char top[32];
static char *protected_names[] = { (char[]){ ".git" }, (char[]){ ".envrc" }, NULL };
static struct harvest_request request;
static struct changes changes;

static char *in_top(const char *name)
{
    return path_join(top, name);
}

static int set_up(void **unused)
{
    (void)unused;
    (void)snprintf(top, sizeof(top), "/tmp/cordon-layer-XXXXXX");
    assert_non_null(mkdtemp(top));
    autofree char *layer = in_top("layer"), *workspace = in_top("ws"), *victim = in_top("victim");
    assert_return_code(mkdir(layer, 0755), errno);
    assert_return_code(mkdir(workspace, 0755), errno);
    assert_return_code(mkdir(victim, 0755), errno);
    request = (struct harvest_request){
        .upper = open(layer, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
        .workspace = open(workspace, O_PATH | O_DIRECTORY | O_CLOEXEC),
        .control = -1,
        .path_max = PATH_MAX,
        .keep = true,
        .root = geteuid() == 0,
        .since = { .tv_sec = INT32_MAX }, /* nothing is younger */
        .room = 1 << 20,
        .protect = protected_names,
    };
    return request.upper < 0 || request.workspace < 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    struct error err = { 0 };
    close(request.upper);
    close(request.workspace);
    changes_done(&changes);
    return tree_remove(AT_FDCWD, top, &err);
}

static void put(const char *name, const char *text)
{
    struct error err = { 0 };
    autofree char *path = in_top(name);
    assert_ok(file_write(AT_FDCWD, path, text, strlen(text), 0644, &err), &err);
}

static void make_dir(const char *name)
{
    autofree char *path = in_top(name);
    assert_return_code(mkdir(path, 0755), errno);
}

static void make_link(const char *target, const char *name)
{
    autofree char *path = in_top(name);
    assert_return_code(symlink(target, path), errno);
}

static void make_node(const char *name, mode_t mode, dev_t device)
{
    autofree char *path = in_top(name);
    assert_return_code(mknod(path, mode, device), errno);
}

static void mark(const char *name, const char *mark, const char *value)
{
    autofree char *path = in_top(name);
    assert_return_code(setxattr(path, mark, value, strlen(value), 0), errno);
}

static bool is_there(const char *name)
{
    autofree char *path = in_top(name);
    struct stat st;
    return lstat(path, &st) == 0;
}

static mode_t mode_of(const char *name)
{
    autofree char *path = in_top(name);
    struct stat st;
    assert_return_code(lstat(path, &st), errno);
    return st.st_mode;
}

static void assert_text(const char *name, const char *expected)
{
    autofree char *path = in_top(name);
    autofree char *text = NULL;
    struct error err = { 0 };
    assert_ok(file_read(AT_FDCWD, path, 4096, &text, NULL, &err), &err);
    assert_string_equal(text, expected);
}

/* "a added, b/ removed!, ..."; "!" where it was not applied. */
static char *told(void)
{
    struct str out = { 0 };
    struct error err = { 0 };
    changes_done(&changes);
    assert_ok(harvest(&request, &changes, &err), &err);
    for (size_t i = 0; i < changes.count; i++)
        str_printf(&out, "%s%s %s%s", i ? ", " : "", changes.list[i].path,
                   change_kind_name(changes.list[i].kind), changes.list[i].note ? "!" : "");
    return str_take(&out);
}

static void assert_told(const char *expected)
{
    autofree char *found = told();
    assert_string_equal(found, expected);
}

static void whiteout(const char *name)
{
    make_node(name, S_IFCHR, makedev(0, 0));
}

static void what_was_removed_is_removed_and_what_was_opaque_is_emptied(void **state)
{
    (void)state;
    put("ws/gone", "");
    make_dir("ws/tree");
    make_dir("ws/tree/deep");
    put("ws/tree/deep/leaf", "");
    make_dir("ws/remade");
    put("ws/remade/old", "");
    put("ws/remade/both", "old");
    whiteout("layer/gone");
    whiteout("layer/tree");
    whiteout("layer/never was");
    make_dir("layer/remade");
    mark("layer/remade", "user.overlay.opaque", "y");
    put("layer/remade/both", "new");
    assert_told("gone removed, remade/both changed, remade/old removed, tree/ removed, "
                "tree/deep/ removed, tree/deep/leaf removed");
    assert_false(is_there("ws/gone") || is_there("ws/tree") || is_there("ws/remade/old"));
    assert_text("ws/remade/both", "new");
}

static void listing_alone_touches_nothing(void **state)
{
    (void)state;
    request.keep = false;
    put("ws/gone", "");
    put("ws/file", "old");
    make_dir("ws/dir");
    put("ws/dir/leaf", "");
    whiteout("layer/gone");
    put("layer/file", "new");
    put("layer/dir", "a file now");
    make_dir("layer/new");
    put("layer/new/file", "");
    make_node("layer/fifo", S_IFIFO | 0644, 0);
    assert_told("dir added, dir/ removed, dir/leaf removed, fifo added, file changed, "
                "gone removed, new/ added, new/file added");
    assert_text("ws/file", "old");
    assert_true(is_there("ws/gone") && is_there("ws/dir/leaf") && !is_there("ws/new"));
}

static void special_files_and_high_bits_stay_outside(void **state)
{
    (void)state;
    make_node("layer/fifo", S_IFIFO | 0644, 0);
    autofree char *path = in_top("layer/socket");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    autoclose int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_return_code(bind(sock, (void *)&address, sizeof(address)), errno);
    put("layer/tool", "");
    autofree char *tool = in_top("layer/tool");
    assert_return_code(chmod(tool, 06755), errno);
    make_dir("layer/dir");
    autofree char *dir = in_top("layer/dir");
    assert_return_code(chmod(dir, 01777), errno);
    assert_told("dir/ added, fifo added!, socket added!, tool added");
    assert_false(is_there("ws/fifo") || is_there("ws/socket"));
    assert_int_equal(mode_of("ws/tool") & 07777, 0755);
    assert_int_equal(mode_of("ws/dir") & 07777, 0777);
}

static void devices_stay_outside(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    make_node("layer/null", S_IFCHR | 0666, makedev(1, 3));
    make_node("layer/disk", S_IFBLK | 0666, makedev(254, 0));
    assert_told("disk added!, null added!");
    assert_false(is_there("ws/null") || is_there("ws/disk"));
}

static void no_link_is_followed_on_either_side(void **state)
{
    (void)state;
    put("victim/file", "untouched");
    make_link("../victim/file", "ws/file");
    make_link("../victim", "ws/dir");
    make_link("../victim", "layer/link");
    put("layer/file", "new");
    make_dir("layer/dir");
    put("layer/dir/file", "new");
    whiteout("layer/dir/other");
    /* The second time the first one's link is in the way of a directory. */
    assert_told("dir removed, dir/ added, dir/file added, file changed, link added");
    assert_text("victim/file", "untouched");
    assert_true(S_ISDIR(mode_of("ws/dir")) && S_ISREG(mode_of("ws/file")));
    autofree char *link = in_top("layer/link");
    assert_return_code(unlink(link), errno);
    make_dir("layer/link");
    put("layer/link/file", "new");
    assert_told("link removed, link/ added, link/file added");
    assert_text("victim/file", "untouched");
}

static void what_is_younger_than_the_run_is_the_hosts(void **state)
{
    (void)state;
    request.since.tv_sec = 0;
    put("ws/file", "host");
    put("ws/gone", "host");
    make_dir("ws/dir");
    put("layer/file", "run");
    put("layer/dir", "run");
    whiteout("layer/gone");
    put("layer/new", "run");
    assert_told("dir added!, dir/ removed!, file changed!, gone removed!, new added");
    assert_text("ws/file", "host");
    assert_text("ws/gone", "host");
    assert_text("ws/new", "run");
    assert_int_equal(changes.failed, 4);
}

static void nothing_is_removed_while_something_could_not_be_put(void **state)
{
    (void)state;
    put("ws/moved", "precious");
    whiteout("layer/moved");
    put("layer/.envrc", "precious");
    assert_told(".envrc added!, moved removed!");
    assert_text("ws/moved", "precious");
}

static void a_fifo_that_is_not_put_holds_nothing_back(void **state)
{
    (void)state;
    put("ws/gone", "");
    whiteout("layer/gone");
    make_node("layer/fifo", S_IFIFO | 0644, 0);
    assert_told("fifo added!, gone removed");
    assert_false(is_there("ws/gone"));
}

static void what_is_the_same_is_no_change(void **state)
{
    (void)state;
    put("ws/file", "same");
    put("layer/file", "same");
    make_link("x", "ws/link");
    make_link("x", "layer/link");
    make_dir("ws/dir");
    make_dir("layer/dir");
    assert_told("");
    autofree char *file = in_top("layer/file");
    assert_return_code(chmod(file, 0600), errno);
    assert_told("file changed");
    assert_int_equal(mode_of("ws/file") & 07777, 0600);
    put("layer/file", "samE");
    assert_told("file changed");
    assert_text("ws/file", "samE");
}

static void protected_names_in_any_case_are_not_applied(void **state)
{
    (void)state;
    make_dir("layer/.git");
    put("layer/.git/config", "");
    put("layer/.ENVrc", "");
    make_dir("layer/deeper");
    put("layer/deeper/.envrc", ""); /* the list is about the top */
    put("layer/.gitignore", "");
    assert_told(".ENVrc added!, .git/ added!, .gitignore added, deeper/ added, "
                "deeper/.envrc added");
    assert_false(is_there("ws/.git") || is_there("ws/.ENVrc"));
}

static void more_than_there_is_room_for_is_not_begun(void **state)
{
    (void)state;
    request.room = 10;
    put("layer/large", "more than ten bytes");
    assert_told("large added!");
    assert_false(is_there("ws/large"));
    autofree char *found = in_top("ws");
    assert_return_code(rmdir(found), errno); /* no staged name is left either */
}

static void a_path_without_end_is_cut_off(void **state)
{
    (void)state;
    request.path_max = 3;
    make_dir("layer/a");
    make_dir("layer/a/b");
    make_dir("layer/a/b/c");
    put("layer/a/b/c/file", "");
    assert_told("a/ added, a/b/ added, a/b/c/ added!");
    assert_false(is_there("ws/a/b/c"));
}

static void who_is_gone_gets_nothing_applied(void **state)
{
    (void)state;
    int control[2];
    struct error err = { 0 };
    assert_return_code(pipe(control), errno);
    request.control = control[0];
    put("layer/new", "1");
    assert_int_equal(write(control[1], "s\n", 2), 2); /* a signal that ends nobody */
    assert_told("new added");
    assert_true(is_there("ws/new"));
    put("layer/newer", "2");
    close(control[1]);
    changes_done(&changes);
    assert_int_equal(harvest(&request, &changes, &err), -ECANCELED);
    assert_int_equal(changes.count, 0);
    assert_false(is_there("ws/newer"));
    close(control[0]);
}

/* Names before and after, in a live workspace. */
static void a_protected_name_that_came_is_told(void **state)
{
    (void)state;
    char *names[] = { (char[]){ ".git" }, (char[]){ ".envrc" }, (char[]){ ".idea" }, NULL };
    put("ws/.envrc", "old");
    make_link("a", "ws/.idea");
    autofree char *ws = in_top("ws");
    struct protect *before = protect_look(request.workspace, ws, names);
    protect_compare(before, request.workspace, &changes);
    assert_int_equal(changes.count, 0);
    make_dir("ws/.git");
    make_dir("ws/a"); /* what .idea led to */
    autofree char *link = in_top("ws/.idea"), *other = in_top("ws/other");
    make_link("b", "ws/other");
    assert_return_code(rename(other, link), errno);
    protect_compare(before, request.workspace, &changes);
    protect_free(before);
    assert_int_equal(changes.count, 3);
    assert_string_equal(changes.list[0].path, "a/");
    assert_int_equal(changes.list[0].kind, CHANGE_ADDED);
    assert_string_equal(changes.list[1].path, ".git/");
    assert_int_equal(changes.list[1].kind, CHANGE_ADDED);
    assert_string_equal(changes.list[2].path, ".idea");
    assert_int_equal(changes.list[2].kind, CHANGE_CHANGED);
    assert_non_null(changes.list[2].note);
}

static void what_cannot_be_looked_at_is_told(void **state)
{
    (void)state;
    char *names[] = { (char[]){ ".git" }, NULL };
    autofree char *ws = in_top("ws");
    struct protect *before = protect_look(request.workspace, ws, names);
    make_dir("ws/.git");
    assert_return_code(chmod(ws, 0), errno);
    /* Root's powers go with its file-system id. */
    (void)setfsuid(65534);
    protect_compare(before, request.workspace, &changes);
    (void)setfsuid(geteuid());
    protect_free(before);
    assert_return_code(chmod(ws, 0755), errno);
    assert_int_equal(changes.count, 1);
    assert_string_equal(changes.list[0].path, "./");
    assert_non_null(strstr(changes.list[0].note, "it cannot be looked at any more"));
}

#define ON_A_LAYER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

static const struct CMUnitTest tests[] = {
    ON_A_LAYER(what_was_removed_is_removed_and_what_was_opaque_is_emptied),
    ON_A_LAYER(listing_alone_touches_nothing),
    ON_A_LAYER(special_files_and_high_bits_stay_outside),
    ON_A_LAYER(devices_stay_outside),
    ON_A_LAYER(no_link_is_followed_on_either_side),
    ON_A_LAYER(what_is_younger_than_the_run_is_the_hosts),
    ON_A_LAYER(nothing_is_removed_while_something_could_not_be_put),
    ON_A_LAYER(a_fifo_that_is_not_put_holds_nothing_back),
    ON_A_LAYER(what_is_the_same_is_no_change),
    ON_A_LAYER(protected_names_in_any_case_are_not_applied),
    ON_A_LAYER(more_than_there_is_room_for_is_not_begun),
    ON_A_LAYER(a_path_without_end_is_cut_off),
    ON_A_LAYER(who_is_gone_gets_nothing_applied),
    ON_A_LAYER(a_protected_name_that_came_is_told),
    ON_A_LAYER(what_cannot_be_looked_at_is_told),
};

UNIT_MAIN(tests)
