/* SPDX-License-Identifier: Apache-2.0 */
/* policy_parts.h - what the files that make up policy.h share. */
#pragma once

#include <stdio.h>

#include "json_read.h"
#include "policy.h"

/* A shipped policy has 4 KiB, groups.json 8. */
#define POLICY_BYTES_MAX ((size_t)256 * 1024)

#define GROUPS_NAME "groups"

struct group {
    char *name; /* "@files" */
    char *help; /* one line */
    char **calls;
};

struct groups {
    char *path;
    char *text; /* as read */
    size_t len;
    bool parsed; /* list and count are there */
    struct group *list;
    size_t count;
};

/* The groups.json that the policy directories give, read once; NULL after a failure. The
 * second has its text alone. */
const struct groups *groups_get(const struct sandbox *sandbox, struct error *err);
const struct groups *groups_text(const struct sandbox *sandbox, struct error *err);
const struct group *group_find(const struct groups *groups, const char *name);

/* The text of a file that decides what is permitted: from memory where
 * policies_remember() took it, else read and its owner checked. A missing one is -ENOENT. */
int policy_text(const char *path, char **ret, size_t *len, struct error *err) must_check;

/* Parses and, with `report`, prints every fault found. */
int policy_parse_report(const struct sandbox *sandbox, const char *source, const char *text,
                        size_t len, FILE *report, struct policy **ret,
                        struct error *err) must_check;

/* Readers of whole sections into struct policy; the reading's context is the groups. */
json_reader policy_read_network;
json_reader policy_read_files;
json_reader policy_read_workspace;
json_reader policy_read_environment;
json_reader policy_read_syscalls;

void policy_file_done(struct file_rule *rule);

/* The names of all policies there are, each with the file that wins. */
struct policy_found {
    char *name;
    char *path;
};
size_t policies_list(const struct sandbox *sandbox, struct policy_found **ret);
void policies_list_free(struct policy_found *list, size_t count);
