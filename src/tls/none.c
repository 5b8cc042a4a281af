/* SPDX-License-Identifier: Apache-2.0 */
/* none.c - a build without TLS says so. */
#include <errno.h>
#include <stdlib.h>

#include "net/tls.h"

int tls_new(const char *certificate, const char *key, struct tls **ret, struct error *err)
{
    (void)certificate;
    (void)key;
    (void)ret;
    return fail_host_as(err, ENOSYS,
                        "this cordon was built without TLS: put a proxy that has it in front, see "
                        "cordon(1), and take http.tls out of the configuration");
}

void tls_free(struct tls *tls)
{
    (void)tls;
}

struct bufferevent *tls_wrap(struct tls *tls, struct event_base *base)
{
    (void)tls;
    (void)base;
    abort(); /* nobody could have made one */
}
