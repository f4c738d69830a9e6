// SPDX-License-Identifier: MIT
#include "guard_image.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guards.h"
#include "util.h"

/* More than a request may name. */
#define TARGETS_MAX 1024

/* The bytes: how many targets, for each of them this and its id, then the request. */
struct target_head {
	uint64_t start_time;
	int32_t pid;
	uint32_t cid_size; /* 0: a process */
};

static void put(uint8_t **at, const void *bytes, size_t size)
{
	if (size)
		memcpy(*at, bytes, size);
	*at += size;
}

static size_t cid_size(const struct guard_target *target)
{
	return target->cid ? strlen(target->cid) : 0;
}

int guard_image_pack(const struct guard_target *targets, size_t target_count,
		     struct wire_bytes request, struct wire_bytes *ret)
{
	uint32_t count = (uint32_t)target_count;
	size_t size = sizeof(count) + request.size;
	uint8_t *data, *at;

	for (size_t i = 0; i < target_count; i++)
		size += sizeof(struct target_head) + cid_size(&targets[i]);
	data = malloc(size);
	if (!data)
		return -ENOMEM;
	at = data;
	put(&at, &count, sizeof(count));
	for (size_t i = 0; i < target_count; i++) {
		struct target_head head = {
			targets[i].start_time,
			targets[i].pid,
			(uint32_t)cid_size(&targets[i]),
		};

		put(&at, &head, sizeof(head));
		put(&at, targets[i].cid, head.cid_size);
	}
	put(&at, request.data, request.size);
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

static int take_target(struct wire_bytes *rest, struct guard_image_target *target)
{
	struct target_head head;

	if (take(rest, &head, sizeof(head)) || head.cid_size > rest->size)
		return -EBADMSG;
	target->pid = head.pid;
	target->start_time = head.start_time;
	if (!head.cid_size)
		return 0;
	target->cid = strndup((const char *)rest->data, head.cid_size);
	if (!target->cid)
		return -ENOMEM;
	rest->data += head.cid_size;
	rest->size -= head.cid_size;
	return 0;
}

int guard_image_unpack(struct guard_image *ret, struct wire_bytes bytes)
{
	struct guard_image image = { 0 };
	uint32_t count;
	int error = take(&bytes, &count, sizeof(count));

	if (error || count > TARGETS_MAX)
		return -EBADMSG;
	image.targets = calloc((size_t)count + 1, sizeof(*image.targets));
	if (!image.targets)
		return -ENOMEM;
	while (!error && image.target_count < count)
		error = take_target(&bytes, &image.targets[image.target_count++]);
	if (error) {
		guard_image_done(&image);
		return error;
	}
	image.request = bytes;
	*ret = image;
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
	memset(image, 0, sizeof(*image));
}
