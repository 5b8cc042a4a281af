/* SPDX-License-Identifier: Apache-2.0 */
/* What --trace writes, as a trace viewer reads it. */
#include <json-c/json.h>

#include "run/timeline.h"
#include "unit.h"

/* The document of two runs; the caller's. */
static struct json_object *document(const char *label)
{
    struct timeline timeline = { 0 };
    struct spans spans = { 0 };
    autostr struct str text = { 0 };
    spans_add(&spans, SPAN_FRONT, "order", 9007199254740993001, 9007199254740994234);
    spans_add(&spans, SPAN_PAYLOAD, "script \"x\\", 5, 5);
    timeline_add(&timeline, label, &spans);
    timeline_add(&timeline, "again", &spans);
    timeline_print(&timeline, &text);
    timeline_done(&timeline);
    struct json_object *object = json_tokener_parse(text.data);
    assert_non_null(object);
    return object;
}

static const char *word(struct json_object *object, const char *name)
{
    struct json_object *value = NULL;
    return json_object_object_get_ex(object, name, &value) ? json_object_get_string(value) : "";
}

static void a_stretch_is_an_event_with_its_lane_and_its_nanoseconds(void **state)
{
    (void)state;
    struct json_object *object = document("x.py"), *list = NULL;
    assert_true(json_object_object_get_ex(object, "traceEvents", &list));
    size_t stretches = 0;
    for (size_t i = 0; i < json_object_array_length(list); i++) {
        struct json_object *event = json_object_array_get_idx(list, i);
        if (strcmp(word(event, "ph"), "X") != 0)
            continue;
        bool first = stretches % 2 == 0;
        assert_string_equal(word(event, "pid"), stretches < 2 ? "1" : "2");
        assert_string_equal(word(event, "cat"), first ? "cordon" : "script");
        assert_string_equal(word(event, "name"), first ? "order" : "script \"x\\");
        assert_string_equal(word(event, "ts"), first ? "9007199254740993.001" : "0.005");
        assert_string_equal(word(event, "dur"), first ? "1.233" : "0.000");
        stretches++;
    }
    assert_int_equal(stretches, 4);
    json_object_put(object);
}

static void any_label_is_text(void **state)
{
    (void)state;
    static const char *const labels[] = { "", "a\"b\\c\nd", "\xff\xfe", "</script>" };
    for (size_t i = 0; i < COUNT(labels); i++)
        json_object_put(document(labels[i]));
}

static void a_trace_of_nothing_is_a_trace(void **state)
{
    (void)state;
    struct timeline timeline = { 0 };
    autostr struct str text = { 0 };
    timeline_print(&timeline, &text);
    struct json_object *object = json_tokener_parse(text.data);
    assert_non_null(object);
    json_object_put(object);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_stretch_is_an_event_with_its_lane_and_its_nanoseconds),
    cmocka_unit_test(any_label_is_text),
    cmocka_unit_test(a_trace_of_nothing_is_a_trace),
};

UNIT_MAIN(tests)
