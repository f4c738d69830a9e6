// SPDX-License-Identifier: MIT
/*
 * Owns lists of paths, short enough to be searched from end to end.
 */
#include "model.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness.h"

void model_init(struct model *model)
{
	*model = (struct model){ 0 };
}

static void forget_rename(struct model *model)
{
	if (model->displaced) {
		model_done(model->displaced);
		free(model->displaced);
	}
	free(model->last_old);
	free(model->last_new);
	model->displaced = NULL;
	model->last_old = NULL;
	model->last_new = NULL;
}

void model_done(struct model *model)
{
	forget_rename(model);
	for (size_t i = 0; i < model->count; i++)
		free(model->entries[i].path);
	free(model->entries);
	model_init(model);
}

static struct entry *find(const struct model *model, const char *path)
{
	for (size_t i = 0; i < model->count; i++)
		if (strcmp(model->entries[i].path, path) == 0)
			return &model->entries[i];
	return NULL;
}

const struct entry *model_find(const struct model *model, const char *path)
{
	return find(model, path);
}

void model_add(struct model *model, const char *path, uint32_t type)
{
	struct entry *known = find(model, path);

	if (known) {
		known->type = type;
		return;
	}
	if (model->count == model->room) {
		model->room = model->room ? 2 * model->room : 256;
		model->entries = realloc(model->entries,
					 model->room * sizeof(*model->entries));
		CHECK(model->entries);
	}
	model->entries[model->count] = (struct entry){ strdup(path), type };
	CHECK(model->entries[model->count].path);
	model->count++;
}

/* What comes after @above in @path, or NULL. "" if it is the same. */
static const char *below(const char *path, const char *above)
{
	size_t length = strlen(above);

	if (strncmp(path, above, length) != 0)
		return NULL;
	return path[length] == '/' || !path[length] ? path + length : NULL;
}

/* Take what is at @path and below it away, to @aside unless that is NULL. */
static void take_away(struct model *model, const char *path, struct model *aside)
{
	size_t kept = 0;

	for (size_t i = 0; i < model->count; i++) {
		struct entry entry = model->entries[i];

		if (!below(entry.path, path)) {
			model->entries[kept++] = entry;
			continue;
		}
		if (aside)
			model_add(aside, entry.path, entry.type);
		free(entry.path);
	}
	model->count = kept;
}

/* @from's entries at and below @old, as if they were at @new. */
static void put(struct model *model, const struct model *from, const char *old,
		const char *new)
{
	char path[PATH_MAX];

	for (size_t i = 0; i < from->count; i++) {
		snprintf(path, sizeof(path), "%s%s", new,
			 below(from->entries[i].path, old));
		model_add(model, path, from->entries[i].type);
	}
}

static struct model *new_model(void)
{
	struct model *model = malloc(sizeof(*model));

	CHECK(model);
	model_init(model);
	return model;
}

/*
 * RENAME_EXCHANGE is told as two renames, there and back, one right after the other. Nobody
 * in these tests renames a file and back again with nothing in between.
 */
static bool is_second_half(const struct model *model, const struct janus_event *event)
{
	return model->last_old && model->displaced->count &&
	       janus_event_get_sequence(event) == model->last_sequence + 1 &&
	       strcmp(model->last_old, janus_event_get_path(event)) == 0 &&
	       strcmp(model->last_new, janus_event_get_old_path(event)) == 0;
}

static void apply_rename(struct model *model, const struct janus_event *event)
{
	const char *old = janus_event_get_old_path(event);
	const char *new = janus_event_get_path(event);
	struct model moved;

	if (is_second_half(model, event)) {
		put(model, model->displaced, old, new);
		forget_rename(model);
		return;
	}
	forget_rename(model);
	model_init(&moved);
	take_away(model, old, &moved);
	if (!find(&moved, old))
		model_add(&moved, old, janus_event_get_file_type(event));
	model->displaced = new_model();
	take_away(model, new, model->displaced);
	put(model, &moved, old, new);
	model_done(&moved);
	model->last_old = strdup(old);
	model->last_new = strdup(new);
	CHECK(model->last_old && model->last_new);
	model->last_sequence = janus_event_get_sequence(event);
}

void model_apply(struct model *model, const struct janus_event *event)
{
	const char *path = janus_event_get_path(event);

	switch (janus_event_get_kind(event)) {
	case JANUS_EVENT_CREATE:
		model_add(model, path, janus_event_get_file_type(event));
		break;
	case JANUS_EVENT_DELETE:
		take_away(model, path, NULL);
		break;
	case JANUS_EVENT_RENAME:
		apply_rename(model, event);
		return;
	default:
		harness_fail(__FILE__, __LINE__, "unexpected kind 0x%x of %s (%d)",
			     janus_event_get_kind(event), path,
			     janus_event_get_error(event));
	}
	forget_rename(model);
}

static uint32_t type_of(mode_t mode)
{
	if (S_ISREG(mode))
		return JANUS_FILE_REGULAR;
	if (S_ISDIR(mode))
		return JANUS_FILE_DIRECTORY;
	return S_ISLNK(mode) ? JANUS_FILE_SYMLINK : JANUS_FILE_OTHER;
}

void model_walk(struct model *model, const char *root)
{
	DIR *directory = opendir(root);
	char path[PATH_MAX];
	struct dirent *entry;
	struct stat facts;

	CHECK(directory);
	while ((entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", root, entry->d_name);
		MUST(lstat(path, &facts));
		model_add(model, path, type_of(facts.st_mode));
		if (S_ISDIR(facts.st_mode))
			model_walk(model, path);
	}
	closedir(directory);
}

/* A file that was gone before it was looked at may have been any but a directory. */
/* What a file is besides that it is no directory is looked up, and it may be gone by then. */
static bool is_same_type(uint32_t told, uint32_t real)
{
	return (told == JANUS_FILE_DIRECTORY) == (real == JANUS_FILE_DIRECTORY);
}

size_t model_compare(const struct model *told, const struct model *real, bool loud)
{
	size_t differences = 0;

	for (size_t i = 0; i < told->count; i++) {
		const struct entry *entry = &told->entries[i];
		const struct entry *other = find(real, entry->path);

		if (other && is_same_type(entry->type, other->type))
			continue;
		differences++;
		if (loud && other)
			printf("     told as type %u, but it is %u: %s\n", entry->type,
			       other->type, entry->path);
		else if (loud)
			printf("     told, but not there: %s\n", entry->path);
	}
	for (size_t i = 0; i < real->count; i++) {
		if (find(told, real->entries[i].path))
			continue;
		differences++;
		if (loud)
			printf("     there, but not told: %s\n", real->entries[i].path);
	}
	return differences;
}
