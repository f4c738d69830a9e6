// SPDX-License-Identifier: MIT
#include "guard_image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

#define SOURCE_MAX_BYTES 8192

/* No count of targets, with which the first form of these bytes began. */
#define FORMAT UINT32_C(0x3276674a)

/* The bytes: this and the source, for each target its head and its id, then the guard. */
struct image_head {
	uint32_t format;
	uint32_t target_count;
	uint64_t generation;
	uint32_t source_size;
	uint32_t zero;
};

struct target_head {
	uint64_t start_time;
	int32_t pid;
	uint32_t cid_size; /* 0: a process or the host */
	uint32_t index;
	uint32_t again;
};

static void put(uint8_t **at, const void *bytes, size_t size)
{
	if (size)
		memcpy(*at, bytes, size);
	*at += size;
}

static size_t cid_size(const struct guard_image_target *target)
{
	return target->cid ? strlen(target->cid) : 0;
}

static size_t size_of(const struct guard_image *image)
{
	size_t size = sizeof(struct image_head) + strlen(image->source) +
		      image->guard.size;

	for (size_t i = 0; i < image->target_count; i++)
		size += sizeof(struct target_head) + cid_size(&image->targets[i]);
	return size;
}

int guard_image_pack(const struct guard_image *image, struct wire_bytes *ret)
{
	const struct image_head head = {
		.format = FORMAT,
		.target_count = (uint32_t)image->target_count,
		.generation = image->generation,
		.source_size = (uint32_t)strlen(image->source),
	};
	size_t size = size_of(image);
	uint8_t *data = malloc(size), *at = data;

	if (!data)
		return -ENOMEM;
	put(&at, &head, sizeof(head));
	put(&at, image->source, head.source_size);
	for (size_t i = 0; i < image->target_count; i++) {
		const struct guard_image_target *target = &image->targets[i];
		const struct target_head one = {
			.start_time = target->start_time,
			.pid = target->pid,
			.cid_size = (uint32_t)cid_size(target),
			.index = target->index,
			.again = target->again,
		};

		put(&at, &one, sizeof(one));
		put(&at, target->cid, one.cid_size);
	}
	put(&at, image->guard.data, image->guard.size);
	*ret = (struct wire_bytes){ data, size };
	return 0;
}

static int take(struct wire_bytes *rest, void *buf, size_t size)
{
	if (size > rest->size)
		return -EBADMSG;
	memcpy(buf, rest->data, size);
	rest->data += size;
	rest->size -= size;
	return 0;
}

static int take_text(struct wire_bytes *rest, char **ret, size_t size)
{
	if (size > rest->size)
		return -EBADMSG;
	*ret = strndup((const char *)rest->data, size);
	if (!*ret)
		return -ENOMEM;
	rest->data += size;
	rest->size -= size;
	return 0;
}

static int take_target(struct wire_bytes *rest, struct guard_image_target *target)
{
	struct target_head head;

	if (take(rest, &head, sizeof(head)))
		return -EBADMSG;
	target->pid = head.pid;
	target->start_time = head.start_time;
	target->index = head.index;
	target->again = head.again;
	return head.cid_size ? take_text(rest, &target->cid, head.cid_size) : 0;
}

int guard_image_unpack(struct guard_image *ret, struct wire_bytes bytes)
{
	struct guard_image image = { 0 };
	struct image_head head;
	int error = take(&bytes, &head, sizeof(head));

	if (error || head.format != FORMAT ||
	    head.target_count > GUARD_IMAGE_TARGETS_MAX ||
	    head.source_size > SOURCE_MAX_BYTES)
		return -EBADMSG;
	image.generation = head.generation;
	image.targets = calloc((size_t)head.target_count + 1, sizeof(*image.targets));
	if (!image.targets)
		return -ENOMEM;
	error = take_text(&bytes, &image.source, head.source_size);
	while (!error && image.target_count < head.target_count)
		error = take_target(&bytes, &image.targets[image.target_count++]);
	if (error) {
		guard_image_done(&image);
		return error;
	}
	image.guard = bytes;
	*ret = image;
	return 0;
}

int guard_image_copy_targets(struct guard_image *ret, const struct guard_image *image)
{
	struct guard_image copy = { 0 };

	copy.targets = calloc(image->target_count + 1, sizeof(*copy.targets));
	if (!copy.targets)
		return -ENOMEM;
	for (size_t i = 0; i < image->target_count; i++) {
		struct guard_image_target *target = &copy.targets[copy.target_count++];

		*target = image->targets[i];
		if (!target->cid)
			continue;
		target->cid = strdup(target->cid);
		if (!target->cid) {
			guard_image_done(&copy);
			return -ENOMEM;
		}
	}
	*ret = copy;
	return 0;
}

void guard_image_drop(struct guard_image *image, size_t index)
{
	struct guard_image_target *target = &image->targets[index];

	free(target->cid);
	image->target_count--;
	memmove(target, target + 1, (image->target_count - index) * sizeof(*target));
}

void guard_image_done(struct guard_image *image)
{
	for (size_t i = 0; i < image->target_count; i++)
		free(image->targets[i].cid);
	free(image->targets);
	free(image->source);
	memset(image, 0, sizeof(*image));
}
