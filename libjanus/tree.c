// SPDX-License-Identifier: MIT
/*
 * Owns the nodes: one piece of a slab each, for there may be hundreds of thousands. Holds no
 * fd and makes no system call. What a node's object is, it does not know.
 */
#include "tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nodes.h"

#define FILESYSTEMS_MAX 65535
#define HANDLE_MAX 255

int janus__trees_init(struct janus__trees *trees)
{
	*trees = (struct janus__trees){ 0 };
	return janus__nodes_init(trees);
}

void janus__trees_done(struct janus__trees *trees)
{
	janus__nodes_done(trees);
	free(trees->filesystems);
	*trees = (struct janus__trees){ 0 };
}

static bool asks(const struct janus__tree *tree)
{
	return janus__subject_asks(janus__spec_subject_of(tree->spec, tree->rule));
}

struct janus__tree *janus__tree_create(struct janus__trees *trees,
				       struct janus__spec *spec,
				       const struct janus__rule *rule)
{
	struct janus__tree *tree = calloc(1, sizeof(*tree));

	if (!tree)
		return NULL;
	tree->spec = janus__spec_ref(spec);
	tree->rule = rule;
	tree->next = trees->list;
	trees->list = tree;
	atomic_fetch_add(&trees->asking_count, asks(tree));
	return tree;
}

void janus__tree_destroy(struct janus__trees *trees, struct janus__tree *tree)
{
	struct janus__tree **link = &trees->list;

	while (*link != tree)
		link = &(*link)->next;
	*link = tree->next;
	atomic_fetch_sub(&trees->asking_count, asks(tree));
	janus__spec_unref(tree->spec);
	free(tree);
}

bool janus__fid_is(const struct janus__fid *a, const struct janus__fid *b)
{
	return a->fsid == b->fsid && a->type == b->type && a->length == b->length &&
	       memcmp(a->bytes, b->bytes, a->length) == 0;
}

