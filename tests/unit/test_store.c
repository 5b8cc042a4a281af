/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "fd.h"
#include "job/output.h"
#include "job/store.h"
#include "str.h"
#include "unit.h"

/* --- a STATE/front of our own for each test ------------------------------------------------ */

struct place {
    char path[32];
    int front;
};

static int place_make(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    if (!place)
        return -1;
    (void)snprintf(place->path, sizeof(place->path), "/tmp/cordon-store-XXXXXX");
    if (!mkdtemp(place->path))
        return -1;
    place->front = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *state = place;
    return place->front < 0;
}

static int place_remove(void **state)
{
    struct place *place = *state;
    struct error err = { 0 };
    int r = tree_remove(AT_FDCWD, place->path, &err);
    close(place->front);
    free(place);
    return r;
}

static struct store *opened(const struct place *place, enum store_role role)
{
    struct error err = { 0 };
    struct store *store = NULL;
    assert_ok(store_open(place->front, role, &store, &err), &err);
    return store;
}

static void refused(const struct place *place, const char *words)
{
    struct error err = { 0 };
    struct store *store = NULL;
    assert_true(store_open(place->front, STORE_KEEPER, &store, &err) < 0);
    assert_int_equal(err.blame, BLAME_HOST);
    assert_says(&err, words);
}

static struct record record_of(unsigned number)
{
    struct record record = { .owner = "local", .policy = "default", .status = JOB_RUNNING };
    (void)snprintf(record.id, sizeof(record.id), "%08x-0000-4000-8000-000000000000", number);
    record.created_ms = 1000 + number;
    record.started_ms = 1001 + number;
    return record;
}

static void add(struct store *store, unsigned number)
{
    struct error err = { 0 };
    struct record record = record_of(number);
    assert_ok(store_add(store, &record, &err), &err);
}

static int end(struct store *store, unsigned number, enum job_status status, int64_t completed_ms,
               struct error *err)
{
    static char result[] = "{\"status\":\"completed\"}";
    struct record record = record_of(number);
    record.status = status;
    record.completed_ms = completed_ms;
    record.result = result;
    return store_end(store, &record, err);
}

static struct record found(struct store *store, unsigned number)
{
    struct error err = { 0 };
    struct record wanted = record_of(number), record = { 0 };
    assert_ok(store_find(store, "local", wanted.id, &record, &err), &err);
    return record;
}

static enum job_status status_of(struct store *store, unsigned number)
{
    struct record record = found(store, number);
    enum job_status status = record.status;
    assert_true(record.id[0] != '\0');
    record_done(&record);
    return status;
}

/* --- records ------------------------------------------------------------------------------- */

static void a_record_comes_back_as_it_was_written(void **state)
{
    struct error err = { 0 };
    struct store *store = opened(*state, STORE_KEEPER);
    struct record record = record_of(1);
    char tool[] = "cordon run", label[] = "a \"label\"\n\xc3\xa9", why[] = "wall limit reached",
         result[] = "{}", message[] = "half";
    record.tool = tool;
    record.label = label;
    record.status = JOB_PENDING;
    record.started_ms = 0;
    assert_ok(store_add(store, &record, &err), &err);
    assert_ok(store_started(store, record.id, 2000, &err), &err);
    struct progress progress = { 1, 2.5, message };
    assert_ok(store_progress(store, record.id, &progress, &err), &err);
    record.status = JOB_FAILED;
    record.completed_ms = 3000;
    record.error = why;
    record.result = result;
    record.bytes[0] = 5;
    record.bytes[1] = UINT32_MAX + 1ULL;
    assert_ok(store_end(store, &record, &err), &err);

    struct record back = found(store, 1);
    assert_string_equal(back.id, record.id);
    assert_string_equal(back.owner, "local");
    assert_string_equal(back.policy, "default");
    assert_string_equal(back.tool, tool);
    assert_string_equal(back.label, label);
    assert_int_equal(back.status, JOB_FAILED);
    assert_int_equal(back.created_ms, 1001);
    assert_int_equal(back.started_ms, 2000);
    assert_int_equal(back.completed_ms, 3000);
    assert_string_equal(back.error, why);
    assert_string_equal(back.result, result);
    assert_true(back.progress.current == 1 && back.progress.total == 2.5);
    assert_string_equal(back.progress.message, message);
    assert_int_equal(back.bytes[0], 5);
    assert_int_equal(back.bytes[1], UINT32_MAX + 1ULL);
    record_done(&back);
    store_close(store);
}

