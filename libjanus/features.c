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
 * An opener who waits for one group keeps the marks of those that are still to be asked, and a
 * group whose marks are kept cannot be closed. So it must be certain which one is asked first,
 * and is to be closed first: the wide one, for its class goes before the other one.
 */
#define WIDE_GROUP_FLAGS ((GROUP_FLAGS & ~FAN_CLASS_CONTENT) | FAN_CLASS_PRE_CONTENT)

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

int janus__features_open_group(const struct janus__kernel *kernel, bool threads,
			       uint64_t *ret_features)
{
	unsigned int flags = GROUP_FLAGS | (threads ? FAN_REPORT_TID : 0);
	int group = -EINVAL;

	for (size_t i = 0; i < JANUS__ARRAY_COUNT(attempts); i++) {
		group = kernel->fanotify_init(flags | attempts[i].flags, EVENT_FD_FLAGS);
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

static bool knows_wide(const struct janus__kernel *kernel, int group)
{
	static const unsigned int kinds[] = { FAN_MARK_FILESYSTEM, FAN_MARK_MOUNT };

	for (size_t i = 0; i < JANUS__ARRAY_COUNT(kinds); i++)
		if (kernel->fanotify_mark(group, FAN_MARK_ADD | kinds[i], FAN_OPEN_PERM,
					  -1, NULL) != -EBADF)
			return false;
	return true;
}

int janus__features_open_wide(const struct janus__kernel *kernel, bool threads,
			      uint64_t *features, int *ret)
{
	unsigned int flags = WIDE_GROUP_FLAGS | (threads ? FAN_REPORT_TID : 0);
	int group;

	if (*features & JANUS_FEATURE_AUDIT)
		flags |= FAN_ENABLE_AUDIT;
	if (*features & JANUS_FEATURE_FD_ERROR)
		flags |= FAN_REPORT_FD_ERROR;
	group = kernel->fanotify_init(flags, EVENT_FD_FLAGS);
	if (group < 0 && group != -EMFILE)
		return group;
	*ret = -1;
	if (group < 0)
		return 0;
	if (!knows_wide(kernel, group)) {
		kernel->close(group);
		return 0;
	}
	*features |= JANUS_FEATURE_WIDE;
	*ret = group;
	return 0;
}

int janus_get_features(struct janus_features *ret)
{
	const struct janus__kernel *kernel = &janus__kernel_linux;
	struct janus_features features = JANUS_FEATURES_INIT;
	int group, wide = -1;

	if (!ret)
		return -EINVAL;
	group = janus__features_open_group(kernel, false, &features.available);
	if (group >= 0) {
		(void)janus__features_open_wide(kernel, false, &features.available,
						&wide);
		if (wide >= 0)
			kernel->close(wide);
		kernel->close(group);
	} else {
		features.permission_error = group;
	}
	probe_observation(kernel, &features);
	return janus__options_write(ret, &features, sizeof(features));
}
