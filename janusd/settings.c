// SPDX-License-Identifier: MIT
#include "settings.h"

const struct settings settings_default = {
	.limits = {
		.guards = SETTINGS_GUARDS,
		.targets_per_guard = SETTINGS_TARGETS,
		.subjects_per_guard = SETTINGS_SUBJECTS,
		.paths_per_guard = SETTINGS_PATHS,
		.path_bytes = SETTINGS_PATH_BYTES,
		.tags_per_subject = SETTINGS_TAGS,
		.streams = SETTINGS_STREAMS,
		.request_bytes = SETTINGS_REQUEST_BYTES,
	},
	.history_bytes = SETTINGS_HISTORY_BYTES,
};
