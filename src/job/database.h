/* SPDX-License-Identifier: Apache-2.0 */
/* database.h - one connection to jobs.db: opened and judged, its statements, its failures.
 *
 * Internal to src/job. Nothing here waits for the disk: WAL, synchronous=NORMAL, and the
 * log is moved into the database by who has the time (store_checkpoint()).
 */
#pragma once

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include <cordon/error.h>

#include "job/sql.h"

#define DATABASE_NAME "jobs.db"

struct database {
    sqlite3 *handle; /* NULL: not open */
    sqlite3_stmt *statements[SQL_COUNT];
    uint64_t patience_ns; /* for others who write */
    uint64_t asked_ns;    /* since when we wait */
};

/* Opens jobs.db beneath `front`, or makes it. Not a database of ours, of a later version,
 * damaged, or another user's: BLAME_HOST, and nothing was changed. */
int database_open(int front, unsigned patience_ms, struct database *ret,
                  struct error *err) must_check;
void database_close(struct database *database);

/* Is what lies there under its name another file, or none? Then nobody else sees what we write. */
bool database_moved(struct database *database);

/* Prepared at its first use, ready to be bound. NULL is a failure. */
sqlite3_stmt *database_statement(struct database *database, enum sql sql, struct error *err);

/* 1: a row. 0: none any more, and the statement is reset. */
int database_step(struct database *database, sqlite3_stmt *statement, struct error *err) must_check;

/* A statement without rows, to its end. Returns how many rows it changed. */
int database_run(struct database *database, sqlite3_stmt *statement, struct error *err) must_check;

/* One transaction that writes. A failure inside is followed by database_rollback(). */
int database_begin(struct database *database, struct error *err) must_check;
int database_commit(struct database *database, struct error *err) must_check;
void database_rollback(struct database *database);

/* Begins the log anew where all of it has been moved, as short as can be: writes something that
 * changes nothing. */
int database_shorten(struct database *database, struct error *err) must_check;

/* The last failure of SQLite as a sentence: "write jobs.db: the disk is full". */
int database_fail(struct database *database, const char *act, struct error *err);

void bind_text(sqlite3_stmt *statement, int at, const char *text); /* borrowed until reset */

/* NULL, or a copy that is the caller's. */
char *column_copy(sqlite3_stmt *statement, int at);
