// SPDX-License-Identifier: MIT
#include <limits.h>
#include <string.h>

#include "guard_config_internal.h"
#include "text.h"

static int refuse(const struct guard_taking *taking, size_t index, const char *value,
		  const char *cause, struct status *status)
{
	const struct guard_item item = { taking->index, "exceptions", index };

	return guard_refuse_item(status, &item, value, cause);
}

static int take_path(const struct guard_taking *taking, size_t index, const char *path,
		     struct status *status)
{
	if (*path != '/')
		return refuse(taking, index, path, "is no absolute path", status);
	if (strlen(path) >= PATH_MAX)
		return refuse(taking, index, path, "has 4096 or more bytes", status);
	taking->exceptions[index].text = path;
	return 0;
}

static int take_cgroup(const struct guard_taking *taking, size_t index, const char *path,
		       struct status *status)
{
	if (take_path(taking, index, path, status))
		return -1;
	if (!path[1] || path[strlen(path) - 1] == '/')
		return refuse(taking, index, path, "is the root, or ends with a '/'",
			      status);
	return 0;
}

static int take_container(const struct guard_taking *taking, size_t index,
			  const char *container, struct status *status)
{
	if (!*container || strlen(container) > GUARD_TEXT_MAX_BYTES)
		return refuse(taking, index, container, "is no container id", status);
	taking->exceptions[index].text = container;
	return 0;
}

static int take_exception(const struct guard_taking *taking, size_t index,
			  struct status *status)
{
	const Janus__V1__Exception *message = taking->message->exceptions[index];
	struct janus_exception *exception = &taking->exceptions[index];

	switch (message->who_case) {
	case JANUS__V1__EXCEPTION__WHO_EXE:
		exception->kind = JANUS_EXCEPTION_EXE;
		return take_path(taking, index, message->exe, status);
	case JANUS__V1__EXCEPTION__WHO_HOST_EXE:
		exception->kind = JANUS_EXCEPTION_HOST_EXE;
		return take_path(taking, index, message->host_exe, status);
	case JANUS__V1__EXCEPTION__WHO_UID:
		exception->kind = JANUS_EXCEPTION_UID;
		exception->number = message->uid;
		return 0;
	case JANUS__V1__EXCEPTION__WHO_GID:
		exception->kind = JANUS_EXCEPTION_GID;
		exception->number = message->gid;
		return 0;
	case JANUS__V1__EXCEPTION__WHO_CGROUP:
		exception->kind = JANUS_EXCEPTION_CGROUP;
		return take_cgroup(taking, index, message->cgroup, status);
	case JANUS__V1__EXCEPTION__WHO_CONTAINER:
		exception->kind = JANUS_EXCEPTION_CONTAINER;
		return take_container(taking, index, message->container, status);
	case JANUS__V1__EXCEPTION__WHO_ANCESTOR:
		exception->kind = JANUS_EXCEPTION_ANCESTOR;
		exception->number = (uint32_t)message->ancestor;
		return message->ancestor > 0 ? 0
					     : refuse(taking, index, "ancestor",
						      "is no process id", status);
	case JANUS__V1__EXCEPTION__WHO_OUTSIDE:
		exception->kind = JANUS_EXCEPTION_OUTSIDE;
		if (!message->outside)
			return refuse(taking, index, "outside",
				      "is false, which is nobody", status);
		return taking->on_host ? refuse(taking, index, "outside",
						"is nobody: the host is a target", status)
				       : 0;
	default:
		return refuse(taking, index, "", "names nobody", status);
	}
}

int guard_take_exceptions(const struct guard_taking *taking, struct status *status)
{
	const Janus__V1__Subject *message = taking->message;
	struct janus_subject *subject = taking->subject;

	if (message->only_exceptions && !message->n_exceptions)
		return guard_refuse_field(status, taking, "exceptions",
					  "is empty, and only_exceptions is set");
	if (!message->n_exceptions)
		return 0;
	if (subject->mode == JANUS_MODE_AUDIT)
		return guard_refuse_field(status, taking, "exceptions",
					  "nobody is denied anything with MODE_AUDIT");
	if (!message->only_exceptions && !message->n_deny)
		return guard_refuse_field(status, taking, "exceptions",
					  "nothing is denied: they are from deny, or go"
					  " with only_exceptions");
	for (size_t i = 0; i < message->n_exceptions; i++)
		if (take_exception(taking, i, status))
			return -1;
	subject->exceptions = taking->exceptions;
	subject->exception_count = message->n_exceptions;
	return 0;
}
