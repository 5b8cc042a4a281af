/* SPDX-License-Identifier: Apache-2.0 */
/* job_news.h - tells who subscribed to a job's output or record when there is more of it, and who
 * waits for it as a task (job_task.h) what has become of it.
 *
 * Jobs of other servers on the same state are watched like one's own, so what is there is looked
 * at: twice a second, as long as somebody waits for a job that has not ended.
 */
#pragma once

struct event_base;
struct hub;
struct job_news;

struct job_news *job_news_new(struct event_base *base, struct hub *hub);
void job_news_free(struct job_news *news); /* NULL is fine; before the hub */
