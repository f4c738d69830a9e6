// SPDX-License-Identifier: MIT
#include "manifest.h"

#include <errno.h>
#include <stddef.h>

#include "manifest_internal.h"

#define API_VERSION "januscontroller.clustergarage.io/v1alpha1"
#define KIND "JanusGuard"
#define TARGETS_MOST 65536
#define SUBJECTS_MOST 65536

char *manifest_text(const char *text)
{
	char *same;

	memcpy(&same, &text, sizeof(same));
	return same;
}

void **manifest_array(const struct fields *fields, size_t count)
{
	return arena_take(fields->context, count, sizeof(void *));
}

static void read_exactly(const struct fields *fields, const struct document_at *at,
			 const char *wanted)
{
	struct text_quote quote;
	const char *text;

	if (!fields_string(fields->faults, at, &text) && strcmp(text, wanted) != 0)
		document_fault(fields->faults, at, "'%s' is not '%s'",
			       text_quote(&quote, text), wanted);
}

static void read_api_version(const struct fields *fields, const struct field *field,
			     const struct document_at *at)
{
	(void)field;
	read_exactly(fields, at, API_VERSION);
}

static void read_kind(const struct fields *fields, const struct field *field,
		      const struct document_at *at)
{
	(void)field;
	read_exactly(fields, at, KIND);
}

size_t manifest_read_pairs(const struct fields *fields, const struct document_at *at,
			   struct manifest_pair **ret)
{
	struct document_at child = { .document = at->document, .parent = at };
	struct manifest_pair *pairs;
	size_t count = 0;

	if (!json_is_object(at->value)) {
		document_fault(fields->faults, at,
			       "is no object, where names and values are wanted");
		return 0;
	}
	pairs = arena_take(fields->context, json_object_size(at->value), sizeof(*pairs));
	if (!pairs)
		return 0;
	json_object_foreach(at->value, child.key, child.value)
	{
		pairs[count].key = child.key;
		pairs[count].value = json_string_value(child.value);
		if (!pairs[count].value)
			document_fault(fields->faults, &child,
				       "is no string; quote it if it should be one");
		else
			count++;
		child.index++;
	}
	*ret = pairs;
	return count;
}

static void read_labels(const struct fields *fields, const struct field *field,
			const struct document_at *at)
{
	Janus__V1__Guard *guard = fields->to;
	struct manifest_pair *pairs;
	size_t count = manifest_read_pairs(fields, at, &pairs);
	Janus__V1__Guard__LabelsEntry *entries = arena_take(fields->context, count,
							    sizeof(*entries));

	(void)field;
	guard->labels = (Janus__V1__Guard__LabelsEntry **)manifest_array(fields, count);
	if (!entries || !guard->labels)
		return;
	for (size_t i = 0; i < count; i++) {
		janus__v1__guard__labels_entry__init(&entries[i]);
		entries[i].key = manifest_text(pairs[i].key);
		entries[i].value = manifest_text(pairs[i].value);
		guard->labels[i] = &entries[i];
	}
	guard->n_labels = count;
}

static void read_metadata(const struct fields *fields, const struct field *field,
			  const struct document_at *at)
{
	static const struct field table[] = {
		{ "name", field_string, offsetof(Janus__V1__Guard, name) },
		{ "labels", read_labels, 0 },
	};

	(void)field;
	fields_read(fields, at, table, ARRAY_COUNT(table));
}

static void refuse_selector(const struct fields *fields, const struct field *field,
			    const struct document_at *at)
{
	(void)field;
	document_fault(
		fields->faults, at,
		"janusd alone knows no pods that a selector could find; name targets"
		" instead");
}

static void read_targets(const struct fields *fields, const struct field *field,
			 const struct document_at *at)
{
	Janus__V1__Guard *guard = fields->to;
	Janus__V1__Target *targets;
	size_t count;

	(void)field;
	if (fields_array(fields->faults, at, TARGETS_MOST, &count))
		return;
	targets = arena_take(fields->context, count, sizeof(*targets));
	guard->targets = (Janus__V1__Target **)manifest_array(fields, count);
	if (!targets || !guard->targets)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct document_at item = document_item(at, i);

		janus__v1__target__init(&targets[i]);
		manifest_read_target(&targets[i], fields, &item);
		guard->targets[i] = &targets[i];
	}
	guard->n_targets = count;
}

static void read_subjects(const struct fields *fields, const struct field *field,
			  const struct document_at *at)
{
	Janus__V1__Guard *guard = fields->to;
	Janus__V1__Subject *subjects;
	size_t count;

	(void)field;
	if (fields_array(fields->faults, at, SUBJECTS_MOST, &count))
		return;
	subjects = arena_take(fields->context, count, sizeof(*subjects));
	guard->subjects = (Janus__V1__Subject **)manifest_array(fields, count);
	if (!subjects || !guard->subjects)
		return;
	for (size_t i = 0; i < count; i++) {
		const struct document_at item = document_item(at, i);

		janus__v1__subject__init(&subjects[i]);
		manifest_read_subject(&subjects[i], fields, &item);
		guard->subjects[i] = &subjects[i];
	}
	guard->n_subjects = count;
}

