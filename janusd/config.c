// SPDX-License-Identifier: MIT
#include "config.h"

#include <errno.h>
#include <stddef.h>

#include "config_lists.h"
#include "fields.h"
#include "listen.h"

#define LEAST_REQUEST 1024
#define MOST_REQUEST ((uint64_t)64 << 20)
#define MOST_HISTORY ((uint64_t)1 << 30)

static void read_listen(const struct fields *fields, const struct field *field,
			const struct document_at *at)
{
	struct cmdline *cmdline = fields->to;
	struct text_quote quote;
	size_t count;

	(void)field;
	if (fields_array(fields->faults, at, CMDLINE_LISTEN_MAX, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		const struct document_at item = document_item(at, i);
		const char *address, *cause;

		if (fields_string(fields->faults, &item, &address))
			continue;
		cause = listen_check(address);
		if (cause)
			document_fault(fields->faults, &item, "'%s': %s",
				       text_quote(&quote, address), cause);
		cmdline->listen[cmdline->listen_count++] = address;
	}
}

static void read_node(const struct fields *fields, const struct field *field,
		      const struct document_at *at)
{
	struct cmdline *cmdline = fields->to;

	field_string(fields, field, at);
	if (cmdline->node && strlen(cmdline->node) > CMDLINE_NODE_MAX)
		document_fault(fields->faults, at, "has more than %d bytes",
			       CMDLINE_NODE_MAX);
}

static void need(const struct fields *fields, const struct document_at *at,
		 const char *value, const char *name)
{
	if (!value)
		document_fault(fields->faults, at, "%s is missing", name);
}

static void read_tls(const struct fields *fields, const struct field *field,
		     const struct document_at *at)
{
	static const struct field table[] = {
		{ "ca_file", field_path, offsetof(struct cmdline, tls_ca_file) },
		{ "cert_file", field_path, offsetof(struct cmdline, tls_cert_file) },
		{ "key_file", field_path, offsetof(struct cmdline, tls_key_file) },
	};
	struct cmdline *cmdline = fields->to;

	(void)field;
	if (fields_read(fields, at, table, ARRAY_COUNT(table)))
		return;
	/* One that is there and wrong has a fault of its own. */
	if (json_object_size(at->value) == ARRAY_COUNT(table))
		return;
	need(fields, at, cmdline->tls_ca_file, "ca_file");
	need(fields, at, cmdline->tls_cert_file, "cert_file");
	need(fields, at, cmdline->tls_key_file, "key_file");
}

static void read_on_failure(const struct fields *fields, const struct field *field,
			    const struct document_at *at)
{
	static const char *const words[] = { "allow", "deny", NULL };
	struct cmdline *cmdline = fields->to;
	size_t index;

	(void)field;
	if (!fields_word(fields->faults, at, words, &index))
		cmdline->deny_on_failure = index == 1;
}

static void read_lifelines(const struct fields *fields, const struct field *field,
			   const struct document_at *at)
{
	struct cmdline *cmdline = fields->to;
	size_t count;

	(void)field;
	if (fields_array(fields->faults, at, CMDLINE_LIFELINES_MAX, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		const struct document_at item = document_item(at, i);
		const char *program;

		if (!fields_path(fields->faults, &item, &program))
			cmdline->lifelines[cmdline->lifeline_count++] = program;
	}
}

static void read_limits(const struct fields *fields, const struct field *field,
			const struct document_at *at)
{
	static const struct field table[] = {
		{ "guards",
		  field_u32,
		  offsetof(struct limit_settings, guards),
		  { 1, 1000000 } },
		{ "targets_per_guard",
		  field_u32,
		  offsetof(struct limit_settings, targets_per_guard),
		  { 1, 65536 } },
		{ "subjects_per_guard",
		  field_u32,
		  offsetof(struct limit_settings, subjects_per_guard),
		  { 1, 65536 } },
		{ "paths_per_guard",
		  field_u32,
		  offsetof(struct limit_settings, paths_per_guard),
		  { 1, 1000000 } },
		{ "path_bytes",
		  field_u32,
		  offsetof(struct limit_settings, path_bytes),
		  { 1, 4096 } },
		{ "tags_per_subject",
		  field_u32,
		  offsetof(struct limit_settings, tags_per_subject),
		  { 1, 4096 } },
		{ "streams",
		  field_u32,
		  offsetof(struct limit_settings, streams),
		  { 1, 65536 } },
		{ "request_bytes",
		  field_u32,
		  offsetof(struct limit_settings, request_bytes),
		  { LEAST_REQUEST, MOST_REQUEST } },
	};
	struct cmdline *cmdline = fields->to;
	const struct fields limits = { fields->faults, &cmdline->settings.limits };

	(void)field;
	fields_read(&limits, at, table, ARRAY_COUNT(table));
}

static void read_metrics_listen(const struct fields *fields, const struct field *field,
				const struct document_at *at)
{
	struct cmdline *cmdline = fields->to;
	struct text_quote quote;
	const char *address, *cause;

	(void)field;
	if (fields_string(fields->faults, at, &address))
		return;
	cause = listen_check_tcp(address);
	if (cause)
		document_fault(fields->faults, at, "'%s': %s",
			       text_quote(&quote, address), cause);
	cmdline->settings.metrics_address = address;
}

static void read_metrics(const struct fields *fields, const struct field *field,
			 const struct document_at *at)
{
	static const struct field table[] = {
		{ "listen", read_metrics_listen, 0 },
	};
	struct cmdline *cmdline = fields->to;

	(void)field;
	if (fields_read(fields, at, table, ARRAY_COUNT(table)))
		return;
	if (!json_object_size(at->value))
		need(fields, at, cmdline->settings.metrics_address, "listen");
}

static void read_sinks(const struct fields *fields, const struct field *field,
		       const struct document_at *at)
{
	struct cmdline *cmdline = fields->to;
	size_t count;

	(void)field;
	if (fields_array(fields->faults, at, SETTINGS_SINKS_MAX, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		const struct document_at item = document_item(at, i);

		config_read_sink(&cmdline->settings.sinks[i], &item, fields->faults);
	}
	cmdline->settings.sink_count = count;
}

static void read_clients(const struct fields *fields, const struct field *field,
			 const struct document_at *at)
{
	struct settings *settings = &((struct cmdline *)fields->to)->settings;
	size_t count;

	(void)field;
	if (fields_array(fields->faults, at, SETTINGS_CLIENTS_MAX, &count))
		return;
	for (size_t i = 0; i < count; i++) {
		const struct document_at item = document_item(at, i);

		config_read_client(&settings->clients[i], &item, fields->faults);
	}
	settings->client_count = count;
}

static const struct field config_fields[] = {
	{ "listen", read_listen, 0 },
	{ "node", read_node, offsetof(struct cmdline, node) },
	{ "tls", read_tls, 0 },
	{ "insecure_any_address", field_bool,
	  offsetof(struct cmdline, insecure_any_address) },
	{ "deadline_ms",
	  field_u32,
	  offsetof(struct cmdline, deadline_ms),
	  { CMDLINE_DEADLINE_LEAST_MS, CMDLINE_DEADLINE_MOST_MS } },
	{ "on_failure", read_on_failure, 0 },
	{ "lifelines", read_lifelines, 0 },
	{ "keep_guarding", field_bool, offsetof(struct cmdline, keep_guarding) },
	{ "sinks", read_sinks, 0 },
	{ "clients", read_clients, 0 },
	{ "limits", read_limits, 0 },
	{ "metrics", read_metrics, 0 },
	{ "guards_folder", field_path, offsetof(struct cmdline, settings.guards_folder) },
	{ "watch_files", field_bool, offsetof(struct cmdline, settings.watch_files) },
	{ "state_file", field_path, offsetof(struct cmdline, settings.state_file) },
	{ "history_bytes",
	  field_size,
	  offsetof(struct cmdline, settings.history_bytes),
	  { 0, MOST_HISTORY } },
	{ "strict", field_bool, offsetof(struct cmdline, settings.strict) },
};

int config_parse(struct config *ret, struct cmdline *cmdline,
		 const struct document_text *text, struct faults *faults)
{
	const struct fields fields = { faults, cmdline };
	const size_t before = faults->count;
	struct document_at root;

	memset(ret, 0, sizeof(*ret));
	if (document_parse_json(&ret->document, text, faults))
		return -1;
	root = document_root(&ret->document);
	fields_read(&fields, &root, config_fields, ARRAY_COUNT(config_fields));
	for (size_t i = 0; i < cmdline->settings.sink_count; i++)
		ret->sink_guards[i] = (const char **)cmdline->settings.sinks[i].guards;
	if (faults->count == before)
		return 0;
	config_done(ret);
	return -1;
}

int config_load(struct config *ret, struct cmdline *cmdline, const char *file,
		struct faults *faults)
{
	struct document_text text;
	autofree char *bytes = document_load(&text, file, faults);

	memset(ret, 0, sizeof(*ret));
	return bytes ? config_parse(ret, cmdline, &text, faults) : -1;
}

int config_find(struct config *ret, struct cmdline *cmdline, struct faults *faults)
{
	const char *file = cmdline->config_file;

	memset(ret, 0, sizeof(*ret));
	if (!file && access(CONFIG_FILE, F_OK) && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (config_load(ret, cmdline, file ? file : CONFIG_FILE, faults))
		return -1;
	cmdline->config = ret;
	return 0;
}

/* What a reload brings into force. */
static bool is_live(const char *key)
{
	return !strcmp(key, "guards_folder") || !strcmp(key, "watch_files");
}

void config_changes(const struct config *running, const struct config *fresh,
		    const char *ret[CONFIG_KEYS_MAX + 1])
{
	const json_t *old = running ? running->document.root : NULL;
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_COUNT(config_fields); i++) {
		const char *key = config_fields[i].name;
		json_t *before = json_object_get(old, key);
		json_t *now = json_object_get(fresh->document.root, key);

		if (!is_live(key) && (before || now) && !json_equal(before, now))
			ret[count++] = key;
	}
	ret[count] = NULL;
}

_Static_assert(ARRAY_COUNT(config_fields) <= CONFIG_KEYS_MAX, "room for all keys");

void config_done(struct config *config)
{
	for (size_t i = 0; i < ARRAY_COUNT(config->sink_guards); i++)
		free(config->sink_guards[i]);
	document_done(&config->document);
	memset(config, 0, sizeof(*config));
}
