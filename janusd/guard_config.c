// SPDX-License-Identifier: MIT
#include "guard_config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard_config_internal.h"
#include "template.h"
#include "text.h"

#define NAME_MAX_BYTES 253
#define NS_PER_MS UINT64_C(1000000)

static int check_name(const char *field, const char *value, struct status *status)
{
	struct text_quote quote;

	if (strlen(value) <= NAME_MAX_BYTES)
		return 0;
	return status_set(status, STATUS_INVALID_ARGUMENT,
			  "%s: '%s' has more than %d bytes", field,
			  text_quote(&quote, value), NAME_MAX_BYTES);
}

static int check_names(const Janus__V1__Guard *guard, const struct node_name *node,
		       struct status *status)
{
	struct text_quote asked, own;

	if (!*guard->name)
		return status_set(status, STATUS_INVALID_ARGUMENT, "name: is empty");
	if (check_name("name", guard->name, status) ||
	    check_name("node", guard->node, status) ||
	    check_name("pod", guard->pod, status))
		return -1;
	if (node->strict && *guard->node && strcmp(guard->node, node->name) != 0)
		return status_set(status, STATUS_FAILED_PRECONDITION,
				  "node: '%s' is asked for, this is node '%s'",
				  text_quote(&asked, guard->node),
				  text_quote(&own, node->name));
	return 0;
}

/* As guards of this name are known by the node's name, whoever left it out. */
static int name_node(struct guard_backing *backing, Janus__V1__Guard *guard,
		     const struct node_name *node, struct status *status)
{
	ProtobufCAllocator *allocator = &backing->message.allocator;
	size_t size = strlen(node->name) + 1;
	char *name;

	if (*guard->node)
		return 0;
	name = allocator->alloc(allocator->allocator_data, size);
	if (!name)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED, "node: no memory");
	guard->node = memcpy(name, node->name, size);
	return 0;
}

static int take_labels(struct guard_backing *backing, Janus__V1__Guard *guard,
		       struct status *status)
{
	struct text_quote quote;

	if (guard->n_labels > backing->limits->tags_per_subject)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "labels: more than %u are given",
				  backing->limits->tags_per_subject);
	for (size_t i = 0; i < guard->n_labels; i++) {
		const char *key = guard->labels[i]->key;

		if (!*key)
			return status_set(status, STATUS_INVALID_ARGUMENT,
					  "labels: '' is no key");
		if (strlen(key) > GUARD_TEXT_MAX_BYTES ||
		    strlen(guard->labels[i]->value) > GUARD_TEXT_MAX_BYTES)
			return status_set(status, STATUS_INVALID_ARGUMENT,
					  "labels: '%s' or its value has more than %d"
					  " bytes",
					  text_quote(&quote, key), GUARD_TEXT_MAX_BYTES);
	}
	guard->n_labels = guard_normalise_map(
		(Janus__V1__Subject__TagsEntry **)(void *)guard->labels, guard->n_labels,
		&backing->message.allocator);
	return 0;
}

static int take_format(struct guard_config *config, struct status *status)
{
	const char *field = guard_config_is_legacy(config) ? "logFormat" : "log_format";
	const char *format = config->guard->log_format;
	char error[TEMPLATE_ERROR_SIZE];
	struct text_quote quote;
	int result;

	if (strlen(format) > GUARD_FORMAT_MAX_BYTES)
		return status_set(status, STATUS_INVALID_ARGUMENT,
				  "%s: '%s' has more than %d bytes", field,
				  text_quote(&quote, format), GUARD_FORMAT_MAX_BYTES);
	result = template_compile(&config->template, format, error);
	if (result == -EINVAL)
		return status_set(status, STATUS_INVALID_ARGUMENT, "%s: %s", field,
				  error);
	if (result)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED, "%s: no memory",
				  field);
	return 0;
}

static int take_failure(struct guard_config *config, struct status *status)
{
	switch (config->guard->on_failure) {
	case JANUS__V1__ON_FAILURE__ON_FAILURE_UNSPECIFIED:
		return 0;
	case JANUS__V1__ON_FAILURE__ON_FAILURE_ALLOW:
		config->on_failure = JANUS_VERDICT_ALLOW;
		return 0;
	case JANUS__V1__ON_FAILURE__ON_FAILURE_DENY:
		config->on_failure = JANUS_VERDICT_DENY;
		return 0;
	default:
		return status_set(status, STATUS_INVALID_ARGUMENT,
				  "on_failure: %d is neither ON_FAILURE_ALLOW nor"
				  " ON_FAILURE_DENY",
				  (int)config->guard->on_failure);
	}
}

