/* SPDX-License-Identifier: Apache-2.0 */
/* store_inside.h - what the files of the store share, and nobody else sees. */
#pragma once

#include "job/database.h"
#include "job/keeper.h"
#include "job/output.h"
#include "job/store.h"
#include "job/wish.h"

struct store {
    int front, keepers;
    enum store_role role;
    unsigned patience_ms;     /* for others who write */
    struct database database; /* handle NULL: not connected */
    uint64_t failed_ns;       /* when connecting last failed, and why */
    struct error failed;
    bool absent; /* it is not tried again */
    struct tidy *tidy;
    struct owed *owed; /* ends that could not be written (store_owed.c) */
    unsigned owed_count;
    uint64_t owed_ns;        /* when that was last tried */
    char keeper[KEEPER_MAX]; /* empty: we have none yet */
    int lock;
    struct wishes wishes;
    struct outputs *outputs; /* to remove and to measure */
};

/* Connected, after trying. */
int store_ready(struct store *store, struct error *err) must_check;

/* Ends the jobs of one keeper, if he is dead: 1, and 0 where he lives. */
int store_bury_one(struct store *store, const char *keeper, struct error *err) must_check;

/* All of a record that SQL_ADD and SQL_IMPORT take; `keeper` NULL: it has ended. Borrowed. */
void store_bind(sqlite3_stmt *add, const struct record *record, const char *keeper);

/* The result of a record that is there, if it has one: 1, or -errno. */
int store_write_result(struct store *store, const struct record *record,
                       struct error *err) must_check;

/* A record that has ended, as it is. 1: added. 0: there is one of that id. */
int store_add_ended(struct store *store, const struct record *record, struct error *err) must_check;

/* 1 where there is a record of that id. */
int store_is_there(struct store *store, const char *id, struct error *err) must_check;

/* Writes an end, now or never. */
int store_end_once(struct store *store, const struct record *record, struct error *err) must_check;

/* Keeps a copy of an end for later; tries those again, at most once in a second unless `now`. */
void store_owe(struct store *store, const struct record *record);
void store_pay(struct store *store, bool now);
void store_owed_done(struct store *store);
