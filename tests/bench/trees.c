// SPDX-License-Identifier: MIT
/*
 * Owns the shape of the trees. Most of them is 10 x 100 x 100, as large trees are; a tenth
 * is chains of 20, where a path grows long; a tenth lies in one directory, whose listing
 * takes many reads.
 */
#include "trees.h"

#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "kernel/harness.h"

#define PATH_BYTES 512
#define CHAIN 20

struct builder {
	const char *root;
	int left;  /* of this part */
	int count; /* of all parts */
};

/* False: this part has its share. */
static bool add(struct builder *builder, const char *below)
{
	char path[PATH_BYTES];

	if (builder->left == 0)
		return false;
	builder->left--;
	snprintf(path, sizeof(path), "%s/%s", builder->root, below);
	make_directory(path);
	if (builder->count++ % 2 == 0) {
		CHECK(strlen(path) + strlen("/file") < sizeof(path));
		strcat(path, "/file");
		MUST(mknod(path, S_IFREG | 0644, 0));
	}
	return true;
}

static bool add_hundred(struct builder *builder, const char *parent)
{
	char below[PATH_BYTES / 2];

	for (int i = 0; i < 100; i++) {
		snprintf(below, sizeof(below), "%s/%d", parent, i);
		if (!add(builder, below))
			return false;
	}
	return true;
}

/* One hundred directories of one hundred. */
static bool add_bush(struct builder *builder, int number)
{
	char below[64];

	snprintf(below, sizeof(below), "bush%d", number);
	if (!add(builder, below))
		return false;
	for (int i = 0; i < 100; i++) {
		snprintf(below, sizeof(below), "bush%d/%d", number, i);
		if (!add(builder, below) || !add_hundred(builder, below))
			return false;
	}
	return true;
}

static bool add_chain(struct builder *builder, int number)
{
	char below[PATH_BYTES / 2];

	snprintf(below, sizeof(below), "chain%d", number);
	for (int i = 0; i < CHAIN; i++) {
		if (!add(builder, below))
			return false;
		strcat(below, "/deeper");
	}
	return true;
}

static bool add_flat(struct builder *builder, int number)
{
	char below[64];

	if (number == 0)
		return add(builder, "flat");
	snprintf(below, sizeof(below), "flat/%d", number);
	return add(builder, below);
}

static void add_part(struct builder *builder, int count,
		     bool (*grow)(struct builder *builder, int number))
{
	builder->left = count;
	for (int i = 0; grow(builder, i); i++)
		;
}

void make_tree(const char *path, int count)
{
	struct builder builder = { .root = path };
	int part = count / 10;

	make_directory(path);
	add_part(&builder, count - 2 * part, add_bush);
	add_part(&builder, part, add_chain);
	add_part(&builder, part, add_flat);
	CHECK_INT(builder.count, count);
}

static int remove_one(const char *path, const struct stat *facts, int type,
		      struct FTW *where)
{
	(void)facts;
	(void)type;
	(void)where;
	return remove(path);
}

void remove_tree(const char *path)
{
	MUST(nftw(path, remove_one, 2 * CHAIN, FTW_DEPTH | FTW_PHYS));
}
