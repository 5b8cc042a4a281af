/* SPDX-License-Identifier: Apache-2.0 */
/* fixtures.h - what the official conformance suite calls by name, on the protocol core of cordon.
 *
 * The suite (npm, @modelcontextprotocol/conformance) says in each scenario's description what its
 * fixture answers; these tables are that. Nothing here is part of the product, or runs anything.
 */
#pragma once

#include <json-c/json.h>
#include <stdbool.h>

struct call;
struct event_base;
struct hub;
struct offer;
struct offer_tasks;

/* JSON as it is written. Its commas are the macro's, and it is taken apart from no other. */
#define JSON(...) #__VA_ARGS__

/* Asks a person for one thing. What is given are string literals, without quotes or backslashes. */
#define FORM(message, name, type)                                               \
    "{\"method\": \"elicitation/create\", \"params\": {\"message\": \"" message \
    "\", \"requestedSchema\": {\"type\": \"object\", \"properties\": {\"" name  \
    "\": {\"type\": \"" type "\"}}, \"required\": [\"" name "\"]}}}"

/* Several questions are an object of them. */
#define ONE(name, request) "{\"" name "\": " request "}"

/* Given once, before the first message: the loop of what takes time, and who is told of changes. */
struct fixtures {
    struct event_base *base;
    struct hub *hub;
};
extern struct fixtures fixtures;

extern const struct offer fixtures_offer;
extern const struct offer_tasks fixtures_tasks;

/* After the last message: forgets the tasks. */
void fixtures_end(void);

/* The name of the tool or prompt that is called. Borrowed. */
const char *fixture_name(const struct call *call);

/* Answers with `text`: as a tool's one block, as a prompt's one message. */
void fixture_says(struct call *call, const char *text);
void fixture_prompts(struct call *call, const char *text);

/* A text among a call's arguments; `otherwise` where it is not there. Borrowed. */
const char *fixture_text(struct json_object *arguments, const char *name, const char *otherwise);

/* The fixed answer of that name, which is also a resource's address; false: there is none. */
bool fixed_try(struct call *call, const char *name);

/* Handlers of tools and prompts; fixture_name() says which. */
void fixed_answer(struct call *call, struct json_object *arguments); /* always the same */
void timed_answer(struct call *call, struct json_object *arguments); /* takes time, tells of it */
void task_answer(struct call *call, struct json_object *arguments);  /* becomes a task */
void inquiring_answer(struct call *call, struct json_object *arguments); /* asks the client first */
