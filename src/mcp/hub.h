/* SPDX-License-Identifier: Apache-2.0 */
/* hub.h - what the conversations of one server share. */
#pragma once

struct event_base;
struct hub;

struct hub *hub_new(struct event_base *base);
void hub_free(struct hub *hub); /* NULL is fine; after every session */
