/* SPDX-License-Identifier: Apache-2.0 */
/* uv_settings.c - what the operator has set for uv, for the box in which it installs.
 *
 * Only what is named here is passed on. Where uv puts things, which Python it
 * takes and whether it builds are cordon's to say (env_make.c).
 */
#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cordon/log.h>

#include "fd.h"
#include "interpreter.h"
#include "requirement.h"
#include "str.h"
#include "uv.h"
#include "uv_network.h"

#define SETTING_FILE_MAX (1024UL * 1024)

enum kind {
    VALUE,       /* as it is */
    WORDS,       /* URLs and paths with blanks between, each perhaps "name=..." */
    COMMAS,      /* the same with commas */
    FILE_PATH,   /* one file: shown inside, the value says where */
    DIRECTORIES, /* directories with colons between: the same */
};

static const struct setting {
    const char *name;
    enum kind kind;
    bool decides; /* what is installed may depend on it: part of the key */
} settings[] = {
    { "UV_DEFAULT_INDEX", WORDS, true },
    { "UV_INDEX", WORDS, true },
    { "UV_INDEX_URL", WORDS, true },
    { "UV_EXTRA_INDEX_URL", WORDS, true },
    { "UV_FIND_LINKS", COMMAS, true },
    { "UV_NO_INDEX", VALUE, true },
    { "UV_INDEX_STRATEGY", VALUE, true },
    { "UV_EXCLUDE_NEWER", VALUE, true },
    { "UV_PRERELEASE", VALUE, true },
    { "UV_RESOLUTION", VALUE, true },
    { "UV_FORK_STRATEGY", VALUE, true },
    { "UV_TORCH_BACKEND", VALUE, true },
    { "UV_CONSTRAINT", FILE_PATH, true },
    { "UV_OVERRIDE", FILE_PATH, true },
    { "UV_EXCLUDE", FILE_PATH, true },
    { "UV_CONFIG_FILE", FILE_PATH, true },
    { "UV_NO_CONFIG", VALUE, true },
    { "UV_INSECURE_HOST", VALUE, false },
    { "UV_NATIVE_TLS", VALUE, false },
    { "UV_SYSTEM_CERTS", VALUE, false },
    { "UV_HTTP_TIMEOUT", VALUE, false },
    { "UV_HTTP_CONNECT_TIMEOUT", VALUE, false },
    { "UV_REQUEST_TIMEOUT", VALUE, false },
    { "UV_HTTP_RETRIES", VALUE, false },
    { "UV_CONCURRENT_DOWNLOADS", VALUE, false },
    { "UV_CONCURRENT_INSTALLS", VALUE, false },
    { "SSL_CERT_FILE", FILE_PATH, false },
    { "SSL_CERT_DIR", DIRECTORIES, false },
    { "SSL_CLIENT_CERT", FILE_PATH, false },
    { "NETRC", FILE_PATH, false },
};

static void set(struct uv_settings *to, const char *name, const char *value)
{
    list_add_owned(&to->env, xasprintf("%s=%s", name, value));
}

/* Shows a file or directory of the host at `inside`; false if it is not there. */
static bool show(struct uv_settings *to, const char *path, const char *inside)
{
    char *real = realpath(path, NULL);
    if (!real)
        return false;
    list_add_owned(&to->owned, real);
    char *at = xstrdup(inside);
    list_add_owned(&to->owned, at);
    to->mounts = xrealloc(to->mounts, (to->mount_count + 1) * sizeof(*to->mounts));
    /* `mapped`: a netrc is 0600, and the box's user must read it. */
    to->mounts[to->mount_count++] = (struct errand_mount){ .host = real, .inside = at };
    return true;
}

/* Every "user:password" of the URLs in `text` becomes a secret, and so does the
 * password alone: messages may quote either. */
static void note_secrets(struct uv_settings *to, const char *text)
{
    for (const char *at = text; (at = strstr(at, "://"));) {
        at += 3;
        size_t word = strcspn(at, " \t\r\n\"'`<>,");
        const char *end = memrchr(at, '@', word);
        if (!end)
            continue;
        list_add_owned(&to->secrets, xstrndup(at, (size_t)(end - at)));
        const char *colon = memchr(at, ':', (size_t)(end - at));
        if (colon && end - colon > 1)
            list_add_owned(&to->secrets, xstrndup(colon + 1, (size_t)(end - colon - 1)));
    }
}

