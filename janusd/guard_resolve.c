// SPDX-License-Identifier: MIT
/*
 * From what a guard asks for to what there is: containers by their full ids, so that one that is
 * named twice counts once; of a cgroup its first process; of a program every root that somebody
 * runs it in. Makes no watch.
 */
#include <janus/container.h>
#include <janus/error.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard_image.h"
#include "guards_internal.h"
#include "process.h"
#include "processes.h"
#include "text.h"
#include "util.h"

#define CONTAINER_CLEANUP cleanup(container_free)

static void container_free(struct janus_container **container)
{
	janus_container_destroy(*container);
}

/* One target on its way. */
struct resolving {
	struct guard *guard;
	const Janus__V1__Target *asked;
	uint32_t index;
	const char *cid; /* what to look for: what was asked for, or the full id of it */
	bool known;      /* it was found by the last worker */
	struct status *status;
	struct status *missing; /* of the first one that is not there */
};

uint32_t guard_container_code(int error)
{
	switch (error) {
	case -EINVAL:
	case -ENAMETOOLONG:
		return STATUS_INVALID_ARGUMENT;
	case -ENOENT:
	case -ESRCH:
		return STATUS_NOT_FOUND;
	case -ENOTUNIQ:
		return STATUS_FAILED_PRECONDITION;
	case -EAGAIN:
		return STATUS_UNAVAILABLE;
	case -EPERM:
	case -EACCES:
		return STATUS_PERMISSION_DENIED;
	case -EMFILE:
	case -ENFILE:
	case -ENOMEM:
		return STATUS_RESOURCE_EXHAUSTED;
	default:
		return STATUS_INTERNAL;
	}
}

const char *guard_container_cause(int error)
{
	switch (error) {
	case -EINVAL:
		return "is no container id";
	case -ENOENT:
		return "no container on this node has this id";
	case -ENOTUNIQ:
		return "more than one container's id starts with this";
	case -ESRCH:
		return "the container ended while it was looked at";
	case -EAGAIN:
		return "the container is not up yet: it has no root of its own";
	default:
		return janus_strerror(error);
	}
}

static const char *field_of(const struct guard *guard, uint32_t index)
{
	switch (guard->config->guard->targets[index]->kind_case) {
	case JANUS__V1__TARGET__KIND_HOST:
		return "host";
	case JANUS__V1__TARGET__KIND_CONTAINER:
		return "container";
	case JANUS__V1__TARGET__KIND_CGROUP:
		return "cgroup";
	case JANUS__V1__TARGET__KIND_EXE:
		return "exe";
	default:
		return "pid";
	}
}

const char *guard_place(char buf[GUARD_PLACE_SIZE], const struct guard *guard,
			const struct guard_target *target)
{
	if (guard_config_is_legacy(guard->config))
		return target->cid ? "cid" : "pid";
	snprintf(buf, GUARD_PLACE_SIZE, "targets[%" PRIu32 "].%s", target->index,
		 field_of(guard, target->index));
	return buf;
}

const char *guard_target_name(const struct guard_target *target, char buf[32])
{
	if (target->cid)
		return target->cid;
	if (!target->pid)
		return "host";
	snprintf(buf, 32, "%" PRId32, target->pid);
	return buf;
}

bool guard_target_is_same(const struct guard_target *a, const struct guard_target *b)
{
	if (!a->cid || !b->cid)
		return !a->cid && !b->cid && a->pid == b->pid &&
		       a->start_time == b->start_time;
	return !strcmp(a->cid, b->cid);
}

static bool has(const struct guard *guard, const struct guard_target *like)
{
	for (size_t i = 0; i < guard->target_count; i++)
		if (guard_target_is_same(&guard->targets[i], like))
			return true;
	return false;
}

/* Takes @like->cid over. */
static int add(const struct resolving *self, struct guard_target like)
{
	struct guard *guard = self->guard;
	const size_t count = guard->target_count;
	struct guard_target *targets;

	if (has(guard, &like)) {
		free(like.cid);
		return 0;
	}
	if (count == GUARD_TARGETS_MAX) {
		free(like.cid);
		return status_set(self->status, STATUS_RESOURCE_EXHAUSTED,
				  "targets[%" PRIu32 "]: there are more than %d places to"
				  " guard",
				  self->index, GUARD_TARGETS_MAX);
	}
	/* By powers of two. */
	if (!(count & (count - 1))) {
		targets = realloc(guard->targets,
				  (count ? count * 2 : 1) * sizeof(*targets));
		if (!targets) {
			free(like.cid);
			return status_set(self->status, STATUS_RESOURCE_EXHAUSTED,
					  "targets: no memory");
		}
		guard->targets = targets;
	}
	like.index = self->index;
	guard->targets[guard->target_count++] = like;
	return 0;
}

static const char *place(const struct resolving *self, char buf[GUARD_PLACE_SIZE])
{
	if (guard_config_is_legacy(self->guard->config))
		snprintf(buf, GUARD_PLACE_SIZE, "cid[%" PRIu32 "]", self->index);
	else
		snprintf(buf, GUARD_PLACE_SIZE, "targets[%" PRIu32 "].%s", self->index,
			 field_of(self->guard, self->index));
	return buf;
}

static int refuse(const struct resolving *self, uint32_t code, const char *value,
		  const char *cause)
{
	struct text_quote quote;
	char buf[GUARD_PLACE_SIZE];

	return status_set(self->status, code, "%s: '%s': %s", place(self, buf),
			  text_quote(&quote, value), cause);
}

