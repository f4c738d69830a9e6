// SPDX-License-Identifier: MIT
#include "manifests.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>

#include "document_yaml.h"

static bool ends(const char *name, const char *with)
{
	size_t length = strlen(name), own = strlen(with);

	return length > own && !strcmp(name + length - own, with);
}

static int add(struct manifests *manifests, const struct document *document,
	       struct faults *faults)
{
	const struct document_at root = document_root(document);

	if (manifests->count == manifests->room) {
		size_t room = manifests->room ? manifests->room * 2 : 16;
		struct manifest *items = realloc(manifests->items, room * sizeof(*items));

		if (!items) {
			document_fault(faults, &root, "%s", strerror(ENOMEM));
			return -1;
		}
		manifests->items = items;
		manifests->room = room;
	}
	if (manifest_read(&manifests->items[manifests->count], document, faults))
		return -1;
	manifests->count++;
	return 0;
}

static int parse_json(struct manifests *manifests, const struct document_text *text,
		      struct faults *faults)
{
	struct document document;
	int result;

	if (document_parse_json(&document, text, faults))
		return -1;
	result = add(manifests, &document, faults);
	document_done(&document);
	return result;
}

static int parse_yaml(struct manifests *manifests, const struct document_text *text,
		      struct faults *faults)
{
	struct document_yaml documents;
	int result = 0;

	if (document_parse_yaml(&documents, text, faults))
		return -1;
	for (size_t i = 0; i < documents.count; i++)
		if (add(manifests, &documents.items[i], faults))
			result = -1;
	document_yaml_done(&documents);
	return result;
}

int manifests_parse(struct manifests *manifests, const struct document_text *text,
		    struct faults *faults)
{
	if (ends(text->file, ".json"))
		return parse_json(manifests, text, faults);
	return parse_yaml(manifests, text, faults);
}

static int is_manifest(const struct dirent *entry)
{
	const char *name = entry->d_name;

	return *name != '.' &&
	       (ends(name, ".json") || ends(name, ".yaml") || ends(name, ".yml"));
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int by_key(const void *a, const void *b)
{
	const struct manifest *one = *(const struct manifest *const *)a;
	const struct manifest *other = *(const struct manifest *const *)b;
	int order = strcmp(one->name, other->name);

	if (!order)
		order = strcmp(one->pod, other->pod);
	if (!order)
		order = strcmp(one->node, other->node);
	return order ? order : (one > other) - (one < other);
}

static bool is_same(const struct manifest *one, const struct manifest *other)
{
	return !strcmp(one->name, other->name) && !strcmp(one->pod, other->pod) &&
	       !strcmp(one->node, other->node);
}

static void tell_twin(const struct manifest *first, const struct manifest *second,
		      struct faults *faults)
{
	const struct faults_place place = { .file = second->file,
					    .line = second->line,
					    .column = second->column };
	struct text_quote name, file;

	faults_add(faults, &place, "guard '%s' stands in %s:%u already",
		   text_quote(&name, second->name), text_quote(&file, first->file),
		   first->line);
}

static void check_twins(const struct manifests *manifests, struct faults *faults)
{
	autofree const struct manifest **sorted = calloc(manifests->count + 1,
							 sizeof(*sorted));

	if (!sorted) {
		faults_add(faults, &(struct faults_place){ .file = "manifests" }, "%s",
			   strerror(ENOMEM));
		return;
	}
	for (size_t i = 0; i < manifests->count; i++)
		sorted[i] = &manifests->items[i];
	qsort(sorted, manifests->count, sizeof(*sorted), by_key);
	for (size_t i = 1; i < manifests->count; i++)
		if (is_same(sorted[i - 1], sorted[i]))
			tell_twin(sorted[i - 1], sorted[i], faults);
}

static void read_file(struct manifests *manifests, const char *path, size_t *bytes,
		      struct faults *faults)
{
	struct document_text text;
	autofree char *loaded = document_load(&text, path, faults);

	if (!loaded)
		return;
	*bytes += text.length;
	if (*bytes > MANIFESTS_BYTES_MOST)
		faults_add(faults, &(struct faults_place){ .file = path },
			   "this and all before it have more than 64 MiB");
	else
		manifests_parse(manifests, &text, faults);
}

static void read_all(struct manifests *manifests, const char *folder,
		     struct faults *faults)
{
	const struct faults_place place = { .file = folder };
	struct dirent **names;
	char path[PATH_MAX];
	size_t bytes = 0;
	int count = scandir(folder, &names, is_manifest, by_name);

	if (count < 0) {
		faults_add(faults, &place, "%s", strerror(errno));
		return;
	}
	if (count > MANIFESTS_FILES_MOST)
		faults_add(faults, &place, "%d manifests, more than %d", count,
			   MANIFESTS_FILES_MOST);
	for (int i = 0; i < count; i++) {
		int used = snprintf(path, sizeof(path), "%s/%s", folder,
				    names[i]->d_name);

		free(names[i]);
		if (count > MANIFESTS_FILES_MOST || bytes > MANIFESTS_BYTES_MOST)
			continue;
		if (used < (int)sizeof(path))
			read_file(manifests, path, &bytes, faults);
		else
			faults_add(faults, &place, "%s", strerror(ENAMETOOLONG));
	}
	free(names);
}

int manifests_read(struct manifests *ret, const char *folder, struct faults *faults)
{
	struct manifests manifests = { 0 };
	const size_t before = faults->count;

	read_all(&manifests, folder, faults);
	if (faults->count == before)
		check_twins(&manifests, faults);
	if (faults->count == before) {
		*ret = manifests;
		return 0;
	}
	manifests_done(&manifests);
	return -1;
}

void manifests_done(struct manifests *manifests)
{
	for (size_t i = 0; i < manifests->count; i++)
		manifest_done(&manifests->items[i]);
	free(manifests->items);
	memset(manifests, 0, sizeof(*manifests));
}
