/* SPDX-License-Identifier: Apache-2.0 */
#include "job/copy.h"

#include "job/database.h"

/* For who writes at the moment. */
#define PATIENCE_MS 10000

static int copy_pages(struct database *from, struct database *to, struct error *err)
{
    sqlite3_backup *backup = sqlite3_backup_init(to->handle, "main", from->handle, "main");
    if (!backup)
        return database_fail(to, "write", err);
    (void)sqlite3_backup_step(backup, -1); /* its failure is that of the end */
    return sqlite3_backup_finish(backup) == SQLITE_OK ? 0 : database_fail(to, "copy", err);
}

int store_copy(int from, int to, struct error *err)
{
    struct database ours = { 0 }, copy = { 0 };
    int r = database_open(from, PATIENCE_MS, &ours, err);
    if (r == 0)
        r = database_open(to, PATIENCE_MS, &copy, err);
    if (r == 0)
        r = copy_pages(&ours, &copy, err);
    database_close(&copy);
    database_close(&ours);
    return r;
}
