/* SPDX-License-Identifier: Apache-2.0 */
/* sql.h - what is in jobs.db, and everything that is said to it. */
#pragma once

/* "cord": a database of ours, whatever its name. */
#define SQL_APPLICATION_ID 0x636f7264
#define SQL_VERSION        3

extern const char sql_schema[];

/* From the version before to this one. Servers of the version before may be at work, and go on,
 * and may mark it as theirs again: what is there already (`done` gives more than 0) stays. */
struct sql_upgrade {
    const char *done, *sql;
};
extern const struct sql_upgrade sql_upgrades[SQL_VERSION + 1];

enum sql {
    SQL_BEGIN,
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_ADD,
    SQL_IMPORT,
    SQL_STARTED,
    SQL_PROGRESS,
    SQL_END,
    SQL_RESULT,
    SQL_IS_OURS,
    SQL_IS_OPEN,
    SQL_IS_THERE,
    SQL_FIND,
    SQL_LIKE,
    SQL_LIST,
    SQL_TOTAL,
    SQL_KEEPERS,
    SQL_KEPT,
    SQL_BURY,
    SQL_OLD,
    SQL_OLDEST,
    SQL_SUM,
    SQL_REMOVE,
    SQL_REMOVE_RESULT,
    SQL_KEPT_BYTES,
    SQL_SPEND,
    SQL_SPENT,
    SQL_SPENT_OLD,
    SQL_COUNT,
};

extern const char *const sql_texts[SQL_COUNT];

/* The columns of a record, in the order in which FIND and LIST give them. */
enum sql_column {
    COLUMN_ID,
    COLUMN_OWNER,
    COLUMN_POLICY,
    COLUMN_TOOL,
    COLUMN_LABEL,
    COLUMN_STATUS,
    COLUMN_KEEPER,
    COLUMN_CREATED,
    COLUMN_STARTED,
    COLUMN_COMPLETED,
    COLUMN_ERROR,
    COLUMN_CURRENT,
    COLUMN_OF,
    COLUMN_MESSAGE,
    COLUMN_STDOUT,
    COLUMN_STDERR,
    COLUMN_TRACE,
    COLUMN_RESULT, /* FIND only */
};
