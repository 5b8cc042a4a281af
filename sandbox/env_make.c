/* SPDX-License-Identifier: Apache-2.0 */
/* env_make.c - one environment, made in three steps. */
#include "env_make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "env_build.h"
#include "env_cache.h"
#include "env_uv.h"
#include "fd.h"
#include "helper.h"
#include "str.h"
#include "written.h"

#define COMPILE_MS 300000 /* large packages; what is not compiled by then still works */

/* --- 1. the empty environment ------------------------------------------------------- */

static int make_directory(const char *top, const char *name, struct error *err)
{
    autofree char *path = path_join(top, name);
    if (mkdir(path, 0755) < 0 && errno != EEXIST)
        return fail_host(err, "make directory %s", path);
    /* Whatever the umask: the box's user is another. */
    if (chmod(path, 0755) < 0)
        return fail_host(err, "open directory %s to the box", path);
    return 0;
}

static int make_link(const char *top, const char *name, const char *target, struct error *err)
{
    autofree char *path = path_join(top, name);
    if (symlink(target, path) < 0)
        return fail_host(err, "make link %s", path);
    return 0;
}

static int write_config(const char *top, const struct python *python, struct error *err)
{
    const char *slash = strrchr(python->path, '/');
    autofree char *text = xasprintf("home = %.*s\nimplementation = CPython\nversion_info = %s\n"
                                    "include-system-site-packages = false\n",
                                    (int)(slash - python->path), python->path, python->version);
    autofree char *path = path_join(top, "pyvenv.cfg");
    autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0 || fchmod(fd, 0644) < 0)
        return fail_host(err, "create %s", path);
    return fd_write_all(fd, text, strlen(text), err);
}

int env_lay_out(const char *top, const struct python *python, struct error *err)
{
    autofree char *numbered = xasprintf("python3.%d", python->minor);
    autofree char *library = xasprintf("lib/%s", numbered);
    autofree char *packages = xasprintf("%s/site-packages", library);
    autofree char *link = xasprintf("bin/%s", numbered);
    const char *const directories[] = { "", "bin", "lib", library, packages };
    const char *const links[][2] = { { "bin/python", python->path },
                                     { "bin/python3", "python" },
                                     { link, "python" },
                                     { "lib64", "lib" } };
    int r = 0;
    for (size_t i = 0; r == 0 && i < COUNT(directories); i++)
        r = make_directory(top, directories[i], err);
    for (size_t i = 0; r == 0 && i < COUNT(links); i++)
        r = make_link(top, links[i][0], links[i][1], err);
    return r == 0 ? write_config(top, python, err) : r;
}

/* --- 2. uv -------------------------------------------------------------------------- */

/* Beside the environment, where it stays for who wants to know; *ret NULL: nothing is locked. */
static int write_locked(const struct env_making *making, char **ret, struct error *err)
{
    const char *text = making->request->locked;
    if (!text)
        return 0;
    autofree char *path = xasprintf("%.*s/requirements.txt",
                                    (int)(strrchr(making->path, '/') - making->path), making->path);
    int r = file_write(AT_FDCWD, path, text, strlen(text), 0644, err);
    if (r == 0)
        *ret = TAKE(&path);
    return r;
}

static int install_from(const struct sandbox *sandbox, const struct env_making *making,
                        const char *cache, struct error *err)
{
    autofree char *locked = NULL;
    int r = write_locked(making, &locked, err);
    if (r < 0)
        return r;
    autofree char *python = uv_python(making);
    autolist char **wanted = uv_wanted(making->request);
    const char *const words[] = { "pip", "install", "--python", python, "--no-build", NULL };
    /* Said twice, to a uv that may be the operator's wrapper: a build is a stranger's code. */
    static const char *const variables[] = { "UV_NO_BUILD=1", NULL };
    const struct errand_mount mounts[] = {
        { .host = making->path, .inside = ENVIRONMENT_INSIDE, .write = true },
        { .host = cache, .inside = UV_CACHE_INSIDE, .write = true },
        { .host = locked, .inside = LOCKED_INSIDE },
    };
    const struct uv_call call = { .making = making,
                                  .power = UV_INSTALLS,
                                  .words = words,
                                  .more = wanted,
                                  .variables = variables,
                                  .mounts = mounts,
                                  .mount_count = locked ? 3 : 2 };
    struct errand_result result = { 0 };
    r = uv_call(sandbox, &call, &result, err);
    if (r == 0)
        r = uv_judge(making, &result, err);
    errand_result_done(&result);
    return r;
}

static int judge_size(const struct sandbox *sandbox, const struct env_making *making,
                      uint64_t *bytes, struct error *err)
{
    autofree char *top = making_top(making);
    return written_fits(sandbox, UV_POLICY, top, bytes, err);
}

static int install(const struct sandbox *sandbox, const struct env_making *making,
                   struct error *err)
{
    autofree char *path = NULL;
    autoclose int cache = cache_open(sandbox, making->request->owner, &path, err);
    if (cache < 0)
        return -err->code;
    struct timespec since;
    uint64_t bytes;
    (void)clock_gettime(CLOCK_REALTIME_COARSE, &since); /* as the kernel stamps files */
    int r = install_from(sandbox, making, path, err);
    if (r == 0)
        r = judge_size(sandbox, making, &bytes, err);
    if (r == -EDQUOT)
        cache_forget(cache, since);
    return r;
}

