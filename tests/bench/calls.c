/* SPDX-License-Identifier: Apache-2.0 */
/* calls.c - usage: calls IN_FLIGHT REQUESTS SERVER [ARG...]. Calls of tools over stdio, so many at
 * once, by one thread that parses nothing: what is measured is the server.
 *
 * REQUESTS has one kind of call per line, taken in turns: NAME, what a right reply holds, after how
 * many milliseconds the call is cancelled (-1: never), and the message with @ID@ where its number
 * belongs; between them tabs. Lines of standard input are how many calls to make; each is answered
 * with one line of JSON: the time it took, and of every kind how many were answered as they should
 * be (`right`), otherwise (`wrong`), not at all (`lost`), and cancelled before there was an answer.
 * A call counts as lost when nothing at all has come for PATIENCE_MS. At the end of standard input
 * the server's is closed too, and the last line is about all calls together: percentiles in
 * microseconds, the client's own processor time, and the server's exit status.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KINDS_MAX   32
#define FLIGHT_MAX  1024
#define LINE_MAX_   (1 << 20)
#define CALLS_MAX   1000000
#define PATIENCE_MS 120000

struct kind {
    char *name, *right, *message;
    long cancel_ms;
    unsigned long count_right, count_wrong, count_lost, count_cancelled;
};

struct call {
    unsigned long id; /* 0: nothing in this place */
    struct kind *kind;
    uint64_t sent_ns;
    bool cancelled;
};

static struct kind kinds[KINDS_MAX];
static size_t kinds_count;
static struct call flight[FLIGHT_MAX];
static size_t in_flight, unexpected;
static uint32_t *times;
static size_t times_count;
static unsigned long last_id = 1; /* 1 is the handshake's */
static int to_server, from_server;
static char wrong_sample[512];

static void give_up(const char *what)
{
    perror(what);
    exit(1);
}

static uint64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* --- the server -------------------------------------------------------------------------- */

static pid_t start(char **words)
{
    int in[2], out[2];
    if (pipe(in) < 0 || pipe(out) < 0)
        give_up("pipe");
    pid_t child = fork();
    if (child < 0)
        give_up("fork");
    if (child == 0) {
        (void)dup2(in[0], 0);
        (void)dup2(out[1], 1);
        for (int i = 0; i < 2; i++) {
            (void)close(in[i]);
            (void)close(out[i]);
        }
        (void)execvp(words[0], words);
        give_up(words[0]);
    }
    (void)close(in[0]);
    (void)close(out[1]);
    to_server = in[1];
    from_server = out[0];
    return child;
}

static void put(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = write(to_server, text, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            give_up("the server takes nothing more");
        text += n;
        len -= (size_t)n;
    }
}

static void say(const char *text)
{
    put(text, strlen(text));
}

/* The next line of the server, without its end; NULL where none comes in time. It is good until
 * the next. */
static char *hear(int patience_ms)
{
    static char room[LINE_MAX_];
    static size_t begin, end;
    for (;;) {
        char *stop = memchr(room + begin, '\n', end - begin);
        if (stop) {
            char *line = room + begin;
            *stop = '\0';
            begin = (size_t)(stop + 1 - room);
            return line;
        }
        if (begin > 0) {
            memmove(room, room + begin, end - begin);
            end -= begin;
            begin = 0;
        }
        struct pollfd ready = { .fd = from_server, .events = POLLIN };
        int come = poll(&ready, 1, patience_ms);
        if (come == 0 || (come < 0 && errno == EINTR))
            return NULL;
        if (end == sizeof(room)) {
            (void)fprintf(stderr, "a line of more than %zu bytes\n", sizeof(room));
            exit(1);
        }
        ssize_t n = read(from_server, room + end, sizeof(room) - end);
        if (n <= 0)
            give_up("the server ended");
        end += (size_t)n;
    }
}

static void shake_hands(void)
{
    say("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
        "\"2025-06-18\",\"capabilities\":{},\"clientInfo\":{\"name\":\"calls\",\"version\":\"1\"}}}"
        "\n");
    if (!hear(PATIENCE_MS))
        give_up("initialize");
    say("{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n");
}

/* --- calls ------------------------------------------------------------------------------- */

static void send_call(struct call *place)
{
    static size_t turn;
    struct kind *kind = &kinds[turn++ % kinds_count];
    char number[32];
    const char *hole = strstr(kind->message, "@ID@");
    *place = (struct call){ .id = ++last_id, .kind = kind };
    (void)snprintf(number, sizeof(number), "%lu", place->id);
    /* One write: a line in pieces would wake the server for nothing. */
    static char line[LINE_MAX_];
    int len = snprintf(line, sizeof(line), "%.*s%s%s\n", (int)(hole - kind->message), kind->message,
                       number, hole + 4);
    place->sent_ns = now_ns();
    put(line, (size_t)len);
    in_flight++;
}

static void end_call(struct call *call)
{
    call->id = 0;
    in_flight--;
}

/* A reply begins with its number, as this server writes it; what has a method is no reply. */
static struct call *find_call(const char *line)
{
    static const char head[] = "{\"jsonrpc\":\"2.0\",\"id\":";
    if (strncmp(line, head, sizeof(head) - 1) != 0)
        return NULL;
    unsigned long id = strtoul(line + sizeof(head) - 1, NULL, 10);
    for (size_t i = 0; i < FLIGHT_MAX; i++)
        if (flight[i].id == id)
            return &flight[i];
    unexpected++;
    return NULL;
}

