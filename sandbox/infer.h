/* SPDX-License-Identifier: Apache-2.0 */
/* infer.h - from what a script imports to what is installed for it.
 *
 * Installed is only what a curated table knows, and only where the module is
 * neither the interpreter's own nor lies in the workspace. Any other import is
 * left to fail, with a sentence that says how to ask.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "python.h"

struct infer_row {
    const char *import, *project;
    const char *others; /* further projects that hold the module, separated by spaces; or NULL */
};

/* The row of a module or of the package it lies in; NULL: nobody knows. The table's order is that
 * of strcmp() on `import`. */
const struct infer_row *infer_row(const char *import);
const struct infer_row *infer_rows(size_t *count);

struct infer_question {
    char *const *imports; /* from a front: any strings */
    const struct python *python;
    int workspace;      /* directory, or -1 */
    const char *beside; /* beneath it, where the script lies; NULL: nowhere else */
    char *const *asked; /* requirements there are already */
    bool install;       /* false: hints are all that is wanted */
};

/* Every list is NULL-ended or NULL. */
struct inference {
    char **imports;  /* modules that are known and that nobody asked for */
    char **projects; /* that have them, each once: to be installed */
    char **hints;    /* "import NAME: ..." for each module that will not be found, as far as can
                      * be seen from here */
};

void infer(const struct infer_question *question, struct inference *ret);

/* The projects cannot be installed: a hint for every import instead. */
void infer_nothing(struct inference *inference, const char *reason);
void inference_done(struct inference *inference);

/* Is `name` a module of the interpreter's own library? */
bool infer_is_standard(const struct python *python, const char *name);

/* Does a requirement ask for this project? Names are equal as PEP 503 has it. */
bool infer_names(const char *requirement, const char *project);
