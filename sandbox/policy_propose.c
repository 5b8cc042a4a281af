/* SPDX-License-Identifier: Apache-2.0 */
/* policy_propose.c - denied calls, and the rules that would allow them. */
#include "policy_propose.h"

#include <inttypes.h>
#include <string.h>

#include "syscalls.h"

/* --- what was denied --------------------------------------------------------- */

void denials_init(struct denials *denials, const struct call_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct call *call = &table->calls[i];
        if (call->number >= CALL_NUMBERS)
            continue;
        for (size_t k = 0; k < call->rule_count; k++)
            for (size_t w = 0; call->rules[k] && w < call->rules[k]->when_count; w++) {
                const struct syscall_when *when = &call->rules[k]->when[w];
                denials->looked_at[call->number][when->argument] |= when->mask;
            }
    }
}

void denials_add(struct denials *denials, int number, const uint64_t arguments[ARGUMENTS])
{
    if (number < 0 || number >= CALL_NUMBERS) {
        denials->lost++;
        return;
    }
    struct denial denial = { .number = number };
    for (size_t i = 0; i < ARGUMENTS; i++)
        denial.arguments[i] = arguments[i] & denials->looked_at[number][i];
    size_t at = 0;
    while (at < denials->count &&
           (denials->list[at].number != number ||
            memcmp(denials->list[at].arguments, denial.arguments, sizeof(denial.arguments)) != 0))
        at++;
    if (at == DENIALS_KEPT) {
        denials->lost++;
        return;
    }
    if (at == denials->count)
        denials->list[denials->count++] = denial;
    denials->list[at].count++;
}

static bool holds(const struct syscall_when *when, const uint64_t *arguments)
{
    uint64_t masked = arguments[when->argument] & when->mask;
    for (size_t i = 0; i < when->value_count; i++)
        if (when->values[i] == masked)
            return true;
    return when->any && masked != 0;
}

const struct syscall_rule *denial_rule(const struct call_table *table, const struct denial *denial)
{
    const struct call *call = call_table_find(table, denial->number);
    for (size_t i = 0; call && i < call->rule_count; i++) {
        bool all = true;
        for (size_t w = 0; call->rules[i] && w < call->rules[i]->when_count; w++)
            all = all && holds(&call->rules[i]->when[w], denial->arguments);
        if (all)
            return call->rules[i];
    }
    return NULL;
}

/* --- variants, joined ----------------------------------------------------------- */

/* A rule in the making: each argument is one of its values. */
struct draft {
    uint64_t values[ARGUMENTS][VARIANTS_MAX];
    size_t counts[ARGUMENTS];
};

static bool same_values(const struct draft *a, const struct draft *b, size_t argument)
{
    return a->counts[argument] == b->counts[argument] &&
           memcmp(a->values[argument], b->values[argument],
                  a->counts[argument] * sizeof(uint64_t)) == 0;
}

/* Two that differ in one argument alone are one: nothing is allowed that neither allows. */
static bool join(struct draft *into, const struct draft *from)
{
    size_t different = ARGUMENTS;
    for (size_t i = 0; i < ARGUMENTS; i++) {
        if (same_values(into, from, i))
            continue;
        if (different < ARGUMENTS)
            return false;
        different = i;
    }
    if (different == ARGUMENTS)
        return true;
    for (size_t i = 0; i < from->counts[different]; i++)
        into->values[different][into->counts[different]++] = from->values[different][i];
    return true;
}

/* The variants of one call; 0 where there are too many. */
static size_t drafts_of(const struct denials *denials, int number,
                        struct draft drafts[VARIANTS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < denials->count; i++) {
        if (denials->list[i].number != number)
            continue;
        if (count == VARIANTS_MAX)
            return 0;
        drafts[count] = (struct draft){ 0 };
        for (size_t k = 0; k < ARGUMENTS; k++) {
            drafts[count].values[k][0] = denials->list[i].arguments[k];
            drafts[count].counts[k] = 1;
        }
        count++;
    }
    for (size_t a = 0; a < count; a++)
        for (size_t b = a + 1; b < count;) {
            if (!join(&drafts[a], &drafts[b])) {
                b++;
                continue;
            }
            memmove(&drafts[b], &drafts[b + 1], (--count - b) * sizeof(*drafts));
            b = a + 1;
        }
    return count;
}

