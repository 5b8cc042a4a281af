/* SPDX-License-Identifier: Apache-2.0 */
/* interpreter_probe.c - what an interpreter says about itself, asked once in a box. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "fd.h"
#include "helper.h"
#include "interpreter.h"
#include "memo.h"
#include "slots.h"
#include "str.h"

#define MEMORY         "interpreters"
#define PROBING        "probe an interpreter"
#define PROBE_MS       20000 /* a cold disk with a large installation */
#define PROBES_ABREAST 4     /* each waits for the disk more than for a processor */
#define UNUSABLE       "!"

static const char program[] =
    "import sys, os\n"
    "v = sys.version_info\n"
    "stage = {'alpha': 'a', 'beta': 'b', 'candidate': 'rc'}.get(v[3], '')\n"
    "print('implementation', sys.implementation.name)\n"
    "print('version', '%d.%d.%d' % v[:3] + (stage + str(v[4]) if stage else ''))\n"
    "print('flags', sys.abiflags or '-')\n"
    "library = os.path.dirname(os.__file__)\n"
    "print('library', library)\n"
    /* Before 3.10 it does not say: what lies there, and what lies there on other systems. */
    "def modules():\n"
    "    names = set(sys.builtin_module_names)\n"
    "    names.update('_msi _overlapped _scproxy _winapi _winreg msilib msvcrt nt ossaudiodev "
    "spwd winreg winsound _bz2 _ctypes _curses _curses_panel _dbm _gdbm _hashlib _lzma _sqlite3 "
    "_ssl _tkinter _uuid nis readline tkinter'.split())\n"
    "    for directory in (library, os.path.join(library, 'lib-dynload')):\n"
    "        try:\n"
    "            entries = list(os.scandir(directory))\n"
    "        except OSError:\n"
    "            continue\n"
    "        for entry in entries:\n"
    "            package = os.path.join(entry.path, '__init__.py')\n"
    "            if entry.name.endswith(('.py', '.so')) or os.path.exists(package):\n"
    "                names.add(entry.name.split('.')[0])\n"
    "    return names\n"
    "names = getattr(sys, 'stdlib_module_names', None) or modules()\n"
    "names = [name for name in sorted(names) if name.isidentifier() and name.isascii()]\n"
    "print('modules', ' '.join(names))\n"
    "print('end')\n";

/* Some 3000 in use. */
#define FACTS_MAX 8000

struct facts {
    const char *implementation, *version, *flags, *library, *modules;
};

static int unusable(struct error *err, const char *path, const char *why)
{
    return fail_host_as(err, EBADMSG, "%s: %s", path, why);
}

/* "3.12.4" or "3.14.0rc1" */
static bool version_parse(struct python *python)
{
    int *const parts[] = { &python->major, &python->minor, &python->micro };
    char *at = python->version;
    for (size_t i = 0; i < COUNT(parts); i++) {
        char *end = at;
        unsigned long part = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : 0;
        if (end == at || end - at > 4 || (i < 2 && *end != '.'))
            return false;
        *parts[i] = (int)part;
        at = end + (i < 2);
    }
    return strspn(at, "abrc0123456789") == strlen(at);
}

int python_make(const struct candidate *candidate, const char *facts, struct python *ret,
                struct error *err)
{
    size_t version = strcspn(facts, " ");
    struct python python = { .version = xstrndup(facts, version) };
    if (!version_parse(&python) || python.major != 3) {
        python_done(&python);
        return unusable(err, candidate->path, "its version is not one of Python 3");
    }
    /* A list that is not there would make every module a stranger's. */
    if (!facts[version] || strlen(facts) > FACTS_MAX) {
        python_done(&python);
        return unusable(err, candidate->path, "it did not say which modules are its own");
    }
    python.modules = xstrdup(facts + version + 1);
    python.path = xstrdup(candidate->path);
    python.prefix = xstrdup(candidate->prefix);
    python.identity = xasprintf("%s %s", candidate->stamp, python.version);
    *ret = python;
    return 0;
}

/* Does it live where it lies? An interpreter that looks for its library
 * elsewhere would not start in a box, or would need more of the host. */