/* What is not there may be there some other time: others of the guard do not wait for it. */
static int miss(const struct resolving *self, uint32_t code, const char *value,
		const char *cause)
{
	struct guard_target target = { 0 };

	if (guard_config_is_legacy(self->guard->config) || self->known)
		return refuse(self, code, value, cause);
	target.cid = strdup(value);
	if (!target.cid)
		return refuse(self, STATUS_RESOURCE_EXHAUSTED, value, "no memory");
	refuse(self, code, value, cause);
	guard_take_failure(&target, self->status->message);
	if (!self->missing->code)
		*self->missing = *self->status;
	memset(self->status, 0, sizeof(*self->status));
	return add(self, target);
}

static int wait_for_container(const struct resolving *self)
{
	struct guard_target target = {
		.cid = strdup(self->cid),
		.state = JANUS__V1__GUARD_STATE__GUARD_STATE_WAITING,
	};

	if (!target.cid)
		return refuse(self, STATUS_RESOURCE_EXHAUSTED, self->cid, "no memory");
	return add(self, target);
}

static int add_container(const struct resolving *self)
{
	CONTAINER_CLEANUP struct janus_container *container = NULL;
	int error = janus_container_lookup(self->cid, &container);
	const bool absent = error == -ENOENT || error == -ESRCH || error == -EAGAIN;
	struct guard_target target = { 0 };

	if (absent && self->guard->config->wait_ns && !self->known)
		return wait_for_container(self);
	if (absent)
		return miss(self, guard_container_code(error), self->cid,
			    guard_container_cause(error));
	if (error)
		return refuse(self, guard_container_code(error), self->cid,
			      guard_container_cause(error));
	target.cid = strdup(janus_container_get_id(container));
	target.pid = janus_container_get_init_pid(container);
	if (!target.cid)
		return refuse(self, STATUS_RESOURCE_EXHAUSTED, self->cid, "no memory");
	return add(self, target);
}

/*
 * Looked at before the watch is made: if the pid goes to somebody else meanwhile, the next
 * worker finds that nobody is there, instead of the wrong one.
 */
static int add_process(const struct resolving *self, int32_t pid)
{
	return add(self, (struct guard_target){
				 .pid = pid,
				 .start_time = process_start_time(pid),
			 });
}

static int add_cgroup(const struct resolving *self)
{
	const char *cgroup = self->asked->cgroup;
	int32_t pid = 0;
	int error = processes_first_of_cgroup(cgroup, &pid);

	if (error)
		return refuse(self, STATUS_INTERNAL, cgroup, strerror(-error));
	if (!pid)
		return miss(self, STATUS_NOT_FOUND, cgroup,
			    "no process is in this cgroup, or below it");
	return add_process(self, pid);
}

static int add_exe(const struct resolving *self)
{
	int32_t pids[GUARD_TARGETS_MAX];
	size_t count = 0;
	int error = processes_of_exe(self->asked->exe, pids, ARRAY_COUNT(pids), &count);

	if (error == -ENOMEM)
		return refuse(self, STATUS_RESOURCE_EXHAUSTED, self->asked->exe,
			      "no memory");
	if (error)
		return miss(self, STATUS_NOT_FOUND, self->asked->exe, strerror(-error));
	if (!count)
		return miss(self, STATUS_NOT_FOUND, self->asked->exe,
			    "no process runs this program");
	if (count > ARRAY_COUNT(pids))
		return refuse(self, STATUS_RESOURCE_EXHAUSTED, self->asked->exe,
			      "it is run in more than 1024 roots");
	for (size_t i = 0; i < count; i++)
		if (add_process(self, pids[i]))
			return -1;
	return 0;
}

static int resolve(struct resolving *self)
{
	switch (self->asked->kind_case) {
	case JANUS__V1__TARGET__KIND_HOST:
		return add(self, (struct guard_target){ 0 });
	case JANUS__V1__TARGET__KIND_PID:
		return add_process(self, self->asked->pid);
	case JANUS__V1__TARGET__KIND_CGROUP:
		return add_cgroup(self);
	case JANUS__V1__TARGET__KIND_EXE:
		return add_exe(self);
	default:
		self->cid = self->asked->container;
		return add_container(self);
	}
}

/* One that the last worker had. */
static int resolve_found(struct resolving *self, const struct guard_image_target *found)
{
	if (found->again)
		return resolve(self);
	self->known = true;
	if (found->cid) {
		self->cid = found->cid;
		return add_container(self);
	}
	return add(self, (struct guard_target){ .pid = found->pid,
						.start_time = found->start_time });
}

int guard_resolve(struct guard *guard, struct status *status, struct status *missing)
{
	const struct guard_config *config = guard->config;
	const Janus__V1__Guard *asked = config->guard;
	struct resolving self = {
		.guard = guard,
		.status = status,
		.missing = missing,
	};

	for (size_t i = 0; !config->found && i < asked->n_targets; i++) {
		self.asked = asked->targets[i];
		self.index = (uint32_t)i;
		if (resolve(&self))
			return -1;
	}
	for (size_t i = 0; i < config->found_count; i++) {
		const struct guard_image_target *found = &config->found[i];

		if (found->index >= asked->n_targets)
			return status_set(status, STATUS_INTERNAL,
					  "targets: the state names one that the guard"
					  " has not got");
		self.asked = asked->targets[found->index];
		self.index = found->index;
		self.known = false;
		if (resolve_found(&self, found))
			return -1;
	}
	return 0;
}
