/* SPDX-License-Identifier: Apache-2.0 */
#include "mcp/herd.h"

#include <sha256.h>
#include <string.h>

#include "str.h"

_Static_assert(HERD_KEY_BYTES == SHA256_DIGEST_LENGTH, "a key is a hash");

TAILQ_HEAD(herd_members, herd_member);

struct herd {
    LIST_ENTRY(herd) among;
    unsigned char key[HERD_KEY_BYTES];
    struct herd_members waiting;
};

/* --- the key ---------------------------------------------------------------------------- */

/* With its length, so that two texts are never another two. */
static void put(struct str *text, const char *value)
{
    str_printf(text, "%zd ", value ? (ssize_t)strlen(value) : -1);
    str_puts(text, value ? value : "");
}

static void put_list(struct str *text, char *const *list)
{
    str_printf(text, "%zu ", list_len(list));
    for (; list && *list; list++)
        put(text, *list);
}

void herd_key(struct herd_member *member, const struct launch *launch)
{
    bool looks_around = launch->imports || launch->project; /* at the workspace too */
    member->needs =
        launch->use_uv && (looks_around || launch->header || list_len(launch->requirements) > 0);
    if (!member->needs)
        return;
    autostr struct str text = { 0 };
    str_printf(&text, "%d %d %d ", launch->wish, launch->offline, launch->project);
    put(&text, launch->owner);
    put(&text, launch->policy);
    put(&text, launch->python);
    put(&text, launch->header);
    put(&text, looks_around ? launch->workspace : NULL);
    put(&text, looks_around ? launch->script_path : NULL);
    put_list(&text, launch->requirements);
    put_list(&text, launch->imports);
    SHA2_CTX context;
    SHA256Init(&context);
    SHA256Update(&context, (const uint8_t *)text.data, text.len);
    SHA256Final(member->key, &context);
}

/* --- who makes, who waits --------------------------------------------------------------- */

static struct herd *find(const struct herds *herds, const struct herd_member *member)
{
    struct herd *herd = member->needs ? LIST_FIRST(herds) : NULL;
    while (herd && memcmp(herd->key, member->key, sizeof(herd->key)) != 0)
        herd = LIST_NEXT(herd, among);
    return herd;
}

bool herd_wait(struct herds *herds, struct herd_member *member)
{
    struct herd *herd = find(herds, member);
    if (!herd)
        return false;
    TAILQ_INSERT_TAIL(&herd->waiting, member, among);
    member->waits = herd;
    return true;
}

void herd_make(struct herds *herds, struct herd_member *member)
{
    if (!member->needs || member->made_by_us || find(herds, member))
        return;
    struct herd *herd = xcalloc(1, sizeof(*herd));
    memcpy(herd->key, member->key, sizeof(herd->key));
    TAILQ_INIT(&herd->waiting);
    LIST_INSERT_HEAD(herds, herd, among);
    member->made_by_us = herd;
}

void herd_end(struct herd_member *member, const struct outcome *failure)
{
    struct herd *herd = TAKE(&member->made_by_us);
    struct herd_member *first;
    if (!herd)
        return;
    LIST_REMOVE(herd, among);
    while ((first = TAILQ_FIRST(&herd->waiting))) {
        herd_leave(first);
        if (failure)
            first->failed(first, failure);
        else
            first->made(first);
    }
    free(herd);
}

void herd_leave(struct herd_member *member)
{
    struct herd *herd = TAKE(&member->waits);
    if (herd)
        TAILQ_REMOVE(&herd->waiting, member, among);
    herd_end(member, NULL);
}
