/* SPDX-License-Identifier: Apache-2.0 */
/* mcp_config.c - `cordon mcp config`: how a client is told of the server.
 *
 * Clients differ in the file, the format and a few names; that is the table. Applications with
 * windows start with hardly a PATH, so what they are told is absolute.
 */
#include "cmd/mcp_config.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cmd/command.h"

#define NAME_MAX_LEN 64

enum base {
    BASE_HOME,   /* below HOME */
    BASE_CONFIG, /* below XDG_CONFIG_HOME, else HOME/.config */
};

static const struct client {
    const char *name, *title;
    enum base base;
    const char *file;
    const char *moved;      /* a variable that names another directory, or NULL ... */
    const char *moved_file; /* ... and the file in it */
    const char *elsewhere;  /* where it is on macOS and on Windows */
    mcp_put *put;
    const char *section;
    const char *kind[2];
    const char *after; /* when it takes effect */
} clients[] = {
    { "claude-desktop",
      "Claude Desktop",
      BASE_CONFIG,
      "Claude/claude_desktop_config.json",
      NULL,
      NULL,
      "~/Library/Application Support/Claude/claude_desktop_config.json on macOS, "
      "%APPDATA%\\Claude\\claude_desktop_config.json on Windows",
      mcp_put_json,
      "mcpServers",
      { NULL, NULL },
      "quit Claude Desktop and start it again" },
    { "claude-code",
      "Claude Code",
      BASE_HOME,
      ".claude.json",
      "CLAUDE_CONFIG_DIR",
      ".claude.json",
      "~/.claude.json on every system",
      mcp_put_json,
      "mcpServers",
      { "type", "stdio" },
      "its next session has the server (/mcp)" },
    { "cursor",
      "Cursor",
      BASE_HOME,
      ".cursor/mcp.json",
      NULL,
      NULL,
      "~/.cursor/mcp.json on every system",
      mcp_put_json,
      "mcpServers",
      { NULL, NULL },
      "start Cursor again" },
    { "vscode",
      "VS Code",
      BASE_CONFIG,
      "Code/User/mcp.json",
      NULL,
      NULL,
      "~/Library/Application Support/Code/User/mcp.json on macOS, "
      "%APPDATA%\\Code\\User\\mcp.json on Windows",
      mcp_put_json,
      "servers",
      { "type", "stdio" },
      "start the server with MCP: List Servers" },
    { "codex",
      "Codex",
      BASE_HOME,
      ".codex/config.toml",
      "CODEX_HOME",
      "config.toml",
      "~/.codex/config.toml on every system",
      mcp_put_toml,
      "mcp_servers",
      { NULL, NULL },
      "its next session has the server (/mcp)" },
    { "gemini",
      "Gemini CLI",
      BASE_HOME,
      ".gemini/settings.json",
      NULL,
      NULL,
      "~/.gemini/settings.json on every system",
      mcp_put_json,
      "mcpServers",
      { NULL, NULL },
      "its next session has the server (/mcp)" },
    { "zed",
      "Zed",
      BASE_CONFIG,
      "zed/settings.json",
      NULL,
      NULL,
      "~/.config/zed/settings.json on macOS, %APPDATA%\\Zed\\settings.json on Windows",
      mcp_put_json,
      "context_servers",
      { "source", "custom" },
      "Zed takes it up at once" },
};

void mcp_entry_done(struct mcp_entry *entry)
{
    free(entry->command);
    list_free(entry->args);
    list_free(entry->env);
    *entry = (struct mcp_entry){ 0 };
}

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

char *mcp_array(char *const *list, char *quoted(const char *text))
{
    struct str text = { 0 };
    for (size_t i = 0; i < list_len(list); i++) {
        autofree char *word = quoted(list[i]);
        str_printf(&text, "%s%s", i ? ", " : "[", word);
    }
    str_puts(&text, text.len ? "]" : "[]");
    return str_take(&text);
}

bool mcp_args_stay(const struct mcp_entry *entry, const char *command)
{
    return !entry->asked && strcmp(last_part(command), last_part(entry->command)) == 0;
}

/* --- what starts the server ------------------------------------------------------------------- */

