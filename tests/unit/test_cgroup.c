/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "cgroup_text.h"
#include "str.h"
#include "unit.h"

static void says(char *got, const char *wanted)
{
    if (wanted)
        assert_string_equal(got ? got : "(nothing)", wanted);
    else
        assert_string_equal(got ? got : "(nothing)", "(nothing)");
    free(got);
}

static void a_word_is_matched_whole(void **state)
{
    (void)state;
    assert_true(cgroup_has_word("memory", "memory"));
    assert_true(cgroup_has_word("cpu io memory pids\n", "memory"));
    assert_true(cgroup_has_word("cpu io memory pids\n", "pids"));
    assert_false(cgroup_has_word("memory_recursiveprot\n", "memory"));
    assert_false(cgroup_has_word("cpuset hugememory rdma\n", "memory"));
    assert_true(cgroup_has_word("memoryx memory\n", "memory"));
    assert_false(cgroup_has_word("\n", "memory"));
    assert_false(cgroup_has_word("", "memory"));
}

static void own_group_of_version_2(void **state)
{
    (void)state;
    says(cgroup_own_path("0::/user.slice/a.scope\n", ""), "/user.slice/a.scope");
    says(cgroup_own_path("0::/\n", ""), "/");
    says(cgroup_own_path("0::/a:b\n", ""), "/a:b");
    says(cgroup_own_path("0::/\n", "memory"), NULL);
}

static void own_groups_of_a_hybrid(void **state)
{
    (void)state;
    const char *groups = "12:name=systemd:/\n"
                         "4:memory:/deep/er\n"
                         "2:cpu,cpuacct:/both\n"
                         "1:cpuset:/set\n"
                         "0::/two\n";
    says(cgroup_own_path(groups, ""), "/two");
    says(cgroup_own_path(groups, "memory"), "/deep/er");
    says(cgroup_own_path(groups, "cpuacct"), "/both");
    says(cgroup_own_path(groups, "pids"), NULL);
}

static void a_group_outside_the_namespace_is_not_ours(void **state)
{
    (void)state;
    says(cgroup_own_path("0::/../beside\n", ""), NULL);
    says(cgroup_own_path("4:memory:/..\n0::/in\n", "memory"), NULL);
    says(cgroup_own_path("no colons\n0\n0:\n", ""), NULL);
}

#define ROOT_MOUNT "22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"

static void mount_of_version_2(void **state)
{
    (void)state;
    says(cgroup_mount_point(ROOT_MOUNT "30 22 0:26 / /sys/fs/cgroup rw,nosuid shared:9 master:2 - "
                                       "cgroup2 cgroup2 rw,nsdelegate\n",
                            ""),
         "/sys/fs/cgroup");
    says(cgroup_mount_point("30 22 0:26 / /with\\040blank\\134 rw - cgroup2 none rw\n", ""),
         "/with blank\\");
    says(cgroup_mount_point(ROOT_MOUNT, ""), NULL);
    says(cgroup_mount_point("30 22 0:26 / /short rw -\n30 22\n", ""), NULL);
}

static void mounts_of_a_hybrid(void **state)
{
    (void)state;
    const char *mounts = ROOT_MOUNT "31 22 0:27 / /cg/systemd rw - cgroup none rw,name=systemd\n"
                                    "32 22 0:28 / /cg/cpu,cpuacct rw - cgroup cg rw,cpu,cpuacct\n"
                                    "33 22 0:29 / /cg/memory rw - cgroup cg rw,memory\n"
                                    "34 22 0:30 / /cg/unified rw - cgroup2 cg rw\n";
    says(cgroup_mount_point(mounts, ""), "/cg/unified");
    says(cgroup_mount_point(mounts, "memory"), "/cg/memory");
    says(cgroup_mount_point(mounts, "cpuacct"), "/cg/cpu,cpuacct");
    says(cgroup_mount_point(mounts, "pids"), NULL);
}

static void a_part_of_a_hierarchy_is_not_its_mount(void **state)
{
    (void)state;
    const char *part = "30 22 0:26 /docker/1 /part rw - cgroup2 cg rw\n";
    autofree char *both = xasprintf("%s31 22 0:26 / /whole rw - cgroup2 cg rw\n", part);
    says(cgroup_mount_point(part, ""), NULL);
    says(cgroup_mount_point(both, ""), "/whole");
}

static void a_long_line_is_not_cut(void **state)
{
    (void)state;
    char deep[600];
    memset(deep, 'd', sizeof(deep));
    deep[0] = '/';
    deep[sizeof(deep) - 1] = '\0';
    autofree char *line = xasprintf("30 22 0:26 / %s rw - cgroup2 cg rw\n", deep);
    says(cgroup_mount_point(line, ""), deep);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_word_is_matched_whole),
    cmocka_unit_test(own_group_of_version_2),
    cmocka_unit_test(own_groups_of_a_hybrid),
    cmocka_unit_test(a_group_outside_the_namespace_is_not_ours),
    cmocka_unit_test(mount_of_version_2),
    cmocka_unit_test(mounts_of_a_hybrid),
    cmocka_unit_test(a_part_of_a_hierarchy_is_not_its_mount),
    cmocka_unit_test(a_long_line_is_not_cut),
};

UNIT_MAIN(tests)
