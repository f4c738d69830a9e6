// SPDX-License-Identifier: MIT
/*
 * Any bytes as a configuration file: taken with every value in its range, or refused with at
 * least one line, each of which has a place.
 */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
	if (!condition)
		abort();
}

static void check_line(void *context, const char *line)
{
	(void)context;
	for (const char *c = line; *c; c++)
		check((unsigned char)*c >= ' ' && *c != 0x7f);
}

static void check_taken(const struct cmdline *cmdline)
{
	const struct settings *s = &cmdline->settings;

	check(cmdline->listen_count <= CMDLINE_LISTEN_MAX);
	check(cmdline->lifeline_count <= CMDLINE_LIFELINES_MAX);
	check(cmdline->deadline_ms >= 10 && cmdline->deadline_ms <= 3600000);
	check(!cmdline->node || strlen(cmdline->node) <= CMDLINE_NODE_MAX);
	check(s->sink_count <= SETTINGS_SINKS_MAX);
	check(s->client_count <= SETTINGS_CLIENTS_MAX);
	check(s->limits.guards && s->limits.request_bytes >= 1024);
	for (size_t i = 0; i < s->sink_count; i++) {
		const struct sink_settings *sink = &s->sinks[i];

		check(sink->verdicts && !(sink->verdicts & ~SINK_ALL_VERDICTS));
		check(sink->path || sink->format > SINK_JSON);
		for (size_t k = 0; k < sink->guard_count; k++)
			check(sink->guards[k] && *sink->guards[k]);
	}
	for (size_t i = 0; i < s->client_count; i++) {
		const struct client_settings *client = &s->clients[i];

		check((client->name != NULL) + client->by_uid + client->by_gid == 1);
		check(client->classes && client->classes <= 3);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct document_text text = { "f.json", (const char *)data, size };
	char name[] = "janusd", *argv[] = { name, NULL };
	struct faults faults = FAULTS_INIT;
	char error[CMDLINE_ERROR_SIZE];
	struct cmdline cmdline;
	struct config config;

	check(!cmdline_begin(&cmdline, 1, argv, error));
	if (config_parse(&config, &cmdline, &text, &faults)) {
		check(faults.count > 0);
	} else {
		check(!faults.count);
		check_taken(&cmdline);
		config_done(&config);
	}
	faults_tell(&faults, check_line, NULL);
	faults_done(&faults);
	return 0;
}