/* The place of a file system in the table; negative: there is no room. */
static long filesystem_index(struct janus__trees *trees, uint64_t fsid)
{
	struct janus__tree_filesystem *larger;
	size_t free_place = trees->filesystem_count;

	for (size_t i = 0; i < trees->filesystem_count; i++) {
		if (!trees->filesystems[i].node_count)
			free_place = i;
		else if (trees->filesystems[i].fsid == fsid)
			return (long)i;
	}
	if (free_place == FILESYSTEMS_MAX)
		return -ENOMEM;
	if (free_place == trees->filesystem_count) {
		larger = reallocarray(trees->filesystems, free_place + 1,
				      sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		trees->filesystems = larger;
		trees->filesystem_count++;
	}
	trees->filesystems[free_place] = (struct janus__tree_filesystem){ .fsid = fsid };
	return (long)free_place;
}

/* Where an object's address stands in the data of a node that holds one. */
static size_t object_size(uint16_t flags)
{
	return flags & JANUS__NODE_OBJECT ? sizeof(struct janus__object *) : 0;
}

static unsigned char *handle_bytes(const struct janus__node *node)
{
	return (unsigned char *)node->data + object_size(node->flags);
}

/* A name, or the address of one. */
static char *name_bytes(const struct janus__node *node)
{
	return (char *)handle_bytes(node) + node->handle_length;
}

/* There is room for an address at least, so that a longer name can follow. */
static size_t name_room(size_t length)
{
	return length > sizeof(char *) ? length : sizeof(char *);
}

static char *name_elsewhere(const struct janus__node *node)
{
	char *name = NULL;

	if (node->flags & JANUS__NODE_RENAMED)
		memcpy(&name, name_bytes(node), sizeof(char *));
	return name;
}

const char *janus__node_name(const struct janus__node *node, size_t *ret_length)
{
	const char *name = name_elsewhere(node);

	*ret_length = node->name_length;
	return name ? name : name_bytes(node);
}

bool janus__node_is_at(const struct janus__node *node,
		       const struct janus__node *directory, const char *name)
{
	size_t length;
	const char *its = janus__node_name(node, &length);

	return node->parent == directory && length == strlen(name) &&
	       memcmp(its, name, length) == 0;
}

struct janus__object *janus__node_object(const struct janus__node *node)
{
	struct janus__object *object = NULL;

	if (node->flags & JANUS__NODE_OBJECT)
		memcpy(&object, node->data, sizeof(struct janus__object *));
	return object;
}

void janus__node_set_object(struct janus__node *node, struct janus__object *object)
{
	if (node->flags & JANUS__NODE_OBJECT)
		memcpy(node->data, &object, sizeof(struct janus__object *));
}

struct janus__fid janus__node_fid(const struct janus__trees *trees,
				  const struct janus__node *node)
{
	return (struct janus__fid){
		.fsid = trees->filesystems[node->filesystem].fsid,
		.type = node->handle_type,
		.length = node->handle_length,
		.bytes = handle_bytes(node),
	};
}

/* Where the siblings of a node hang. */
static struct janus__node **family(struct janus__tree *tree, struct janus__node *parent,
				   uint16_t flags)
{
	if (parent)
		return &parent->child;
	return flags & JANUS__NODE_ANCHOR ? &tree->anchors : &tree->roots;
}

static void hang(struct janus__node *node, struct janus__node **first)
{
	node->link = first;
	node->sibling = *first;
	if (*first)
		(*first)->link = &node->sibling;
	*first = node;
}

static void unhang(struct janus__node *node)
{
	*node->link = node->sibling;
	if (node->sibling)
		node->sibling->link = node->link;
}

static void count_node(struct janus__trees *trees, const struct janus__node *node,
		       uint64_t amount)
{
	trees->node_count += amount;
	trees->filesystems[node->filesystem].node_count += amount;
	if ((node->flags & (JANUS__NODE_FILE | JANUS__NODE_ROOT)) == JANUS__NODE_FILE)
		trees->file_count += amount;
	if (node->flags & JANUS__NODE_ANCHOR)
		return;
	if (node->flags & (JANUS__NODE_FILE | JANUS__NODE_LEFT_OUT | JANUS__NODE_LEAF)) {
		node->tree->file_count += amount;
		return;
	}
	node->tree->directory_count += amount;
	trees->directory_count += amount;
}

/* The kernel's handle types fit one byte; what does not is none that it sends in events. */
static bool fits(const struct janus__node_facts *facts)
{
	return facts->fid->length <= HANDLE_MAX && facts->fid->type >= 0 &&
	       facts->fid->type <= UINT8_MAX && facts->name_length <= UINT16_MAX;
}

static uint16_t room_for_object(const struct janus__tree *tree, uint16_t flags)
{
	return asks(tree) && !(flags & JANUS__NODE_ANCHOR) ? JANUS__NODE_OBJECT : 0;
}

struct janus__node *janus__node_create(struct janus__trees *trees,
				       struct janus__tree *tree,
				       const struct janus__node_facts *facts)
{
	const struct janus__fid *fid = facts->fid;
	uint16_t flags = facts->flags | room_for_object(tree, facts->flags);
	long filesystem = fits(facts) ? filesystem_index(trees, fid->fsid) : -EINVAL;
	struct janus__node *node;
	unsigned char *handle;
	uint32_t offset;

	if (filesystem < 0)
		return NULL;
	janus__nodes_grow(trees);
	node = janus__slab_take(&trees->slabs,
				sizeof(*node) + object_size(flags) + fid->length +
					name_room(facts->name_length),
				&offset);
	if (!node)
		return NULL;
	*node = (struct janus__node){
		.parent = facts->parent,
		.tree = tree,
		.hash = janus__nodes_hash(fid),
		.slab_offset = offset,
		.name_length = (uint16_t)facts->name_length,
		.filesystem = (uint16_t)filesystem,
		.handle_type = (uint8_t)fid->type,
		.handle_length = (uint8_t)fid->length,
		.flags = flags,
	};
	janus__node_set_object(node, NULL);
	handle = handle_bytes(node);
	memcpy(handle, fid->bytes, fid->length);
	memcpy(handle + fid->length, facts->name, facts->name_length);
	janus__nodes_add(trees, node);
	hang(node, family(tree, facts->parent, flags));
	count_node(trees, node, 1);
	return node;
}

struct janus__object *janus__node_free(struct janus__trees *trees,
				       struct janus__node *node)
{
	struct janus__object *object = janus__node_object(node);

	janus__nodes_remove(trees, node);
	unhang(node);
	count_node(trees, node, (uint64_t)-1);
	free(name_elsewhere(node));
	janus__slab_give(&trees->slabs, node, node->slab_offset);
	return object;
}

struct janus__node *janus__tree_find(const struct janus__trees *trees,
				     const struct janus__tree *tree,
				     const struct janus__fid *fid)
{
	struct janus__node *node = janus__trees_find(trees, fid, NULL);

	while (node && (node->tree != tree || (node->flags & JANUS__NODE_ANCHOR)))
		node = janus__trees_find(trees, fid, node);
	return node;
}

struct janus__node *janus__node_find_other(const struct janus__trees *trees,
					   const struct janus__node *node,
					   const char *name, const struct janus__fid *fid)
{
	size_t length = strlen(name), its_length;
	struct janus__node *child = node->child;

	for (; child; child = child->sibling) {
		const char *its = janus__node_name(child, &its_length);
		struct janus__fid its_fid = janus__node_fid(trees, child);

		if (!(child->flags & (JANUS__NODE_FILE | JANUS__NODE_LEFT_OUT)) &&
		    its_length == length && memcmp(its, name, length) == 0 &&
		    !janus__fid_is(&its_fid, fid))
			return child;
	}
	return NULL;
}

int janus__node_set_device(struct janus__trees *trees, const struct janus__node *node,
			   uint64_t device)
{
	struct janus__tree_filesystem *filesystem = &trees->filesystems[node->filesystem];

	if (!filesystem->device)
		filesystem->device = device;
	return filesystem->device == device ? 0 : -EOPNOTSUPP;
}

static int rename_node(struct janus__node *node, const char *name)
{
	size_t length = strlen(name);
	bool elsewhere = (node->flags & JANUS__NODE_RENAMED) ||
			 length > name_room(node->name_length);
	char *copy = elsewhere ? strdup(name) : NULL;

	if (elsewhere && !copy)
		return -ENOMEM;
	if (elsewhere) {
		free(name_elsewhere(node));
		memcpy(name_bytes(node), &copy, sizeof(char *));
		node->flags |= JANUS__NODE_RENAMED;
	} else {
		memcpy(name_bytes(node), name, length);
	}
	node->name_length = (uint16_t)length;
	return 0;
}

int janus__node_move(struct janus__node *node, struct janus__node *parent,
		     const char *name)
{
	int err = rename_node(node, name);

	if (err || node->parent == parent)
		return err;
	unhang(node);
	node->parent = parent;
	node->flags &= (uint16_t)~JANUS__NODE_ROOT;
	hang(node, &parent->child);
	return 0;
}

struct janus__node *janus__node_first_below(struct janus__node *top)
{
	while (top->child)
		top = top->child;
	return top;
}

struct janus__node *janus__node_root(struct janus__node *node, uint32_t *ret_depth)
{
	*ret_depth = 0;
	for (; node->parent; node = node->parent)
		(*ret_depth)++;
	return node;
}

/* Written from its end, for only the root knows where a path begins. */
static char *prepend(char *at, const char *start, const char *text, size_t length)
{
	bool slash = length == 0 || text[0] != '/';

	if (!at || (size_t)(at - start) < length + slash)
		return NULL;
	at -= length;
	memcpy(at, text, length);
	if (slash)
		*--at = '/';
	return at;
}

long janus__node_path(const struct janus__node *node, const char *name, char *buf,
		      size_t size)
{
	char *end = buf + size - 1, *at = end;
	size_t length;

	if (name)
		at = prepend(at, buf, name, strlen(name));
	for (; node && at; node = node->parent) {
		const char *its = janus__node_name(node, &length);

		/* The root directory adds nothing but its '/', and only to itself. */
		if (length == 1 && its[0] == '/' && at != end)
			continue;
		at = prepend(at, buf, its, length);
	}
	if (!at)
		return -ENAMETOOLONG;
	length = (size_t)(end - at);
	memmove(buf, at, length);
	buf[length] = '\0';
	return (long)length;
}
