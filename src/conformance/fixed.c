/* SPDX-License-Identifier: Apache-2.0 */
/* fixed.c - the fixtures whose answer is always the same. */
#include <string.h>

#include "conformance/fixtures.h"
#include "json.h"
#include "mcp/call.h"
#include "mcp/rpc.h"
#include "str.h"

/* One red pixel; four samples of silence, 8 bit and 8 kHz. */
#define PNG                                            \
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAA" \
    "DElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC"
#define WAV "UklGRigAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQQAAACAgICA"

#define DATA(type, mime, bytes) \
    "{\"type\": \"" type "\", \"mimeType\": \"" mime "\", \"data\": \"" bytes "\"}"
#define IMAGE   DATA("image", "image/png", PNG)
#define SOUND   DATA("audio", "audio/wav", WAV)
#define CONTENT "{\"content\": ["
#define USER    "{\"messages\": [{\"role\": \"user\", \"content\": "

static const struct {
    const char *name, *result;
} answers[] = {
    { "test_simple_text", JSON({
          "content" :
              [ { "type" : "text", "text" : "This is a simple text response for testing." } ]
      }) },
    { "test_image_content", CONTENT IMAGE "]}" },
    { "test_audio_content", CONTENT SOUND "]}" },
    { "test_embedded_resource", JSON({
          "content" : [ {
              "type" : "resource",
              "resource" : {
                  "uri" : "test://embedded-resource",
                  "mimeType" : "text/plain",
                  "text" : "This is an embedded resource content."
              }
          } ]
      }) },
    { "test_multiple_content_types",
      CONTENT JSON(
          { "type" : "text", "text" : "Multiple content types test:" }) ", " IMAGE ", " JSON({
          "type" : "resource",
          "resource" : {
              "uri" : "test://mixed-content-resource",
              "mimeType" : "application/json",
              "text" : "{\"test\":\"data\",\"value\":123}"
          }
      }) "]}" },
    { "test_error_handling", JSON({
          "isError" : true,
          "content" : [
              { "type" : "text", "text" : "This tool intentionally returns an error for testing" }
          ]
      }) },
    { "json_schema_2020_12_tool", JSON({
          "content" : [ { "type" : "text", "text" : "The schema of this tool is what is tested." } ]
      }) },
    { "test_x_mcp_header", JSON({
          "content" : [ { "type" : "text", "text" : "The header agrees with the argument." } ]
      }) },
    { "test_simple_prompt", JSON({
          "messages" : [ {
              "role" : "user",
              "content" : { "type" : "text", "text" : "This is a simple prompt for testing." }
          } ]
      }) },
    { "test_prompt_with_image", USER IMAGE "}, " JSON({
          "role" : "user",
          "content" : { "type" : "text", "text" : "Please analyze the image above." }
      }) "]}" },
    { "test://static-text", JSON({
          "contents" : [ {
              "uri" : "test://static-text",
              "mimeType" : "text/plain",
              "text" : "This is the content of the static text resource."
          } ]
      }) },
    { "test://static-binary", "{\"contents\": [{\"uri\": \"test://static-binary\", "
                              "\"mimeType\": \"image/png\", \"blob\": \"" PNG "\"}]}" },
    { "test://watched-resource", JSON({
          "contents" : [ {
              "uri" : "test://watched-resource",
              "mimeType" : "text/plain",
              "text" : "This may be subscribed to."
          } ]
      }) },
};

bool fixed_try(struct call *call, const char *name)
{
    for (size_t i = 0; i < COUNT(answers); i++)
        if (strcmp(answers[i].name, name) == 0) {
            call_answer(call, json_tokener_parse(answers[i].result));
            return true;
        }
    return false;
}

void fixed_answer(struct call *call, struct json_object *arguments)
{
    (void)arguments;
    if (!fixed_try(call, fixture_name(call)))
        call_error(call, RPC_INTERNAL_ERROR, "this fixture has no answer");
}
