/* SPDX-License-Identifier: Apache-2.0 */
/* tell.h - notes to the owner of a launch, over its pipe, which must not block. An owner that
 * is gone, or reads nothing for long, hears no more. */
#pragma once

#include <cordon/launch.h>
#include <cordon/note.h>

void tell(const struct launch *launch, const struct note *note);
void tell_outcome(const struct launch *launch, const struct outcome *outcome);

/* In as many notes as it takes. */
void tell_changes(const struct launch *launch, const struct changes *changes);
