// SPDX-License-Identifier: MIT
/*
 * A janus.v1.Guard as any bytes, and the same as a request of the old service: what is taken
 * comes out normalised, and once more it is the same.
 */
#include "guard_config.h"

#include <stdlib.h>

#include "legacy.h"
#include "settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct guard_config *config, const struct guard_config_options *options)
{
	struct guard_config *again = NULL;
	struct wire_bytes packed;
	struct status status;

	if (guard_config_pack(config, &packed))
		abort();
	if (guard_config_create(&again, packed, options, &status) ||
	    !guard_config_is_same(config, again) ||
	    config->subject_count != again->subject_count ||
	    config->path_count != again->path_count)
		abort();
	free((void *)(uintptr_t)packed.data);
	guard_config_destroy(again);
	guard_config_destroy(config);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct node_name node = { "node", false };
	const struct guard_config_options options = { &node, &settings_default.limits,
						      GUARD_SOURCE_V1 };
	const struct wire_bytes bytes = { data, size };
	struct guard_config *config = NULL;
	struct status status;

	if (!guard_config_create(&config, bytes, &options, &status))
		check(config, &options);
	if (!legacy_config_create(&config, bytes, &options, &status))
		check(config, &options);
	return 0;
}
