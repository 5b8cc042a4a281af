/* SPDX-License-Identifier: Apache-2.0 */
#include "pep508.h"
#include "unit.h"

static void what_looks_like_a_requirement_passes(void **state)
{
    (void)state;
    static const char *const fine[] = { "six",
                                        "a",
                                        " six ",
                                        "ruamel.yaml",
                                        "A-b_c.9",
                                        "six>=1.0,<2",
                                        "six (>=1)",
                                        "six~=1.0; python_version < '3.9'",
                                        "uvicorn[standard]",
                                        "x[a, b] == 1.*",
                                        "x[]",
                                        "six === 1!2+local",
                                        "six @ https://example.org/six.whl",
                                        "six!=1;os_name=='nt'" };
    for (size_t i = 0; i < COUNT(fine); i++)
        if (!pep508_shaped(fine[i]))
            fail_msg("\"%s\" is refused", fine[i]);
}

static void what_does_not_is_told(void **state)
{
    (void)state;
    static const char *const wrong[] = { "",         " ",       "-r x",   ".six",
                                         "si x",     "six 1.0", "six, x", "x[y",
                                         "x[y] z",   "x]",      "six:1",  "six/x",
                                         "\xc3\xa9", "six\n",   "'six'",  "\"six\"" };
    for (size_t i = 0; i < COUNT(wrong); i++)
        if (pep508_shaped(wrong[i]))
            fail_msg("\"%s\" passes", wrong[i]);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(what_looks_like_a_requirement_passes),
    cmocka_unit_test(what_does_not_is_told),
};

UNIT_MAIN(tests)
