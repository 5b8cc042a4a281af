/* SPDX-License-Identifier: Apache-2.0 */
/* chart.h - cordon's own cordon-chart as a launch: a document in, a picture out.
 *
 * It is what a front may order although no client can: the program is the one installed beside
 * us, its policy is `strict` whatever the operator opens to clients, and the launch brings a few
 * plain words for it and no file, package, variable or directory. So it lets nobody do more than
 * compute in a strict box.
 */
#pragma once

#include <cordon/launch.h>

#define CHART_POLICY "strict"
#define CHART_INSIDE "/box/cordon-chart"

/* Refuses a launch that asks for anything else, and gives it its policy. */
int chart_admit(struct launch *launch, struct error *err) must_check;

/* Where the program is installed; the caller's. ENOENT in one line where it was not built. */
int chart_program(char **ret, struct error *err) must_check;
