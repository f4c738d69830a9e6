// SPDX-License-Identifier: MIT
#include "state_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "guard_image.h"
#include "guard_state.h"

/* "JanusGS" and a newline, as a machine of the other byte order would not have it. */
#define MAGIC UINT64_C(0x0a534773756e614a)
#define CRC_POLYNOMIAL UINT32_C(0xedb88320)

/* The bytes: this, and for each guard its head and its image. */
struct file_head {
	uint64_t magic;
	uint32_t version;
	uint32_t crc; /* of everything, with zero in its own place */
	uint64_t length;
	uint64_t generation;
	uint32_t count;
	char boot[STATE_FILE_BOOT_SIZE];
	uint8_t zero[7];
};

struct entry_head {
	uint64_t id;
	uint32_t size;
	uint32_t zero;
};

_Static_assert(sizeof(struct file_head) == 80, "no holes: all of it is written");
_Static_assert(sizeof(struct entry_head) == 16, "no holes");

static void make_table(uint32_t table[256])
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t value = i;

		for (int bit = 0; bit < 8; bit++)
			value = (value >> 1) ^ (value & 1 ? CRC_POLYNOMIAL : 0);
		table[i] = value;
	}
}

/* CRC-32 as in IEEE 802.3, over @bytes with zeros in place of the sum itself. */
static uint32_t sum_of(const uint8_t *bytes, size_t size)
{
	const size_t from = offsetof(struct file_head, crc);
	uint32_t table[256], crc = UINT32_MAX;

	make_table(table);
	for (size_t i = 0; i < size; i++) {
		uint8_t byte = i >= from && i < from + sizeof(uint32_t) ? 0 : bytes[i];

		crc = (crc >> 8) ^ table[(crc ^ byte) & 0xff];
	}
	return ~crc;
}

void state_file_seal(uint8_t *bytes, size_t size)
{
	const uint64_t length = size;
	uint32_t crc;

	memcpy(bytes + offsetof(struct file_head, length), &length, sizeof(length));
	crc = sum_of(bytes, size);
	memcpy(bytes + offsetof(struct file_head, crc), &crc, sizeof(crc));
}

static size_t size_of(const struct state_file *file)
{
	size_t size = sizeof(struct file_head);

	for (size_t i = 0; i < file->count; i++)
		size += sizeof(struct entry_head) + file->entries[i].image.size;
	return size;
}

int state_file_encode(const struct state_file *file, struct wire_bytes *ret)
{
	struct file_head head = {
		.magic = MAGIC,
		.version = STATE_FILE_VERSION,
		.generation = file->generation,
		.count = (uint32_t)file->count,
	};
	size_t size = size_of(file);
	uint8_t *data, *at;

	if (size > STATE_FILE_BYTES_MAX)
		return -EFBIG;
	data = at = malloc(size);
	if (!data)
		return -ENOMEM;
	memcpy(head.boot, file->boot, sizeof(head.boot));
	memcpy(at, &head, sizeof(head));
	at += sizeof(head);
	for (size_t i = 0; i < file->count; i++) {
		const struct wire_bytes *image = &file->entries[i].image;
		const struct entry_head entry = {
			.id = file->entries[i].id,
			.size = (uint32_t)image->size,
		};

		memcpy(at, &entry, sizeof(entry));
		at += sizeof(entry);
		if (image->size)
			memcpy(at, image->data, image->size);
		at += image->size;
	}
	state_file_seal(data, size);
	*ret = (struct wire_bytes){ data, size };
	return 0;
}

static int refuse(struct state_file_fault *fault, size_t offset, const char *cause)
{
	*fault = (struct state_file_fault){ offset, cause };
	return -EBADMSG;
}

static bool is_terminated(const char *text, size_t size)
{
	const char *end = memchr(text, '\0', size);

	for (const char *c = end; c && c < text + size; c++)
		if (*c)
			return false;
	return end;
}

static int check_head(const struct file_head *head, struct wire_bytes bytes,
		      struct state_file_fault *fault)
{
	static const uint8_t zero[sizeof(head->zero)];