/* The program of this name on PATH, absolute; with `as`, only if it is that file. NULL: none. */
static char *on_path(const char *name, const struct stat *as)
{
    const char *path = getenv("PATH");
    autofree char *copy = xstrdup(path ? path : "");
    char *rest = copy;
    for (char *dir = strsep(&rest, ":"); dir; dir = strsep(&rest, ":")) {
        autofree char *file = path_join(dir, name);
        struct stat st;
        if (*dir == '/' && stat(file, &st) == 0 && S_ISREG(st.st_mode) && access(file, X_OK) == 0 &&
            (!as || (as->st_dev == st.st_dev && as->st_ino == st.st_ino)))
            return TAKE(&file);
    }
    return NULL;
}

/* uv's cache: `uvx` runs a program from there, and `uv cache clean` takes it away. */
static bool will_pass(const char *program)
{
    return strstr(program, "/archive-v") || strstr(program, "/environments-v");
}

static int find_uvx(struct mcp_entry *entry, struct error *err)
{
    entry->command = on_path("uvx", NULL);
    if (!entry->command)
        return fail_host_as(err, ENOENT,
                            "cordon lies in uv's cache, which may be emptied, and there is no uvx "
                            "on PATH to start it with: install it (uv tool install cordon-mcp)");
    list_add(&entry->args, "cordon-mcp");
    return 0;
}

/* By the name under which people find it, where there is one: that survives an upgrade. */
static int find_self(struct mcp_entry *entry, struct error *err)
{
    char self[PATH_MAX];
    struct stat st;
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n < 0 || stat("/proc/self/exe", &st) < 0)
        return fail_host(err, "find this program");
    self[n] = '\0';
    if (will_pass(self))
        return find_uvx(entry, err);
    entry->command = on_path("cordon", &st);
    if (!entry->command)
        entry->command = xstrdup(self);
    list_add(&entry->args, "serve");
    return 0;
}

/* uv is found by CORDON_UV, then PATH; of an application's PATH nobody can know more than this. */
static void find_uv(struct mcp_entry *entry)
{
    static const char *const usual[] = { "/usr/local/bin/uv", "/usr/bin/uv", "/bin/uv" };
    const char *named = getenv("CORDON_UV");
    autofree char *found = named && *named == '/' ? xstrdup(named) : on_path("uv", NULL);
    for (size_t i = 0; found && i < COUNT(usual); i++)
        if (strcmp(found, usual[i]) == 0)
            return;
    if (!found || strcmp(last_part(entry->command), "uvx") == 0)
        return;
    list_add(&entry->env, "CORDON_UV");
    list_add(&entry->env, found);
}

/* A word for the shell that ssh hands it to. */
static void add_shell_word(char ***list, const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "%+,-./:=@_";
    struct str quoted = { 0 };
    if (*word && strspn(word, plain) == strlen(word)) {
        list_add(list, word);
        return;
    }
    str_putc(&quoted, '\'');
    for (; *word; word++)
        str_puts(&quoted, *word == '\'' ? "'\\''" : (char[]){ *word, '\0' });
    str_putc(&quoted, '\'');
    list_add_owned(list, str_take(&quoted));
}

/* The server is on another machine: its own cordon, its own directories. */
static int reach_by_ssh(struct mcp_entry *entry, const char *host, struct error *err)
{
    if (!*host || *host == '-' || strpbrk(host, " \t\n"))
        return fail_caller(err, EINVAL, "--ssh takes a host, as ssh does: HOST or USER@HOST");
    entry->command = xstrdup("ssh");
    list_add(&entry->args, "-T");
    list_add(&entry->args, host);
    list_add(&entry->args, "cordon");
    list_add(&entry->args, "serve");
    return 0;
}

/* The client is on the Windows around this Linux. */
static int reach_by_wsl(struct mcp_entry *entry, struct error *err)
{
    struct mcp_entry inside = { 0 };
    int r = find_self(&inside, err);
    if (r < 0)
        return r;
    const char *distribution = getenv("WSL_DISTRO_NAME");
    entry->command = xstrdup("wsl.exe");
    if (distribution && *distribution) {
        list_add(&entry->args, "-d");
        list_add(&entry->args, distribution);
    }
    list_add(&entry->args, "--exec");
    /* No PATH of a shell here either. */
    find_uv(&inside);
    if (inside.env) {
        list_add(&entry->args, "/usr/bin/env");
        list_add_owned(&entry->args, xasprintf("%s=%s", inside.env[0], inside.env[1]));
    }
    list_add(&entry->args, inside.command);
    for (char **arg = inside.args; arg && *arg; arg++)
        list_add(&entry->args, *arg);
    mcp_entry_done(&inside);
    return 0;
}