static void read_on_failure(const struct fields *fields, const struct field *field,
			    const struct document_at *at)
{
	static const char *const words[] = { "allow", "deny", NULL };
	Janus__V1__Guard *guard = fields->to;
	size_t index;

	(void)field;
	if (!fields_word(fields->faults, at, words, &index))
		guard->on_failure = index ? JANUS__V1__ON_FAILURE__ON_FAILURE_DENY
					  : JANUS__V1__ON_FAILURE__ON_FAILURE_ALLOW;
}

static void read_wait(const struct fields *fields, const struct field *field,
		      const struct document_at *at)
{
	static const char *const words[] = { "forever", NULL };
	Janus__V1__Guard *guard = fields->to;
	size_t index;

	if (!json_is_string(at->value))
		field_u64(fields, field, at);
	else if (!fields_word(fields->faults, at, words, &index))
		guard->wait_ms = UINT64_MAX;
}

static void read_spec(const struct fields *fields, const struct field *field,
		      const struct document_at *at)
{
	static const struct field table[] = {
		{ "selector", refuse_selector, 0 },
		{ "pod", field_string, offsetof(Janus__V1__Guard, pod) },
		{ "node", field_string, offsetof(Janus__V1__Guard, node) },
		{ "targets", read_targets, 0 },
		{ "subjects", read_subjects, 0 },
		{ "logFormat", field_string, offsetof(Janus__V1__Guard, log_format) },
		{ "onFailure", read_on_failure, 0 },
		{ "waitMs",
		  read_wait,
		  offsetof(Janus__V1__Guard, wait_ms),
		  { 0, INT64_MAX } },
		{ "directoryLimit",
		  field_u64,
		  offsetof(Janus__V1__Guard, directory_limit),
		  { 0, INT64_MAX } },
	};

	(void)field;
	fields_read(fields, at, table, ARRAY_COUNT(table));
}

static const struct field root_fields[] = {
	{ "apiVersion", read_api_version, 0 },
	{ "kind", read_kind, 0 },
	{ "metadata", read_metadata, 0 },
	{ "spec", read_spec, 0 },
};

static bool has(const struct document_at *at, const char *key)
{
	return json_object_get(at->value, key) != NULL;
}

/* What has to be there, once everything that is there is good. */
static void check_whole(const struct fields *fields, const struct document_at *root)
{
	const Janus__V1__Guard *guard = fields->to;
	const struct document_at spec = document_member(root, "spec");

	for (size_t i = 0; i < ARRAY_COUNT(root_fields); i++)
		if (!has(root, root_fields[i].name))
			document_fault(fields->faults, root, "%s is missing",
				       root_fields[i].name);
	if (has(root, "metadata") && !*guard->name) {
		const struct document_at metadata = document_member(root, "metadata");

		document_fault(fields->faults, &metadata, "name is missing");
	}
	if (has(root, "spec") && !guard->n_targets)
		document_fault(fields->faults, &spec, "targets: there are none");
	if (has(root, "spec") && !guard->n_subjects)
		document_fault(fields->faults, &spec, "subjects: there are none");
}

static int pack(struct manifest *ret, const Janus__V1__Guard *guard,
		const struct document *document)
{
	struct manifest made = { .file = strdup(document->file),
				 .line = document->marks[0].line,
				 .column = document->marks[0].column,
				 .name = strdup(guard->name),
				 .pod = strdup(guard->pod),
				 .node = strdup(guard->node),
				 .length = janus__v1__guard__get_packed_size(guard) };

	made.bytes = malloc(made.length + 1);
	if (!made.file || !made.name || !made.pod || !made.node || !made.bytes) {
		manifest_done(&made);
		return -ENOMEM;
	}
	janus__v1__guard__pack(guard, made.bytes);
	*ret = made;
	return 0;
}

int manifest_read(struct manifest *ret, const struct document *document,
		  struct faults *faults)
{
	Janus__V1__Guard guard = JANUS__V1__GUARD__INIT;
	struct arena arena = { 0 };
	const struct fields fields = { faults, &guard, &arena };
	const struct document_at root = document_root(document);
	const size_t before = faults->count;
	int result = -1;

	if (!fields_read(&fields, &root, root_fields, ARRAY_COUNT(root_fields)) &&
	    faults->count == before)
		check_whole(&fields, &root);
	if (faults->count == before) {
		if (!arena.missing)
			result = pack(ret, &guard, document);
		if (result)
			document_fault(faults, &root, "%s", strerror(ENOMEM));
	}
	arena_done(&arena);
	return result ? -1 : 0;
}

void manifest_done(struct manifest *manifest)
{
	free(manifest->file);
	free(manifest->name);
	free(manifest->pod);
	free(manifest->node);
	free(manifest->bytes);
	memset(manifest, 0, sizeof(*manifest));
}
