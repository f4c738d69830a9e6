// SPDX-License-Identifier: MIT
#include "features.h"

#include <errno.h>

#include <janus/context.h>

#include "observe.h"
#include "options.h"
#include "util.h"

/* The queue has no bound: a full one would let accesses through. */
#define GROUP_FLAGS                                                                      \
	(FAN_CLASS_CONTENT | FAN_CLOEXEC | FAN_NONBLOCK | FAN_UNLIMITED_QUEUE |          \
	 FAN_UNLIMITED_MARKS)

/*
 * Event fds do not block: a container can put a FIFO into a guarded directory, and opening it
 * for us would otherwise stop the reader until somebody writes.
 */
#define EVENT_FD_FLAGS (O_RDONLY | O_LARGEFILE | O_CLOEXEC | O_NONBLOCK)

static const struct {
	unsigned int flags;
	uint64_t features;
} attempts[] = {
	{ FAN_ENABLE_AUDIT | FAN_REPORT_FD_ERROR,
	  JANUS_FEATURE_AUDIT | JANUS_FEATURE_FD_ERROR },
	{ FAN_REPORT_FD_ERROR, JANUS_FEATURE_FD_ERROR },
	{ FAN_ENABLE_AUDIT, JANUS_FEATURE_AUDIT },
	{ 0, 0 },
};

/* A kernel that does not know the kind says so before it looks at the fd. */
static bool knows_exec(const struct janus__kernel *kernel, int group)
{
	return kernel->fanotify_mark(group, FAN_MARK_ADD, FAN_OPEN_EXEC_PERM, -1, NULL) ==
	       -EBADF;
}

int janus__features_open_group(const struct janus__kernel *kernel, uint64_t *ret_features)
{
	int group = -EINVAL;

	for (size_t i = 0; i < JANUS__ARRAY_COUNT(attempts); i++) {
		group = kernel->fanotify_init(GROUP_FLAGS | attempts[i].flags,
					      EVENT_FD_FLAGS);
		if (group >= 0) {
			*ret_features = JANUS_FEATURE_PERMISSION | attempts[i].features;
			if (knows_exec(kernel, group))
				*ret_features |= JANUS_FEATURE_EXEC;
			return group;
		}
		if (group != -EINVAL && group != -EPERM)
			break;
	}
	/* Without CONFIG_FANOTIFY_ACCESS_PERMISSIONS the class is invalid. */
	return group == -EINVAL ? -ENOSYS : group;
}

static void probe_observation(const struct janus__kernel *kernel,
			      struct janus_features *features)
{
	int group = janus__observe_open_group(kernel, false, &features->available);

	if (group < 0) {
		features->observe_error = group;
		return;
	}
	kernel->close(group);
	group = janus__observe_open_mount_group(kernel);
	if (group < 0)
		return;
	features->available |= JANUS_FEATURE_MOUNT_EVENTS;
	kernel->close(group);
}

int janus_get_features(struct janus_features *ret)
{
	const struct janus__kernel *kernel = &janus__kernel_linux;
	struct janus_features features = JANUS_FEATURES_INIT;
	int group;

	if (!ret)
		return -EINVAL;
	group = janus__features_open_group(kernel, &features.available);
	if (group >= 0)
		kernel->close(group);
	else
		features.permission_error = group;
	probe_observation(kernel, &features);
	return janus__options_write(ret, &features, sizeof(features));
}
