/* SPDX-License-Identifier: Apache-2.0 */
/* upper.h - the bounded layer that takes what a run writes to an overlay workspace.
 *
 * It is a tmpfs of the box: its bytes and inodes are the limits, its pages count
 * as the box's memory. The supervisor makes it and keeps its directory open, so
 * that it can be read after the box, and the overlay in it, are gone.
 */
#pragma once

#include <cordon/error.h>
#include <cordon/limits.h>

#include "identity.h"

/* Names at the top of the tmpfs, for the overlay's options. */
#define UPPER_WRITES "upper"
#define UPPER_WORK   "work"

/* *tree gets the detached mount for the box, *writes the directory with the run's
 * writes (the caller's both). `workspace` lends its mode to the layer's top. */
int upper_make(const struct identity *identity, const struct limits *limits, int workspace,
               int *tree, int *writes, struct error *err) must_check;
