/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - the configuration file, by tables. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "ids.h"
#include "json.h"
#include "json_read.h"
#include "principal_read.h"
#include "str.h"

#define CONFIG_BYTES_MAX ((size_t)1024 * 1024)

#define SLOT_COUNT_DEFAULT 256U

/* A bare interpreter that waits holds some 10 MB. */
#define POOL_SIZE_MAX        64
#define POOL_SIZE_DEFAULT    4
#define POOL_MEMORY_DEFAULT  (512ULL << 20)
#define POOL_IDLE_MS_DEFAULT (5ULL * 60 * 1000)
/* Below are the ids of people, of system accounts and of what distributions
 * hand out by themselves (subuid from 100000 on, containers from 524288). */
#define SLOT_FIRST_MIN 1000000U
/* (uid_t)-1 is no id, and 2^31 is where some programs begin to see negative ones. */
#define SLOT_LAST_MAX  2147483647U
#define SLOT_COUNT_MAX 65536U

#define DAY_MS (24ULL * 3600 * 1000)

struct draft {
    struct config config;
};

#define KEPT(member) offsetof(struct draft, config.member)

/* A second value for one slot must not leak the first. */
static void replace_text(struct json_reading *reading, const char *path, struct json_object *value,
                         void *into)
{
    free(*(char **)into);
    *(char **)into = NULL;
    json_read_text_member(reading, path, value, into);
}

static void replace_path(struct json_reading *reading, const char *path, struct json_object *value,
                         void *into)
{
    free(*(char **)into);
    *(char **)into = NULL;
    json_read_path(reading, path, value, into);
}

/* --- small values ----------------------------------------------------------- */

static void read_url(struct json_reading *reading, const char *path, struct json_object *value,
                     void *into)
{
    const char *text = json_read_string(reading, path, value);
    if (!text)
        return;
    if (!starts_with(text, "https://") && !starts_with(text, "http://") &&
        !starts_with(text, "file://")) {
        json_fault_at(reading, path, "an address with https://, http:// or file:// is wanted");
        return;
    }
    free(*(char **)into);
    *(char **)into = xstrdup(text);
}

static void add_url(struct json_reading *reading, const char *path, struct json_object *value,
                    void *into)
{
    char *url = NULL;
    read_url(reading, path, value, &url);
    if (url)
        list_add_owned(into, url);
}

static void read_urls(struct json_reading *reading, const char *path, struct json_object *value,
                      void *into)
{
    json_read_array(reading, path, value, add_url, into);
}

static void read_name(struct json_reading *reading, const char *path, struct json_object *value,
                      void *into)
{
    const char *text = json_read_string(reading, path, value);
    if (text && !name_valid(text)) {
        json_fault_at(reading, path, "the name of a policy is wanted");
    } else if (text) {
        free(*(char **)into);
        *(char **)into = xstrdup(text);
    }
}

static void read_count(struct json_reading *reading, const char *path, struct json_object *value,
                       void *into)
{
    (void)json_read_number(reading, path, value, 0, 1000000000, into);
}

static void read_seconds(struct json_reading *reading, const char *path, struct json_object *value,
                         void *into)
{
    uint64_t ms = 0;
    json_read_duration(reading, path, value, &ms);
    if (ms > 0)
        *(uint64_t *)into = (ms + 999) / 1000;
}

static void read_log(struct json_reading *reading, const char *path, struct json_object *value,
                     void *into)
{
    static const char *const levels[] = {
        [LOG_ERROR] = "error", [LOG_WARN] = "warn", [LOG_INFO] = "info", [LOG_DEBUG] = "debug", NULL
    };
    int level = json_read_choice(reading, path, value, levels);
    if (level >= 0)
        *(enum log_level *)into = (enum log_level)level;
}