static void take_reply(const char *line)
{
    struct call *call = find_call(line);
    if (!call)
        return;
    if (times_count < CALLS_MAX)
        times[times_count++] = (uint32_t)((now_ns() - call->sent_ns) / 1000);
    if (strstr(line, call->kind->right)) {
        call->kind->count_right++;
    } else {
        call->kind->count_wrong++;
        if (!wrong_sample[0])
            (void)snprintf(wrong_sample, sizeof(wrong_sample), "%s", line);
    }
    end_call(call);
}

/* Milliseconds until the next call is to be cancelled; those whose time has come are. To a call
 * that was cancelled there is no reply, or one that was on its way: its number is forgotten. */
static int cancel_due(void)
{
    uint64_t now = now_ns();
    int soonest = PATIENCE_MS;
    for (size_t i = 0; i < FLIGHT_MAX; i++) {
        struct call *call = &flight[i];
        if (call->id == 0 || call->kind->cancel_ms < 0)
            continue;
        long left = call->kind->cancel_ms - (long)((now - call->sent_ns) / 1000000);
        if (left <= 0) {
            char text[128];
            (void)snprintf(text, sizeof(text),
                           "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/cancelled\","
                           "\"params\":{\"requestId\":%lu}}\n",
                           call->id);
            say(text);
            call->kind->count_cancelled++;
            end_call(call);
        } else if (left < soonest) {
            soonest = (int)left;
        }
    }
    return soonest;
}

static void lose_all(void)
{
    for (size_t i = 0; i < FLIGHT_MAX; i++) {
        if (flight[i].id == 0)
            continue;
        flight[i].kind->count_lost++;
        end_call(&flight[i]);
    }
}

static void make(unsigned long count, size_t at_once)
{
    unsigned long made = 0;
    while (made < count || in_flight > 0) {
        for (size_t i = 0; i < at_once && made < count; i++) {
            if (flight[i].id != 0)
                continue;
            send_call(&flight[i]);
            made++;
        }
        int patience = cancel_due();
        if (in_flight == 0)
            continue;
        char *line = hear(patience);
        if (line)
            take_reply(line);
        else if (patience == PATIENCE_MS)
            lose_all();
    }
}

/* --- figures ----------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const uint32_t *one = a, *other = b;
    return (*one > *other) - (*one < *other);
}

/* `from`: the first of the times that are meant. They are sorted in place. */
static void print_figures(size_t from, double seconds)
{
    size_t count = times_count - from;
    uint32_t *of = times + from;
    qsort(of, count, sizeof(*of), compare);
    (void)printf("{\"seconds\": %.6f, \"unexpected\": %zu, ", seconds, unexpected);
    if (count > 0)
        (void)printf("\"p50_us\": %u, \"p99_us\": %u, \"max_us\": %u, ", of[count / 2],
                     of[count * 99 / 100], of[count - 1]);
    (void)printf("\"kinds\": {");
    for (size_t i = 0; i < kinds_count; i++) {
        const struct kind *kind = &kinds[i];
        (void)
            printf("%s\"%s\": {\"right\": %lu, \"wrong\": %lu, \"lost\": %lu, \"cancelled\": %lu}",
                   i ? ", " : "", kind->name, kind->count_right, kind->count_wrong,
                   kind->count_lost, kind->count_cancelled);
    }
    (void)printf("}");
}

static void print_last(pid_t server, double seconds)
{
    struct rusage own;
    int status = 0;
    (void)close(to_server);
    while (waitpid(server, &status, 0) < 0 && errno == EINTR)
        ;
    (void)getrusage(RUSAGE_SELF, &own);
    print_figures(0, seconds);
    (void)printf(", \"client_cpu_seconds\": %.6f, \"server_status\": %d}\n",
                 (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec) +
                     (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec) / 1e6,
                 status);
    if (wrong_sample[0])
        (void)fprintf(stderr, "the first that was not as it should be: %s\n", wrong_sample);
}

static void read_kinds(const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t room = 0;
    if (!file)
        give_up(path);
    while (kinds_count < KINDS_MAX && getline(&line, &room, file) > 0) {
        char *rest = line;
        struct kind *kind = &kinds[kinds_count++];
        kind->name = strsep(&rest, "\t");
        kind->right = strsep(&rest, "\t");
        const char *cancel = strsep(&rest, "\t");
        kind->message = strsep(&rest, "\n");
        if (!kind->message || !strstr(kind->message, "@ID@")) {
            (void)fprintf(stderr, "%s: line %zu is no kind of call\n", path, kinds_count);
            exit(2);
        }
        kind->cancel_ms = strtol(cancel, NULL, 10);
        line = NULL; /* the kind's now */
        room = 0;
    }
    free(line);
    (void)fclose(file);
}

int main(int argc, char **argv)
{
    size_t at_once = argc > 3 ? strtoul(argv[1], NULL, 10) : 0;
    times = calloc(CALLS_MAX, sizeof(*times));
    if (at_once < 1 || at_once > FLIGHT_MAX || !times)
        return 2;
    (void)signal(SIGPIPE, SIG_IGN);
    read_kinds(argv[2]);
    if (kinds_count == 0)
        return 2;
    pid_t server = start(argv + 3);
    shake_hands();
    (void)printf("{\"server\": %d}\n", (int)server);
    (void)fflush(stdout);
    char text[32];
    double seconds = 0;
    while (fgets(text, sizeof(text), stdin)) {
        size_t first = times_count;
        uint64_t begun = now_ns();
        make(strtoul(text, NULL, 10), at_once);
        double took = (double)(now_ns() - begun) / 1e9;
        seconds += took;
        print_figures(first, took);
        (void)printf("}\n");
        (void)fflush(stdout);
    }
    print_last(server, seconds);
    return 0;
}
