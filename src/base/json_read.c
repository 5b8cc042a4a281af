/* SPDX-License-Identifier: Apache-2.0 */
/* json_read.c - tables of members over json-c objects. */
#include "json_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include <cordon/launch.h>

#include "json.h"
#include "str.h"

/* Paths name keys, and a key may hold a dot: then the place of what holds it must do. */
static unsigned line_near(const struct json_reading *reading, const char *path)
{
    autofree char *part = xstrdup(path);
    for (;;) {
        unsigned line = json_line_of(reading->text, reading->len, part);
        if (line > 0)
            return line;
        size_t end = strlen(part);
        while (end > 0 && part[end - 1] != '.' && part[end - 1] != '[')
            end--;
        part[end > 0 ? end - 1 : 0] = '\0';
        if (!part[0])
            return 1;
    }
}

static void note_fault(struct json_reading *reading, const char *line)
{
    if (reading->faults++ == 0)
        (void)fail_host_as(reading->err, EINVAL, "%s", line);
    if (reading->report)
        (void)fprintf(reading->report, "%s\n", line);
}

void json_fault_at(struct json_reading *reading, const char *path, const char *fmt, ...)
{
    if (reading->faults >= JSON_FAULTS_MAX)
        return;
    va_list args;
    va_start(args, fmt);
    char what[ERROR_TEXT_MAX], shown[120];
    (void)vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    autofree char *line =
        xasprintf("%s: line %u: %s%s%s", reading->source, line_near(reading, path),
                  printable(path, shown, sizeof(shown)), *path ? ": " : "", what);
    note_fault(reading, line);
}

struct json_object *json_read_text(struct json_reading *reading)
{
    struct json_object *object = NULL;
    struct error bad = { 0 };
    if (json_load(reading->text, reading->len, &object, &bad) == JSON_OK && object)
        return object;
    /* json-c has no object for a bare null. */
    autofree char *line = xasprintf("%s: %s", reading->source,
                                    bad.text[0] ? bad.text : "line 1: an object { } is wanted");
    note_fault(reading, line);
    return NULL;
}

/* --- containers ------------------------------------------------------------- */

static const struct json_member *find_member(const struct json_member *members, const char *name)
{
    for (; members->name; members++)
        if (strcmp(members->name, name) == 0)
            return members;
    return NULL;
}

static char *member_path(const char *path, const char *name)
{
    return *path ? xasprintf("%s.%s", path, name) : xstrdup(name);
}

static void unknown_member(struct json_reading *reading, const char *path,
                           const struct json_member *members)
{
    autostr struct str names = { 0 };
    for (const struct json_member *member = members; member->name; member++)
        str_printf(&names, "%s%s", names.len ? ", " : "", member->name);
    json_fault_at(reading, path, "no such key; allowed are %s", names.data);
}

void json_read_object(struct json_reading *reading, const char *path, struct json_object *object,
                      const struct json_member *members, void *into)
{
    if (!json_object_is_type(object, json_type_object)) {
        json_fault_at(reading, path, "an object { } is wanted");
        return;
    }
    json_object_object_foreach(object, name, value)
    {
        autofree char *place = member_path(path, name);
        const struct json_member *member = find_member(members, name);
        if (member)
            member->read(reading, place, value, (char *)into + member->offset);
        else
            unknown_member(reading, place, members);
    }
    for (const struct json_member *member = members; member->name; member++)
        if (member->required && !json_object_object_get_ex(object, member->name, NULL))
            json_fault_at(reading, path, "the key %s is missing", member->name);
}

void json_read_array(struct json_reading *reading, const char *path, struct json_object *array,
                     json_reader *read, void *into)
{
    if (!json_object_is_type(array, json_type_array)) {
        json_fault_at(reading, path, "a list [ ] is wanted");
        return;
    }
    for (size_t i = 0; i < json_object_array_length(array); i++) {
        autofree char *place = xasprintf("%s[%zu]", path, i);
        read(reading, place, json_object_array_get_idx(array, i), into);
    }
}

/* The text of a string that holds no NUL, else NULL. */
static const char *whole_text(struct json_object *value)
{
    if (!json_object_is_type(value, json_type_string))
        return NULL;
    const char *text = json_object_get_string(value);
    return strlen(text) == (size_t)json_object_get_string_len(value) ? text : NULL;
}

/* --- scalars ---------------------------------------------------------------- */

const char *json_read_string(struct json_reading *reading, const char *path,
                             struct json_object *value)
{
    if (!json_object_is_type(value, json_type_string)) {
        json_fault_at(reading, path, "a string is wanted");
        return NULL;
    }
    const char *text = json_object_get_string(value);
    size_t len = (size_t)json_object_get_string_len(value);
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] >= ' ' && text[i] != 0x7f)
            continue;
        json_fault_at(reading, path, "a control character in a string");
        return NULL;
    }
    if (len == 0) {
        json_fault_at(reading, path, "an empty string");
        return NULL;
    }
    return text;
}

void json_read_text_member(struct json_reading *reading, const char *path,
                           struct json_object *value, void *into)
{
    const char *text = json_read_string(reading, path, value);
    if (text)
        *(char **)into = xstrdup(text);
}

