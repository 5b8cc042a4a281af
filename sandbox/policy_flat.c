/* SPDX-License-Identifier: Apache-2.0 */
/* policy_flat.c - a policy as bytes, and back; all of it but the rules that its filter came from.
 */
#include <errno.h>
#include <string.h>

#include "frame.h"
#include "policy_keep.h"
#include "str.h"

/* Far more than a file of POLICY_BYTES_MAX can hold of anything. */
#define ENTRIES_MAX POLICY_BYTES_MAX

/* A member more? Teach the two functions below, then this number; a test looks at what comes back.
 * The digest is not among them: it is of the text that lies beside the bytes. */
#if defined(__LP64__)
_Static_assert(sizeof(struct policy) == 368, "policy_flatten() and policy_unflatten() know it all");
#endif

/* In the order in which they are written. */
static const size_t lists[] = {
    offsetof(struct policy, protect),    offsetof(struct policy, env_set),
    offsetof(struct policy, env_accept), offsetof(struct policy, env_pass),
    offsetof(struct policy, require),    offsetof(struct policy, preload),
};

static char ***list_at(struct policy *policy, size_t i)
{
    return (char ***)(void *)((char *)policy + lists[i]);
}

static char *const *list_of(const struct policy *policy, size_t i)
{
    return *(char *const *const *)(const void *)((const char *)policy + lists[i]);
}

void policy_flatten(const struct policy *policy, struct str *out)
{
    frame_put_text(out, policy->name);
    frame_put_text(out, policy->purpose);
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        frame_put_u64(out, limit_get(&policy->limits, &limit_fields[i]));
    frame_put_u8(out, policy->output_end);
    frame_put_u64(out, policy->grace_ms);
    frame_put_u8(out, policy->hosts_allowed);
    frame_put_u8(out, policy->hosts_private);
    frame_put_text(out, policy->hosts_why);
    frame_put_u32(out, (uint32_t)policy->host_count);
    for (size_t i = 0; i < policy->host_count; i++) {
        frame_put_text(out, policy->hosts[i].name);
        frame_put_u32(out, policy->hosts[i].port);
        frame_put_u8(out, policy->hosts[i].inward);
    }
    frame_put_u32(out, (uint32_t)policy->file_count);
    for (size_t i = 0; i < policy->file_count; i++) {
        frame_put_u8(out, (uint8_t)policy->files[i].kind);
        frame_put_text(out, policy->files[i].path);
        frame_put_text(out, policy->files[i].at);
        frame_put_text(out, policy->files[i].why);
    }
    frame_put_u8(out, (uint8_t)policy->workspace);
    for (size_t i = 0; i < COUNT(lists); i++)
        frame_put_list(out, list_of(policy, i));
    frame_put_u32(out, (uint32_t)policy->otherwise);
    frame_put_u8(out, policy->builds_isolated);
    frame_put_u8(out, policy->infer_known);
    frame_put_u8(out, (uint8_t)policy->start);
    frame_put_u8(out, policy->guards_modes);
}

/* A count of entries that each take some bytes: more than there are left is bad. */
static size_t read_count(struct frame_reader *reader)
{
    uint32_t count = frame_u32(reader);
    if (count <= (size_t)(reader->end - reader->at))
        return count;
    reader->bad = true;
    return 0;
}

static void read_hosts(struct frame_reader *reader, struct policy *policy)
{
    policy->host_count = read_count(reader);
    policy->hosts = xcalloc(policy->host_count + 1, sizeof(*policy->hosts));
    for (size_t i = 0; i < policy->host_count && !reader->bad; i++) {
        policy->hosts[i].name = frame_text(reader);
        policy->hosts[i].port = (uint16_t)frame_u32(reader);
        policy->hosts[i].inward = frame_u8(reader) != 0;
        reader->bad = reader->bad || !policy->hosts[i].name;
    }
}

static void read_files(struct frame_reader *reader, struct policy *policy)
{
    policy->file_count = read_count(reader);
    policy->files = xcalloc(policy->file_count + 1, sizeof(*policy->files));
    for (size_t i = 0; i < policy->file_count && !reader->bad; i++) {
        struct file_rule *rule = &policy->files[i];
        uint8_t kind = frame_u8(reader);
        rule->kind = (enum file_kind)kind;
        rule->path = frame_text(reader);
        rule->at = frame_text(reader);
        rule->why = frame_text(reader);
        reader->bad = reader->bad || !rule->path || kind > FILE_PROC_FULL;
    }
}

int policy_unflatten(const void *bytes, size_t len, struct policy **ret, struct error *err)
{
    struct frame_reader reader = frame_read(bytes, len);
    autopolicy struct policy *policy = xcalloc(1, sizeof(*policy));
    frame_fixed(&reader, policy->name, sizeof(policy->name));
    policy->purpose = frame_text(&reader);
    for (size_t i = 0; i < LIMIT_COUNT; i++)
        *limit_at(&policy->limits, &limit_fields[i]) = frame_u64(&reader);
    policy->output_end = frame_u8(&reader) != 0;
    policy->grace_ms = frame_u64(&reader);
    policy->hosts_allowed = frame_u8(&reader) != 0;
    policy->hosts_private = frame_u8(&reader) != 0;
    policy->hosts_why = frame_text(&reader);
    read_hosts(&reader, policy);
    read_files(&reader, policy);
    uint8_t workspace = frame_u8(&reader);
    for (size_t i = 0; i < COUNT(lists); i++)
        *list_at(policy, i) = frame_list(&reader, ENTRIES_MAX);
    policy->otherwise = (int)frame_u32(&reader);
    policy->builds_isolated = frame_u8(&reader) != 0;
    policy->infer_known = frame_u8(&reader) != 0;
    uint8_t start = frame_u8(&reader);
    policy->guards_modes = frame_u8(&reader) != 0;
    if (!frame_end(&reader) || workspace > WORKSPACE_OVERLAY_DISCARD || start > START_FORK)
        return fail_host_as(err, EBADMSG, "a kept policy is damaged");
    policy->workspace = (enum workspace_mode)workspace;
    policy->start = (__typeof__(policy->start))start;
    *ret = TAKE(&policy);
    return 0;
}