	if (head->length != bytes.size)
		return refuse(fault, offsetof(struct file_head, length),
			      head->length > bytes.size
				      ? "the file is cut off"
				      : "there is something behind its end");
	if (head->crc != sum_of(bytes.data, bytes.size))
		return refuse(fault, offsetof(struct file_head, crc),
			      "the sum is another one: its bytes have changed since it"
			      " was written");
	if (!is_terminated(head->boot, sizeof(head->boot)))
		return refuse(fault, offsetof(struct file_head, boot),
			      "the boot is no text");
	if (memcmp(head->zero, zero, sizeof(zero)) != 0)
		return refuse(fault, offsetof(struct file_head, zero),
			      "there is something where nothing should be");
	if (head->count > bytes.size / sizeof(struct entry_head))
		return refuse(fault, offsetof(struct file_head, count),
			      "there cannot be so many guards");
	return 0;
}

/* What is no state file at all, or another version's, is told apart from a spoilt one. */
static int take_head(struct file_head *ret, struct wire_bytes bytes,
		     struct state_file_fault *fault)
{
	if (bytes.size < sizeof(*ret))
		return refuse(fault, bytes.size, "it is too short for a state file");
	memcpy(ret, bytes.data, sizeof(*ret));
	if (ret->magic != MAGIC)
		return refuse(fault, 0, "it does not begin as a state file does");
	if (ret->version != STATE_FILE_VERSION)
		return refuse(fault, offsetof(struct file_head, version),
			      "it is of a version that this janusd does not know");
	return check_head(ret, bytes, fault);
}

/* A guard, and one that is not a file's: that one would come back without its file. */
static int check_image(struct wire_bytes bytes, size_t offset,
		       struct state_file_fault *fault)
{
	struct guard_image image = { 0 };
	int error = guard_image_unpack(&image, bytes);

	if (error == -EBADMSG)
		return refuse(fault, offset, "this is no guard");
	if (error)
		return error;
	if (!*image.source || *image.source == '/')
		error = refuse(fault, offset, "this guard was not made over gRPC");
	guard_image_done(&image);
	return error;
}

static int take_entry(struct state_file *file, struct wire_bytes bytes, size_t *offset,
		      struct state_file_fault *fault)
{
	struct state_file_entry *entry = &file->entries[file->count];
	struct entry_head head;
	int error;

	if (bytes.size - *offset < sizeof(head))
		return refuse(fault, *offset, "there are fewer guards than it says");
	memcpy(&head, bytes.data + *offset, sizeof(head));
	if (!head.id || head.id >= GUARD_STATE_ID_MAX ||
	    (file->count && head.id <= entry[-1].id))
		return refuse(fault, *offset, "the guard's number is out of order");
	if (head.zero)
		return refuse(fault, *offset,
			      "there is something where nothing should be");
	if (head.size > GUARD_STATE_VALUE_MAX ||
	    head.size > bytes.size - *offset - sizeof(head))
		return refuse(fault, *offset, "the guard's length is wrong");
	*offset += sizeof(head);
	*entry = (struct state_file_entry){
		.id = head.id, .image = { bytes.data + *offset, head.size }
	};
	error = check_image(entry->image, *offset, fault);
	if (error)
		return error;
	*offset += head.size;
	file->count++;
	return 0;
}

static int take_entries(struct state_file *file, struct wire_bytes bytes, size_t count,
			struct state_file_fault *fault)
{
	size_t offset = sizeof(struct file_head);

	while (file->count < count) {
		int error = take_entry(file, bytes, &offset, fault);

		if (error)
			return error;
	}
	if (offset < bytes.size)
		return refuse(fault, offset, "there is more than the guards that it has");
	return 0;
}

int state_file_decode(struct state_file *ret, struct wire_bytes bytes,
		      struct state_file_fault *fault)
{
	struct state_file file = { 0 };
	struct file_head head;
	int error = take_head(&head, bytes, fault);

	if (error)
		return error;
	file.generation = head.generation;
	memcpy(file.boot, head.boot, sizeof(file.boot));
	file.entries = calloc((size_t)head.count + 1, sizeof(*file.entries));
	if (!file.entries)
		return -ENOMEM;
	error = take_entries(&file, bytes, head.count, fault);
	if (error)
		state_file_done(&file);
	else
		*ret = file;
	return error;
}

void state_file_done(struct state_file *file)
{
	free(file->entries);
	memset(file, 0, sizeof(*file));
}
