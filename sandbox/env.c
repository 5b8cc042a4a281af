/* SPDX-License-Identifier: Apache-2.0 */
/* env.c - which environment a run gets: its key, the one there is, or a new one. */
#include "env.h"

#include <errno.h>
#include <fcntl.h>
#include <sha256.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <cordon/log.h>

#include "env_make.h"
#include "env_room.h"
#include "env_store.h"
#include "fd.h"
#include "requirement.h"
#include "str.h"
#include "uv.h"

#define KEY_FORMAT "1" /* counts up when environments are made differently */

/* --- the key --------------------------------------------------------------------------- */

static int compare_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static char **sorted(char *const *list)
{
    char **copy = list_copy(list);
    if (copy)
        qsort(copy, list_len(copy), sizeof(*copy), compare_text);
    return copy;
}

char *env_machine(void)
{
    struct utsname host;
    if (uname(&host) < 0)
        host = (struct utsname){ 0 };
    return xasprintf("%s %s", host.sysname, host.machine);
}

char *env_key(const struct env_identity *identity)
{
    autolist char **requirements = sorted(identity->requirements);
    autofree char *machine = env_machine();
    autostr struct str text = { 0 };
    str_printf(&text, "format " KEY_FORMAT "\nuv %s\nplatform %s\ninterpreter %s\n",
               identity->uv_version, machine, identity->interpreter);
    for (size_t i = 0; requirements && requirements[i]; i++)
        str_printf(&text, "requirement %s\n", requirements[i]);
    str_printf(&text, "settings %zu\n%s", strlen(identity->settings), identity->settings);
    if (identity->builds)
        str_puts(&text, "builds isolated\n");
    if (identity->header)
        str_printf(&text, "header\n%s", identity->header);
    char hash[SHA256_DIGEST_STRING_LENGTH];
    SHA256Data((const uint8_t *)text.data, text.len, hash);
    return xstrdup(hash);
}

static uint64_t wall_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* --- what is known during one call ------------------------------------------------------ */

struct search {
    const struct sandbox *sandbox;
    const struct env_request *request;
    bool offline;
    uint64_t began_ms;
    char *uv, *uv_version;
    struct uv_settings settings;
    char *key;
    int owner; /* directory */
};

static void search_done(struct search *search)
{
    free(search->uv);
    free(search->uv_version);
    uv_settings_done(&search->settings);
    free(search->key);
    own_close(&search->owner);
}

static char *key_with(const struct search *search, const char *uv_version)
{
    const struct env_request *request = search->request;
    return env_key(&(struct env_identity){ .uv_version = uv_version,
                                           .interpreter = request->python->identity,
                                           .requirements = request->requirements,
                                           .settings = search->settings.identity,
                                           .header = request->header,
                                           .builds = request->builds });
}

/* When the one under `key` was made, as milliseconds since 1970; 0: there is none. */
static uint64_t made_at(const struct search *search, const char *key, char **uv_version)
{
    struct env_record record = { 0 };
    struct error ignored = { 0 };
    autoclose int hold = env_hold(search->owner, key, &record, &ignored);
    uint64_t ret = hold < 0 ? 0 : record.created_ms;
    if (hold >= 0 && uv_version)
        *uv_version = TAKE(&record.uv);
    env_record_done(&record);
    return ret;
}

/* The newest that answers this request, whichever uv made it: to run needs none. NULL: there is
 * no such. */
static char *newest_key(const struct search *search)
{
    autolist char **names = names_in(search->owner, false);
    autofree char *ret = NULL;
    uint64_t newest = 0;
    for (size_t i = 0; names && names[i]; i++) {
        autofree char *version = NULL;
        uint64_t made = made_at(search, names[i], &version);
        autofree char *key = made > newest ? key_with(search, version) : NULL;
        if (!key || strcmp(key, names[i]) != 0)
            continue;
        newest = made;
        free(ret);
        ret = TAKE(&key);
    }
    return TAKE(&ret);
}

