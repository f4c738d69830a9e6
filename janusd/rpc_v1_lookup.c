// SPDX-License-Identifier: MIT
#include <janus/container.h>

#include <errno.h>
#include <stdlib.h>

#include "guards_internal.h"
#include "rpc_v1.h"
#include "text.h"
#include "util.h"

#define CGROUP_MAX_BYTES ((size_t)16 << 10)

static int check_lookup(struct v1_call *call)
{
	const Janus__V1__LookupContainerRequest *request =
		(const void *)call->message.message;

	if (*request->container)
		return 0;
	return status_set(&call->status, STATUS_INVALID_ARGUMENT, "container: is empty");
}

static void answer(struct v1_call *call, const struct janus_container *container)
{
	Janus__V1__LookupContainerResponse response =
		JANUS__V1__LOOKUP_CONTAINER_RESPONSE__INIT;
	cleanup(text_done) struct text cgroup = TEXT_INIT(CGROUP_MAX_BYTES);
	const size_t count = janus_container_get_pid_count(container);
	autofree int32_t *pids = calloc(count + 1, sizeof(*pids));

	if (!pids) {
		status_set(&call->status, STATUS_RESOURCE_EXHAUSTED,
			   "request: no memory for the answer");
		return;
	}
	for (size_t i = 0; i < count; i++)
		pids[i] = janus_container_get_pid(container, i);
	/* What a container calls its cgroups is its own choice. */
	text_escape_string(&cgroup, janus_container_get_cgroup(container));
	response.id = (char *)(uintptr_t)janus_container_get_id(container);
	response.runtime = (char *)(uintptr_t)janus_container_get_runtime(container);
	response.init_pid = janus_container_get_init_pid(container);
	response.pids = pids;
	response.n_pids = count;
	if (cgroup.data)
		response.cgroup = cgroup.data;
	v1_answer(call, &response.base);
}

static void run_lookup(struct v1_call *call, struct guards *guards)
{
	const Janus__V1__LookupContainerRequest *request =
		(const void *)call->message.message;
	struct janus_container *container = NULL;
	int error = janus_container_lookup(request->container, &container);
	struct text_quote quote;

	(void)guards;
	if (error)
		status_set(&call->status,
			   error == -ENOTUNIQ ? STATUS_INVALID_ARGUMENT
					      : guard_container_code(error),
			   "container: '%s': %s", text_quote(&quote, request->container),
			   guard_container_cause(error));
	else
		answer(call, container);
	janus_container_destroy(container);
}

const struct v1_method v1_lookup_container = {
	.request = &janus__v1__lookup_container_request__descriptor,
	.check = check_lookup,
	.run = run_lookup,
};
