/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.c - bait, witness, and what is kept of it. */
#include "verdict.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>

#include "errand.h"
#include "explain.h"
#include "fd.h"
#include "self.h"
#include "str.h"
#include "witness.h"

#define KEPT           "verdict"
#define KEPT_BYTES_MAX 8192
#define WITNESS_INSIDE "/box/witness"
#define WITNESS_MS     10000

#define PROGRAM_BYTES_MAX (64UL << 20) /* of one with sanitizers, many times over */

/* --- what it is about ------------------------------------------------------------- */

/* One line: another boot, kernel, program or user, and the verdict is another. */
static char *circumstances(void)
{
    autofree char *boot = NULL;
    struct error ignored;
    struct utsname kernel;
    struct stat program;
    if (file_read(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &boot, NULL, &ignored) < 0)
        boot = xstrdup("?\n");
    boot[strcspn(boot, "\n")] = '\0';
    if (uname(&kernel) < 0 || stat(self_path(), &program) < 0)
        return NULL;
    return xasprintf("%s %s %s %llu %lld.%09ld", boot, kernel.release, CORDON_VERSION,
                     (unsigned long long)program.st_ino, (long long)program.st_mtim.tv_sec,
                     program.st_mtim.tv_nsec);
}

/* --- lines ------------------------------------------------------------------------- */

/* "LAYER ok" and "LAYER REASON", as the witness prints and as we keep them. */
static bool take_lines(char *text, struct verdict *ret)
{
    *ret = (struct verdict){ 0 };
    char *rest = text;
    for (char *line; (line = strsep(&rest, "\n"));) {
        char *space = strchr(line, ' ');
        if (*line == '\0')
            continue;
        if (!space || ret->count == VERDICT_LAYERS)
            return false;
        *space = '\0';
        (void)snprintf(ret->rows[ret->count].layer, sizeof(ret->rows[0].layer), "%.20s", line);
        if (strcmp(space + 1, "ok") != 0)
            (void)snprintf(ret->rows[ret->count].fault, sizeof(ret->rows[0].fault), "%.90s",
                           space + 1);
        ret->count++;
    }
    return ret->count > 0;
}

static bool read_kept(const struct sandbox *sandbox, const char *about, struct verdict *ret)
{
    autofree char *text = NULL;
    struct error ignored;
    if (file_read(sandbox->state_fd, KEPT, KEPT_BYTES_MAX, &text, NULL, &ignored) < 0)
        return false;
    size_t len = strlen(about);
    return strncmp(text, about, len) == 0 && text[len] == '\n' && take_lines(text + len + 1, ret);
}

static void keep(const struct sandbox *sandbox, const char *about, const char *lines)
{
    autofree char *text = xasprintf("%s\n%s", about, lines);
    struct error err;
    /* A state that cannot be written costs the next call the same test again. */
    if (file_write(sandbox->state_fd, KEPT, text, strlen(text), 0600, &err) < 0)
        log_event(LOG_WARN, "verdict-not-kept", KV("reason", err.text));
}

/* --- bait ---------------------------------------------------------------------------- */

struct laid {
    struct bait bait;
    int listener, segment;
};

static int lay_bait(struct laid *laid, struct error *err)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
    socklen_t len = sizeof(at);
    struct timespec boot = { 0 };
    laid->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (laid->listener < 0 || bind(laid->listener, (struct sockaddr *)&at, sizeof(at)) < 0 ||
        listen(laid->listener, 1) < 0 ||
        getsockname(laid->listener, (struct sockaddr *)&at, &len) < 0)
        return fail_host(err, "self-test: a listener on the loopback");
    /* Any key that is free will do; the segment is gone with us. */
    laid->bait.key = (int)getpid() << 8 | 0x43;
    laid->segment = shmget(laid->bait.key, 4096, IPC_CREAT | IPC_EXCL | 0600);
    (void)clock_gettime(CLOCK_BOOTTIME, &boot);
    laid->bait.pid = getpid();
    struct stat numbers;
    if (stat("/proc/self/ns/pid", &numbers) == 0)
        laid->bait.pid_namespace = numbers.st_ino;
    laid->bait.port = ntohs(at.sin_port);
    laid->bait.boottime_s = (uint64_t)boot.tv_sec;
    return 0;
}

static void lift_bait(struct laid *laid)
{
    own_close(&laid->listener);
    if (laid->segment >= 0)
        (void)shmctl(laid->segment, IPC_RMID, NULL);
}

/* --- the self-test --------------------------------------------------------------------- */

/* A server outlives its file: an upgrade puts another in its place, and what has no name any more
 * cannot be mounted. The same bytes under a name of their own, until the witness has spoken. */