static void an_ended_record_never_changes(void **state)
{
    struct error err = { 0 };
    struct store *store = opened(*state, STORE_KEEPER);
    add(store, 1);
    assert_ok(end(store, 1, JOB_COMPLETED, 2000, &err), &err);
    assert_int_equal(end(store, 1, JOB_CANCELLED, 3000, &err), -ESTALE);
    assert_int_equal(status_of(store, 1), JOB_COMPLETED);
    store_close(store);
    store = opened(*state, STORE_KEEPER);
    assert_int_equal(status_of(store, 1), JOB_COMPLETED);
    store_close(store);
}

static void a_job_is_its_owners_and_its_keepers(void **state)
{
    struct error err = { 0 };
    struct store *one = opened(*state, STORE_KEEPER), *two = opened(*state, STORE_KEEPER);
    struct store *visitor = opened(*state, STORE_VISITOR);
    struct record record = record_of(1), other = { 0 };
    add(one, 1);
    assert_int_equal(store_find(two, "somebody", record.id, &other, &err), 0);
    assert_int_equal(status_of(two, 1), JOB_RUNNING);
    assert_int_equal(end(two, 1, JOB_COMPLETED, 2000, &err), -ESTALE);
    assert_true(end(visitor, 1, JOB_COMPLETED, 2000, &err) < 0);
    assert_true(store_add(visitor, &record, &err) < 0);
    assert_ok(end(one, 1, JOB_COMPLETED, 2000, &err), &err);
    assert_int_equal(status_of(visitor, 1), JOB_COMPLETED);
    store_close(one);
    store_close(two);
    store_close(visitor);
}

static void the_newest_come_first_with_their_number(void **state)
{
    struct error err = { 0 };
    struct store *store = opened(*state, STORE_KEEPER);
    for (unsigned i = 1; i <= 100; i++) {
        add(store, i);
        if (i % 2 == 0)
            assert_ok(end(store, i, i % 4 ? JOB_FAILED : JOB_COMPLETED, 2000, &err), &err);
    }
    struct record_list list;
    assert_ok(store_list(store, "local", -1, 3, &list, &err), &err);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.total, 100);
    assert_int_equal(list.records[0].created_ms, 1100);
    assert_int_equal(list.records[2].created_ms, 1098);
    record_list_done(&list);
    assert_ok(store_list(store, "local", JOB_FAILED, UINT64_MAX, &list, &err), &err);
    assert_int_equal(list.count, 25);
    assert_int_equal(list.total, 25);
    record_list_done(&list);
    assert_ok(store_list(store, "somebody", -1, 10, &list, &err), &err);
    assert_int_equal(list.total, 0);
    record_list_done(&list);
    store_close(store);
}

static void an_id_may_be_shortened_while_it_is_clear(void **state)
{
    struct error err = { 0 };
    char id[JOB_ID_MAX];
    struct store *store = opened(*state, STORE_KEEPER);
    add(store, 0x12340000);
    add(store, 0x12350000);
    assert_int_equal(store_complete(store, "local", "1234", id, &err), 1);
    assert_string_equal(id, "12340000-0000-4000-8000-000000000000");
    assert_int_equal(store_complete(store, "local", id, id, &err), 1);
    assert_int_equal(store_complete(store, "local", "99", id, &err), 0);
    assert_int_equal(store_complete(store, "local", "%", id, &err), 0);
    assert_int_equal(store_complete(store, "local", "", id, &err), 0);
    assert_int_equal(store_complete(store, "local", "123", id, &err), -EEXIST);
    assert_int_equal(err.blame, BLAME_CALLER);
    store_close(store);
}

/* --- the dead ------------------------------------------------------------------------------ */

/* A process that keeps job 1, has written something, and lives until it is killed. */
static pid_t keeper_of(const struct place *place, enum job_status status)
{
    int ready[2];
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct error err = { 0 };
        struct store *store = NULL;
        struct outputs *outputs = NULL;
        struct record record = record_of(1);
        record.status = status;
        if (store_open(place->front, STORE_KEEPER, &store, &err) < 0 ||
            outputs_open(place->front, &outputs, &err) < 0 || store_add(store, &record, &err) < 0)
            _exit(1);
        struct output_writer *writer = output_begin(outputs, record.id);
        if (output_append(writer, 1, "so far\n", 7, &err) < 0 || write(ready[1], "!", 1) != 1)
            _exit(1);
        for (;;)
            (void)pause();
    }
    char sign;
    close(ready[1]);
    assert_int_equal(read(ready[0], &sign, 1), 1);
    close(ready[0]);
    return pid;
}

