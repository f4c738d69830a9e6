/* SPDX-License-Identifier: MIT */
/*
 * The index of what is followed: which directory the kernel speaks of when it names a handle,
 * what its path is, and whose tree it belongs to. Pure: it knows what it is told.
 *
 * Nodes of all trees of a context lie in one table. Everything in here is touched under the
 * engine's mutex only.
 */
#ifndef JANUS_TREE_H
#define JANUS_TREE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "decode_fid.h"
#include "slab.h"
#include "spec.h"

struct janus__bucket;
struct janus__coverage;
struct janus__object;

enum janus__node_flag {
	JANUS__NODE_ROOT = 1u << 0, /* its name is a whole path */
	JANUS__NODE_ANCHOR =
		1u << 1, /* leads to where a root may appear; name: what is awaited */
	JANUS__NODE_FILE = 1u << 2,   /* no directory */
	JANUS__NODE_SEEN = 1u << 3,   /* by the look through its tree that is going on */
	JANUS__NODE_FRESH = 1u << 4,  /* listed a moment ago; see fresh.h */
	JANUS__NODE_OBJECT = 1u << 5, /* it has room for one */
	JANUS__NODE_MOUNT =
		1u << 6, /* another file system than its parent's begins here */
	JANUS__NODE_RENAMED =
		1u << 7, /* its name lies elsewhere, for it found no room here */
	JANUS__NODE_LEFT_OUT = 1u << 8, /* the tree ends there, and its object says so */
	JANUS__NODE_NEW = 1u << 9,      /* what is listed in it was not known before */
	JANUS__NODE_LEAF = 1u << 10, /* an entry of what is covered, not covered itself */
};

/* A directory, or a file that is marked by itself. Handle and name follow it in memory. */
struct janus__node {
	struct janus__node *next; /* in its bucket */
	struct janus__node *parent;
	struct janus__node *child; /* the first */
	struct janus__node *sibling, **link;
	struct janus__tree *tree;
	uint32_t hash;
	uint32_t slab_offset; /* of its memory */
	uint16_t name_length;
	uint16_t filesystem;
	uint16_t flags; /* of enum janus__node_flag */
	uint8_t handle_type;
	uint8_t handle_length;
	unsigned char data[];
};

/* What one rule covers: roots and what lies below them; or the way to where they may be. */
struct janus__tree {
	struct janus__tree *next; /* of the context */
	struct janus__tree *next_of_watch;
	struct janus__spec *spec; /* one reference */
	const struct janus__rule *rule;
	struct janus__node *roots;   /* linked as siblings */
	struct janus__node *anchors; /* likewise */
	uint64_t directory_count;
	uint64_t file_count;
	struct janus__coverage *coverage; /* of its watch, once that is in force */
	uint64_t mounts;                  /* what is mounted below its roots, as a hash */
	bool active;                      /* its events are told */
	bool dirty; /* something has happened where its roots may be */
	bool lost;  /* what lies below the roots has to be looked through again */
};

/* What nodes lie on. */
struct janus__tree_filesystem {
	uint64_t fsid;
	uint64_t device;   /* of its directories; 0: not known */
	size_t node_count; /* 0: the place is free */
};

struct janus__trees {
	struct janus__slabs slabs; /* of the nodes */
	struct janus__bucket *buckets;
	size_t bucket_count; /* a power of two */
	size_t node_count;
	struct janus__tree_filesystem *filesystems; /* a node knows its place in here */
	size_t filesystem_count;
	struct janus__tree *list;
	uint64_t directory_count;

	uint64_t file_count;      /* nodes of files that lie in a tree */
	uint64_t file_ends;       /* since the last sweep; see sweep.h */
	uint64_t file_overflows;  /* that the last sweep knew of */
	atomic_uint asking_count; /* of the trees; may be read without the mutex */
};

int janus__trees_init(struct janus__trees *trees);
void janus__trees_done(struct janus__trees *trees);

/* A tree without roots. The reference is its own. NULL: no memory. */
struct janus__tree *janus__tree_create(struct janus__trees *trees,
				       struct janus__spec *spec,
				       const struct janus__rule *rule);

/* Its nodes must be gone (janus__node_free()). */
void janus__tree_destroy(struct janus__trees *trees, struct janus__tree *tree);

/* What a new node is. */
struct janus__node_facts {
	const struct janus__fid *fid;
	const char *name;           /* need not be terminated */
	size_t name_length;         /* at most 65535 */
	struct janus__node *parent; /* NULL: a root or an anchor */
	uint16_t flags;             /* of enum janus__node_flag */
};

/*
 * It has room for an object if its subject asks. NULL: no memory, or a handle or a name is too
 * long.
 */
struct janus__node *janus__node_create(struct janus__trees *trees,
				       struct janus__tree *tree,
				       const struct janus__node_facts *facts);

/* All nodes are about to be freed, and none is looked for any more. */
void janus__trees_unlink_all(struct janus__trees *trees);

/* One node; what lay below it must be gone. Returns the object it held, or NULL. */
struct janus__object *janus__node_free(struct janus__trees *trees,
				       struct janus__node *node);

/* The next node with this handle after @after, or the first (NULL); NULL: no more. */
struct janus__node *janus__trees_find(const struct janus__trees *trees,
				      const struct janus__fid *fid,
				      const struct janus__node *after);

/* The directory of this handle in one tree, no anchor. */
struct janus__node *janus__tree_find(const struct janus__trees *trees,
				     const struct janus__tree *tree,
				     const struct janus__fid *fid);

/* A directory of that name in another one, but not that of a handle. */
struct janus__node *janus__node_find_other(const struct janus__trees *trees,
					   const struct janus__node *node,
					   const char *name,
					   const struct janus__fid *fid);

/* Give a node another place and name. -ENOMEM: nothing has changed. */
int janus__node_move(struct janus__node *node, struct janus__node *parent,
		     const char *name);

/* In the order in which they can be freed: what lies deepest first. NULL: @top was the last. */
struct janus__node *janus__node_first_below(struct janus__node *top);

/* Whether it is the entry of that name in a directory. */
bool janus__node_is_at(const struct janus__node *node,
		       const struct janus__node *directory, const char *name);

const char *janus__node_name(const struct janus__node *node, size_t *ret_length);
struct janus__fid janus__node_fid(const struct janus__trees *trees,
				  const struct janus__node *node);
struct janus__object *janus__node_object(const struct janus__node *node);
void janus__node_set_object(struct janus__node *node, struct janus__object *object);
struct janus__node *janus__node_root(struct janus__node *node, uint32_t *ret_depth);

/*
 * The path of an entry in a directory, or of the directory itself (@name NULL), terminated.
 * Returns its length; -ENAMETOOLONG.
 */
long janus__node_path(const struct janus__node *node, const char *name, char *buf,
		      size_t size);

/*
 * What a directory's node lies on is this device. -EOPNOTSUPP: another file system has the same
 * fsid, such as the copy of an image or a second overlay with uuid=null; what the kernel tells
 * of the one could be meant of the other.
 */
int janus__node_set_device(struct janus__trees *trees, const struct janus__node *node,
			   uint64_t device);

/* Whether two handles are the same. */
bool janus__fid_is(const struct janus__fid *a, const struct janus__fid *b);

#endif
