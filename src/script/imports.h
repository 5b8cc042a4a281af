/* SPDX-License-Identifier: Apache-2.0 */
/* imports.h - which top-level modules a Python source imports, wherever it does.
 *
 * `import a.b as c, d` and `from e.f import g`, nested, conditional and behind
 * semicolons; not in strings and comments, and not relative ones. What is asked
 * of an import system by function (importlib) is not seen. An import within
 * try/except counts like any other: what becomes of it is not decided here.
 *
 * Beneath `google` and `azure` lie the modules of many projects: of these the whole
 * dotted name is given, "google.cloud.storage" for `from google.cloud import storage`.
 */
#pragma once

#include <stddef.h>

#define IMPORTS_MAX     256 /* different ones of one source; the largest programs have some 80 */
#define IMPORT_NAME_MAX 100 /* bytes; a project's name may not be longer on the usual indexes */

/* In the order of their first appearance, NULL-ended, the caller's (list_free), or
 * NULL for none. Names with letters beyond ASCII are left out: Python folds them
 * (NFKC), and no known module has one. `code` may be any bytes; of what is not
 * Python some list comes out. Takes time linear in `len`. */
char **imports_find(const char *code, size_t len);
