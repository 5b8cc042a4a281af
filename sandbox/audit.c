/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c - the audit line. */
#include "audit.h"

#include <errno.h>
#include <fcntl.h>
#include <sha256.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "str.h"

static void digest(const struct launch *launch, char out[SHA256_DIGEST_STRING_LENGTH])
{
    SHA256_CTX context;
    SHA256Init(&context);
    if (launch->fds[FD_SCRIPT] >= 0) {
        uint8_t chunk[16384];
        off_t at = 0;
        for (ssize_t n; (n = pread(launch->fds[FD_SCRIPT], chunk, sizeof(chunk), at)) > 0; at += n)
            SHA256Update(&context, chunk, (size_t)n);
    } else {
        /* A command, or a script in place: what was started, not what it held. */
        const char *name = launch->script_path ? launch->script_path
                           : launch->argv      ? launch->argv[0]
                                               : "";
        SHA256Update(&context, (const uint8_t *)name, strlen(name));
    }
    SHA256End(&context, out);
}

void audit_write(const struct sandbox *sandbox, const struct launch *launch,
                 const struct outcome *outcome)
{
    char when[32], sha[SHA256_DIGEST_STRING_LENGTH];
    now_iso8601(when);
    digest(launch, sha);
    const struct usage *usage = &outcome->usage;
    autostr struct str line = { 0 };
    str_printf(&line,
               "ts=%s job=%s owner=%s policy=%s what=%s sha256=%s end=%s exit=%d wall_ms=%llu "
               "cpu_ms=%llu memory_kb=%llu\n",
               when, launch->job, launch->owner, launch->policy,
               launch->what == LAUNCH_COMMAND ? "command" : "script", sha, end_name(outcome->end),
               outcome_exit_code(outcome), (unsigned long long)(usage->wall_ns / NS_PER_MS),
               (unsigned long long)((usage->cpu_user_ns + usage->cpu_system_ns) / NS_PER_MS),
               (unsigned long long)(usage->memory_peak_bytes / 1024));
    autoclose int fd = openat(sandbox->state_fd, "audit.log",
                              O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || write(fd, line.data, line.len) != (ssize_t)line.len)
        log_event(LOG_WARN, "audit-not-written", KV("reason", strerror(errno)));
}
