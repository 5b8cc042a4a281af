/* SPDX-License-Identifier: Apache-2.0 */
/* uv_network.h - where the operator's settings send uv: its indexes, and a proxy on the way.
 *
 * A proxy's address and credentials go to the egress process of uv's box and
 * not into that box.
 */
#pragma once

#include "egress_order.h"
#include "uv.h"

/* Adds "name:port" of every http:// and https:// address in `text`. */
void uv_hosts_find(const char *text, char ***hosts);

/* What the box in which uv installs may reach: the policy's hosts, and those the
 * operator named, wherever these are; through the proxy the operator named. */
int uv_order_make(const struct sandbox *sandbox, const struct policy *policy,
                  const struct uv_settings *settings, struct egress_order *ret,
                  struct error *err) must_check;

/* The operator's HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY into an order. */
int uv_upstreams_find(char *const *operators, struct egress_order *order,
                      struct error *err) must_check;
