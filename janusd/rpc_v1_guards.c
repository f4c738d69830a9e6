// SPDX-License-Identifier: MIT
#include <string.h>

#include "rpc_v1.h"
#include "text.h"
#include "util.h"
#include "v1_message.h"

static void refuse_memory(struct v1_call *call, const char *what)
{
	status_set(&call->status, STATUS_RESOURCE_EXHAUSTED, "request: no memory%s",
		   what);
}

/*
 * The guard is packed once more, for the config to have bytes of its own: embedded in a request
 * it may come in several pieces.
 */
static int check_apply(struct v1_call *call)
{
	const Janus__V1__ApplyGuardRequest *request = (const void *)call->message.message;
	const struct rpc_service *service = call->service;
	const struct guard_config_options options = { service->node, service->limits,
						      GUARD_SOURCE_V1 };
	autofree uint8_t *bytes = NULL;
	size_t size;

	if (!request->guard)
		return status_set(&call->status, STATUS_INVALID_ARGUMENT,
				  "guard: is not given");
	rpc_call_concerns(call->call, request->guard->name, request->guard->pod);
	bytes = codec_pack(&request->guard->base, &size);
	if (!bytes) {
		refuse_memory(call, "");
		return -1;
	}
	return guard_config_create(&call->config, (struct wire_bytes){ bytes, size },
				   &options, &call->status);
}

static void answer_apply(struct v1_call *call, const struct guard *guard, bool changed)
{
	Janus__V1__ApplyGuardResponse response = JANUS__V1__APPLY_GUARD_RESPONSE__INIT;
	cleanup(v1_status_done) struct v1_status status = { 0 };

	response.changed = changed;
	if (guard && v1_status_init(&status, guard)) {
		refuse_memory(call, " for the answer; the guard is in force");
		return;
	}
	if (guard)
		response.status = &status.status;
	v1_answer(call, &response.base);
}

static void run_apply(struct v1_call *call, struct guards *guards)
{
	const Janus__V1__ApplyGuardRequest *request = (const void *)call->message.message;
	const struct guards_wish wish = {
		.expected_generation = request->expected_generation,
		.validate_only = request->validate_only,
	};
	struct guard_outcome outcome;

	guards_wish(guards, call->config, &wish, &outcome);
	call->config = NULL;
	call->status = outcome.status;
	if (outcome.status.code)
		return;
	if (!outcome.unchanged && !wish.validate_only)
		guard_log_outcome(&outcome);
	answer_apply(call, outcome.guard, !outcome.unchanged);
}

static int check_key(struct v1_call *call, const Janus__V1__GuardKey *key)
{
	if (!key || !*key->name)
		return status_set(&call->status, STATUS_INVALID_ARGUMENT,
				  "key.name: is empty");
	return 0;
}

static const char *node_of(const struct v1_call *call, const Janus__V1__GuardKey *key)
{
	return *key->node ? key->node : call->service->node->name;
}

static void refuse_key(struct v1_call *call, const Janus__V1__GuardKey *key)
{
	struct text_quote name, pod, node;

	status_set(&call->status, STATUS_NOT_FOUND, "key: there is no guard '%s' (%s:%s)",
		   text_quote(&name, key->name), text_quote(&pod, key->pod),
		   text_quote(&node, node_of(call, key)));
}

/* Return: -1 if the guard changes with its file only. */
static int refuse_file(struct v1_call *call, const struct guards *guards,
		       const Janus__V1__GuardKey *key)
{
	const struct guard *guard = guards_find(guards, key->name, key->pod,
						node_of(call, key));
	struct text_quote name, file;

	if (!guard || !guard_is_of_file(guard))
		return 0;
	return status_set(&call->status, STATUS_FAILED_PRECONDITION,
			  "key: guard '%s' is of file '%s'; remove it there",
			  text_quote(&name, key->name),
			  text_quote(&file, guard->config->source));
}

static int check_delete(struct v1_call *call)
{
	const Janus__V1__DeleteGuardRequest *request =
		(const void *)call->message.message;

	if (request->key)
		rpc_call_concerns(call->call, request->key->name, request->key->pod);
	return check_key(call, request->key);
}

static void run_delete(struct v1_call *call, struct guards *guards)
{
	const Janus__V1__DeleteGuardRequest *request =
		(const void *)call->message.message;
	Janus__V1__DeleteGuardResponse response = JANUS__V1__DELETE_GUARD_RESPONSE__INIT;
	const Janus__V1__GuardKey *key = request->key;

	if (refuse_file(call, guards, key))
		return;
	response.deleted = guards_delete(guards, key->name, key->pod, node_of(call, key));
	if (!response.deleted && !request->allow_missing)
		refuse_key(call, key);
	else
		v1_answer(call, &response.base);
}

static int check_get(struct v1_call *call)
{
	const Janus__V1__GetGuardRequest *request = (const void *)call->message.message;

	return check_key(call, request->key);
}

static void run_get(struct v1_call *call, struct guards *guards)
{
	const Janus__V1__GetGuardRequest *request = (const void *)call->message.message;
	Janus__V1__GetGuardResponse response = JANUS__V1__GET_GUARD_RESPONSE__INIT;
	cleanup(v1_status_done) struct v1_status status = { 0 };
	const Janus__V1__GuardKey *key = request->key;
	const struct guard *guard = guards_find(guards, key->name, key->pod,
						node_of(call, key));

	if (!guard) {
		refuse_key(call, key);
		return;
	}
	if (v1_status_init(&status, guard)) {
		refuse_memory(call, " for the answer");
		return;
	}
	response.guard = (Janus__V1__Guard *)(uintptr_t)guard->config->guard;
	response.status = &status.status;
	v1_answer(call, &response.base);
}

const struct v1_method v1_apply_guard = {
	.request = &janus__v1__apply_guard_request__descriptor,
	.check = check_apply,
	.run = run_apply,
	.log_refusal = "ApplyGuard",
};

const struct v1_method v1_delete_guard = {
	.request = &janus__v1__delete_guard_request__descriptor,
	.check = check_delete,
	.run = run_delete,
};

const struct v1_method v1_get_guard = {
	.request = &janus__v1__get_guard_request__descriptor,
	.check = check_get,
	.run = run_get,
};