/* "127.0.0.1:8000", "[::1]:8000" or "unix:/run/cordon.sock". */
static void read_address(struct json_reading *reading, const char *path, struct json_object *value,
                         void *into)
{
    const char *text = json_read_string(reading, path, value);
    if (!text)
        return;
    free(*(char **)into);
    *(char **)into = xstrdup(text);
    const char *colon = strrchr(text, ':');
    unsigned long port =
        colon && colon > text && strspn(colon + 1, "0123456789") == strlen(colon + 1)
            ? strtoul(colon + 1, NULL, 10)
            : 0;
    if (!(starts_with(text, "unix:/") || (port > 0 && port <= UINT16_MAX)))
        json_fault_at(reading, path, "\"ADDRESS:PORT\" or \"unix:/PATH\" is wanted");
}

/* --- sections --------------------------------------------------------------- */

static const struct json_member uv_members[] = {
    { .name = "path", .read = replace_path, .offset = KEPT(uv_path) },
    { .name = "index", .read = read_url, .offset = KEPT(uv_index) },
    { .name = "extra_index", .read = read_urls, .offset = KEPT(uv_extra_index) },
    { .name = "offline", .read = json_read_bool, .offset = KEPT(uv_offline) },
    { .name = "environment_max_age", .read = read_seconds, .offset = KEPT(environment_max_age_s) },
    { .name = "environment_max_bytes",
      .read = json_read_size,
      .offset = KEPT(environment_max_bytes) },
    { 0 },
};

static const struct json_member jobs_members[] = {
    { .name = "keep", .read = read_count, .offset = KEPT(jobs_keep) },
    { .name = "max_age", .read = json_read_duration, .offset = KEPT(jobs_max_age_ms) },
    { .name = "max_bytes", .read = json_read_size, .offset = KEPT(jobs_max_bytes) },
    { 0 },
};

static void read_pool_size(struct json_reading *reading, const char *path,
                           struct json_object *value, void *into)
{
    (void)json_read_number(reading, path, value, 0, POOL_SIZE_MAX, into);
}

static const struct json_member pool_members[] = {
    { .name = "size", .read = read_pool_size, .offset = KEPT(pool_size) },
    { .name = "memory", .read = json_read_size, .offset = KEPT(pool_memory) },
    { .name = "idle", .read = json_read_duration, .offset = KEPT(pool_idle_ms) },
    { 0 },
};

/* Those of RFC 7518 that a key anybody may see can check. */
static void add_algorithm(struct json_reading *reading, const char *path, struct json_object *value,
                          void *into)
{
    static const char *const known[] = { "RS256", "ES256", NULL };
    int which = json_read_choice(reading, path, value, known);
    if (which >= 0 && !list_has(*(char ***)into, known[which]))
        list_add(into, known[which]);
}

static void read_algorithms(struct json_reading *reading, const char *path,
                            struct json_object *value, void *into)
{
    json_read_array(reading, path, value, add_algorithm, into);
}

static const struct json_member oauth_members[] = {
    { .name = "issuer", .read = read_url, .offset = KEPT(oauth.issuer), .required = true },
    { .name = "audience", .read = replace_text, .offset = KEPT(oauth.audience), .required = true },
    { .name = "keys", .read = replace_path, .offset = KEPT(oauth.keys) },
    { .name = "algorithms", .read = read_algorithms, .offset = KEPT(oauth.algorithms) },
    { 0 },
};

static const struct json_member tls_members[] = {
    { .name = "certificate",
      .read = replace_path,
      .offset = KEPT(tls_certificate),
      .required = true },
    { .name = "key", .read = replace_path, .offset = KEPT(tls_key), .required = true },
    { 0 },
};

