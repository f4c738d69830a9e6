// SPDX-License-Identifier: MIT
#include "follow_open.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "handle.h"
#include "util.h"

#include <janus/types.h>

/* Nobody is told of such an open, and who told us would be. */
#define DIRECTORY_FLAGS (O_PATH | O_DIRECTORY | O_CLOEXEC)

/* For so long mounts are taken to be what they were: to look at them costs much. */
#define PLACES_NS 1000000

uint64_t janus__follow_hash(const struct janus__fid *fid)
{
	return janus__hash(fid->fsid ^ JANUS__HASH_BEGIN, fid->bytes, fid->length);
}

void janus__follow_close(struct janus__follow *follow)
{
	if (!follow->open)
		return;
	janus__cover_install(&follow->cover);
	janus__cover_done(&follow->cover);
	janus__root_done(&follow->root);
	follow->open = false;
}

int janus__follow_cover(struct janus__follow *follow, const struct janus__tree *tree)
{
	struct janus_watch_report ignored = JANUS_WATCH_REPORT_INIT;
	int err;

	if (follow->open && follow->cover.spec == tree->spec)
		return 0;
	janus__follow_close(follow);
	err = janus__root_open(&follow->root, follow->marker->proc, tree->spec, &ignored);
	if (err)
		return err;
	janus__cover_init(&follow->cover, follow->marker, &follow->root, tree->spec);
	follow->cover.live = true;
	follow->cover.coverage = tree->coverage;
	follow->cover.installed = tree->coverage->count;
	follow->open = true;
	return 0;
}

/* What is mounted, as of a moment ago. */
static struct janus__places *look_at_places(struct janus__follow *follow,
					    const char *path)
{
	struct janus__places *places = &follow->cover.places;
	struct timespec now;
	int64_t now_ns;

	clock_gettime(CLOCK_MONOTONIC, &now);
	now_ns = now.tv_sec * 1000000000 + now.tv_nsec;
	if (now_ns - follow->places_ns > PLACES_NS) {
		janus__places_done(places);
		follow->places_ns = now_ns;
	}
	(void)janus__places_find(places, path);
	return places;
}

/* Whether something on the way to @path is served by somebody who need not answer. */
static bool may_stall(struct janus__follow *follow, const char *path)
{
	const struct janus__places *places = look_at_places(follow, path);

	if (places->error)
		return true;
	for (size_t i = 0; i < places->target.count; i++) {
		const struct janus__mount *mount = &places->target.list[i];
		size_t length = strlen(mount->point);

		if (janus__mount_stalls(mount) &&
		    strncmp(mount->point, path, length) == 0 &&
		    (length == 1 || path[length] == '/' || path[length] == '\0'))
			return true;
	}
	return false;
}

/* First through what the kernel has in memory, which makes it wait for nobody. */
static int open_path(struct janus__follow *follow, const char *path, uint64_t flags)
{
	const struct janus__kernel *kernel = follow->marker->kernel;
	struct open_how how = {
		.flags = flags,
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | RESOLVE_CACHED,
	};
	int fd = kernel->openat2(follow->root.fd.fd, path, &how);

	if (fd != -EAGAIN)
		return fd;
	if (may_stall(follow, path))
		return -EREMOTE;
	how.resolve &= ~(uint64_t)RESOLVE_CACHED;
	return kernel->openat2(follow->root.fd.fd, path, &how);
}

int janus__follow_open(struct janus__follow *follow, const struct janus__node *node)
{
	const struct janus__marker *marker = follow->marker;
	struct janus__fid fid = janus__node_fid(marker->trees, node);
	struct janus__handle handle;
	char path[PATH_MAX];
	int fd = janus__follow_cover(follow, node->tree);

	if (fd < 0)
		return fd;
	if (janus__node_path(node, NULL, path, sizeof(path)) < 0)
		return -ENAMETOOLONG;
	fd = open_path(follow, path, DIRECTORY_FLAGS);
	if (fd < 0)
		return fd;
	handle.fid.fsid = fid.fsid;
	if (janus__handle_read(marker->kernel, fd, "", &handle) == 0 &&
	    janus__fid_is(&handle.fid, &fid))
		return fd;
	marker->kernel->close(fd);
	return -ESTALE;
}

uint32_t janus__follow_type_of_mode(unsigned int mode)
{
	if (S_ISREG(mode))
		return JANUS_FILE_REGULAR;
	if (S_ISDIR(mode))
		return JANUS_FILE_DIRECTORY;
	return S_ISLNK(mode) ? JANUS_FILE_SYMLINK : JANUS_FILE_OTHER;
}

uint32_t janus__follow_type(struct janus__follow *follow,
			    const struct janus__node *directory, const char *name)
{
	const struct janus__kernel *kernel = follow->marker->kernel;
	char path[PATH_MAX];
	struct statx stx;
	uint32_t type = JANUS_FILE_REGULAR;
	int fd;

	if (janus__follow_cover(follow, directory->tree) < 0 ||
	    janus__node_path(directory, name, path, sizeof(path)) < 0)
		return type;
	fd = open_path(follow, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return type;
	if (kernel->statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &stx) ==
	    0)
		type = janus__follow_type_of_mode(stx.stx_mode);
	kernel->close(fd);
	return type;
}

bool janus__follow_is_absent(struct janus__follow *follow,
			     const struct janus__node *directory, const char *name)
{
	char path[PATH_MAX];
	int fd;

	if (janus__follow_cover(follow, directory->tree) < 0 ||
	    janus__node_path(directory, name, path, sizeof(path)) < 0)
		return false;
	fd = open_path(follow, path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd >= 0)
		follow->marker->kernel->close(fd);
	return fd == -ENOENT;
}

void janus__follow_gap(struct janus__follow *follow, const struct janus__node *directory,
		       int err)
{
	char path[PATH_MAX];

	if (janus__node_path(directory, NULL, path, sizeof(path)) < 0)
		path[0] = '\0';
	janus__tell_gap(follow->marker->teller, directory->tree, path, err);
}
