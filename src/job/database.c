/* SPDX-License-Identifier: Apache-2.0 */
#include "job/database.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "job/beneath.h"
#include "str.h"

/* One statement longer than this, or one value, is none of ours. */
#define VALUE_BYTES_MAX (32 << 20)

/* Pages in memory, as SQLite counts it: negative is KiB. */
#define CACHE "-1024"

/* --- failures ------------------------------------------------------------------------- */

int database_fail(struct database *database, const char *act, struct error *err)
{
    int code = database->handle ? sqlite3_extended_errcode(database->handle) : SQLITE_NOMEM;
    int number = database->handle ? sqlite3_system_errno(database->handle) : 0;
    static const struct {
        int code, number;
        const char *reason;
    } sentences[] = {
        { SQLITE_NOTADB, EUCLEAN, "it is no database; move it away, and a new one is made" },
        { SQLITE_CORRUPT, EUCLEAN,
          "it is damaged; move it away with " DATABASE_NAME "-wal, and a new one is made" },
        { SQLITE_FULL, ENOSPC, "the disk is full" },
        { SQLITE_BUSY, EBUSY, "another process holds it" },
        { SQLITE_READONLY, EROFS, "it cannot be written" },
        { SQLITE_NOMEM, ENOMEM, "out of memory" },
    };
    for (size_t i = 0; i < COUNT(sentences); i++)
        if ((code & 0xff) == sentences[i].code)
            return fail_host_as(err, sentences[i].number, "%s %s: %s", act, DATABASE_NAME,
                                sentences[i].reason);
    if (number != 0 && (code & 0xff) != SQLITE_CONSTRAINT)
        return fail_host_as(err, number, "%s %s: %s", act, DATABASE_NAME, strerror(number));
    return fail_host_as(err, EIO, "%s %s: %s", act, DATABASE_NAME,
                        database->handle ? sqlite3_errmsg(database->handle) : "no connection");
}

/* --- waiting -------------------------------------------------------------------------- */

/* SQLite's own sleeps in a call that a cage need not know. */
static int wait_for_others(void *context, int tries)
{
    struct database *database = context;
    static const struct timespec moment = { .tv_nsec = 200000 };
    if (tries == 0)
        database->asked_ns = now_ns();
    if (now_ns() - database->asked_ns >= database->patience_ns)
        return 0;
    (void)ppoll(NULL, 0, &moment, NULL);
    return 1;
}

/* --- statements ----------------------------------------------------------------------- */

sqlite3_stmt *database_statement(struct database *database, enum sql sql, struct error *err)
{
    sqlite3_stmt **slot = &database->statements[sql];
    if (!*slot && sqlite3_prepare_v3(database->handle, sql_texts[sql], -1,
                                     SQLITE_PREPARE_PERSISTENT, slot, NULL) != SQLITE_OK)
        (void)database_fail(database, "read", err);
    return *slot;
}

int database_step(struct database *database, sqlite3_stmt *statement, struct error *err)
{
    int code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        return 1;
    int r = 0;
    if (code != SQLITE_DONE)
        r = database_fail(database, sqlite3_stmt_readonly(statement) ? "read" : "write", err);
    (void)sqlite3_reset(statement);
    return r;
}

int database_run(struct database *database, sqlite3_stmt *statement, struct error *err)
{
    int r = database_step(database, statement, err);
    if (r > 0)
        (void)sqlite3_reset(statement);
    return r < 0 ? r : sqlite3_changes(database->handle);
}

static int run_plain(struct database *database, enum sql sql, struct error *err)
{
    sqlite3_stmt *statement = database_statement(database, sql, err);
    int r = statement ? database_run(database, statement, err) : -err->code;
    return r < 0 ? r : 0;
}

int database_begin(struct database *database, struct error *err)
{
    return run_plain(database, SQL_BEGIN, err);
}

int database_commit(struct database *database, struct error *err)
{
    int r = run_plain(database, SQL_COMMIT, err);
    if (r < 0)
        database_rollback(database);
    return r;
}

void database_rollback(struct database *database)
{
    struct error ignored;
    if (database->handle && !sqlite3_get_autocommit(database->handle))
        (void)run_plain(database, SQL_ROLLBACK, &ignored);
}

void bind_text(sqlite3_stmt *statement, int at, const char *text)
{
    (void)sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC);
}