static int search_begin(struct search *search, struct error *err)
{
    const struct env_request *request = search->request;
    int r = requirements_admit(request->requirements, err);
    if (r < 0)
        return r;
    int no_uv = uv_find(search->sandbox, request->control, &search->uv, &search->uv_version, err);
    if (no_uv == -ECANCELED)
        return no_uv;
    autofree char *owner = xasprintf("%s/environments/%s", search->sandbox->state, request->owner);
    if (no_uv < 0 && access(owner, F_OK) < 0)
        return no_uv; /* there is none, and for what cannot be made no room is */
    uv_settings_make(search->sandbox, &search->settings);
    struct error failure = { 0 };
    int fd = env_owner_open(search->sandbox, request->owner, &failure);
    if (fd < 0) {
        *err = failure;
        return fd;
    }
    search->owner = fd;
    if (no_uv == 0)
        search->key = key_with(search, search->uv_version);
    bool makes_none = !request->refresh && (no_uv < 0 || search->offline);
    if (makes_none && (!search->key || made_at(search, search->key, NULL) == 0)) {
        char *key = newest_key(search);
        if (key) {
            free(search->key);
            search->key = key;
        }
    }
    if (!search->key)
        return no_uv;
    search->offline = search->offline || no_uv < 0;
    return 0;
}

/* --- the one there is -------------------------------------------------------------------- */

enum age { AGE_GOOD, AGE_OLD, AGE_NONE };

/* May the one that was made at `created_ms` serve? One made since we began was made
 * for somebody who asked for the same, at the same time. */
static enum age judge_age(const struct search *search, uint64_t created_ms)
{
    if (search->offline || created_ms >= search->began_ms)
        return AGE_GOOD;
    uint64_t max_age_ms = search->sandbox->config.environment_max_age_s * 1000;
    bool aged = max_age_ms > 0 && search->began_ms - created_ms > max_age_ms;
    /* What a lock names does not grow old. */
    bool all_locked = search->request->locked && !search->request->beside;
    return search->request->refresh || (aged && !all_locked) ? AGE_OLD : AGE_GOOD;
}

static void take(const struct search *search, struct env_record *record, int hold, bool cached,
                 struct environment *ret)
{
    *ret =
        (struct environment){ .key = xstrdup(search->key),
                              .path = xasprintf("%s/environments/%s/%s/env", search->sandbox->state,
                                                search->request->owner, search->key),
                              .cached = cached,
                              .installed = TAKE(&record->installed),
                              .hold = hold };
    env_used(hold);
}

/* AGE_NONE: there is none. AGE_OLD: there is one, and it was taken only if `any`. */
static int find(const struct search *search, bool any, bool cached, enum age *age,
                struct environment *ret, struct error *err)
{
    struct env_record record = { 0 };
    autoclose int hold = env_hold(search->owner, search->key, &record, err);
    *age = AGE_NONE;
    if (hold == -ENOENT)
        return 0;
    if (hold < 0)
        return hold;
    *age = judge_age(search, record.created_ms);
    if (*age == AGE_GOOD || any)
        take(search, &record, fd_take(&hold), cached, ret);
    env_record_done(&record);
    return 0;
}

/* --- a new one ----------------------------------------------------------------------------- */

static int write_record(const struct search *search, const char *name, char *const *installed,
                        uint64_t bytes, struct error *err)
{
    struct env_record record = { .created_ms = wall_clock_ms(),
                                 .python = xstrdup(search->request->python->version),
                                 .uv = xstrdup(search->uv_version),
                                 .machine = env_machine(),
                                 .builds = search->request->builds,
                                 .bytes = bytes,
                                 .requirements = list_copy(search->request->requirements),
                                 .installed = list_copy(installed) };
    autofree char *text = env_record_print(&record);
    env_record_done(&record);
    autofree char *path = path_join(name, ENV_RECORD);
    int r = file_write(search->owner, path, text, strlen(text), 0600, err);
    const char *header = search->request->header;
    autofree char *beside = path_join(name, ENV_HEADER);
    return r == 0 && header ? file_write(search->owner, beside, header, strlen(header), 0600, err)
                            : r;
}

static int make_under(const struct search *search, const char *name, struct error *err)
{
    autofree char *path = xasprintf("%s/environments/%s/%s/env", search->sandbox->state,
                                    search->request->owner, name);
    struct env_making making = {
        .request = search->request, .uv = search->uv, .settings = &search->settings, .path = path
    };
    autolist char **installed = NULL;
    uint64_t bytes = 0;
    int r = env_make(search->sandbox, &making, &installed, &bytes, err);
    if (r == 0)
        r = write_record(search, name, installed, bytes, err);
    if (r == 0)
        r = env_finish(search->owner, name, search->key, err);
    return r;
}

static int make(const struct search *search, struct error *err)
{
    autofree char *name = NULL;
    int r = env_begin(search->owner, search->key, &name, err);
    if (r < 0)
        return r;
    r = make_under(search, name, err);
    if (r < 0) {
        struct error ignored = { 0 };
        if (env_remove(search->owner, name, &ignored) < 0)
            log_event(LOG_WARN, "leftover", KV("reason", ignored.text));
    }
    return r;
}

