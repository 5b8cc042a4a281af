/* SPDX-License-Identifier: Apache-2.0 */
/* feed.h - pumps a descriptor of ours into the standard input of a script.
 *
 * The descriptor itself never travels: a script could make it non-blocking for
 * everybody, seek in it, or type into the terminal behind it.
 */
#pragma once

struct event_base;
struct feed;

/* Takes both descriptors. `to` does not block. Nothing is read before
 * feed_start(). SIGPIPE must be ignored. */
struct feed *feed_new(struct event_base *base, int from, int to);
void feed_start(struct feed *feed);
void feed_free(struct feed *feed); /* NULL is fine */
