// SPDX-License-Identifier: MIT
#include "observe.h"

#include <errno.h>

#include <janus/context.h>

#include "util.h"

#define GROUP_FLAGS                                                                      \
	(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_DFID_NAME_TARGET)
#define UNLIMITED (FAN_UNLIMITED_QUEUE | FAN_UNLIMITED_MARKS)

/* An entry is created, opened, used, closed and deleted, in this order. */
static const struct {
	uint64_t mask;
	uint32_t kind;
} kinds[] = {
	{ FAN_CREATE, JANUS_EVENT_CREATE },  { FAN_RENAME, JANUS_EVENT_RENAME },
	{ FAN_OPEN_EXEC, JANUS_EVENT_EXEC }, { FAN_OPEN, JANUS_EVENT_OPEN },
	{ FAN_ACCESS, JANUS_EVENT_ACCESS },  { FAN_MODIFY, JANUS_EVENT_MODIFY },
	{ FAN_ATTRIB, JANUS_EVENT_ATTRIB },  { FAN_CLOSE_WRITE, JANUS_EVENT_CLOSE_WRITE },
	{ FAN_DELETE, JANUS_EVENT_DELETE },
};

int janus__observe_open_group(const struct janus__kernel *kernel, bool bounded,
			      uint64_t *ret_features)
{
	const struct {
		unsigned int flags;
		uint64_t features;
	} attempts[] = {
		{ UNLIMITED, JANUS_FEATURE_UNLIMITED | JANUS_FEATURE_PIDS },
		{ FAN_UNLIMITED_MARKS, JANUS_FEATURE_PIDS },
		{ 0, 0 },
	};
	int group = -EPERM;

	for (size_t i = bounded; i < JANUS__ARRAY_COUNT(attempts) && group == -EPERM;
	     i++) {
		group = kernel->fanotify_init(GROUP_FLAGS | attempts[i].flags,
					      O_RDONLY | O_CLOEXEC);
		if (group >= 0)
			*ret_features |= attempts[i].features | JANUS_FEATURE_OBSERVE |
					 JANUS_FEATURE_RENAME;
	}
	return group == -EINVAL ? -ENOSYS : group;
}

int janus__observe_open_mount_group(const struct janus__kernel *kernel)
{
	return kernel->fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK |
					     FAN_UNLIMITED_QUEUE | FAN_REPORT_MNT,
				     O_RDONLY | O_CLOEXEC);
}

uint64_t janus__observe_mask(uint32_t wanted)
{
	uint64_t mask = JANUS__OBSERVE_WAY | FAN_DELETE_SELF | FAN_EVENT_ON_CHILD;

	for (size_t i = 0; i < JANUS__ARRAY_COUNT(kinds); i++)
		if (wanted & kinds[i].kind)
			mask |= kinds[i].mask;
	return mask;
}

uint32_t janus__observe_kind_at(uint64_t mask, size_t *at)
{
	while (*at < JANUS__ARRAY_COUNT(kinds)) {
		size_t i = (*at)++;

		if (mask & kinds[i].mask)
			return kinds[i].kind;
	}
	return 0;
}