/* What is more than a watch can wait for is without end. */
static uint64_t wait_of(const Janus__V1__Guard *guard)
{
	return guard->wait_ms > UINT64_MAX / NS_PER_MS ? UINT64_MAX
						       : guard->wait_ms * NS_PER_MS;
}

static int take_guard(struct guard_backing *backing, const struct node_name *node,
		      struct status *status)
{
	Janus__V1__Guard *guard = (void *)backing->message.message;
	struct guard_config *config = &backing->config;

	config->guard = guard;
	if (check_names(guard, node, status) || name_node(backing, guard, node, status) ||
	    guard_check_targets(guard, backing->limits, status))
		return -1;
	config->name = guard->name;
	config->node = guard->node;
	config->pod = guard->pod;
	config->wait_ns = wait_of(guard);
	if (take_failure(config, status) || guard_take_subjects(backing, status) ||
	    take_labels(backing, guard, status) || take_format(config, status))
		return -1;
	config->bytes += sizeof(*backing) + backing->message.used_bytes;
	return 0;
}

static int unpack(struct guard_backing *backing, struct wire_bytes bytes,
		  struct status *status)
{
	if (bytes.size > backing->limits->request_bytes)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "guard: has more than %u bytes",
				  backing->limits->request_bytes);
	backing->message.budget_bytes = CODEC_BUDGET_BYTES;
	return codec_unpack(&backing->message, &janus__v1__guard__descriptor, bytes,
			    status);
}

int guard_config_create(struct guard_config **ret, struct wire_bytes v1_guard,
			const struct guard_config_options *options, struct status *status)
{
	struct guard_backing *backing = calloc(1, sizeof(*backing));

	if (!backing)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED, "guard: no memory");
	backing->config.internal = backing;
	backing->limits = options->limits;
	backing->source = strdup(options->source);
	backing->config.source = backing->source;
	if (!backing->source) {
		guard_config_destroy(&backing->config);
		return status_set(status, STATUS_RESOURCE_EXHAUSTED, "guard: no memory");
	}
	if (unpack(backing, v1_guard, status) ||
	    take_guard(backing, options->node, status)) {
		guard_config_destroy(&backing->config);
		return -1;
	}
	backing->limits = NULL;
	*ret = &backing->config;
	return 0;
}

bool guard_config_is_legacy(const struct guard_config *config)
{
	return !strcmp(config->source, GUARD_SOURCE_LEGACY);
}

int guard_config_pack(const struct guard_config *config, struct wire_bytes *ret)
{
	size_t size;
	uint8_t *data = codec_pack(&config->guard->base, &size);

	if (!data)
		return -ENOMEM;
	*ret = (struct wire_bytes){ data, size };
	return 0;
}

bool guard_config_is_same(const struct guard_config *a, const struct guard_config *b)
{
	struct wire_bytes one = { 0 }, other = { 0 };
	bool same = !guard_config_pack(a, &one) && !guard_config_pack(b, &other) &&
		    one.size == other.size && !memcmp(one.data, other.data, one.size);

	free((void *)(uintptr_t)one.data);
	free((void *)(uintptr_t)other.data);
	return same;
}

int guard_config_set_targets(struct guard_config *config, const struct guard_image *image)
{
	struct guard_backing *backing = config->internal;
	struct guard_image copy;

	if (guard_image_copy_targets(&copy, image))
		return -1;
	guard_image_done(&backing->found);
	backing->found = copy;
	config->found = copy.targets;
	config->found_count = copy.target_count;
	return 0;
}

void guard_config_destroy(struct guard_config *config)
{
	struct guard_backing *backing;

	if (!config)
		return;
	backing = config->internal;
	template_destroy(config->template);
	for (size_t i = 0; config->exceptions && i < config->subject_count; i++)
		free(config->exceptions[i]);
	free(config->exceptions);
	free(config->subjects);
	codec_done(&backing->message);
	guard_image_done(&backing->found);
	free(backing->tags);
	free(backing->source);
	free(backing);
}