bool path_is_plain(const char *path)
{
    if (path[0] != '/')
        return false;
    for (const char *part = path; *part; part += strcspn(part, "/")) {
        part++;
        size_t len = strcspn(part, "/");
        bool only = part == path + 1 && part[0] == '\0';
        if (!only && (len == 0 || (len == 1 && part[0] == '.') ||
                      (len == 2 && part[0] == '.' && part[1] == '.')))
            return false;
    }
    return true;
}

void json_read_path(struct json_reading *reading, const char *path, struct json_object *value,
                    void *into)
{
    const char *text = json_read_string(reading, path, value);
    if (text && !path_is_plain(text)) {
        json_fault_at(reading, path,
                      "\"%.100s\" is not an absolute path without \".\", \"..\" and \"//\"", text);
        return;
    }
    if (text)
        *(char **)into = xstrdup(text);
}

void json_read_bool(struct json_reading *reading, const char *path, struct json_object *value,
                    void *into)
{
    if (!json_object_is_type(value, json_type_boolean))
        json_fault_at(reading, path, "true or false is wanted");
    else
        *(bool *)into = json_object_get_boolean(value);
}

bool json_read_number(struct json_reading *reading, const char *path, struct json_object *value,
                      uint64_t min, uint64_t max, uint64_t *ret)
{
    uint64_t number = 0;
    bool whole = json_object_is_type(value, json_type_int) &&
                 (json_object_get_int64(value) >= 0 || json_object_get_uint64(value) > INT64_MAX);
    if (whole)
        number = json_object_get_uint64(value);
    if (!whole || number < min || number > max) {
        json_fault_at(reading, path,
                      "a whole number from %" PRIu64 " to %" PRIu64 " is wanted, without quotes",
                      min, max);
        return false;
    }
    *ret = number;
    return true;
}

int json_read_choice(struct json_reading *reading, const char *path, struct json_object *value,
                     const char *const *choices)
{
    const char *text = whole_text(value);
    autostr struct str allowed = { 0 };
    for (int i = 0; choices[i]; i++) {
        if (text && strcmp(text, choices[i]) == 0)
            return i;
        str_printf(&allowed, "%s\"%s\"", i ? ", " : "", choices[i]);
    }
    json_fault_at(reading, path, "allowed are %s", allowed.data);
    return -1;
}

/* --- quantities ------------------------------------------------------------- */

static void read_quantity(struct json_reading *reading, const char *path, struct json_object *value,
                          enum limit_unit unit, void *into)
{
    struct error bad;
    const char *text = whole_text(value);
    if (!text)
        json_fault_at(reading, path, "%s is wanted, in quotes and with its unit",
                      unit == UNIT_SIZE ? "a size such as \"512M\"" : "a duration such as \"30s\"");
    else if (limit_parse(text, unit, into, &bad) < 0)
        json_fault_at(reading, path, "%s", bad.text);
}

void json_read_duration(struct json_reading *reading, const char *path, struct json_object *value,
                        void *into)
{
    read_quantity(reading, path, value, UNIT_DURATION, into);
}

void json_read_size(struct json_reading *reading, const char *path, struct json_object *value,
                    void *into)
{
    read_quantity(reading, path, value, UNIT_SIZE, into);
}

/* --- lists ------------------------------------------------------------------ */

static void add_text(struct json_reading *reading, const char *path, struct json_object *value,
                     void *into)
{
    const char *text = json_read_string(reading, path, value);
    if (text)
        list_add(into, text);
}

static void add_path(struct json_reading *reading, const char *path, struct json_object *value,
                     void *into)
{
    char *text = NULL;
    json_read_path(reading, path, value, &text);
    if (text)
        list_add_owned(into, text);
}

bool policy_is_file(const char *given)
{
    return strchr(given, '/') || ends_with(given, ".json");
}

bool name_valid(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "._-";
    size_t len = strlen(name);
    return len > 0 && len < POLICY_NAME_MAX && name[0] != '.' && strspn(name, letters) == len;
}

static void add_name(struct json_reading *reading, const char *path, struct json_object *value,
                     void *into)
{
    const char *text = json_read_string(reading, path, value);
    if (text && !name_valid(text))
        json_fault_at(reading, path,
                      "a name has 1 to %d letters, digits, '.', '_' or '-' and does not begin "
                      "with '.'",
                      POLICY_NAME_MAX - 1);
    else if (text)
        list_add(into, text);
}

/* An empty list is an opinion too, and not the same as none. */
static void read_list(struct json_reading *reading, const char *path, struct json_object *value,
                      json_reader *add, void *into)
{
    char ***list = into;
    if (!*list)
        *list = xcalloc(1, sizeof(char *));
    json_read_array(reading, path, value, add, into);
}

void json_read_texts(struct json_reading *reading, const char *path, struct json_object *value,
                     void *into)
{
    read_list(reading, path, value, add_text, into);
}

void json_read_paths(struct json_reading *reading, const char *path, struct json_object *value,
                     void *into)
{
    read_list(reading, path, value, add_path, into);
}

void json_read_names(struct json_reading *reading, const char *path, struct json_object *value,
                     void *into)
{
    read_list(reading, path, value, add_name, into);
}