#define SECTION(name)                                                       \
    static void read_##name(struct json_reading *reading, const char *path, \
                            struct json_object *value, void *into)          \
    {                                                                       \
        json_read_object(reading, path, value, name##_members, into);       \
    }

SECTION(uv)
SECTION(jobs)
SECTION(pool)
SECTION(oauth)
SECTION(tls)

static const struct json_member http_members[] = {
    { .name = "address", .read = read_address, .offset = KEPT(http_address) },
    { .name = "tokens", .read = replace_path, .offset = KEPT(tokens) },
    { .name = "oauth", .read = read_oauth },
    { .name = "tls", .read = read_tls },
    { 0 },
};

SECTION(http)

/* --- slots ------------------------------------------------------------------ */

static void read_slot_first(struct json_reading *reading, const char *path,
                            struct json_object *value, void *into)
{
    uint64_t first;
    if (json_read_number(reading, path, value, SLOT_FIRST_MIN, SLOT_LAST_MAX, &first))
        *(uint32_t *)into = (uint32_t)first;
}

static void read_slot_count(struct json_reading *reading, const char *path,
                            struct json_object *value, void *into)
{
    uint64_t count;
    if (json_read_number(reading, path, value, 1, SLOT_COUNT_MAX, &count))
        *(uint32_t *)into = (uint32_t)count;
}

static const struct json_member slots_members[] = {
    { .name = "first", .read = read_slot_first, .offset = KEPT(slot_first) },
    { .name = "count", .read = read_slot_count, .offset = KEPT(slot_count) },
    { 0 },
};

static void read_slots(struct json_reading *reading, const char *path, struct json_object *value,
                       void *into)
{
    struct draft *draft = into;
    json_read_object(reading, path, value, slots_members, draft);
    if ((uint64_t)draft->config.slot_first + draft->config.slot_count - 1 > SLOT_LAST_MAX)
        json_fault_at(reading, path, "first + count goes beyond %u", SLOT_LAST_MAX);
}

/* --- the whole -------------------------------------------------------------- */

static const struct json_member audit_members[] = {
    { .name = "path", .read = replace_path, .offset = KEPT(audit) },
    { .name = "required", .read = json_read_bool, .offset = KEPT(audit_required) },
    { 0 },
};

/* A path alone, or an object. */
static void read_audit(struct json_reading *reading, const char *path, struct json_object *value,
                       void *into)
{
    struct draft *draft = into;
    if (json_object_is_type(value, json_type_object))
        json_read_object(reading, path, value, audit_members, draft);
    else
        replace_path(reading, path, value, &draft->config.audit);
}

static const struct json_member members[] = {
    { .name = "roots", .read = json_read_paths, .offset = KEPT(roots) },
    { .name = "client_policies", .read = json_read_names, .offset = KEPT(client_policies) },
    { .name = "default_policy", .read = read_name, .offset = KEPT(default_policy) },
    { .name = "uv", .read = read_uv },
    { .name = "pythons", .read = json_read_paths, .offset = KEPT(pythons) },
    { .name = "state", .read = replace_path, .offset = KEPT(state) },
    { .name = "jobs", .read = read_jobs },
    { .name = "pool", .read = read_pool },
    { .name = "slots", .read = read_slots },
    { .name = "account", .read = replace_text, .offset = KEPT(account) },
    { .name = "http", .read = read_http },
    { .name = "principals", .read = principals_read, .offset = KEPT(principals) },
    { .name = "log", .read = read_log, .offset = KEPT(log_level) },
    { .name = "audit", .read = read_audit },
    { 0 },
};

static struct config defaults(void)
{
    return (struct config){
        .environment_max_age_s = 7 * DAY_MS / 1000,
        .environment_max_bytes = 32ULL << 30,
        .slot_first = IDS_SLOT_FIRST,
        .slot_count = SLOT_COUNT_DEFAULT,
        .pool_size = POOL_SIZE_DEFAULT,
        .pool_memory = POOL_MEMORY_DEFAULT,
        .pool_idle_ms = POOL_IDLE_MS_DEFAULT,
        .jobs_keep = 1000,
        .jobs_max_age_ms = 30 * DAY_MS,
        .jobs_max_bytes = 4ULL << 30,
        .log_level = LOG_INFO,
    };
}

/* A prepare step's policy has rights no client may have: naming it is a mistake. */
static void judge_client_policies(struct json_reading *reading, const struct config *config)
{
    if (list_has(config->client_policies, "fetch"))
        json_fault_at(reading, "client_policies", "\"fetch\" is cordon's own and no client's");
    if (config->default_policy && strcmp(config->default_policy, "fetch") == 0)
        json_fault_at(reading, "default_policy", "\"fetch\" is cordon's own and no client's");
}

static void fill_defaults(struct config *config)
{
    if (!config->default_policy)
        config->default_policy = xstrdup("default");
    if (!config->oauth.algorithms) {
        list_add(&config->oauth.algorithms, "RS256");
        list_add(&config->oauth.algorithms, "ES256");
    }
    if (config->client_policies)
        return;
    list_add(&config->client_policies, "default");
    list_add(&config->client_policies, "strict");
}

int config_parse(const char *source, const char *text, size_t len, struct config *ret,
                 struct error *err)
{
    struct draft draft = { .config = defaults() };
    struct json_reading reading = { .source = source, .text = text, .len = len, .err = err };
    autojson struct json_object *root = json_read_text(&reading);
    if (root)
        json_read_object(&reading, "", root, members, &draft);
    judge_client_policies(&reading, &draft.config);
    if (reading.faults) {
        config_done(&draft.config);
        return -err->code;
    }
    draft.config.source = xstrdup(source);
    fill_defaults(&draft.config);
    *ret = draft.config;
    return 0;
}

char *const *config_policies(const struct config *config, const char *owner)
{
    const struct principal *principal = principal_find(&config->principals, owner);
    if (!principal)
        return NULL;
    return principal->policies ? principal->policies : config->client_policies;
}

static char *default_path(void)
{
    const char *config = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    if (geteuid() == 0)
        return xstrdup("/etc/cordon/config.json");
    if (config && config[0] == '/')
        return path_join(config, "cordon/config.json");
    return home && home[0] == '/' ? path_join(home, ".config/cordon/config.json") : NULL;
}

/* The one that is named, which must be there; NULL: none is. */
static const char *named_path(const char *option)
{
    const char *variable = getenv("CORDON_CONFIG");
    return option || !variable || !variable[0] ? option : variable;
}

char *config_path(const char *option)
{
    const char *named = named_path(option);
    return named ? xstrdup(named) : default_path();
}

int config_load(const char *path, struct config *ret, struct error *err)
{
    autofree char *found = config_path(path);
    path = named_path(path);
    autoclose int fd = found ? open(found, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;
    if (fd < 0 && (path || (found && errno != ENOENT && errno != ENOTDIR)))
        return fail_host(err, "open the configuration %s", found);
    if (fd < 0) {
        *ret = defaults();
        fill_defaults(ret);
        return 0;
    }
    int r = trusted_file(fd, found, err);
    if (r < 0)
        return r;
    autofree char *text = NULL;
    size_t len;
    r = fd_read_all(fd, CONFIG_BYTES_MAX, &text, &len, err);
    return r < 0 ? fail_within(err, "%s", found) : config_parse(found, text, len, ret, err);
}

void config_done(struct config *config)
{
    char **lists[] = { config->roots, config->client_policies, config->uv_extra_index,
                       config->pythons, config->oauth.algorithms };
    for (size_t i = 0; i < COUNT(lists); i++)
        list_free(lists[i]);
    char *texts[] = { config->source,          config->default_policy, config->uv_path,
                      config->uv_index,        config->state,          config->account,
                      config->audit,           config->tokens,         config->oauth.issuer,
                      config->oauth.audience,  config->oauth.keys,     config->http_address,
                      config->tls_certificate, config->tls_key };
    principals_done(&config->principals);
    for (size_t i = 0; i < COUNT(texts); i++)
        free(texts[i]);
    *config = (struct config){ 0 };
}