static int copy_program(const struct sandbox *sandbox, char **name, struct error *err)
{
    autofree char *bytes = NULL, *copy = xasprintf("witness-%d", (int)getpid());
    size_t len = 0;
    int r = file_read(AT_FDCWD, self_path(), PROGRAM_BYTES_MAX, &bytes, &len, err);
    if (r == 0)
        r = file_write(sandbox->state_fd, copy, bytes, len, 0755, err);
    if (r < 0)
        return fail_within(err, "cordon-sandbox is not where the kernel says; a copy of it");
    /* Whoever runs it is not whose file it is, whatever our umask. */
    if (fchmodat(sandbox->state_fd, copy, 0755, 0) < 0) {
        r = fail_host(err, "open the copy of cordon-sandbox to its reader");
        (void)unlinkat(sandbox->state_fd, copy, 0);
        return r;
    }
    *name = TAKE(&copy);
    return 0;
}

static int run_witness(const struct sandbox *sandbox, const char *program_file,
                       const struct bait *bait, char **lines, struct error *err)
{
    char words[BAIT_COUNT][24];
    (void)snprintf(words[0], sizeof(words[0]), "%d", (int)bait->pid);
    (void)snprintf(words[1], sizeof(words[1]), "%u", bait->port);
    (void)snprintf(words[2], sizeof(words[2]), "%d", bait->key);
    (void)snprintf(words[3], sizeof(words[3]), "%llu", (unsigned long long)bait->boottime_s);
    (void)snprintf(words[4], sizeof(words[4]), "%llu", (unsigned long long)bait->pid_namespace);
    char program[] = WITNESS_INSIDE, word[] = "witness", leaks[] = "ASAN_OPTIONS=detect_leaks=0";
    char *const argv[] = { program, word, words[0], words[1], words[2], words[3], words[4], NULL };
    char *const env[] = { leaks, NULL }; /* where we are built with sanitizers: ptrace is gone */
    const struct errand_mount mounts[] = { { .host = program_file, .inside = WITNESS_INSIDE } };
    struct errand errand = { .policy = WITNESS_POLICY,
                             .argv = argv,
                             .env = env,
                             .mounts = mounts,
                             .mount_count = COUNT(mounts),
                             .wall_ms = WITNESS_MS,
                             .control = -1 };
    struct errand_result result;
    int r = errand_run(sandbox, &errand, &result, err);
    if (r == 0 && (result.outcome.end != END_EXITED || result.outcome.code != 0))
        r = fail_host_as(err, EIO, "self-test: the witness ended by %s: %.100s",
                         end_name(result.outcome.end), result.err);
    if (r == 0)
        *lines = TAKE(&result.out);
    errand_result_done(&result);
    return r;
}

static int find_witness(const struct sandbox *sandbox, const struct bait *bait, char **lines,
                        struct error *err)
{
    autofree char *self = NULL, *copy = NULL;
    struct error why;
    /* By its path: the link leads to a mount of the namespace we have left. */
    if (self_find(&self, &why) == 0 && access(self, X_OK) == 0)
        return run_witness(sandbox, self, bait, lines, err);
    if (copy_program(sandbox, &copy, &why) < 0)
        return explain_surroundings(why.text, err);
    autofree char *path = path_join(sandbox->state, copy);
    int r = run_witness(sandbox, path, bait, lines, err);
    (void)unlinkat(sandbox->state_fd, copy, 0);
    return r;
}

int verdict_get(const struct sandbox *sandbox, bool fresh, struct verdict *ret, struct error *err)
{
    autofree char *about = circumstances();
    if (!about)
        return fail_host(err, "self-test: what host is this");
    if (!fresh && read_kept(sandbox, about, ret))
        return 0;
    struct laid laid = { .listener = -1, .segment = -1 };
    autofree char *lines = NULL;
    int r = lay_bait(&laid, err);
    if (r == 0)
        r = find_witness(sandbox, &laid.bait, &lines, err);
    lift_bait(&laid);
    if (r < 0)
        return r;
    autofree char *copy = xstrdup(lines);
    if (!take_lines(lines, ret))
        return fail_host_as(err, EIO, "self-test: the witness spoke nonsense");
    keep(sandbox, about, copy);
    return 0;
}

const char *verdict_fault(const struct verdict *verdict, const char *layer)
{
    for (size_t i = 0; i < verdict->count; i++)
        if (strcmp(verdict->rows[i].layer, layer) == 0)
            return verdict->rows[i].fault[0] ? verdict->rows[i].fault : NULL;
    return NULL;
}