static void identify(struct str *identity, const char *name, const char *value)
{
    autofree char *plain = xstrdup(value);
    redact_urls(plain);
    str_printf(identity, "%s=%s\n", name, plain);
}

/* --- one setting of each kind --------------------------------------------------- */

/* A path of the host becomes one of the box; a URL stays. */
static void add_place(struct uv_settings *to, const char *item, size_t number, const char *name,
                      struct str *value)
{
    const char *path = strchr(item, '=') && *item != '/' ? strchr(item, '=') + 1 : item;
    bool url = starts_with(path, "file:///");
    const char *host = url ? path + strlen("file://") : path;
    autofree char *inside = xasprintf(UV_INSIDE "/%s-%zu", name, number);
    if (*host != '/' || !show(to, host, inside)) {
        str_puts(value, item);
        return;
    }
    str_add(value, item, (size_t)(path - item));
    str_printf(value, "%s%s", url ? "file://" : "", inside);
}

static char *shown_places(struct uv_settings *to, const char *name, const char *text,
                          const char *separators)
{
    autostr struct str value = { 0 };
    autofree char *copy = xstrdup(text);
    char *rest = copy;
    size_t number = 0;
    for (char *item; (item = strsep(&rest, separators));) {
        if (!*item)
            continue;
        if (number++ > 0)
            str_putc(&value, *separators);
        add_place(to, item, number, name, &value);
    }
    return str_take(&value);
}

static char *shown_file(struct uv_settings *to, const char *name, const char *path)
{
    autofree char *inside = xasprintf(UV_INSIDE "/%s", name);
    if (*path == '/' && show(to, path, inside))
        return TAKE(&inside);
    log_event(LOG_WARN, "setting_ignored", KV("name", name), KV("reason", "no such file"));
    return NULL;
}

static void identify_file(struct uv_settings *to, const char *name, const char *path,
                          struct str *identity)
{
    autofree char *text = NULL;
    struct error ignored = { 0 };
    if (file_read(AT_FDCWD, path, SETTING_FILE_MAX, &text, NULL, &ignored) < 0)
        return;
    note_secrets(to, text);
    uv_hosts_find(text, &to->hosts);
    identify(identity, name, text);
}

static void take_setting(struct uv_settings *to, const struct setting *setting, const char *value,
                         struct str *identity)
{
    autofree char *shown = NULL;
    switch (setting->kind) {
    case VALUE:
        shown = xstrdup(value);
        break;
    case WORDS:
        shown = shown_places(to, setting->name, value, " ");
        break;
    case COMMAS:
        shown = shown_places(to, setting->name, value, ",");
        break;
    case DIRECTORIES:
        shown = shown_places(to, setting->name, value, ":");
        break;
    case FILE_PATH:
        shown = shown_file(to, setting->name, value);
        break;
    }
    if (!shown)
        return;
    set(to, setting->name, shown);
    note_secrets(to, value);
    uv_hosts_find(value, &to->hosts);
    if (setting->decides && setting->kind == FILE_PATH)
        identify_file(to, setting->name, value, identity);
    else if (setting->decides)
        identify(identity, setting->name, value);
}

/* --- what is not a variable of uv's own ------------------------------------------ */

/* UV_INDEX_NAME_USERNAME and UV_INDEX_NAME_PASSWORD of a named index. */
static void take_index_credentials(const struct sandbox *sandbox, struct uv_settings *to)
{
    for (size_t i = 0; sandbox->settings && sandbox->settings[i]; i++) {
        const char *entry = sandbox->settings[i];
        const char *equals = strchr(entry, '=');
        if (!starts_with(entry, "UV_INDEX_") || !equals || !equals[1])
            continue;
        autofree char *name = xstrndup(entry, (size_t)(equals - entry));
        bool password = ends_with(name, "_PASSWORD");
        if (!password && !ends_with(name, "_USERNAME"))
            continue;
        set(to, name, equals + 1);
        if (password)
            list_add(&to->secrets, equals + 1);
    }
}

/* requests and curl have their own names for what uv calls SSL_CERT_FILE. */
static void take_certificates(const struct sandbox *sandbox, struct uv_settings *to)
{
    static const char *const names[] = { "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE" };
    for (size_t i = 0; i < COUNT(names) && !env_get(to->env, "SSL_CERT_FILE"); i++) {
        const char *value = env_get(sandbox->settings, names[i]);
        autofree char *shown = value ? shown_file(to, "SSL_CERT_FILE", value) : NULL;
        if (shown)
            set(to, "SSL_CERT_FILE", shown);
    }
}

