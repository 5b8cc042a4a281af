/* SPDX-License-Identifier: Apache-2.0 */
/* spec.c - the beginning and the end of a request's life. */
#include <string.h>

#include <cordon/spec.h>

void spec_init(struct spec *spec)
{
    *spec = (struct spec){ .use_uv = true, .asked = limits_no_opinion() };
}

void spec_done(struct spec *spec)
{
    free(spec->policy);
    free(spec->policy_file);
    free(spec->code);
    free(spec->script_path);
    free(spec->workspace);
    free(spec->python);
    list_free(spec->requirements);
    list_free(spec->arguments);
    list_free(spec->variables);
    list_free(spec->hosts);
    for (size_t i = 0; i < spec->extra_count; i++)
        free(spec->extra[i].path);
    free(spec->extra);
    spec_init(spec);
}