static pid_t keeper(const struct place *place)
{
    return keeper_of(place, JOB_RUNNING);
}

static void a_job_whose_keeper_is_killed_before_it_began_says_so(void **state)
{
    struct place *place = *state;
    pid_t pid = keeper_of(place, JOB_PENDING);
    struct store *store = opened(place, STORE_VISITOR);
    assert_int_equal(status_of(store, 1), JOB_PENDING);
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    struct record record = found(store, 1);
    assert_int_equal(record.status, JOB_FAILED);
    assert_string_equal(record.error, "server or command stopped before job began");
    record_done(&record);
    store_close(store);
}

static void the_jobs_of_a_killed_keeper_failed_and_keep_their_output(void **state)
{
    struct place *place = *state;
    struct error err = { 0 };
    pid_t pid = keeper(place);
    struct store *store = opened(place, STORE_VISITOR);
    assert_int_equal(status_of(store, 1), JOB_RUNNING);
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);

    struct record record = found(store, 1);
    assert_int_equal(record.status, JOB_FAILED);
    assert_string_equal(record.error, "server stopped while job was running");
    assert_int_equal(record.bytes[0], 7);
    assert_true(record.completed_ms > 0);
    record_done(&record);
    struct outputs *outputs = NULL;
    autostr struct str text = { 0 };
    assert_ok(outputs_open(place->front, &outputs, &err), &err);
    record = record_of(1);
    assert_ok(output_read(outputs, record.id, 1, 0, 100, &text, &err), &err);
    assert_string_equal(text.data, "so far\n");
    outputs_close(outputs);
    store_close(store);

    autofree char *keepers = path_join(place->path, "keepers");
    assert_int_equal(rmdir(keepers), 0); /* nothing of the dead is left in it */
}

