// SPDX-License-Identifier: MIT
#include <inttypes.h>
#include <string.h>

#include "guard_config_internal.h"
#include "text.h"

#define PATH_MAX_BYTES 4096

static int refuse(struct status *status, size_t index, const char *field,
		  const char *cause)
{
	return status_set(status, STATUS_INVALID_ARGUMENT, "targets[%zu].%s: %s", index,
			  field, cause);
}

static int refuse_text(struct status *status, size_t index, const char *field,
		       const char *value, const char *cause)
{
	struct text_quote quote;

	return status_set(status, STATUS_INVALID_ARGUMENT, "targets[%zu].%s: '%s' %s",
			  index, field, text_quote(&quote, value), cause);
}

static int check_container(const char *id, size_t index, struct status *status)
{
	if (!*id)
		return refuse_text(status, index, "container", id, "is no container id");
	if (strlen(id) > GUARD_TEXT_MAX_BYTES)
		return refuse_text(status, index, "container", id,
				   "is too long for a container id");
	return 0;
}

/* All processes are in the root, or below it: that would be no target. */
static int check_cgroup(const char *path, size_t index, struct status *status)
{
	if (*path != '/')
		return refuse_text(status, index, "cgroup", path, "is no absolute path");
	if (!path[1] || path[strlen(path) - 1] == '/')
		return refuse_text(status, index, "cgroup", path,
				   "is the root, or ends with a '/'");
	if (strlen(path) >= PATH_MAX_BYTES)
		return refuse_text(status, index, "cgroup", path,
				   "has 4096 or more bytes");
	return 0;
}

static int check_exe(const char *path, size_t index, struct status *status)
{
	if (*path != '/')
		return refuse_text(status, index, "exe", path, "is no absolute path");
	if (strlen(path) >= PATH_MAX_BYTES)
		return refuse_text(status, index, "exe", path, "has 4096 or more bytes");
	return 0;
}

static int check_target(const Janus__V1__Target *target, size_t index,
			struct status *status)
{
	switch (target->kind_case) {
	case JANUS__V1__TARGET__KIND_HOST:
		return target->host ? 0
				    : refuse(status, index, "host",
					     "is false, which is no target");
	case JANUS__V1__TARGET__KIND_PID:
		if (target->pid > 0)
			return 0;
		return status_set(status, STATUS_INVALID_ARGUMENT,
				  "targets[%zu].pid: %" PRId32 " is no process id", index,
				  target->pid);
	case JANUS__V1__TARGET__KIND_CONTAINER:
		return check_container(target->container, index, status);
	case JANUS__V1__TARGET__KIND_CGROUP:
		return check_cgroup(target->cgroup, index, status);
	case JANUS__V1__TARGET__KIND_EXE:
		return check_exe(target->exe, index, status);
	default:
		return refuse(status, index, "kind",
			      "none of host, pid, container, cgroup, exe is given");
	}
}

int guard_check_targets(const Janus__V1__Guard *guard,
			const struct limit_settings *limits, struct status *status)
{
	if (!guard->n_targets)
		return status_set(status, STATUS_INVALID_ARGUMENT,
				  "targets: is empty: nothing is named to guard");
	if (guard->n_targets > limits->targets_per_guard)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "targets: more than %u are given",
				  limits->targets_per_guard);
	for (size_t i = 0; i < guard->n_targets; i++)
		if (check_target(guard->targets[i], i, status))
			return -1;
	return 0;
}
