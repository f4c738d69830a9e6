// SPDX-License-Identifier: MIT
#include "config_lists.h"

#include <errno.h>
#include <stddef.h>

#include "fields.h"

#define QUEUE_BYTES ((size_t)1 << 20)
#define QUEUE_LEAST 4096
#define QUEUE_MOST ((uint64_t)1 << 30)
#define ROTATE_LEAST 4096
#define ROTATE_KEEP 5
#define GUARDS_MOST 256
#define HOUR_MS 3600000
#define YEAR_SECONDS 31536000

static void read_format(const struct fields *fields, const struct field *field,
			const struct document_at *at)
{
	/* In the order of enum sink_format. */
	static const char *const words[] = { "text", "json", "journal", "syslog", NULL };
	struct sink_settings *sink = fields->to;
	size_t index;

	(void)field;
	if (!fields_word(fields->faults, at, words, &index))
		sink->format = (enum sink_format)index;
}

static void read_verdicts(const struct fields *fields, const struct field *field,
			  const struct document_at *at)
{
	/* In the order of enum sink_verdict. */
	static const char *const words[] = { "allow", "deny", "would_deny", "observed",
					     NULL };
	struct sink_settings *sink = fields->to;

	(void)field;
	fields_words(fields->faults, at, words, &sink->verdicts);
}

static void read_guards(const struct fields *fields, const struct field *field,
			const struct document_at *at)
{
	struct sink_settings *sink = fields->to;
	const char **guards;
	size_t count;

	(void)field;
	if (fields_array(fields->faults, at, GUARDS_MOST, &count) || !count)
		return;
	guards = calloc(count, sizeof(*guards));
	if (!guards) {
		document_fault(fields->faults, at, "%s", strerror(ENOMEM));
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const struct document_at item = document_item(at, i);

		fields_string(fields->faults, &item, &guards[i]);
	}
	sink->guards = guards;
	sink->guard_count = count;
}

static bool is_stream(const char *path)
{
	return !strcmp(path, "stderr") || !strcmp(path, "stdout");
}

static bool has(const struct document_at *at, const char *key)
{
	return json_object_get(at->value, key) != NULL;
}

/* Only a file can be rotated. */
static void check_rotation(const struct sink_settings *sink, const struct document_at *at,
			   struct faults *faults)
{
	static const char *const keys[] = { "rotate_bytes", "rotate_seconds",
					    "rotate_keep" };

	if (sink->path && *sink->path == '/' && sink->format <= SINK_JSON)
		return;
	for (size_t i = 0; i < ARRAY_COUNT(keys); i++) {
		const struct document_at member = document_member(at, keys[i]);

		if (has(at, keys[i]))
			document_fault(faults, &member,
				       "only a file can be rotated, with format text or"
				       " json");
	}
}

static void check_sink(struct sink_settings *sink, const struct document_at *at,
		       struct faults *faults)
{
	const struct document_at path = document_member(at, "path");
	struct text_quote quote;

	if (!has(at, "format"))
		document_fault(faults, at, "format is missing");
	if (sink->path && *sink->path != '/') {
		if (sink->format > SINK_JSON)
			document_fault(faults, &path, "'%s' is no absolute path",
				       text_quote(&quote, sink->path));
		else if (!is_stream(sink->path))
			document_fault(faults, &path,
				       "'%s' is neither stderr nor stdout nor an absolute"
				       " path",
				       text_quote(&quote, sink->path));
	}
	check_rotation(sink, at, faults);
	if (has(at, "burst") && !sink->rate) {
		const struct document_at burst = document_member(at, "burst");

		document_fault(faults, &burst, "means nothing without a rate");
	}
	if (!sink->path && sink->format <= SINK_JSON)
		sink->path = "stderr";
	if (!has(at, "burst"))
		sink->burst = sink->rate;
}