static int judge(const struct candidate *candidate, const struct facts *facts, struct error *err)
{
    if (!facts->implementation || !facts->version || !facts->flags || !facts->library ||
        !facts->modules)
        return unusable(err, candidate->path, "it did not say what it is");
    if (strcmp(facts->implementation, "cpython") != 0)
        return unusable(err, candidate->path, "it is not CPython");
    if (strchr(facts->flags, 't'))
        return unusable(err, candidate->path, "it is free-threaded, whose packages are others");
    if (!path_within(facts->library, candidate->prefix) && !path_within(facts->library, "/usr"))
        return unusable(err, candidate->path, "its library lies outside its installation");
    return 0;
}

/* The program began and did not do what a Python would: which of the two it is, nobody can tell. */
static int no_python(const char *path, struct error *err)
{
    const char *how = err->text + (starts_with(err->text, PROBING ": ") ? strlen(PROBING ": ") : 0);
    autofree char *why = xasprintf("it is no Python 3, or does not work in a box: %s", how);
    return unusable(err, path, why);
}

int interpreter_probe(const struct sandbox *sandbox, const struct candidate *candidate, int control,
                      struct python *ret, struct error *err)
{
    struct helper helper = { .what = PROBING,
                             .policy = "strict",
                             .interpreter = candidate->path,
                             .prefix = candidate->prefix,
                             .program = program,
                             .wall_ms = PROBE_MS,
                             .control = control };
    autolist char **lines = NULL;
    int r = helper_run(sandbox, &helper, &lines, err);
    if (r == -EBADMSG)
        return no_python(candidate->path, err);
    if (r < 0)
        return r;
    struct facts facts = { 0 };
    for (size_t i = 0; lines && lines[i]; i++) {
        const char *value;
        if ((value = helper_value(lines[i], "implementation")))
            facts.implementation = value;
        else if ((value = helper_value(lines[i], "version")))
            facts.version = value;
        else if ((value = helper_value(lines[i], "flags")))
            facts.flags = value;
        else if ((value = helper_value(lines[i], "library")))
            facts.library = value;
        else if ((value = helper_value(lines[i], "modules")))
            facts.modules = value;
    }
    r = judge(candidate, &facts, err);
    if (r < 0)
        return r;
    autofree char *said = xasprintf("%s %s", facts.version, facts.modules);
    return python_make(candidate, said, ret, err);
}

/* What a child that probes writes to its parent: one struct, one pipe. */
struct answer {
    int result;
    struct error error;
    struct slot_wait waited;
    char facts[FACTS_MAX + 1];
};

/* One candidate on its way into the table. */
struct probe {
    const struct candidate *candidate;
    struct python python; /* zero while nothing usable is known */
    pid_t pid;
    int answers;
};

