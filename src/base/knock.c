/* SPDX-License-Identifier: Apache-2.0 */
/* knock.c - the frame with which a command line asks a server (hatch.h). */
#include <errno.h>
#include <string.h>

#include <cordon/hatch.h>

#include "frame.h"

void knock_done(struct knock *knock)
{
    free(knock->directory);
    *knock = (struct knock){ 0 };
}

int knock_encode(const struct knock *knock, void *frame, size_t *len, struct error *err)
{
    autostr struct str out = { 0 };
    frame_put_u8(&out, FRAME_KNOCK);
    for (size_t i = 0; i < FOOTING_PARTS; i++)
        frame_put_u64(&out, knock->from.parts[i]);
    for (size_t i = 0; i < FOOTING_LIMITS; i++)
        frame_put_u64(&out, knock->from.limits[i]);
    frame_put_text(&out, knock->policy);
    frame_put_text(&out, knock->directory);
    if (out.len > LAUNCH_FRAME_MAX)
        return fail_caller(err, ENAMETOOLONG, "path of %zu bytes is too long", out.len);
    memcpy(frame, out.data, out.len);
    *len = out.len;
    return 0;
}

int knock_decode(const void *frame, size_t len, struct knock *ret, struct error *err)
{
    struct frame_reader in = frame_read(frame, len);
    *ret = (struct knock){ 0 };
    if (frame_u8(&in) != FRAME_KNOCK)
        in.bad = true;
    for (size_t i = 0; i < FOOTING_PARTS; i++)
        ret->from.parts[i] = frame_u64(&in);
    for (size_t i = 0; i < FOOTING_LIMITS; i++)
        ret->from.limits[i] = frame_u64(&in);
    frame_fixed(&in, ret->policy, sizeof(ret->policy));
    ret->directory = frame_text(&in);
    if (!frame_end(&in))
        return fail_caller(err, EBADMSG, "malformed knock");
    return 0;
}
