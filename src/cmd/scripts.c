/* SPDX-License-Identifier: Apache-2.0 */
/* scripts.c - `cordon scripts`: the library, from the command line. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cordon/launch.h>

#include "cmd/command.h"
#include "cmd/front.h"
#include "fd.h"
#include "mcp/tool_scripts.h"
#include "script/header.h"
#include "script/library.h"
#include "str.h"

struct shelf {
    const struct command *command;
    struct options *options;
    char **words; /* after the verb; owned */
    struct library library;
};

static int exists(const char *name, struct error *err)
{
    return fail_caller(err, EEXIST, "a script \"%s\" exists; --overwrite replaces it", name);
}

/* --- the verbs; each returns an exit status or -errno with *err -------------------------- */

static void print_row(const struct saved_script *script)
{
    char line[100];
    const char *text = script->docstring ? script->docstring : "";
    autofree char *first = xstrndup(text, strcspn(text, "\n"));
    (void)printf(*first ? "%-24s %s\n" : "%s\n", script->name,
                 printable(first, line, sizeof(line)));
}

static int list(struct shelf *shelf, struct error *err)
{
    struct script_list scripts = { 0 };
    int r = library_list(&shelf->library, false, &scripts, err);
    if (r < 0)
        return r;
    if (shelf->options->json) {
        struct json_object *object = scripts_json(&shelf->library, &scripts);
        (void)puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_NOSLASHESCAPE));
        json_object_put(object);
    }
    for (size_t i = 0; !shelf->options->json && i < scripts.count; i++)
        print_row(&scripts.scripts[i]);
    script_list_done(&scripts);
    return 0;
}

static int show(struct shelf *shelf, struct error *err)
{
    autofree char *name = NULL, *text = NULL;
    size_t len = 0;
    int r = script_name_check(shelf->words[0], &name, err);
    if (r == 0)
        r = library_read(&shelf->library, name, &text, &len, err);
    return r < 0 ? r : fd_write_all(STDOUT_FILENO, text, len, err);
}

/* The caller's file, with the caller's rights. */
static int read_source(const char *path, char **text, size_t *len, struct error *err)
{
    bool input = strcmp(path, "-") == 0;
    autoclose int file = input ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    struct stat st = { 0 };
    if (!input && (file < 0 || fstat(file, &st) < 0))
        return fail_caller(err, errno, "%s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return fail_caller(err, EISDIR, "%s: %s", path, strerror(EISDIR));
    int r = fd_read_all(input ? STDIN_FILENO : file, SCRIPT_BYTES_MAX, text, len, err);
    if (r == -EFBIG)
        return fail_caller(err, EFBIG, "%s: a script of more than 4 MiB", path);
    return r < 0 ? fail_within(err, "%s", path) : 0;
}

static int save(struct shelf *shelf, struct error *err)
{
    const struct options *options = shelf->options;
    autofree char *name = NULL, *text = NULL;
    autostr struct str source = { 0 };
    size_t len = 0;
    bool written = false;
    int r = script_name_check(shelf->words[0], &name, err);
    front_leave();
    if (r == 0)
        r = read_source(shelf->words[1], &text, &len, err);
    if (r == 0)
        r = script_text_check(text, len, false, err);
    const struct header_words words = { options->with, options->requires_python };
    if (r == 0)
        r = header_write(text, len, &words, &source, err);
    if (r == 0)
        r = front_enter(shelf->library.front, err);
    if (r == 0)
        r = library_save(&shelf->library, name, source.data ? source.data : "", source.len,
                         options->overwrite, &written, err);
    if (r < 0)
        return r;
    return written ? 0 : exists(name, err);
}

static int discard(struct shelf *shelf, struct error *err)
{
    autofree char *name = NULL;
    int r = script_name_check(shelf->words[0], &name, err);
    return r < 0 ? r : library_remove(&shelf->library, name, err);
}

/* `run [OPTIONS] NAME [OPTIONS] [ARG...]`: what it says of a run is what `cordon run` says. */
static int run(struct shelf *shelf, struct error *err)
{
    struct options *options = shelf->options;
    autofree char *name = NULL, *text = NULL;
    size_t len = 0;
    if (!options->words[0] && !options->code)
        return fail_caller(err, EINVAL, "run needs the name of a script");
    int r = options->code ? 0 : script_name_check(options->words[0], &name, err);
    if (r == 0 && name)
        r = options_parse(options, COMMAND_RUN, options->words + 1, err);
    if (r == 0 && options->code)
        r = fail_caller(err, EINVAL, "-c has no place here: the script is a saved one");
    if (r == 0)
        r = library_read(&shelf->library, name, &text, &len, err);
    if (r == 0)
        r = script_text_check(text, len, false, err);
    if (r < 0)
        return fail_within(err, "%s", name ? name : "run");
    front_leave();
    options->code = text;
    options->saved = name;
    r = run_command(shelf->command, options);
    options->code = options->saved = NULL;
    return r;
}

static const struct verb {
    const char *name;
    size_t words; /* it takes; of `run` they are the script's */
    int (*act)(struct shelf *shelf, struct error *err);
} verbs[] = {
    { "list", 0, list }, { "show", 1, show },      { "save", 2, save },
    { "run", 0, run },   { "remove", 1, discard },
};

static const struct verb *verb_named(const char *name)
{
    for (size_t i = 0; name && i < COUNT(verbs); i++)
        if (strcmp(verbs[i].name, name) == 0)
            return &verbs[i];
    return NULL;
}

/* --- how it is called ------------------------------------------------------------------------ */

static int open_library(struct shelf *shelf, char **path, int *front, struct error *err)
{
    int r = *front = front_find(shelf->options, path, err);
    if (r < 0)
        return r;
    shelf->library = (struct library){ *front, *path, LIBRARY_LOCAL };
    return front_enter(*front, err);
}

static int act(struct shelf *shelf, const struct verb *verb, struct error *err)
{
    autofree char *path = NULL;
    autoclose int front = -1;
    bool is_run = verb->act == run;
    shelf->options->words++;
    int r = is_run ? options_parse(shelf->options, COMMAND_RUN, shelf->options->words, err)
                   : options_collect(shelf->options, COMMAND_SCRIPTS, shelf->options->words,
                                     &shelf->words, err);
    if (r < 0)
        return r;
    if (!is_run && list_len(shelf->words) != verb->words)
        return fail_caller(err, EINVAL, "%s takes %s; see cordon scripts --help", verb->name,
                           verb->words == 0   ? "no words"
                           : verb->words == 1 ? "one name"
                                              : "a name and a file");
    r = open_library(shelf, &path, &front, err);
    if (r == 0)
        r = verb->act(shelf, err);
    front_leave();
    return r;
}

int scripts_command(const struct command *command, struct options *options)
{
    struct error err = { 0 };
    char shown[64];
    const char *word = options->words[0];
    const struct verb *verb = verb_named(word);
    if (!verb) {
        complain("scripts: %s%s%s: say list, show, save, run or remove; see cordon scripts --help",
                 word ? "no verb \"" : "no verb is given",
                 word ? printable(word, shown, sizeof(shown)) : "", word ? "\"" : "");
        return EXIT_UNUSABLE;
    }
    static const struct command boxed = { .name = "run", .bit = COMMAND_RUN };
    struct shelf shelf = { .command = &boxed, .options = options };
    (void)command;
    int r = act(&shelf, verb, &err);
    list_free(shelf.words);
    if (r >= 0)
        return r;
    (void)fail_within(&err, "scripts");
    int status = complain_error(&err);
    return err.code == ENOENT && err.blame == BLAME_CALLER ? EXIT_NO_SUCH : status;
}