static _Noreturn void probe_child(const struct sandbox *sandbox, const struct candidate *candidate,
                                  int control, int out)
{
    /* The parent ends when its job is cancelled; its probes must not go on. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct answer answer = { 0 };
    struct python python = { 0 };
    answer.result = interpreter_probe(sandbox, candidate, control, &python, &answer.error);
    if (answer.result == 0)
        (void)snprintf(answer.facts, sizeof(answer.facts), "%s %s", python.version, python.modules);
    answer.waited = slots_last_wait();
    struct error ignored = { 0 };
    _exit(fd_write_all(out, &answer, sizeof(answer), &ignored) < 0 ? 1 : 0);
}

static int probe_start(const struct sandbox *sandbox, struct probe *probe, int control,
                       struct error *err)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return fail_host(err, "make a pipe");
    pid_t pid = fork();
    if (pid == 0)
        probe_child(sandbox, probe->candidate, control, ends[1]);
    close(ends[1]);
    if (pid < 0) {
        (void)fail_host(err, "fork");
        close(ends[0]);
        return -err->code;
    }
    probe->pid = pid;
    probe->answers = ends[0];
    return 0;
}

static void probe_wait(struct probe *probe, struct answer *ret)
{
    autofree char *bytes = NULL;
    size_t len = 0;
    struct error ignored = { 0 };
    *ret = (struct answer){ 0 };
    if (fd_read_all(probe->answers, sizeof(*ret), &bytes, &len, &ignored) == 0 &&
        len == sizeof(*ret))
        memcpy(ret, bytes, sizeof(*ret));
    else
        ret->result =
            fail_host_as(&ret->error, EIO, "probe %s: its process died", probe->candidate->path);
    close(probe->answers);
    while (waitpid(probe->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* Takes the answer, and remembers it unless the host was at fault. */
static int probe_finish(struct probe *probe, struct memo *fresh, struct error *err)
{
    struct answer answer;
    probe_wait(probe, &answer);
    slots_add_wait(&answer.waited);
    if (answer.result == 0)
        answer.result = python_make(probe->candidate, answer.facts, &probe->python, &answer.error);
    if (answer.result == 0) {
        memo_put(fresh, probe->candidate->stamp, answer.facts);
        return 0;
    }
    if (answer.result == -EBADMSG) {
        char why[200];
        autofree char *value =
            xasprintf(UNUSABLE "%s", printable(answer.error.text, why, sizeof(why)));
        memo_put(fresh, probe->candidate->stamp, value);
    }
    *err = answer.error;
    return answer.result;
}

/* Runs the probes that are `todo`, some abreast, and takes their answers in order.
 * The last failure is told; a cancel is told before all others. */
static int probe_all(const struct sandbox *sandbox, struct probe **todo, size_t count, int control,
                     struct memo *fresh, struct error *err)
{
    size_t started = 0;
    int result = 0;
    for (size_t finished = 0; finished < count; finished++) {
        while (started < count && started - finished < PROBES_ABREAST) {
            int r = probe_start(sandbox, todo[started], control, err);
            if (r < 0) {
                count = started; /* finish those there are */
                result = r;
                break;
            }
            started++;
        }
        if (finished == count)
            break;
        struct error failure = { 0 };
        int r = probe_finish(todo[finished], fresh, &failure);
        if (r < 0 && result != -ECANCELED) {
            result = r;
            *err = failure;
        }
    }
    return result;
}

/* What memory knows of the candidates; the others are counted and put into `todo`. */
static size_t recall(const struct sandbox *sandbox, struct probe *probes, size_t count,
                     struct probe **todo)
{
    automemo struct memo memo = { 0 };
    memo_load(sandbox, MEMORY, &memo);
    size_t unknown = 0;
    for (size_t i = 0; i < count; i++) {
        struct error ignored = { 0 };
        const char *value = memo_get(&memo, probes[i].candidate->stamp);
        bool usable = value && !starts_with(value, UNUSABLE);
        /* What is not as we wrote it is asked again. */
        if (!value ||
            (usable && python_make(probes[i].candidate, value, &probes[i].python, &ignored) < 0))
            todo[unknown++] = &probes[i];
    }
    return unknown;
}

int interpreters_probe(const struct sandbox *sandbox, const struct candidates *candidates,
                       int control, struct pythons *ret, bool *sure, struct error *err)
{
    size_t count = candidates->count;
    struct probe *probes = xcalloc(count + 1, sizeof(*probes));
    struct probe **todo = xcalloc(count + 1, sizeof(struct probe *));
    for (size_t i = 0; i < count; i++)
        probes[i].candidate = &candidates->list[i];

    automemo struct memo fresh = { 0 };
    struct error failure = { 0 };
    size_t unknown = recall(sandbox, probes, count, todo);
    int r = probe_all(sandbox, todo, unknown, control, &fresh, &failure);
    memo_keep(sandbox, MEMORY, &fresh);
    *sure = list_len(fresh.keys) == unknown;

    ret->list = xcalloc(count + 1, sizeof(*ret->list));
    for (size_t i = 0; i < count; i++)
        if (probes[i].python.path)
            ret->list[ret->count++] = probes[i].python;
    free(probes);
    free(todo);
    if (r == 0 || (r != -ECANCELED && ret->count > 0))
        return 0;
    pythons_done(ret);
    *err = failure;
    return r;
}

void python_done(struct python *python)
{
    free(python->path);
    free(python->prefix);
    free(python->version);
    free(python->modules);
    free(python->identity);
    *python = (struct python){ 0 };
}