/* The client starts it wherever it is itself. */
static char *from_here(const char *path, bool remote)
{
    char here[PATH_MAX], real[PATH_MAX];
    if (remote)
        return xstrdup(path);
    if (realpath(path, real))
        return xstrdup(real);
    return *path == '/' || !getcwd(here, sizeof(here)) ? xstrdup(path) : path_join(here, path);
}

static int check_root(const char *root, bool remote, struct error *err)
{
    struct stat st;
    if (remote)
        return *root == '/' ? 0
                            : fail_caller(err, EINVAL,
                                          "--root %s: name it from / on: it is on the "
                                          "other machine",
                                          root);
    if (stat(root, &st) < 0)
        return fail_caller(err, errno, "--root %s: %s", root, strerror(errno));
    return S_ISDIR(st.st_mode) ? 0 : fail_caller(err, ENOTDIR, "--root %s: not a directory", root);
}

/* What `serve` is to be told. */
static int add_options(struct mcp_entry *entry, const struct options *options, struct error *err)
{
    const struct {
        const char *name, *value;
    } rows[] = { { "--state", options->state },
                 { "--config", options->config },
                 { "--policies", options->policies } };
    bool remote = options->ssh != NULL;
    autolist char **words = NULL;
    int r = 0;
    for (char **root = options->root; r == 0 && root && *root; root++) {
        r = check_root(*root, remote, err);
        list_add(&words, "--root");
        list_add_owned(&words, from_here(*root, remote));
    }
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (!rows[i].value)
            continue;
        list_add(&words, rows[i].name);
        list_add_owned(&words, from_here(rows[i].value, remote));
    }
    for (char **word = words; word && *word; word++) {
        if (remote)
            add_shell_word(&entry->args, *word);
        else
            list_add(&entry->args, *word);
    }
    entry->asked = words != NULL;
    return r;
}

static int check_utf8(const struct mcp_entry *entry, struct error *err)
{
    bool valid = utf8_valid(entry->command, strlen(entry->command));
    for (char **word = entry->args; valid && word && *word; word++)
        valid = utf8_valid(*word, strlen(*word));
    for (char **word = entry->env; valid && word && *word; word++)
        valid = utf8_valid(*word, strlen(*word));
    return valid ? 0 : fail_caller(err, EILSEQ, "a path is not UTF-8, and settings are");
}

static int check_name(const char *name, struct error *err)
{
    size_t len = strlen(name);
    if (len > 0 && len <= NAME_MAX_LEN &&
        strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == len)
        return 0;
    return fail_caller(err, EINVAL, "--name: up to %d letters, digits, \"-\" and \"_\"",
                       NAME_MAX_LEN);
}

static int entry_make(const struct client *client, const struct options *options,
                      struct mcp_entry *ret, struct error *err)
{
    *ret = (struct mcp_entry){ .section = client->section,
                               .name = options->name ? options->name : "cordon",
                               .kind = { client->kind[0], client->kind[1] } };
    int r = check_name(ret->name, err);
    if (r == 0 && options->ssh && options->wsl)
        r = fail_caller(err, EINVAL, "--ssh and --wsl are two ways; say one of them");
    if (r < 0)
        return r;
    if (options->ssh)
        r = reach_by_ssh(ret, options->ssh, err);
    else
        r = options->wsl ? reach_by_wsl(ret, err) : find_self(ret, err);
    if (r == 0 && !options->ssh && !options->wsl)
        find_uv(ret);
    if (r == 0)
        r = add_options(ret, options, err);
    return r == 0 ? check_utf8(ret, err) : r;
}

/* --- where it goes ---------------------------------------------------------------------------- */

static int settings_path(const struct client *client, const struct options *options, char **ret,
                         struct error *err)
{
    const char *home = getenv("HOME"), *config = getenv("XDG_CONFIG_HOME");
    const char *moved = client->moved ? getenv(client->moved) : NULL;
    autofree char *below = NULL;
    if (options->file) {
        *ret = xstrdup(options->file);
        return 0;
    }
    if (moved && *moved == '/') {
        *ret = path_join(moved, client->moved_file);
        return 0;
    }
    if (client->base == BASE_CONFIG && config && *config == '/')
        below = xstrdup(config);
    else if (!home || *home != '/')
        return fail_host_as(err, EINVAL,
                            "HOME says no directory, so name the settings of %s with --file",
                            client->title);
    else
        below = client->base == BASE_CONFIG ? path_join(home, ".config") : xstrdup(home);
    *ret = path_join(below, client->file);
    return 0;
}

