// SPDX-License-Identifier: MIT
#include "commands.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "grpc/health/v1/health.pb-c.h"
#include "janus.pb-c.h"
#include "output.h"
#include "request.h"
#include "util.h"

#define CODE_OK 0

/* Of one call: the result, and what the messages said. */
struct answer {
	const struct cmdline *cmdline;
	size_t message_count;
	Janus__JanusdHandle *created; /* guard create */
	json_t *guards;               /* guard list with --json: an array */
	Grpc__Health__V1__HealthCheckResponse__ServingStatus health;
	struct client_result result;
};

static void answer_done(struct answer *answer)
{
	janus__janusd_handle__free_unpacked(answer->created, NULL);
	json_decref(answer->guards);
	client_result_done(&answer->result);
}

static struct output_guard guard_of(const Janus__JanusdHandle *handle)
{
	return (struct output_guard){ handle->nodename, handle->podname, handle->pid,
				      handle->n_pid };
}

static int take_created(void *userdata, const uint8_t *bytes, size_t size)
{
	struct answer *answer = userdata;

	if (answer->message_count++)
		return -1;
	answer->created = janus__janusd_handle__unpack(NULL, size, bytes);
	return answer->created ? 0 : -1;
}

static int take_listed(void *userdata, const uint8_t *bytes, size_t size)
{
	struct answer *answer = userdata;
	Janus__JanusdHandle *handle = janus__janusd_handle__unpack(NULL, size, bytes);
	struct output_guard guard;
	int result = 0;

	if (!handle)
		return -1;
	guard = guard_of(handle);
	if (answer->guards)
		result = json_array_append_new(answer->guards, output_guard_json(&guard));
	else
		output_guard_line(&guard);
	janus__janusd_handle__free_unpacked(handle, NULL);
	return result;
}

static int take_empty(void *userdata, const uint8_t *bytes, size_t size)
{
	struct answer *answer = userdata;

	(void)bytes;
	(void)size;
	answer->message_count++;
	return 0;
}

static int take_health(void *userdata, const uint8_t *bytes, size_t size)
{
	struct answer *answer = userdata;
	Grpc__Health__V1__HealthCheckResponse *response =
		grpc__health__v1__health_check_response__unpack(NULL, size, bytes);

	if (!response)
		return -1;
	answer->message_count++;
	answer->health = response->status;
	grpc__health__v1__health_check_response__free_unpacked(response, NULL);
	return 0;
}

static int fail_for_memory(const char *what)
{
	output_message(what, "no memory");
	return -1;
}

/* Return: 0, or -1 and told. */
static int call(struct client *client, struct answer *answer, struct client_call *call)
{
	call->userdata = answer;
	call->timeout_ms = answer->cmdline->timeout_ms;
	if (client_call(client, call, &answer->result))
		return fail_for_memory("call");
	if (answer->result.code == CODE_OK)
		return 0;
	output_message(client_code_name(answer->result.code), answer->result.message);
	return -1;
}

/* A call with one answer, which must be there. */
static int call_unary(struct client *client, struct answer *answer,
		      struct client_call *unary)
{
	if (call(client, answer, unary))
		return -1;
	if (answer->message_count == 1)
		return 0;
	output_message("INTERNAL", "not one answer to one request");
	return -1;
}

static void warn_of_skipped(const struct client_result *result)
{
	char what[64];

	if (!result->skipped)
		return;
	snprintf(what, sizeof(what), "warning: paths not in force: %.10s, the first",
		 result->skipped);
	output_message(what, result->skipped_first ? result->skipped_first : "not told");
}

/* The guard, and what was skipped. NULL: no memory. */
static json_t *created_json(const struct output_guard *guard,
			    const struct client_result *result)
{
	const char *first = result->skipped_first ? result->skipped_first : "";
	json_t *json = output_guard_json(guard);

	if (!json || !result->skipped)
		return json;
	if (json_object_set_new(json, "skipped",
				json_integer(strtoll(result->skipped, NULL, 10))) ||
	    json_object_set_new(json, "skippedFirst", output_string_json(first))) {
		json_decref(json);
		return NULL;
	}
	return json;
}

static int tell_created(const struct answer *answer)
{
	struct output_guard guard = guard_of(answer->created);

	warn_of_skipped(&answer->result);
	/* The contract takes this for a failure. */
	if (!*guard.node) {
		output_message("INTERNAL", "the answer names no node");
		return -1;
	}
	if (answer->cmdline->json)
		return output_json(created_json(&guard, &answer->result));
	output_guard_line(&guard);
	return 0;
}

static int guard_create(struct client *client, const struct cmdline *cmdline)
{
	cleanup(answer_done) struct answer answer = { .cmdline = cmdline };
	autofree uint8_t *bytes = NULL;
	struct client_call create = { .method = "/janus.Janusd/CreateGuard",
				      .take = take_created };

	if (request_create(cmdline, &bytes, &create.request_size))
		return fail_for_memory("request");
	create.request = bytes;
	if (call_unary(client, &answer, &create))
		return -1;
	return tell_created(&answer);
}

static int guard_destroy(struct client *client, const struct cmdline *cmdline)
{
	cleanup(answer_done) struct answer answer = { .cmdline = cmdline };
	autofree uint8_t *bytes = NULL;
	struct client_call destroy = { .method = "/janus.Janusd/DestroyGuard",
				       .take = take_empty };

	if (request_create(cmdline, &bytes, &destroy.request_size))
		return fail_for_memory("request");
	destroy.request = bytes;
	if (call_unary(client, &answer, &destroy))
		return -1;
	return cmdline->json ? output_json(json_object()) : 0;
}

static int guard_list(struct client *client, const struct cmdline *cmdline)
{
	cleanup(answer_done) struct answer answer = { .cmdline = cmdline };
	struct client_call list = { .method = "/janus.Janusd/GetGuardState",
				    .take = take_listed };

	if (cmdline->json) {
		answer.guards = json_array();
		if (!answer.guards)
			return fail_for_memory("answer");
	}
	/* The empty message has no bytes. */
	if (call(client, &answer, &list))
		return -1;
	return cmdline->json ? output_json(json_incref(answer.guards)) : 0;
}

static const char *health_name(int status)
{
	const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(
		&grpc__health__v1__health_check_response__serving_status__descriptor,
		status);

	return value ? value->name : "UNKNOWN";
}

static int health(struct client *client, const struct cmdline *cmdline)
{
	cleanup(answer_done) struct answer answer = { .cmdline = cmdline };
	struct client_call check = { .method = "/grpc.health.v1.Health/Check",
				     .take = take_health };
	const char *name;
	int result = 0;

	if (call_unary(client, &answer, &check))
		return -1;
	name = health_name(answer.health);
	if (cmdline->json)
		result = output_json(json_pack("{s:s}", "status", name));
	else
		puts(name);
	if (answer.health !=
	    GRPC__HEALTH__V1__HEALTH_CHECK_RESPONSE__SERVING_STATUS__SERVING)
		return -1;
	return result;
}

int commands_run(struct client *client, const struct cmdline *cmdline)
{
	int result;

	if (cmdline->command == CMDLINE_EVENTS)
		return events_run(client, cmdline);
	switch (cmdline->command) {
	case CMDLINE_GUARD_CREATE:
		result = guard_create(client, cmdline);
		break;
	case CMDLINE_GUARD_DESTROY:
		result = guard_destroy(client, cmdline);
		break;
	case CMDLINE_GUARD_LIST:
		result = guard_list(client, cmdline);
		break;
	default:
		result = health(client, cmdline);
		break;
	}
	if (output_finish())
		result = -1;
	return result ? 1 : 0;
}