/* It could not be made, by us or by who was before us. One that has only grown old is better than
 * none while the index is away. */
static int do_without(const struct search *search, const struct error *failure,
                      struct environment *ret, struct error *err)
{
    enum age age;
    int r = find(search, false, true, &age, ret, err);
    if (r < 0 || age == AGE_GOOD)
        return r;
    if (age == AGE_OLD && !search->request->refresh && failure->code == ENETUNREACH) {
        log_event(LOG_WARN, "old_environment", KV("key", search->key), KV("reason", failure->text));
        return find(search, true, true, &age, ret, err);
    }
    *err = *failure;
    return -failure->code;
}

/* With the lock of the key held: somebody may have made it while we waited. */
static int make_locked(const struct search *search, struct error *failure, struct environment *ret,
                       struct error *err)
{
    enum age age;
    int r = find(search, false, true, &age, ret, err);
    if (r < 0 || age == AGE_GOOD)
        return r;
    r = make(search, failure);
    return r == 0 ? find(search, true, false, &age, ret, err)
                  : do_without(search, failure, ret, err);
}

static int fail_offline(const struct search *search, struct error *err)
{
    char *const *requirements = search->request->requirements;
    size_t count = list_len(requirements);
    autofree char *first = xstrdup(requirements[0]);
    char shown[100], more[40] = "";
    redact_urls(first);
    if (count > 1)
        (void)snprintf(more, sizeof(more), " and %zu more", count - 1);
    return fail_host_as(err, ENOENT,
                        "offline%s: there is no environment with %s%s yet, and none may be made: "
                        "cordon env make makes one where the index is reached, and cordon env "
                        "import takes it from there",
                        search->sandbox->config.uv_offline
                            ? " (configuration uv.offline or UV_OFFLINE)"
                            : "",
                        printable(first, shown, sizeof(shown)), more);
}

static int ensure(struct search *search, struct environment *ret, struct error *err)
{
    int r = search_begin(search, err);
    if (r < 0)
        return r;
    enum age age;
    r = find(search, false, true, &age, ret, err);
    if (r < 0 || age == AGE_GOOD)
        return r;
    if (search->offline)
        return fail_offline(search, err);
    struct error failure = { 0 };
    autoclose int lock =
        env_lock(search->owner, search->key, search->request->control, &failure, err);
    if (lock == -EALREADY)
        return do_without(search, &failure, ret, err);
    if (lock < 0)
        return -err->code;
    r = make_locked(search, &failure, ret, err);
    /* Who gave up has not found out. */
    bool tried = failure.code != 0 && failure.code != ECANCELED;
    env_unlock(search->owner, search->key, &lock, tried ? &failure : NULL);
    env_sweep(search->owner);
    /* Ours is held by now. */
    if (r == 0)
        env_make_room(search->sandbox);
    return r;
}

int environment_ensure(const struct sandbox *sandbox, const struct env_request *request,
                       struct environment *ret, struct error *err)
{
    *ret = (struct environment){ 0 };
    if (list_len(request->requirements) == 0)
        return 0;
    struct search search = { .sandbox = sandbox,
                             .request = request,
                             .offline = request->offline || sandbox->config.uv_offline,
                             .began_ms = wall_clock_ms(),
                             .owner = -1 };
    int r = ensure(&search, ret, err);
    search_done(&search);
    if (r == 0 && !ret->path)
        return fail_host_as(err, EIO, "the environment was removed as soon as it was made");
    return r;
}

int environment_key(const struct sandbox *sandbox, const struct env_request *request,
                    char **uv_version, char **ret, struct error *err)
{
    struct search search = { .sandbox = sandbox, .request = request, .owner = -1 };
    int r = requirements_admit(request->requirements, err);
    struct error no_uv = { 0 };
    if (r == 0 && uv_find(sandbox, request->control, &search.uv, &search.uv_version, &no_uv) == 0) {
        free(*uv_version);
        *uv_version = xstrdup(search.uv_version);
    }
    if (r == 0) {
        uv_settings_make(sandbox, &search.settings);
        *ret = key_with(&search, *uv_version);
    }
    search_done(&search);
    return r;
}

void environment_done(struct environment *environment)
{
    if (environment->path)
        own_close(&environment->hold);
    free(environment->key);
    free(environment->path);
    list_free(environment->installed);
    *environment = (struct environment){ 0 };
}