static void hint_roots(const struct client *client, const struct options *options)
{
    if (!options->root)
        complain(
            "where %s starts it outside of a project, scripts run in temporary directories only; "
            "--root DIR names others",
            client->title);
}

static int print_entry(const struct client *client, const struct options *options,
                       const struct mcp_entry *entry, const char *path, struct error *err)
{
    autostr struct str text = { 0 };
    int r = client->put(&text, entry, err);
    if (r < 0)
        return r;
    (void)fwrite(text.data, 1, text.len, stdout);
    (void)fflush(stdout);
    if (options->wsl || options->ssh)
        complain("this goes into the settings of %s where it runs: %s", client->title,
                 client->elsewhere);
    if (options->ssh)
        complain("where it runs on this very machine, --write puts it into %s", path);
    else if (!options->wsl)
        complain("this goes into %s; --write puts it there", path);
    hint_roots(client, options);
    return 0;
}

static int write_entry(const struct client *client, const struct options *options,
                       const struct mcp_entry *entry, const char *path, struct error *err)
{
    struct mcp_file file;
    autostr struct str text = { 0 };
    int r = mcp_file_read(path, &file, err);
    if (r < 0)
        return r;
    str_add(&text, file.text, file.len);
    r = client->put(&text, entry, err);
    if (r < 0)
        (void)fail_within(err, "%s is left as it is: %s", client->title, file.path);
    bool same = r == 0 && file.exists && strcmp(file.text, text.data) == 0;
    if (r == 0 && !same) {
        mcp_show_change(file.path, file.text, text.data);
        (void)fflush(stdout);
        r = mcp_file_replace(&file, &text, err);
    }
    if (same)
        complain("%s has the server already", file.path);
    else if (r == 0)
        complain("%s is written; %s", file.path, client->after);
    if (r == 0 && !same)
        hint_roots(client, options);
    mcp_file_done(&file);
    return r;
}

/* --- how it is called ------------------------------------------------------------------------- */

static int client_named(const char *name, const struct client **ret, struct error *err)
{
    autolist char **names = NULL;
    for (size_t i = 0; i < COUNT(clients); i++) {
        *ret = &clients[i];
        if (name && strcmp(name, clients[i].name) == 0)
            return 0;
        list_add(&names, clients[i].name);
    }
    autofree char *all = list_join(names);
    char shown[64];
    return name ? fail_caller(err, EINVAL, "no client \"%s\" is known; known are %s",
                              printable(name, shown, sizeof(shown)), all)
                : fail_caller(err, EINVAL, "for which client? Known are %s", all);
}

static int config_words(struct options *options, char *const *words, struct error *err)
{
    const struct client *client = NULL;
    int r = client_named(words[0], &client, err);
    if (r == 0 && words[1])
        r = fail_caller(err, EINVAL, "one client at a time");
    if (r == 0 && options->install && options->wsl && !options->file)
        r = fail_caller(err, EINVAL,
                        "--wsl --write needs --file: settings of Windows, below /mnt/c/Users");
    struct mcp_entry entry = { 0 };
    autofree char *path = NULL;
    if (r == 0)
        r = entry_make(client, options, &entry, err);
    if (r == 0)
        r = settings_path(client, options, &path, err);
    if (r == 0)
        r = options->install ? write_entry(client, options, &entry, path, err)
                             : print_entry(client, options, &entry, path, err);
    mcp_entry_done(&entry);
    return r;
}

int mcp_command(const struct command *command, struct options *options)
{
    struct error err = { 0 };
    autolist char **words = NULL;
    const char *verb = options->words[0];
    char shown[64];
    if (!verb || strcmp(verb, "config") != 0) {
        complain("mcp: %s%s%s: say config CLIENT; see cordon mcp --help",
                 verb ? "no verb \"" : "no verb is given",
                 verb ? printable(verb, shown, sizeof(shown)) : "", verb ? "\"" : "");
        return EXIT_UNUSABLE;
    }
    int r = options_collect(options, command->bit, options->words + 1, &words, &err);
    static char *const none[] = { NULL, NULL };
    if (r == 0)
        r = config_words(options, words ? words : none, &err);
    if (r == 0)
        return 0;
    (void)fail_within(&err, "mcp config");
    return complain_error(&err);
}