/* --- as JSON ------------------------------------------------------------------------ */

/* How much of an example names the family of a constant: "AF_", "TIOC". */
static size_t family(const char *example)
{
    const char *end = example ? strchr(example, '_') : NULL;
    if (!example || example[0] < 'A' || example[0] > 'Z')
        return 0;
    return end ? (size_t)(end - example) + 1 : strnlen(example, 4);
}

/* As the policy itself writes what it compares this argument with, where it does. */
static void add_value(struct str *out, uint64_t value, const char *example)
{
    size_t len = family(example);
    const char *name = len > 0 ? constant_name(value, example, len) : NULL;
    if (name)
        str_printf(out, "\"%s\"", name);
    else if (value == 0)
        str_putc(out, '0');
    else if (example && example[0] == '0' && example[1] >= '0' && example[1] <= '7')
        str_printf(out, "\"0%" PRIo64 "\"", value);
    else if (value > INT32_MAX || len > 0 || (example && starts_with(example, "0x")))
        str_printf(out, "\"%#" PRIx64 "\"", value);
    else
        str_printf(out, "%" PRIu64, value);
}

static const char *example_of(const struct policy_source *source, const struct call *call,
                              unsigned argument)
{
    const char *found = NULL;
    for (size_t i = 0; call && i < call->rule_count && !found; i++)
        if (call->rules[i])
            found = policy_source_value(source, call->rules[i], argument);
    return found;
}

static void add_condition(struct str *out, const struct policy_source *source,
                          const struct call *call, unsigned argument, uint64_t mask,
                          const struct draft *draft)
{
    const char *example = example_of(source, call, argument);
    bool plain = mask == UINT32_MAX;
    str_printf(out, "\"%u\": ", argument);
    if (!plain) {
        str_puts(out, "{ \"mask\": ");
        add_value(out, mask, example && example[0] == '0' ? example : "0x");
        str_puts(out, ", \"is\": ");
    }
    for (size_t i = 0; i < draft->counts[argument]; i++) {
        str_puts(out, i == 0 ? "[" : ", ");
        add_value(out, draft->values[argument][i], example);
    }
    str_puts(out, plain ? "]" : "] }");
}

static char *rule_line(const struct policy_source *source, const struct call_table *table,
                       const struct denials *denials, int number, const struct draft *draft,
                       const char *why)
{
    const struct call *call = call_table_find(table, number);
    autofree char *name = syscall_name(number);
    struct str out = { 0 };
    str_printf(&out, "{ \"allow\": \"%s\"", name);
    const char *before = ", \"when\": { ";
    for (unsigned i = 0; i < ARGUMENTS; i++) {
        uint64_t mask = denials->looked_at[number][i];
        if (mask == 0)
            continue;
        str_puts(&out, before);
        add_condition(&out, source, call, i, mask, draft);
        before = ", ";
    }
    if (before[2] == '\0')
        str_puts(&out, " }");
    str_printf(&out, ", \"why\": \"%s\" }", why);
    return str_take(&out);
}

/* Is it the first of its call? */
static bool is_first(const struct denials *denials, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (denials->list[i].number == denials->list[at].number)
            return false;
    return true;
}

char **propose_rules(const struct policy_source *source, const struct call_table *table,
                     const struct denials *denials, const char *why, char ***wild)
{
    char **rules = NULL;
    *wild = NULL;
    for (size_t i = 0; i < denials->count; i++) {
        int number = denials->list[i].number;
        if (!is_first(denials, i))
            continue;
        struct draft drafts[VARIANTS_MAX];
        size_t count = drafts_of(denials, number, drafts);
        if (count == 0)
            list_add_owned(wild, syscall_name(number));
        for (size_t k = 0; k < count; k++)
            list_add_owned(&rules, rule_line(source, table, denials, number, &drafts[k], why));
    }
    return rules;
}
