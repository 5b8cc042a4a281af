/* SPDX-License-Identifier: Apache-2.0 */
#include "job/sql.h"

/* A job that has not ended has a keeper; one that has ended has none. `seq` is the order of
 * arrival. Results lie apart: they are a hundred times as long as what is listed. */
const char sql_schema[] =
    "CREATE TABLE jobs ("
    "  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, owner TEXT NOT NULL,"
    "  policy TEXT NOT NULL, tool TEXT NOT NULL, label TEXT, status INTEGER NOT NULL,"
    "  keeper TEXT, created_ms INTEGER NOT NULL, started_ms INTEGER NOT NULL DEFAULT 0,"
    "  completed_ms INTEGER NOT NULL DEFAULT 0, error TEXT,"
    "  progress_current REAL NOT NULL DEFAULT 0, progress_total REAL NOT NULL DEFAULT 0,"
    "  progress_message TEXT, stdout_bytes INTEGER NOT NULL DEFAULT 0,"
    "  stderr_bytes INTEGER NOT NULL DEFAULT 0, traceparent TEXT) STRICT;"
    "CREATE TABLE results (seq INTEGER PRIMARY KEY, result TEXT NOT NULL) STRICT;"
    "CREATE INDEX jobs_by_time ON jobs (created_ms);"
    "CREATE INDEX jobs_kept ON jobs (keeper) WHERE keeper IS NOT NULL;";

const struct sql_upgrade sql_upgrades[SQL_VERSION + 1] = {
    [2] = { "SELECT count(*) FROM pragma_table_info('jobs') WHERE name = 'traceparent'",
            "ALTER TABLE jobs ADD COLUMN traceparent TEXT;" },
    /* What each principal has used, by minute of the epoch. */
    [3] = { "SELECT count(*) FROM sqlite_schema WHERE name = 'spent'",
            "CREATE TABLE spent ("
            "  owner TEXT NOT NULL, minute INTEGER NOT NULL, cpu_ms INTEGER NOT NULL,"
            "  runs INTEGER NOT NULL, PRIMARY KEY (owner, minute)) STRICT, WITHOUT ROWID;"
            "CREATE INDEX jobs_by_owner ON jobs (owner, created_ms);" },
};

#define COLUMNS                                                                               \
    "id, owner, policy, tool, label, status, keeper, created_ms, started_ms, completed_ms, "  \
    "error, progress_current, progress_total, progress_message, stdout_bytes, stderr_bytes, " \
    "traceparent"

#define NEW                                                                              \
    "INTO jobs (id, owner, policy, tool, label, status, keeper, created_ms, started_ms," \
    " completed_ms, error, stdout_bytes, stderr_bytes, traceparent)"                     \
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"

/* Statuses by their number (enum job_status): 0 and 1 are the open ones. */
const char *const sql_texts[SQL_COUNT] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_ADD] = "INSERT " NEW,
    [SQL_IMPORT] = "INSERT OR IGNORE " NEW,
    [SQL_STARTED] = "UPDATE jobs SET status = 1, started_ms = ?3"
                    " WHERE id = ?1 AND keeper = ?2",
    [SQL_PROGRESS] = "UPDATE jobs SET progress_current = ?3, progress_total = ?4,"
                     " progress_message = ?5 WHERE id = ?1 AND keeper = ?2",
    [SQL_END] = "UPDATE jobs SET status = ?3, completed_ms = ?4, error = ?5, stdout_bytes = ?6,"
                " stderr_bytes = ?7, keeper = NULL,"
                " started_ms = CASE WHEN ?8 > 0 THEN ?8 ELSE started_ms END"
                " WHERE id = ?1 AND keeper = ?2",
    [SQL_RESULT] = "INSERT INTO results (seq, result) SELECT seq, ?2 FROM jobs WHERE id = ?1",
    [SQL_IS_OURS] = "SELECT 1 FROM jobs WHERE id = ?1 AND keeper = ?2",
    [SQL_IS_OPEN] = "SELECT 1 FROM jobs WHERE id = ?1 AND keeper IS NOT NULL",
    [SQL_IS_THERE] = "SELECT 1 FROM jobs WHERE id = ?1",
    [SQL_FIND] = "SELECT " COLUMNS ", (SELECT result FROM results WHERE results.seq = jobs.seq)"
                 " FROM jobs WHERE id = ?1 AND owner = ?2",
    [SQL_LIKE] = "SELECT id FROM jobs WHERE id >= ?1 AND id < ?1 || '~' AND owner = ?2"
                 " ORDER BY id LIMIT 2",
    [SQL_LIST] = "SELECT " COLUMNS " FROM jobs WHERE owner = ?1 AND (?2 < 0 OR status = ?2)"
                 " ORDER BY created_ms DESC, seq DESC LIMIT ?3",
    [SQL_TOTAL] = "SELECT count(*) FROM jobs WHERE owner = ?1 AND (?2 < 0 OR status = ?2)",
    [SQL_KEEPERS] = "SELECT DISTINCT keeper FROM jobs WHERE keeper IS NOT NULL AND keeper > ?1"
                    " ORDER BY keeper LIMIT 1",
    [SQL_KEPT] = "SELECT id FROM jobs WHERE keeper = ?1 LIMIT 1",
    [SQL_BURY] =
        "UPDATE jobs SET error = CASE status WHEN 0 THEN ?6 ELSE ?3 END, status = 3,"
        " completed_ms = ?2, stdout_bytes = ?4, stderr_bytes = ?5, keeper = NULL WHERE id = ?1",
    [SQL_OLD] = "SELECT id FROM jobs WHERE keeper IS NULL AND owner = ?1 AND completed_ms < ?2"
                " AND ((status = 2 AND ?3) OR (status = 3 AND ?4) OR (status = 4 AND ?5)) LIMIT ?6",
    [SQL_OLDEST] = "SELECT id, completed_ms, stdout_bytes + stderr_bytes FROM jobs"
                   " WHERE keeper IS NULL ORDER BY completed_ms, seq LIMIT ?1",
    [SQL_SUM] = "SELECT count(*), coalesce(sum(stdout_bytes + stderr_bytes), 0) FROM jobs"
                " WHERE keeper IS NULL",
    [SQL_REMOVE_RESULT] =
        "DELETE FROM results WHERE seq = (SELECT seq FROM jobs WHERE id = ?1 AND keeper IS NULL)",
    [SQL_KEPT_BYTES] =
        "SELECT coalesce(sum(stdout_bytes + stderr_bytes), 0) FROM jobs WHERE owner = ?1",
    [SQL_SPEND] = "INSERT INTO spent (owner, minute, cpu_ms, runs) VALUES (?1, ?2, ?3, ?4)"
                  " ON CONFLICT (owner, minute) DO UPDATE SET cpu_ms = cpu_ms + ?3,"
                  " runs = runs + ?4",
    [SQL_SPENT] =
        "SELECT coalesce(sum(cpu_ms), 0), coalesce(sum(runs), 0), coalesce(min(minute), 0)"
        " FROM spent WHERE owner = ?1 AND minute >= ?2",
    [SQL_SPENT_OLD] = "DELETE FROM spent WHERE owner = ?1 AND minute < ?2",
    [SQL_REMOVE] = "DELETE FROM jobs WHERE id = ?1 AND keeper IS NULL",
};
