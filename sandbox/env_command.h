/* SPDX-License-Identifier: Apache-2.0 */
/* env_command.h - between the words of `cordon env`. */
#pragma once

#include "env.h"

#define OWNER_AT_THE_COMMAND_LINE "local"

#define EXIT_FAULT 125

/* One line on standard error; the exit status. */
int env_complain(const struct error *err);
int env_misused(const char *why);

/* `argv` begins with the word itself. */
int env_export(const struct sandbox *sandbox, int argc, char *const *argv);
int env_import(const struct sandbox *sandbox, int argc, char *const *argv);
