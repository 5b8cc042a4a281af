/* SPDX-License-Identifier: Apache-2.0 */
/* env_pack.c - wheels again, of what uv has unpacked into a cache. */
#include "env_pack.h"

#include "env_uv.h"
#include "helper.h"
#include "str.h"

/* Everything in a package is a stranger's: names are judged, files copied, links left out. */
static const char program[] =
    "import os, re, sys, zipfile\n"
    "cache, wheels = sys.argv[1:]\n"
    "plain = re.compile(r'[A-Za-z0-9_][A-Za-z0-9._+!]{0,99}-[A-Za-z0-9][A-Za-z0-9._+!]{0,99}')\n"
    "tag = re.compile(r'Tag:[ \\t]*([a-z0-9_.]{1,200})-([a-z0-9_.]{1,200})-([a-z0-9_.]{1,200})"
    "[ \\t]*$', re.M | re.A)\n"
    "def name(top):\n"
    "    for entry in sorted(os.listdir(top)):\n"
    "        stem = entry[:-len('.dist-info')]\n"
    "        if not entry.endswith('.dist-info') or not plain.fullmatch(stem):\n"
    "            continue\n"
    "        with open(os.path.join(top, entry, 'WHEEL'), 'rb') as file:\n"
    "            text = file.read(65536).decode('utf-8', 'replace').replace('\\r\\n', '\\n')\n"
    "        parts = ['.'.join(sorted(set(part))) for part in zip(*tag.findall(text))]\n"
    "        if parts:\n"
    "            return '-'.join([stem, *parts]) + '.whl'\n"
    "    return None\n"
    "def pack(top, path):\n"
    "    with zipfile.ZipFile(path, 'x', strict_timestamps=False) as archive:\n"
    "        for where, directories, names in os.walk(top):\n"
    "            for each in names:\n"
    "                file = os.path.join(where, each)\n"
    "                if not os.path.islink(file) and os.path.isfile(file):\n"
    "                    archive.write(file, os.path.relpath(file, top))\n"
    "for bucket in sorted(os.listdir(cache)):\n"
    "    if not bucket.startswith('archive-v'):\n"
    "        continue\n"
    "    for entry in sorted(os.listdir(os.path.join(cache, bucket))):\n"
    "        top = os.path.join(cache, bucket, entry)\n"
    "        try:\n"
    "            wheel = name(top)\n"
    "        except OSError:\n"
    "            continue  # not a package\n"
    "        path = wheel and os.path.join(wheels, wheel)\n"
    "        if path and len(wheel) < 250 and not os.path.exists(path):\n"
    "            pack(top, path)\n"
    "print('end', flush=True)\n";

int env_pack(const struct sandbox *sandbox, const struct env_making *making, const char *cache,
             const char *wheels, struct error *err)
{
    const struct python *python = making->request->python;
    static char from[] = UV_CACHE_INSIDE, to[] = UV_INSIDE "/wheels";
    char *const args[] = { from, to, NULL };
    const struct errand_mount mounts[] = {
        { .host = cache, .inside = UV_CACHE_INSIDE },
        { .host = wheels, .inside = to, .write = true },
    };
    autofree char *top = making_top(making);
    struct helper helper = { .what = "pack what a build may need",
                             .policy = UV_POLICY,
                             .interpreter = python->path,
                             .prefix = python->prefix,
                             .program = program,
                             .args = args,
                             .mounts = mounts,
                             .mount_count = COUNT(mounts),
                             .making = top,
                             .control = making->request->control };
    autolist char **lines = NULL;
    return helper_run(sandbox, &helper, &lines, err);
}
