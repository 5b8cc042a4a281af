/* SPDX-License-Identifier: Apache-2.0 */
/* porter.h - who asks at the door: the tokens, from the operator's files to each request.
 *
 * The files are read before the cage, with the ids of who started us, and cordon-oauth is started
 * then, where an issuer is configured; inside, the gate reads them anew.
 */
#pragma once

#include <sys/types.h>

#include <cordon/error.h>

#include "cmd/self_confine.h"
#include "config.h"

struct gate;
struct http_request;
struct json_object;
struct owner;
struct owners;
struct porter;

/* Does the configuration ask for tokens? */
bool porter_asks(const struct config *config);

/* Before the cage. `account`: whom the front will be, and cordon-oauth is. Borrows the
 * configuration. Files that cannot be used are BLAME_HOST. */
int porter_open(const struct config *config, const struct account *account, struct porter **ret,
                struct error *err) must_check;
void porter_close(struct porter *porter); /* NULL is fine */

/* Could it be opened, as far as the operator's files go? Starts nothing. */
int porter_check(const struct config *config, struct error *err) must_check;

/* Once these are there; borrowed. */
void porter_begin(struct porter *porter, struct gate *gate, struct owners *owners);

/* Has the files read anew, by the gate; what of them cannot be used leaves what was, and a line in
 * the log. */
void porter_reload(struct porter *porter);

/* As struct endpoint_parts wants them; the context is the porter. */
struct owner *porter_authenticate(void *context, struct http_request *request, unsigned *scopes);
bool porter_still(const struct porter *porter, const struct http_request *request,
                  const struct owner *owner);
char *porter_challenge(void *context, unsigned scopes);
struct json_object *porter_metadata(void *context);
