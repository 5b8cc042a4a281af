/* SPDX-License-Identifier: Apache-2.0 */
/* mcp_config.h - the entry of a server in the settings of an MCP client.
 *
 * Settings are their owner's: comments, order, unknown members and the layout of what was there
 * stay byte for byte. An edit is therefore an insertion into the text, never a parsed document
 * written back; what cannot be parsed, or means something else, is refused with its line.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cordon/error.h>

#include "str.h"

/* Settings of clients are a few KiB; Claude Code keeps its projects in the same file. */
#define MCP_SETTINGS_MAX ((size_t)16 * 1024 * 1024)
#define MCP_DEPTH_MAX    64

/* What starts the server, and where the client looks for it. Nothing in it is owned but the lists
 * (list_free) and `command`. */
struct mcp_entry {
    const char *section; /* "mcpServers" */
    const char *name;    /* letters, digits, '_' and '-' */
    const char *kind[2]; /* a member that the client wants beside them: { "type", "stdio" } */
    char *command;
    char **args;
    char **env; /* NAME, VALUE, NAME, VALUE, ... */
    bool asked; /* the caller chose `args`: they replace those of an entry that is there */
};

void mcp_entry_done(struct mcp_entry *entry);

/* Puts the entry into settings: *text becomes what the file is to be, the same where the entry is
 * there already. Members that an entry has and we do not set (its own variables, switches, time
 * limits) stay. Fails, BLAME_CALLER, with "line 4: ..." and leaves *text in no particular state. */
typedef int mcp_put(struct str *text, const struct mcp_entry *entry, struct error *err);
mcp_put mcp_put_json; /* JSON, also with comments and commas at the end */
mcp_put mcp_put_toml;

/* `["a", "b"]`, which JSON and TOML write alike but for how a string is quoted; the caller's. */
char *mcp_array(char *const *list, char *quoted(const char *text));

/* True if an entry that has this command may keep its arguments when `entry` takes its place: the
 * same program is started in the same way. */
bool mcp_args_stay(const struct mcp_entry *entry, const char *command);

/* --- the file --------------------------------------------------------------------------------- */

struct mcp_file {
    char *path; /* where it really lies, links followed; owned */
    char *text; /* owned; empty where there is no file yet */
    size_t len;
    bool exists;
    struct mcp_stamp {
        unsigned long long dev, ino, size, sec, nsec;
    } stamp;
};

/* A file that is not there is an empty one. */
int mcp_file_read(const char *path, struct mcp_file *ret, struct error *err) must_check;
void mcp_file_done(struct mcp_file *file);

/* All of it or nothing, with the mode and owner that it had (0600 where it is new); -EBUSY where
 * somebody else has written it since it was read. Makes the directories on the way. */
int mcp_file_replace(const struct mcp_file *file, const struct str *text,
                     struct error *err) must_check;

/* The lines that differ, as "-" and "+" with the numbers of the lines; no others, for secrets of
 * other servers stand beside. */
void mcp_show_change(const char *path, const char *before, const char *after);