static void a_keeper_that_died_without_a_job_leaves_nothing(void **state)
{
    struct place *place = *state;
    struct error err = { 0 };
    const struct bounds none = { UINT64_MAX, UINT64_MAX, UINT64_MAX };
    pid_t pid = fork();
    if (pid == 0) {
        struct store *store = NULL;
        _exit(store_open(place->front, STORE_KEEPER, &store, &err) < 0 ? 1 : 0); /* not closed */
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    autofree char *keepers = path_join(place->path, "keepers");
    assert_true(rmdir(keepers) < 0); /* there is something in it */
    struct store *store = opened(place, STORE_KEEPER);
    assert_ok(store_bound(store, &none, &err), &err);
    store_close(store);
    assert_int_equal(rmdir(keepers), 0);
}

static void a_store_that_is_closed_leaves_no_job_running(void **state)
{
    struct store *store = opened(*state, STORE_KEEPER), *other = opened(*state, STORE_VISITOR);
    add(store, 1);
    store_close(store);
    assert_int_equal(status_of(other, 1), JOB_FAILED);
    store_close(other);
}

/* --- what is not ours ---------------------------------------------------------------------- */

static void put(const struct place *place, const char *name, const char *bytes, size_t len)
{
    autofree char *path = path_join(place->path, name);
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static char *content(const struct place *place, const char *name, size_t *len)
{
    struct error err = { 0 };
    char *text = NULL;
    assert_ok(file_read(place->front, name, 1 << 24, &text, len, &err), &err);
    return text;
}

static void a_file_that_is_no_database_is_refused_and_stays(void **state)
{
    char garbage[5000];
    memset(garbage, 'x', sizeof(garbage));
    put(*state, "jobs.db", garbage, sizeof(garbage));
    refused(*state, "it is no database");
    size_t len;
    autofree char *after = content(*state, "jobs.db", &len);
    assert_int_equal(len, sizeof(garbage));
    assert_memory_equal(after, garbage, len);
}

static void a_damaged_database_is_refused_and_stays(void **state)
{
    struct place *place = *state;
    struct store *store = opened(place, STORE_KEEPER);
    for (unsigned i = 0; i < 100; i++)
        add(store, i);
    store_close(store);
    size_t len, again;
    autofree char *before = content(place, "jobs.db", &len);
    assert_true(len > 8192);
    memset(before + 100, 0xa5, len - 100); /* behind the header everything is wrong */
    put(place, "jobs.db", before, len);
    refused(place, "it is damaged");
    autofree char *after = content(place, "jobs.db", &again);
    assert_int_equal(len, again);
    assert_memory_equal(before, after, len);
}

static void sql(const struct place *place, const char *text)
{
    /* By a path, as any other program would: not in this process, whose SQLite knows none. */
    autofree char *path = path_join(place->path, "jobs.db");
    pid_t pid = fork();
    if (pid == 0) {
        (void)execlp("python3", "python3", "-c",
                     "import sqlite3, sys\n"
                     "c = sqlite3.connect(sys.argv[1])\n"
                     "c.executescript(sys.argv[2])\n"
                     "c.commit()",
                     path, text, NULL);
        _exit(127);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void a_database_of_another_program_is_refused(void **state)
{
    sql(*state, "CREATE TABLE t (x)");
    refused(*state, "another program's database");
}

static void a_database_of_a_newer_cordon_is_refused(void **state)
{
    store_close(opened(*state, STORE_KEEPER));
    sql(*state, "PRAGMA user_version = 4");
    refused(*state, "newer cordon");
}

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

/* As version 1 was: the same without what came later. */
static void a_database_of_an_older_cordon_is_brought_up_to_date(void **state)
{
    struct error err = { 0 };
    struct store *store = opened(*state, STORE_KEEPER);
    add(store, 1);
    store_close(store);
    sql(*state, "ALTER TABLE jobs DROP COLUMN traceparent; DROP TABLE spent;"
                "DROP INDEX jobs_by_owner; PRAGMA user_version = 1");
    store = opened(*state, STORE_KEEPER);
    struct record_list list;
    assert_ok(store_list(store, "local", -1, 10, &list, &err), &err);
    assert_int_equal(list.count, 1);
    assert_string_equal(list.records[0].traceparent, "");
    record_list_done(&list);
    struct record record = record_of(2);
    (void)snprintf(record.traceparent, sizeof(record.traceparent), TRACE);
    assert_ok(store_add(store, &record, &err), &err);
    struct record back = found(store, 2);
    assert_string_equal(back.traceparent, TRACE);
    record_done(&back);
    store_close(store);
}

/* A server of an older version that is still at work marks the database as its own again. */
static void a_database_that_an_older_server_has_marked_is_not_brought_up_to_date_twice(void **state)
{
    struct error err = { 0 };
    struct spent spent = { 0 };
    struct store *store = opened(*state, STORE_KEEPER);
    add(store, 1);
    assert_ok(store_spend(store, "ann", 1000, 5, 1, &err), &err);
    store_close(store);
    for (int version = 1; version < 3; version++) {
        sql(*state, version == 1 ? "PRAGMA user_version = 1" : "PRAGMA user_version = 2");
        store = opened(*state, STORE_KEEPER);
        assert_int_equal(status_of(store, 1), JOB_FAILED);
        assert_ok(store_spent(store, "ann", 1000, &spent, &err), &err);
        assert_int_equal(spent.cpu_ms, 5);
        store_close(store);
    }
}

/* Of those that were there before there were principals, all are the local one's. */
static void what_one_owner_has_another_does_not_see(void **state)
{
    struct error err = { 0 };
    struct record_list list;
    struct record ann = record_of(2), seen = { 0 };
    char whole[JOB_ID_MAX];
    uint64_t removed = 0, remaining = 0;
    const struct prune all = { INT64_MAX, true, true, true };
    struct store *store = opened(*state, STORE_KEEPER);
    add(store, 1);
    (void)snprintf(ann.owner, sizeof(ann.owner), "ann");
    assert_ok(store_add(store, &ann, &err), &err);
    assert_int_equal(store_find(store, "local", ann.id, &seen, &err), 0);
    assert_int_equal(store_find(store, "bob", ann.id, &seen, &err), 0);
    assert_int_equal(store_complete(store, "local", "00000002", whole, &err), 0);
    assert_int_equal(store_complete(store, "ann", "00000002", whole, &err), 1);
    assert_ok(store_list(store, "ann", -1, 10, &list, &err), &err);
    assert_int_equal(list.total, 1);
    assert_string_equal(list.records[0].id, ann.id);
    record_list_done(&list);
    ann.status = JOB_COMPLETED;
    ann.completed_ms = 7;
    ann.bytes[0] = 100;
    ann.bytes[1] = 20;
    assert_ok(store_end(store, &ann, &err), &err);
    assert_ok(store_prune(store, "local", &all, &removed, &remaining, &err), &err);
    assert_int_equal(removed, 0);
    assert_int_equal(store_find(store, "ann", ann.id, &seen, &err), 1);
    record_done(&seen);
    uint64_t bytes = 1;
    assert_ok(store_kept_bytes(store, "local", &bytes, &err), &err);
    assert_int_equal(bytes, 0);
    assert_ok(store_kept_bytes(store, "ann", &bytes, &err), &err);
    assert_int_equal(bytes, 120);
    store_close(store);
}

static void what_was_used_is_added_up_by_owner_for_an_hour(void **state)
{
    struct error err = { 0 };
    struct spent spent = { 0 };
    struct store *store = opened(*state, STORE_KEEPER);
    assert_ok(store_spend(store, "ann", 1000, 0, 1, &err), &err);
    assert_ok(store_spend(store, "ann", 1000, 250, 0, &err), &err);
    assert_ok(store_spend(store, "bob", 1001, 9000, 4, &err), &err);
    assert_ok(store_spend(store, "ann", 1030, 50, 1, &err), &err);
    assert_ok(store_spent(store, "ann", 1040 - 59, &spent, &err), &err);
    assert_int_equal(spent.cpu_ms, 300);
    assert_int_equal(spent.runs, 2);
    assert_int_equal(spent.oldest_minutes, 40);
    assert_ok(store_spent(store, "ann", 1070 - 59, &spent, &err), &err);
    assert_int_equal(spent.cpu_ms, 50);
    assert_int_equal(spent.oldest_minutes, 40);
    store_close(store);
    store = opened(*state, STORE_VISITOR); /* a restart forgives nothing */
    assert_ok(store_spent(store, "bob", 1040 - 59, &spent, &err), &err);
    assert_int_equal(spent.runs, 4);
    store_close(store);
}

static void a_trace_that_is_none_is_not_shown(void **state)
{
    struct error err = { 0 };
    struct record_list list;
    struct store *store = opened(*state, STORE_KEEPER);
    add(store, 1);
    store_close(store);
    sql(*state, "UPDATE jobs SET traceparent = char(27) || '[2J'");
    store = opened(*state, STORE_VISITOR);
    assert_ok(store_list(store, "local", -1, 10, &list, &err), &err);
    assert_string_equal(list.records[0].traceparent, "");
    record_list_done(&list);
    store_close(store);
}

static void an_id_that_is_none_is_not_shown(void **state)
{
    struct error err = { 0 };
    char id[JOB_ID_MAX];
    struct record_list list;
    struct store *store = opened(*state, STORE_KEEPER);
    add(store, 1);
    store_close(store);
    sql(*state, "UPDATE jobs SET id = char(27) || '[2J' || substr(id, 9)");
    store = opened(*state, STORE_VISITOR);
    assert_ok(store_list(store, "local", -1, 10, &list, &err), &err);
    assert_int_equal(list.count, 0);
    record_list_done(&list);
    assert_int_equal(store_complete(store, "local", "\033", id, &err), 0);
    store_close(store);
    sql(*state, "UPDATE jobs SET id = 'a/../../x'");
    store = opened(*state, STORE_VISITOR);
    assert_int_equal(store_complete(store, "local", "a", id, &err), 0);
    store_close(store);
}

static void a_link_is_not_followed(void **state)
{
    struct place *place = *state;
    put(place, "elsewhere", "", 0);
    assert_int_equal(symlinkat("elsewhere", place->front, "jobs.db"), 0);
    refused(place, "not a regular file");
    size_t len;
    autofree char *after = content(place, "elsewhere", &len);
    assert_int_equal(len, 0);
}

static void files_are_private_whatever_the_umask(void **state)
{
    static const char *const files[] = { "jobs.db", "jobs.db-wal", "jobs.db-shm" };
    struct place *place = *state;
    mode_t before = umask(0277);
    struct store *store = opened(place, STORE_KEEPER);
    (void)umask(0);
    add(store, 1);
    (void)umask(before);
    for (size_t i = 0; i < COUNT(files); i++) {
        struct stat st;
        assert_int_equal(fstatat(place->front, files[i], &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
    store_close(store);
}

static void a_store_that_cannot_be_opened_says_so_and_tries_again(void **state)
{
    struct place *place = *state;
    struct error err = { 0 };
    struct store *store = NULL;
    struct record record = record_of(1);
    put(place, "jobs.db", "no database, and long enough to be sure", 39);
    assert_ok(store_new(place->front, STORE_KEEPER, &store, &err), &err);
    assert_true(store_add(store, &record, &err) < 0);
    assert_says(&err, "it is no database");
    assert_int_equal(unlinkat(place->front, "jobs.db", 0), 0);
    uint64_t start = now_ns();
    while (store_add(store, &record, &err) < 0 && now_ns() - start < 10 * NS_PER_S)
        (void)poll(NULL, 0, 50);
    assert_int_equal(status_of(store, 1), JOB_RUNNING);
    store_close(store);
}

static void an_end_that_finds_no_room_is_written_later(void **state)
{
    struct error err = { 0 };
    struct rlimit before, tight;
    struct store *store = opened(*state, STORE_KEEPER), *other;
    add(store, 1);
    add(store, 2);
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tight = before;
    tight.rlim_cur = 4096; /* the log is longer already */
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
    int r = end(store, 1, JOB_COMPLETED, 2000, &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_true(r < 0 && r != -ESTALE);
    assert_int_equal(err.blame, BLAME_HOST);
    assert_int_equal(status_of(store, 1), JOB_RUNNING);
    other = opened(*state, STORE_VISITOR);
    store_close(store); /* the last chance */
    struct record record = found(other, 1);
    assert_int_equal(record.status, JOB_COMPLETED);
    assert_non_null(record.result);
    record_done(&record);
    assert_int_equal(status_of(other, 2), JOB_FAILED);
    store_close(other);
}

/* --- pruning ------------------------------------------------------------------------------- */

static void what_is_pruned_goes_with_its_output(void **state)
{
    struct place *place = *state;
    struct error err = { 0 };
    struct outputs *outputs = NULL;
    struct store *store = opened(place, STORE_KEEPER);
    assert_ok(outputs_open(place->front, &outputs, &err), &err);
    static const enum job_status ends[] = { JOB_COMPLETED, JOB_FAILED, JOB_CANCELLED };
    for (unsigned i = 0; i < 120; i++) {
        struct record record = record_of(i);
        add(store, i);
        struct output_writer *writer = output_begin(outputs, record.id);
        assert_ok(output_append(writer, 2, "x", 1, &err), &err);
        output_end(writer);
        if (i < 90) /* the others still run */
            assert_ok(end(store, i, ends[i % 3], i < 60 ? 1000 : 5000, &err), &err);
    }
    struct prune prune = { .ended_before_ms = 2000, .cancelled = true, .completed = true };
    uint64_t removed, remaining;
    assert_ok(store_prune(store, "local", &prune, &removed, &remaining, &err), &err);
    assert_int_equal(removed, 40);
    assert_int_equal(remaining, 80);
    for (unsigned i = 0; i < 120; i++) {
        struct record record = record_of(i), back;
        bool gone = i < 60 && i % 3 != 1;
        int r = store_find(store, "local", record.id, &back, &err);
        assert_int_equal(r, !gone);
        assert_int_equal(output_size(outputs, record.id, 2), !gone);
        if (r > 0)
            record_done(&back);
    }
    outputs_close(outputs);
    store_close(store);
}

static void the_bounds_take_the_oldest(void **state)
{
    struct error err = { 0 };
    struct store *store = opened(*state, STORE_KEEPER);
    struct record_list list;
    int64_t now_ms = 4000000000000;
    for (unsigned i = 0; i < 100; i++) {
        struct record record = record_of(i);
        assert_ok(store_add(store, &record, &err), &err);
        record.status = JOB_COMPLETED;
        record.completed_ms = i < 10 ? 1000 : now_ms + i;
        record.bytes[0] = 10;
        if (i < 90)
            assert_ok(store_end(store, &record, &err), &err);
    }
    const struct {
        struct bounds bounds;
        uint64_t left;
    } steps[] = {
        { { UINT64_MAX, UINT64_MAX, UINT64_MAX }, 100 },
        { { UINT64_MAX, 3600000, UINT64_MAX }, 90 },
        { { 50, UINT64_MAX, UINT64_MAX }, 60 },
        { { UINT64_MAX, UINT64_MAX, 205 }, 30 },
        { { 0, 0, 0 }, 10 },
    };
    for (size_t i = 0; i < COUNT(steps); i++) {
        assert_ok(store_bound(store, &steps[i].bounds, &err), &err);
        assert_ok(store_list(store, "local", -1, 1000, &list, &err), &err);
        assert_int_equal(list.total, steps[i].left);
        /* The newest of those that ended are still there. */
        if (i < 4)
            assert_int_equal(list.records[10].created_ms, 1089);
        record_list_done(&list);
    }
    store_close(store);
}

static void import_is_all_or_nothing_and_leaves_what_is_there(void **state)
{
    struct error err = { 0 };
    struct store *store = opened(*state, STORE_KEEPER);
    struct record records[3];
    char result[] = "{\"a\":1}";
    for (unsigned i = 0; i < 3; i++) {
        records[i] = record_of(i);
        records[i].status = JOB_CANCELLED;
        records[i].result = result;
    }
    add(store, 1);
    records[2].status = JOB_RUNNING;
    bool added[3];
    assert_true(store_import(store, records, 3, added, &err) < 0);
    struct record none;
    assert_int_equal(store_find(store, "local", records[0].id, &none, &err), 0);
    records[2].status = JOB_FAILED;
    assert_int_equal(store_import(store, records, 3, added, &err), 2);
    assert_true(added[0] && !added[1] && added[2]);
    assert_int_equal(status_of(store, 1), JOB_RUNNING);
    struct record back = found(store, 2);
    assert_int_equal(back.status, JOB_FAILED);
    assert_string_equal(back.result, result);
    record_done(&back);
    store_close(store);
}

/* --- asking each other --------------------------------------------------------------------- */

struct heard {
    char wished[JOB_ID_MAX], ended[JOB_ID_MAX];
};

static void on_wished(void *context, const char *id)
{
    (void)snprintf(((struct heard *)context)->wished, JOB_ID_MAX, "%s", id);
}

static void on_ended(void *context, const char *id)
{
    (void)snprintf(((struct heard *)context)->ended, JOB_ID_MAX, "%s", id ? id : "any");
}

static struct heard listen_to(struct store *store)
{
    struct heard heard = { 0 };
    struct store_events events = { on_wished, on_ended, &heard };
    struct pollfd ready = { .fd = store_events_fd(store), .events = POLLIN };
    if (poll(&ready, 1, 0) > 0)
        store_events_read(store, &events);
    return heard;
}

static void a_wish_reaches_the_keeper_and_its_end_comes_back(void **state)
{
    struct error err = { 0 };
    struct store *one = opened(*state, STORE_KEEPER), *two = opened(*state, STORE_KEEPER);
    struct record record = record_of(1);
    add(one, 1);
    add(two, 2);
    assert_string_equal(listen_to(one).wished, "");
    assert_ok(store_wish_end(two, record.id, &err), &err);
    assert_ok(store_wish_end(two, record.id, &err), &err); /* twice is no harm */
    assert_string_equal(listen_to(one).wished, record.id);
    assert_string_equal(listen_to(two).wished, ""); /* not its own */
    assert_ok(end(one, 1, JOB_CANCELLED, 2000, &err), &err);
    assert_string_equal(listen_to(two).ended, record.id);
    assert_int_equal(status_of(two, 1), JOB_CANCELLED);
    assert_ok(store_wish_end(two, record.id, &err), &err); /* has ended: no wish is left behind */
    assert_int_equal(unlinkat(((struct place *)*state)->front, "wishes", AT_REMOVEDIR), 0);
    store_close(one);
    store_close(two);
}

static void a_wish_that_is_no_id_makes_no_file(void **state)
{
    struct error err = { 0 };
    struct store *store = opened(*state, STORE_KEEPER);
    assert_true(store_wish_end(store, "../jobs.db", &err) < 0);
    assert_true(store_wish_end(store, "", &err) < 0);
    store_close(store);
}

/* --- kill -9 ------------------------------------------------------------------------------- */

/* More than are written until the killer comes, unless it has to wait for a busy machine. */
#define AHEAD 60

/* Adds and ends jobs, and says each number once its record is acknowledged. */
static void write_until_killed(const struct place *place, unsigned first, int say)
{
    struct error err = { 0 };
    struct store *store = NULL;
    if (store_open(place->front, STORE_KEEPER, &store, &err) < 0)
        _exit(1);
    for (unsigned i = first; i < first + AHEAD; i++) {
        struct record record = record_of(i);
        if (store_add(store, &record, &err) < 0)
            _exit(2);
        record.status = JOB_COMPLETED;
        record.completed_ms = 5000;
        if (store_end(store, &record, &err) < 0 || write(say, &i, sizeof(i)) != sizeof(i))
            _exit(3);
    }
    for (;;)
        (void)pause();
}

static void no_acknowledged_record_is_lost_by_kill(void **state)
{
    struct place *place = *state;
    unsigned rounds = is_full() ? 1000 : 50, acknowledged = 0;
    for (unsigned round = 0; round < rounds; round++) {
        int say[2];
        unsigned number, first = round * 100000, last = 0, count = 0;
        assert_int_equal(pipe(say), 0);
        pid_t pid = fork();
        if (pid == 0)
            write_until_killed(place, first, say[1]);
        close(say[1]);
        /* Somewhere within the writing of a record, another place each time. */
        for (unsigned n = 0; n < 1 + round % 7 && read(say[0], &number, sizeof(number)) > 0; n++)
            last = number, count++;
        (void)kill(pid, SIGKILL);
        while (read(say[0], &number, sizeof(number)) == sizeof(number))
            last = number, count++;
        int status;
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        close(say[0]);
        struct store *store = opened(place, STORE_VISITOR);
        for (unsigned i = first; i <= last; i++)
            assert_int_equal(status_of(store, i), JOB_COMPLETED);
        struct record_list list;
        struct error err = { 0 };
        assert_ok(store_list(store, "local", JOB_RUNNING, 10, &list, &err), &err);
        assert_int_equal(list.total, 0);
        record_list_done(&list);
        store_close(store);
        acknowledged += count;
    }
    assert_true(acknowledged >= rounds);
    print_message("%u rounds, %u records acknowledged, none lost\n", rounds, acknowledged);
}

/* --- what it costs ------------------------------------------------------------------------- */

static void a_job_costs_little(void **state)
{
    struct error err = { 0 };
    struct store *store = opened(*state, STORE_KEEPER);
    const unsigned count = 500;
    uint64_t start = now_ns();
    for (unsigned i = 0; i < count; i++) {
        add(store, i);
        assert_ok(end(store, i, JOB_COMPLETED, 5000, &err), &err);
    }
    uint64_t each_us = (now_ns() - start) / count / 1000;
    start = now_ns();
    assert_ok(store_checkpoint(store, 0, &err), &err);
    uint64_t checkpoint_us = (now_ns() - start) / 1000;
    print_message("a job's two records cost %lu us, a checkpoint of %u jobs %lu us\n",
                  (unsigned long)each_us, count, (unsigned long)checkpoint_us);
    assert_true(each_us < 20000); /* a fsync for each would be seen on most disks */
    store_close(store);
}

#define IN_A_PLACE(test) cmocka_unit_test_setup_teardown(test, place_make, place_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_PLACE(a_record_comes_back_as_it_was_written),
        IN_A_PLACE(an_ended_record_never_changes),
        IN_A_PLACE(a_job_is_its_owners_and_its_keepers),
        IN_A_PLACE(the_newest_come_first_with_their_number),
        IN_A_PLACE(an_id_may_be_shortened_while_it_is_clear),
        IN_A_PLACE(the_jobs_of_a_killed_keeper_failed_and_keep_their_output),
        IN_A_PLACE(a_job_whose_keeper_is_killed_before_it_began_says_so),
        IN_A_PLACE(a_keeper_that_died_without_a_job_leaves_nothing),
        IN_A_PLACE(a_store_that_is_closed_leaves_no_job_running),
        IN_A_PLACE(a_file_that_is_no_database_is_refused_and_stays),
        IN_A_PLACE(a_damaged_database_is_refused_and_stays),
        IN_A_PLACE(a_database_of_another_program_is_refused),
        IN_A_PLACE(a_database_of_a_newer_cordon_is_refused),
        IN_A_PLACE(a_database_that_an_older_server_has_marked_is_not_brought_up_to_date_twice),
        IN_A_PLACE(what_one_owner_has_another_does_not_see),
        IN_A_PLACE(what_was_used_is_added_up_by_owner_for_an_hour),
        IN_A_PLACE(a_database_of_an_older_cordon_is_brought_up_to_date),
        IN_A_PLACE(a_trace_that_is_none_is_not_shown),
        IN_A_PLACE(an_id_that_is_none_is_not_shown),
        IN_A_PLACE(a_link_is_not_followed),
        IN_A_PLACE(files_are_private_whatever_the_umask),
        IN_A_PLACE(a_store_that_cannot_be_opened_says_so_and_tries_again),
        IN_A_PLACE(an_end_that_finds_no_room_is_written_later),
        IN_A_PLACE(what_is_pruned_goes_with_its_output),
        IN_A_PLACE(the_bounds_take_the_oldest),
        IN_A_PLACE(import_is_all_or_nothing_and_leaves_what_is_there),
        IN_A_PLACE(a_wish_reaches_the_keeper_and_its_end_comes_back),
        IN_A_PLACE(a_wish_that_is_no_id_makes_no_file),
        IN_A_PLACE(no_acknowledged_record_is_lost_by_kill),
        IN_A_PLACE(a_job_costs_little),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
