/* SPDX-License-Identifier: Apache-2.0 */
/* What comes out of the boxes that make an environment: requirement strings, answers of helper
 * programs, uv's words. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "build_words.h"
#include "env_store.h"
#include "helper.h"
#include "requirement.h"
#include "str.h"
#include "uv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void is_a_sentence(const struct error *err)
{
    assert(err->text[0]);
    assert(!strpbrk(err->text, "\n\r\x1b\x7f"));
}

/* A lock in which a package's files are replaced names them and no others of it. */
static void replaces_hashes(const char *text)
{
    static char hash[] = "0123456789abcdef";
    static char *hashes[] = { hash, NULL };
    struct package package = { .name = "six", .version = "1.0" };
    (void)build_wanted(text, &package);
    assert(*package.name && !strchr(package.name, '/') && !strchr(package.version, '/'));
    autofree char *before = lock_only(text, &package);
    autofree char *locked = lock_replace(text, &package, hashes);
    autofree char *after = lock_only(locked, &package);
    assert(!before == !after);
    for (const char *at = after; at && (at = strstr(at, "    --hash=")); at++)
        assert(starts_with(at, "    --hash=sha256:0123456789abcdef\n"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    autofree char *text = xstrndup((const char *)data, size);
    replaces_hashes(text);
    struct error err = { 0 };
    if (requirement_admit(text, &err) < 0)
        is_a_sentence(&err);
    else
        assert(!strstr(text, "://") && !strchr(text, '@') && !strchr(text, '\n'));

    autolist char **lines = NULL;
    if (helper_lines((const char *)data, size, &lines, &err) == 0)
        for (size_t i = 0; i < list_len(lines); i++)
            assert(strlen(lines[i]) <= HELPER_LINE_MAX && !strchr(lines[i], '\n'));

    struct env_record record = { 0 };
    if (env_record_parse((const char *)data, size, &record, &err) == 0)
        env_record_done(&record);

    static char secret[] = "canary";
    static char *secrets[] = { secret, NULL };
    struct uv_settings settings = { .secrets = secrets };
    err = (struct error){ 0 };
    assert(uv_reason(&settings, text, &err) < 0);
    is_a_sentence(&err);
    return 0;
}
