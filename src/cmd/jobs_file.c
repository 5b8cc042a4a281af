/* SPDX-License-Identifier: Apache-2.0 */
/* jobs_file.c - jobs.json, the file of the server this one takes over from: written and taken. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "cmd/jobs.h"
#include "cmd/jobs_read.h"
#include "fd.h"
#include "job/record.h"
#include "json.h"
#include "run/result.h"
#include "str.h"

/* --- export --------------------------------------------------------------------------------- */

static int export_one(struct jobs_visit *visit, const char *id, bool first, struct error *err)
{
    struct record record;
    int r = store_find(visit->store, JOBS_OWNER, id, &record, err);
    if (r <= 0)
        return r; /* pruned meanwhile */
    struct json_object *object = record_json(&record);
    size_t len;
    const char *text = result_text(object, &len);
    (void)printf("%s\n  \"%s\": ", first ? "" : ",", id);
    (void)fwrite(text, 1, len, stdout);
    json_object_put(object);
    record_done(&record);
    return 1;
}

int visit_export(struct jobs_visit *visit, struct error *err)
{
    struct record_list list;
    int r = store_list(visit->store, JOBS_OWNER, -1, UINT64_MAX, &list, err);
    if (r < 0)
        return r;
    bool first = true;
    (void)putchar('{');
    for (size_t i = list.count; r >= 0 && i-- > 0;) { /* the oldest first, as they came */
        r = export_one(visit, list.records[i].id, first, err);
        first = first && r <= 0;
    }
    (void)fputs(first ? "}\n" : "\n}\n", stdout);
    record_list_done(&list);
    return r < 0 ? r : 0;
}

/* --- import: one file, read as its caller ----------------------------------------------------- */

int visit_import_read(struct jobs_visit *visit, struct error *err)
{
    const char *path = visit->words[0];
    bool input = strcmp(path, "-") == 0;
    autoclose int file = input ? -1 : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (!input && file < 0)
        return fail_caller(err, errno, "%s: %s", path, strerror(errno));
    int r = fd_read_all(input ? STDIN_FILENO : file, JSON_BYTES_MAX, &visit->given,
                        &visit->given_len, err);
    if (r == -EFBIG)
        return fail_caller(err, EFBIG, "%s: more than 16 MiB", path);
    return r < 0 ? fail_within(err, "%s", path) : 0;
}

/* What a record shows of its output is all there is of it: the one place for it. */
static int keep_texts(struct jobs_visit *visit, const struct job_file *file, size_t at,
                      struct error *err)
{
    struct output_writer *writer = output_begin(visit->outputs, file->records[at].id);
    int r = 0;
    for (int i = 0; r == 0 && i < 2; i++)
        if (file->texts[at].text[i])
            r = output_append(writer, i + 1, file->texts[at].text[i], file->texts[at].len[i], err);
    output_end(writer);
    return r;
}

static int import_all(struct jobs_visit *visit, const struct job_file *file, struct error *err)
{
    autofree bool *added = xcalloc(file->count + 1, sizeof(*added));
    int count = store_import(visit->store, file->records, file->count, added, err);
    int r = count;
    for (size_t i = 0; r >= 0 && i < file->count; i++)
        if (added[i])
            r = keep_texts(visit, file, i, err);
    if (r < 0)
        return r;
    (void)printf("%d imported", count);
    if ((size_t)count < file->count)
        (void)printf(", %zu were there already", file->count - (size_t)count);
    (void)putchar('\n');
    return 0;
}

int visit_import(struct jobs_visit *visit, struct error *err)
{
    struct job_file file = { 0 };
    int r = job_file_read(visit->words[0], visit->given, visit->given_len, &file, err);
    if (r == 0)
        r = import_all(visit, &file, err);
    job_file_done(&file);
    return r;
}
