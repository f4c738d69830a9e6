// SPDX-License-Identifier: MIT
#include "reload_plan.h"

#include <errno.h>

#include "listen.h"

static int fail(struct reload_plan *plan, const char *cause)
{
	const struct faults_place place = { .file = "command line" };

	faults_add(&plan->faults, &place, "%s", cause);
	return -1;
}

static int read_config(struct reload_plan *plan, const struct cmdline *running)
{
	char error[CMDLINE_ERROR_SIZE];
	struct listeners listeners;

	if (cmdline_begin(&plan->cmdline, running->argc, running->argv, error))
		return fail(plan, error);
	if (config_find(&plan->config, &plan->cmdline, &plan->faults))
		return -1;
	if (cmdline_parse(&plan->cmdline, running->argc, running->argv, error) ||
	    listen_plan(&listeners, &plan->cmdline, error))
		return fail(plan, error);
	return 0;
}

static void check_guard(struct reload_plan *plan, size_t index,
			const struct reload_source *source)
{
	const struct manifest *manifest = &plan->manifests.items[index];
	const struct wire_bytes bytes = { manifest->bytes, manifest->length };
	const struct faults_place place = { .file = manifest->file,
					    .line = manifest->line,
					    .column = manifest->column };
	/* A limit that has changed goes with the next start. */
	const struct guard_config_options options = { source->node,
						      &source->running->settings.limits,
						      manifest->file };
	struct status status;

	if (guard_config_create(&plan->guards[index], bytes, &options, &status))
		faults_add(&plan->faults, &place, "%s", status.message);
}

int reload_plan_read(struct reload_plan *ret, const struct reload_source *source)
{
	const char *folder;

	memset(ret, 0, sizeof(*ret));
	ret->faults = (struct faults)FAULTS_INIT;
	if (read_config(ret, source->running))
		return -1;
	folder = ret->cmdline.settings.guards_folder;
	if (folder && manifests_read(&ret->manifests, folder, &ret->faults))
		return -1;
	ret->guards = calloc(ret->manifests.count + 1, sizeof(struct guard_config *));
	if (!ret->guards)
		return fail(ret, strerror(ENOMEM));
	for (size_t i = 0; i < ret->manifests.count; i++)
		check_guard(ret, i, source);
	return ret->faults.count ? -1 : 0;
}

void reload_plan_done(struct reload_plan *plan)
{
	for (size_t i = 0; plan->guards && i < plan->manifests.count; i++)
		guard_config_destroy(plan->guards[i]);
	free(plan->guards);
	manifests_done(&plan->manifests);
	config_done(&plan->config);
	faults_done(&plan->faults);
	memset(plan, 0, sizeof(*plan));
}
