/* SPDX-License-Identifier: Apache-2.0 */
/* output.h - what jobs have written: append-only files STATE/front/output/<id>.<stream>.
 *
 * The keeper of a job appends; anybody who shares the state directory reads, by offset and
 * while it grows. Bytes are kept as they came. Files are made at the first byte, so a job
 * that writes nothing has none.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cordon/error.h>
#include <cordon/launch.h>

#include "str.h"

struct outputs;       /* the directory */
struct output_writer; /* both streams of one job */

/* `front` is a descriptor of STATE/front, borrowed. Where output/ cannot be made now, it is
 * tried again when it is needed; -1: nothing can be kept. */
int outputs_open(int front, struct outputs **ret, struct error *err) must_check;
void outputs_close(struct outputs *outputs); /* NULL is fine */

struct output_writer *output_begin(struct outputs *outputs, const char *id);

/* stream: 1 or 2. A full disk is told once (BLAME_HOST); what came after it is lost and
 * counted, and the run goes on. */
int output_append(struct output_writer *writer, int stream, const void *bytes, size_t len,
                  struct error *err) must_check;
uint64_t output_lost(const struct output_writer *writer);
void output_end(struct output_writer *writer); /* NULL is fine */

/* Bytes there are; 0 where there is no file. */
uint64_t output_size(struct outputs *outputs, const char *id, int stream);

/* Adds up to `len` bytes from `offset`; fewer at the end. */
int output_read(struct outputs *outputs, const char *id, int stream, uint64_t offset, size_t len,
                struct str *out, struct error *err) must_check;

/* The ids of files that nobody has written to since `before_ms` (of the epoch), added to the list:
 * once for each stream. What has no name of ours is passed over. */
void output_ids(struct outputs *outputs, int64_t before_ms, char ***ret);

void output_remove(struct outputs *outputs, const char *id);

/* The whole characters among the first `len` bytes: a UTF-8 sequence that may go on after
 * them is left for the next reader. `ended`: nothing will come after. */
size_t utf8_whole(const char *bytes, size_t len, bool ended);