/* --- 3. list and compile -------------------------------------------------------------- */

/* The list first: compiling may be cut short by a limit and still be of use. */
static const char program[] =
    "import os, re, sys, warnings\n"
    "import py_compile\n"
    "site = sys.argv[1]\n"
    "plain = re.compile(r'[A-Za-z0-9._+!-]{1,200}')\n"
    "def field(text, name):\n"
    "    found = re.search('^' + name + r':[ \\t]*(\\S+)[ \\t]*$', text, re.M | re.I)\n"
    "    return found.group(1) if found and plain.fullmatch(found.group(1)) else None\n"
    "def installed():\n"
    "    for entry in os.scandir(site):\n"
    "        if not entry.name.endswith('.dist-info') or not entry.is_dir(follow_symlinks=False):\n"
    "            continue\n"
    "        try:\n"
    "            with open(os.path.join(entry.path, 'METADATA'), 'rb') as file:\n"
    "                text = file.read(65536).decode('utf-8', 'replace').replace('\\r\\n', '\\n')\n"
    "        except OSError:\n"
    "            continue\n"
    "        head = text.split('\\n\\n')[0]\n"
    "        name, version = field(head, 'Name'), field(head, 'Version')\n"
    "        if name and version:\n"
    "            yield name + '==' + version\n"
    "for line in sorted(installed(), key=str.lower)[:4000]:\n"
    "    print('installed', line)\n"
    "print('end', flush=True)\n"
    "def sources():\n"
    "    for top, directories, names in os.walk(site):\n"
    "        for name in names:\n"
    "            if name.endswith('.py'):\n"
    "                yield os.path.join(top, name)\n"
    "def compile_all(paths):\n"
    "    warnings.simplefilter('ignore')\n"
    "    # Not checked against the source: nobody can write to the environment.\n"
    "    mode = py_compile.PycInvalidationMode.UNCHECKED_HASH\n"
    "    for path in paths:\n"
    "        try:\n"
    "            py_compile.compile(path, doraise=True, quiet=2, invalidation_mode=mode)\n"
    "        except Exception:\n"
    "            pass  # templates and files for another Python\n"
    "paths = sorted(sources())\n"
    "hands = min(4, len(os.sched_getaffinity(0)), len(paths) // 50 + 1)\n"
    "children = []\n"
    "for hand in range(1, hands):\n"
    "    pid = os.fork()\n"
    "    if pid == 0:\n"
    "        compile_all(paths[hand::hands])\n"
    "        os._exit(0)\n"
    "    children.append(pid)\n"
    "compile_all(paths[0::hands])\n"
    "for pid in children:\n"
    "    os.waitpid(pid, 0)\n";

static int take_installed(char *const *lines, char ***ret, struct error *err)
{
    autolist char **installed = NULL;
    for (size_t i = 0; lines && lines[i]; i++) {
        const char *value = helper_value(lines[i], "installed");
        if (!value)
            return fail_host_as(err, EBADMSG,
                                "list the environment: an answer that is not as "
                                "agreed");
        list_add(&installed, value);
    }
    *ret = TAKE(&installed);
    return 0;
}

static int compile(const struct sandbox *sandbox, const struct env_making *making, char ***ret,
                   struct error *err)
{
    const struct python *python = making->request->python;
    autofree char *site =
        xasprintf(ENVIRONMENT_INSIDE "/lib/python3.%d/site-packages", python->minor);
    char *const args[] = { site, NULL };
    const struct errand_mount mount = { .host = making->path,
                                        .inside = ENVIRONMENT_INSIDE,
                                        .write = true };
    autofree char *top = making_top(making);
    struct helper helper = { .what = "compile the environment",
                             .policy = UV_POLICY,
                             .interpreter = python->path,
                             .prefix = python->prefix,
                             .program = program,
                             .args = args,
                             .mounts = &mount,
                             .mount_count = 1,
                             .making = top,
                             .wall_ms = COMPILE_MS,
                             .cut = true,
                             .control = making->request->control };
    autolist char **lines = NULL;
    int r = helper_run(sandbox, &helper, &lines, err);
    return r < 0 ? r : take_installed(lines, ret, err);
}

static void tell(const struct env_request *request, const char *phase)
{
    if (request->phase)
        request->phase(request->context, phase);
}

char *making_top(const struct env_making *making)
{
    return xstrndup(making->path, (size_t)(strrchr(making->path, '/') - making->path));
}

int env_make(const struct sandbox *sandbox, const struct env_making *making, char ***installed,
             uint64_t *bytes, struct error *err)
{
    int r = env_lay_out(making->path, making->request->python, err);
    if (r < 0)
        return r;
    tell(making->request, "installing");
    r = install(sandbox, making, err);
    if (r == -ENOTSUP && err->blame == BLAME_POLICY && making->request->builds) {
        tell(making->request, "building");
        r = env_build(sandbox, making, err);
    }
    if (r < 0)
        return r;
    tell(making->request, "compiling");
    r = compile(sandbox, making, installed, err);
    return r < 0 ? r : judge_size(sandbox, making, bytes, err);
}