void config_read_sink(struct sink_settings *ret, const struct document_at *at,
		      struct faults *faults)
{
	static const struct field table[] = {
		{ "format", read_format, 0 },
		{ "path", field_string, offsetof(struct sink_settings, path) },
		{ "verdicts", read_verdicts, 0 },
		{ "guards", read_guards, 0 },
		{ "queue_bytes",
		  field_size,
		  offsetof(struct sink_settings, queue_bytes),
		  { QUEUE_LEAST, QUEUE_MOST } },
		{ "rate",
		  field_u32,
		  offsetof(struct sink_settings, rate),
		  { 0, UINT32_MAX } },
		{ "burst",
		  field_u32,
		  offsetof(struct sink_settings, burst),
		  { 0, UINT32_MAX } },
		{ "fold_ms",
		  field_u32,
		  offsetof(struct sink_settings, fold_ms),
		  { 0, HOUR_MS } },
		{ "rotate_bytes",
		  field_u64,
		  offsetof(struct sink_settings, rotate_bytes),
		  { ROTATE_LEAST, INT64_MAX } },
		{ "rotate_seconds",
		  field_u32,
		  offsetof(struct sink_settings, rotate_seconds),
		  { 1, YEAR_SECONDS } },
		{ "rotate_keep",
		  field_u32,
		  offsetof(struct sink_settings, rotate_keep),
		  { 0, 1000 } },
	};
	const struct fields fields = { faults, ret };

	*ret = (struct sink_settings){ .verdicts = SINK_ALL_VERDICTS,
				       .queue_bytes = QUEUE_BYTES,
				       .rotate_keep = ROTATE_KEEP };
	if (!fields_read(&fields, at, table, ARRAY_COUNT(table)))
		check_sink(ret, at, faults);
}

static void read_uid(const struct fields *fields, const struct field *field,
		     const struct document_at *at)
{
	struct client_settings *client = fields->to;

	client->by_uid = true;
	field_u32(fields, field, at);
}

static void read_gid(const struct fields *fields, const struct field *field,
		     const struct document_at *at)
{
	struct client_settings *client = fields->to;

	client->by_gid = true;
	field_u32(fields, field, at);
}

static void read_name(const struct fields *fields, const struct field *field,
		      const struct document_at *at)
{
	static const char *const kinds[] = { "DNS:", "URI:", "CN:" };
	struct client_settings *client = fields->to;
	struct text_quote quote;

	(void)field;
	if (fields_string(fields->faults, at, &client->name))
		return;
	for (size_t i = 0; i < ARRAY_COUNT(kinds); i++) {
		size_t length = strlen(kinds[i]);

		if (!strncmp(client->name, kinds[i], length) && client->name[length])
			return;
	}
	document_fault(fields->faults, at, "'%s' is none of DNS:NAME, URI:NAME, CN:NAME",
		       text_quote(&quote, client->name));
}

static void read_classes(const struct fields *fields, const struct field *field,
			 const struct document_at *at)
{
	/* In the order of enum rpc_class. */
	static const char *const words[] = { "read", "write", NULL };
	struct client_settings *client = fields->to;

	(void)field;
	fields_words(fields->faults, at, words, &client->classes);
}

void config_read_client(struct client_settings *ret, const struct document_at *at,
			struct faults *faults)
{
	/* The last id means nobody. */
	static const struct field table[] = {
		{ "name", read_name, 0 },
		{ "uid",
		  read_uid,
		  offsetof(struct client_settings, uid),
		  { 0, UINT32_MAX - 1 } },
		{ "gid",
		  read_gid,
		  offsetof(struct client_settings, gid),
		  { 0, UINT32_MAX - 1 } },
		{ "classes", read_classes, 0 },
	};
	const struct fields fields = { faults, ret };

	memset(ret, 0, sizeof(*ret));
	if (fields_read(&fields, at, table, ARRAY_COUNT(table)))
		return;
	if (has(at, "name") + has(at, "uid") + has(at, "gid") != 1)
		document_fault(faults, at, "exactly one of name, uid and gid is needed");
	if (!has(at, "classes"))
		document_fault(faults, at, "classes is missing");
}
