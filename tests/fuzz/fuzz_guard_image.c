// SPDX-License-Identifier: MIT
/*
 * A guard's image out of any bytes: it is refused, or its targets are whole and can be
 * forgotten one by one. Knows nothing of the format.
 */
#include "guard_image.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool condition)
{
	if (!condition)
		abort();
}

/* All that a target has is read, so that a sanitizer sees what does not belong to it. */
static uint64_t read_targets(const struct guard_image *image)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < image->target_count; i++) {
		const struct guard_image_target *target = &image->targets[i];

		sum += target->start_time + (uint64_t)target->pid;
		if (target->cid)
			sum += strlen(target->cid);
	}
	return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guard_image image = { 0 };
	/* Memory of its own size: nothing may be read behind it. */
	uint8_t *bytes = malloc(size ? size : 1);
	uint8_t first = size ? data[0] : 0;
	int error;

	check(bytes != NULL);
	if (size)
		memcpy(bytes, data, size);
	error = guard_image_unpack(&image, (struct wire_bytes){ bytes, size });
	check(!error || error == -EBADMSG);
	if (error)
		check(!image.targets && !image.target_count);
	while (image.target_count) {
		size_t count = image.target_count;

		read_targets(&image);
		guard_image_drop(&image, first % count);
		check(image.target_count == count - 1);
	}
	guard_image_done(&image);
	free(bytes);
	return 0;
}
