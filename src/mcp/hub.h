/* SPDX-License-Identifier: Apache-2.0 */
/* hub.h - what the conversations of one server share: who listens for changes, and the rounds
 * that are open.
 *
 * In the modern era a conversation is one request, so what outlives it is kept here: bounded,
 * by whose it is, and found again by a handle that cannot be guessed.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

#include <cordon/error.h>

#include "mcp/offer.h"

struct hub;
struct services;

struct hub *hub_new(void);
void hub_free(struct hub *hub); /* NULL is fine; after every session */

/* --- answers that never change -----------------------------------------------------------------
 *
 * A list of tools is half a hundred kilobytes that are the same for everybody: made once. */

/* The text of a result by what it is for; NULL: not made yet. */
const char *hub_text(const struct hub *hub, const void *offer, const void *method, enum era era);
const char *hub_text_keep(struct hub *hub, const void *offer, const void *method, enum era era,
                          char *text); /* takes `text` */

/* --- news ------------------------------------------------------------------------------------ */

struct news {
    enum offer_change what;
    const char *id;           /* the address of CHANGE_RESOURCE, the task of CHANGE_TASK */
    const char *owner;        /* whose it is: nobody else hears of it; NULL: everybody's */
    struct json_object *body; /* of CHANGE_TASK: what the notification says; borrowed */
    bool again;               /* only for who could not be told before */
};

struct listener {
    /* False: his client has much to read already. He remembers that, and is to be told again. */
    bool (*heard)(struct listener *listener, const struct news *news);
    const char *owner;               /* borrowed */
    const struct services *services; /* what its conversation works with; may be NULL */
    /* Of CHANGE_RESOURCE and of CHANGE_TASK, NULL-ended; NULL where it hears of none. */
    char ***addresses, ***tasks;
    /* The hub's. */
    struct listener *next, **link;
};

/* Open subscriptions of one owner; each is an open stream. */
#define LISTENERS_MAX 2048

/* False: its owner has LISTENERS_MAX already. */
bool hub_listen(struct hub *hub, struct listener *listener);
void hub_unlisten(struct hub *hub, struct listener *listener); /* also where it does not listen */

/* For who has to look whether something has changed: `wanted` is called, from within, when somebody
 * begins to wait for an address or a task (hub_wants()), and `each` for every one that is waited
 * for. */
void hub_on_wanted(struct hub *hub, void (*wanted)(void *context), void *context);
void hub_wants(const struct hub *hub);
typedef void hub_each(void *context, const struct listener *listener, enum offer_change what,
                      const char *id);
void hub_each_address(const struct hub *hub, hub_each *each, void *context);

/* How many one owner waits for. */
size_t hub_addresses(const struct hub *hub, const char *owner);

/* Tells all who listen; false: somebody could not be told. Any of them may stop listening
 * meanwhile; nothing is published from within. */
bool hub_publish(struct hub *hub, const struct news *news);

/* --- rounds ------------------------------------------------------------------------------------
 *
 * A client was asked something and comes back with the answer and a handle. To whom it was given
 * and for which request is compared; it is good once, and for ROUND_S. */

#define ROUND_S         600
#define ROUNDS_MAX      1024 /* the oldest are forgotten */
#define ROUNDS_MAX_EACH 64   /* of one owner; his oldest */
#define ROUND_BYTES_MAX (16UL * 1024 * 1024)

/* 128 bits from the kernel, in hexadecimal. */
#define HANDLE_LEN 32

struct round {
    const char *owner, *method;
    struct json_object *params; /* of the request, without _meta and what answers */
    struct json_object *state;  /* of the handler; may be NULL */
};

/* Keeps a copy (of JSON a reference). `bytes`: what it weighs. */
int hub_keep(struct hub *hub, const struct round *round, size_t bytes, char ret[HANDLE_LEN + 1],
             struct error *err) must_check;

/* True: it was ours and of this request of this owner, and is forgotten now; *ret is its state,
 * the caller's, maybe NULL. */
bool hub_take(struct hub *hub, const char *handle, const struct round *asked,
              struct json_object **ret);
