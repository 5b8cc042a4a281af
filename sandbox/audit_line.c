/* SPDX-License-Identifier: Apache-2.0 */
#include "audit_line.h"

#include <inttypes.h>
#include <string.h>

#include "clock.h"

/* --- texts ------------------------------------------------------------------------------- */

/* The character at *at, which moves behind it; a byte that is none counts as U+FFFD. */
static uint32_t character(const char **at)
{
    static const uint32_t lead[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    for (size_t size = 1; size <= 4; size++) {
        if (!utf8_valid(*at, strnlen(*at, size)) || strnlen(*at, size) < size)
            continue;
        uint32_t value = (unsigned char)**at & lead[size];
        for (size_t i = 1; i < size; i++)
            value = value << 6 | ((unsigned char)(*at)[i] & 0x3f);
        *at += size;
        return value;
    }
    (*at)++;
    return 0xfffd;
}

static void put_character(struct str *out, uint32_t c)
{
    if (c == '"' || c == '\\')
        str_printf(out, "\\%c", (char)c);
    else if (c >= ' ' && c < 0x7f)
        str_putc(out, (char)c);
    else if (c < 0x10000)
        str_printf(out, "\\u%04" PRIx32, c);
    else /* the two halves of a surrogate pair, as JSON has it */
        str_printf(out, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd7c0 + (c >> 10), 0xdc00 + (c & 0x3ff));
}

static void put_text(struct str *out, const char *name, const char *text)
{
    if (!text) {
        str_printf(out, ",\"%s\":null", name);
        return;
    }
    str_printf(out, ",\"%s\":\"", name);
    size_t begin = out->len;
    while (*text && out->len - begin < AUDIT_TEXT_MAX - sizeof("\\uffff\\uffff..."))
        put_character(out, character(&text));
    str_puts(out, *text ? "...\"" : "\"");
}

static void put_number(struct str *out, const char *name, uint64_t value)
{
    str_printf(out, ",\"%s\":%" PRIu64, name, value);
}

static void put_seconds(struct str *out, const char *name, uint64_t ns)
{
    uint64_t us = ns / 1000;
    str_printf(out, ",\"%s\":%" PRIu64 ".%06" PRIu64, name, us / 1000000, us % 1000000);
}

/* --- parts --------------------------------------------------------------------------------- */

static const char *filled(const char *text)
{
    return *text ? text : NULL;
}

static void put_asked(const struct audit_entry *entry, struct str *out)
{
    const struct launch *launch = entry->launch;
    static const char *const kinds[] = {
        [LAUNCH_SCRIPT] = "script", [LAUNCH_COMMAND] = "command", [LAUNCH_CHART] = "chart"
    };
    bool command = launch->what == LAUNCH_COMMAND;
    put_text(out, "job", launch->job);
    put_text(out, "by", entry->operator? "operator" : "client");
    put_text(out, "principal", filled(launch->owner));
    put_number(out, "uid", entry->uid);
    put_text(out, "user", entry->user);
    put_text(out, "tool", filled(launch->tool));
    put_text(out, "traceparent", filled(launch->trace));
    put_text(out, "kind", kinds[launch->what]);
    /* Only its first word: there may be secrets in the others. */
    put_text(out, "path", command ? (launch->argv ? launch->argv[0] : NULL) : launch->script_path);
    put_text(out, "sha256", filled(entry->script_sha256));
    put_text(out, "directory", entry->directory);
    put_text(out, "policy", filled(launch->policy));
    put_text(out, "policy_sha256", entry->policy_sha256);
    put_text(out, "python", entry->python);
    put_text(out, "environment", entry->environment);
}

static void put_reached(unsigned reached, struct str *out)
{
    static const struct {
        unsigned bit;
        const char *name;
    } names[] = { { REACHED_PIDS, "pids" }, { REACHED_DISK, "disk" }, { REACHED_FILES, "files" } };
    const char *comma = "";
    str_puts(out, ",\"reached\":[");
    for (size_t i = 0; i < COUNT(names); i++)
        if (reached & names[i].bit) {
            str_printf(out, "%s\"%s\"", comma, names[i].name);
            comma = ",";
        }
    str_putc(out, ']');
}

/* How often, and not what: names are a stranger's, and the result has them. */
static void put_denied(const struct outcome *outcome, struct str *out)
{
    uint64_t sums[DENIED_KINDS] = { 0 };
    for (unsigned i = 0; i < outcome->denied_count && i < DENIED_MAX; i++)
        sums[outcome->denied[i].what] += outcome->denied[i].count;
    str_puts(out, ",\"denied\":{");
    for (int what = 0; what < DENIED_KINDS; what++)
        str_printf(out, "\"%s\":%" PRIu64 ",", denied_name((enum denied_what)what), sums[what]);
    str_printf(out, "\"other\":%" PRIu64 "}", outcome->denied_unlisted);
}

static void put_usage(const struct usage *usage, struct str *out)
{
    put_seconds(out, "wall_seconds", usage->wall_ns);
    put_seconds(out, "cpu_user_seconds", usage->cpu_user_ns);
    put_seconds(out, "cpu_system_seconds", usage->cpu_system_ns);
    put_number(out, "peak_memory_bytes", usage->memory_peak_bytes);
    put_number(out, "processes_peak", usage->pids_peak);
    put_text(out, "source", usage->wall_ns ? usage_source_name(usage->source) : NULL);
}

static void put_end(const struct outcome *outcome, struct str *out)
{
    bool signalled = outcome->end == END_SIGNALLED;
    put_text(out, "end", end_name(outcome->end));
    str_printf(out, ",\"exit_code\":%d", outcome_exit_code(outcome));
    put_text(out, "signal", signalled ? signal_name(outcome->code) : NULL);
    put_text(out, "error", filled(outcome->error.text));
    put_reached(outcome->reached, out);
    put_usage(&outcome->usage, out);
    put_denied(outcome, out);
}

void audit_line(const struct audit_entry *entry, struct str *out)
{
    char when[32];
    now_iso8601(when);
    str_printf(out, "{\"event\":\"%s\"", entry->outcome ? "end" : "start");
    put_text(out, "time", when);
    put_asked(entry, out);
    if (entry->outcome)
        put_end(entry->outcome, out);
    str_puts(out, "}\n");
}