static void take_netrc(const struct sandbox *sandbox, struct uv_settings *to)
{
    autofree char *path = operator_directory(sandbox, NULL, ".netrc");
    if (path && !env_get(to->env, "NETRC") && show(to, path, UV_INSIDE "/NETRC"))
        set(to, "NETRC", UV_INSIDE "/NETRC");
}

/* A uv.toml at its place beneath a configuration directory of the box. */
static void take_toml(struct uv_settings *to, const char *path, const char *variable,
                      const char *inside, struct str *identity)
{
    autofree char *text = NULL;
    struct error ignored = { 0 };
    autofree char *at = xasprintf("%s/uv/uv.toml", inside);
    if (file_read(AT_FDCWD, path, SETTING_FILE_MAX, &text, NULL, &ignored) < 0 ||
        !show(to, path, at))
        return;
    set(to, variable, inside);
    note_secrets(to, text);
    uv_hosts_find(text, &to->hosts);
    identify(identity, "uv.toml", text);
}

static void take_tomls(const struct sandbox *sandbox, struct uv_settings *to, struct str *identity)
{
    if (env_get(to->env, "UV_CONFIG_FILE") || env_get(to->env, "UV_NO_CONFIG"))
        return;
    autofree char *own = operator_directory(sandbox, "XDG_CONFIG_HOME", ".config");
    if (own) {
        autofree char *path = path_join(own, "uv/uv.toml");
        take_toml(to, path, "XDG_CONFIG_HOME", UV_INSIDE "/config", identity);
    }
    take_toml(to, "/etc/uv/uv.toml", "XDG_CONFIG_DIRS", UV_INSIDE "/etc", identity);
}

/* The configuration wins over the environment it was started in. */
static const char *configured(const struct sandbox *sandbox, const char *name, char **owned)
{
    const struct config *config = &sandbox->config;
    if (strcmp(name, "UV_DEFAULT_INDEX") == 0 && config->uv_index)
        return config->uv_index;
    if (strcmp(name, "UV_INDEX") == 0 && config->uv_extra_index) {
        autostr struct str all = { 0 };
        for (size_t i = 0; config->uv_extra_index && config->uv_extra_index[i]; i++)
            str_printf(&all, "%s%s", i ? " " : "", config->uv_extra_index[i]);
        return *owned = str_take(&all);
    }
    if (config->uv_index && strcmp(name, "UV_INDEX_URL") == 0)
        return NULL;
    return env_get(sandbox->settings, name);
}

/* A proxy is the egress process's affair (uv_network.h); what uv says of it may still quote it. */
static void note_proxies(const struct sandbox *sandbox, struct uv_settings *to)
{
    static const char *const names[] = { "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY",
                                         "http_proxy", "https_proxy", "all_proxy" };
    for (size_t i = 0; i < COUNT(names); i++) {
        const char *value = env_get(sandbox->settings, names[i]);
        if (value)
            note_secrets(to, value);
    }
}

void uv_settings_make(const struct sandbox *sandbox, struct uv_settings *ret)
{
    *ret = (struct uv_settings){ 0 };
    autostr struct str identity = { 0 };
    for (size_t i = 0; i < COUNT(settings); i++) {
        autofree char *owned = NULL;
        const char *value = configured(sandbox, settings[i].name, &owned);
        if (value && *value)
            take_setting(ret, &settings[i], value, &identity);
    }
    take_index_credentials(sandbox, ret);
    note_proxies(sandbox, ret);
    take_certificates(sandbox, ret);
    take_netrc(sandbox, ret);
    take_tomls(sandbox, ret, &identity);
    ret->identity = str_take(&identity);
}

void uv_settings_done(struct uv_settings *to)
{
    list_free(to->env);
    list_free(to->owned);
    list_free(to->secrets);
    list_free(to->hosts);
    free(to->mounts);
    free(to->identity);
    *to = (struct uv_settings){ 0 };
}

void uv_redact(const struct uv_settings *from, char *text)
{
    redact_urls(text);
    for (size_t i = 0; from->secrets && from->secrets[i]; i++) {
        size_t len = strlen(from->secrets[i]);
        for (char *at = text; len > 0 && (at = strstr(at, from->secrets[i]));) {
            memmove(at, at + len, strlen(at + len) + 1);
        }
    }
}