char *column_copy(sqlite3_stmt *statement, int at)
{
    const char *text = (const char *)sqlite3_column_text(statement, at);
    return text ? xstrdup(text) : NULL;
}

/* --- opening -------------------------------------------------------------------------- */

/* Root may be acting with somebody's file-system ids; a uid that is none only asks, and a cage
 * in which nobody acts for others does not answer. */
static uid_t acting_uid(void)
{
    uid_t uid = geteuid(), acting = uid == 0 ? (uid_t)setfsuid((uid_t)-1) : uid;
    return acting == (uid_t)-1 ? uid : acting;
}

/* Whatever SQLite opens by itself: the log, what its readers share, and the journal that an
 * older one could have left. */
static const char *const file_names[] = { DATABASE_NAME, DATABASE_NAME "-journal",
                                          DATABASE_NAME "-wal", DATABASE_NAME "-shm" };

/* A captured front may have put there what it likes: SQLite would wait for the other end of a
 * pipe. By its name and not opened, because closing a file that SQLite has open in this process
 * would take its locks away. */
static int file_check(int front, const char *name, struct error *err)
{
    struct stat st;
    uid_t us = acting_uid();
    if (fstatat(front, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : fail_host(err, "look at %s", name);
    if (!S_ISREG(st.st_mode))
        return fail_host_as(err, EPERM, "%s is not a regular file; move it away", name);
    if (st.st_uid != us)
        return fail_host_as(err, EPERM, "%s belongs to user %u, and this is user %u", name,
                            st.st_uid, us);
    if (st.st_nlink > 1)
        return fail_host_as(err, EPERM, "%s has %lu names, and may have one only: move it away",
                            name, (unsigned long)st.st_nlink);
    return 0;
}

/* SQLite would make it with the umask's mode. */
static int file_make(int front, struct error *err)
{
    autoclose int fd =
        openat(front, DATABASE_NAME, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? 0 : fail_host(err, "make %s", DATABASE_NAME);
    (void)fchmod(fd, 0600); /* whatever the umask; a cage has set its own */
    return 0;
}

static int files_ready(int front, struct error *err)
{
    int r = 0;
    for (size_t i = 0; r == 0 && i < COUNT(file_names); i++)
        r = file_check(front, file_names[i], err);
    return r < 0 ? r : file_make(front, err);
}

static int read_number(struct database *database, const char *sql, long long *ret,
                       struct error *err)
{
    sqlite3_stmt *statement = NULL;
    int code = sqlite3_prepare_v2(database->handle, sql, -1, &statement, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(statement);
    if (code == SQLITE_ROW)
        *ret = sqlite3_column_int64(statement, 0);
    int r = code == SQLITE_ROW ? 0 : database_fail(database, "read", err);
    (void)sqlite3_finalize(statement);
    return r;
}

static int execute(struct database *database, const char *sql, struct error *err)
{
    return sqlite3_exec(database->handle, sql, NULL, NULL, NULL) == SQLITE_OK
               ? 0
               : database_fail(database, "write", err);
}

struct marks {
    long long application, version, tables;
};

static int read_marks(struct database *database, struct marks *ret, struct error *err)
{
    int r = read_number(database, "PRAGMA application_id", &ret->application, err);
    if (r == 0)
        r = read_number(database, "PRAGMA user_version", &ret->version, err);
    return r < 0 ? r
                 : read_number(database, "SELECT count(*) FROM sqlite_schema", &ret->tables, err);
}

int database_shorten(struct database *database, struct error *err)
{
    autofree char *sql =
        xasprintf("PRAGMA journal_size_limit = 0; PRAGMA user_version = %d", SQL_VERSION);
    return execute(database, sql, err);
}

/* 1: ours. 0: empty, or of an older version. */
static int judge_marks(const struct marks *marks, struct error *err)
{
    long long application = marks->application, version = marks->version;
    if (application == 0 && version == 0 && marks->tables == 0)
        return 0;
    if (application != SQL_APPLICATION_ID)
        return fail_host_as(err, EEXIST,
                            "%s is another program's database; move it away, and a new one is made",
                            DATABASE_NAME);
    if (version < 1 || version > SQL_VERSION)
        return fail_host_as(err, EPROTO,
                            "%s was written by a newer cordon (its version is %lld, this program's "
                            "%d): use that one, or another --state",
                            DATABASE_NAME, version, SQL_VERSION);
    return version == SQL_VERSION;
}

/* As they stand together: somebody may be making it at this moment. */
static int judge(struct database *database, struct error *err)
{
    struct marks marks = { 0 };
    int r = execute(database, "BEGIN", err);
    if (r == 0)
        r = read_marks(database, &marks, err);
    database_rollback(database);
    return r < 0 ? r : judge_marks(&marks, err);
}

/* Needs the database for itself for a moment, and does not wait for it by itself. */
static int use_log(struct database *database, struct error *err)
{
    int r, tries = 0;
    do
        r = execute(database, "PRAGMA journal_mode = WAL", err);
    while (r == -EBUSY && wait_for_others(database, tries++));
    return r;
}

/* What makes it one of this version. */
static int bring_up_to_date(struct database *database, const struct marks *marks, struct error *err)
{
    int r = marks->version == 0 ? execute(database, sql_schema, err) : 0;
    for (int next = 2; r == 0 && next <= SQL_VERSION; next++) {
        long long done = 0;
        r = read_number(database, sql_upgrades[next].done, &done, err);
        if (r == 0 && done == 0)
            r = execute(database, sql_upgrades[next].sql, err);
    }
    autofree char *mark = xasprintf("PRAGMA application_id = %d; PRAGMA user_version = %d;",
                                    SQL_APPLICATION_ID, SQL_VERSION);
    return r < 0 ? r : execute(database, mark, err);
}

/* Somebody else may do the same at the same time: who comes second finds it done. */
static int fill(struct database *database, struct error *err)
{
    struct marks marks = { 0 };
    int r = use_log(database, err);
    if (r == 0)
        r = database_begin(database, err);
    if (r < 0)
        return r;
    r = read_marks(database, &marks, err);
    if (r == 0)
        r = judge_marks(&marks, err);
    if (r == 0)
        r = bring_up_to_date(database, &marks, err);
    if (r >= 0)
        return database_commit(database, err);
    database_rollback(database);
    return r;
}

/* A database may come from whoever could write where it lies. */
static void distrust(sqlite3 *handle)
{
    static const struct {
        int option, value;
    } options[] = {
        { SQLITE_DBCONFIG_DEFENSIVE, 1 },
        { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
        { SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
        { SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
    };
    for (size_t i = 0; i < COUNT(options); i++)
        (void)sqlite3_db_config(handle, options[i].option, options[i].value, NULL);
    (void)sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
    (void)sqlite3_limit(handle, SQLITE_LIMIT_ATTACHED, 0);
}

static int set_up(struct database *database, struct error *err)
{
    sqlite3 *handle = database->handle;
    (void)sqlite3_extended_result_codes(handle, 1);
    (void)sqlite3_busy_handler(handle, wait_for_others, database);
    distrust(handle);
    /* SQLite opens to read what it may not write; a reader of a log writes as well. */
    if (sqlite3_db_readonly(handle, "main") > 0)
        return fail_host_as(err, EROFS, "write %s: it cannot be written", DATABASE_NAME);
    int r = judge(database, err);
    if (r == 0)
        r = fill(database, err);
    if (r < 0)
        return r;
    return execute(database,
                   "PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;"
                   "PRAGMA temp_store = MEMORY; PRAGMA cache_size = " CACHE ";"
                   "PRAGMA cell_size_check = ON",
                   err);
}

int database_open(int front, unsigned patience_ms, struct database *ret, struct error *err)
{
    char name[BENEATH_MAX];
    beneath_install();
    beneath_name(front, DATABASE_NAME, name);
    int r = files_ready(front, err);
    if (r < 0)
        return r;
    *ret = (struct database){ .patience_ns = patience_ms * NS_PER_MS };
    if (sqlite3_open_v2(name, &ret->handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW,
                        "unix") != SQLITE_OK)
        r = database_fail(ret, "open", err);
    else
        r = set_up(ret, err);
    if (r < 0)
        database_close(ret);
    return r;
}

bool database_moved(struct database *database)
{
    int moved = 0;
    int code = sqlite3_file_control(database->handle, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    return code == SQLITE_OK && moved;
}

void database_close(struct database *database)
{
    for (size_t i = 0; i < COUNT(database->statements); i++)
        (void)sqlite3_finalize(database->statements[i]);
    (void)sqlite3_close_v2(database->handle);
    *database = (struct database){ 0 };
}
