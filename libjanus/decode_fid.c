// SPDX-License-Identifier: MIT
/*
 * Owns what the records behind an event mean. Keeps nothing: what it tells points into the
 * bytes it was given. The kernel wrote those, and still each length is checked against what
 * holds it, the record against the event and the event against the read.
 */
#include "decode_fid.h"

#include <errno.h>
#include <string.h>

#include "kernel.h"

/* As the kernel's struct fanotify_event_info_mnt, which older headers lack. */
struct mount_record {
	struct fanotify_event_info_header header;
	uint64_t mount_id;
};

/* What struct file_handle starts with; the handle itself follows. */
struct handle_header {
	uint32_t length;
	int32_t type;
};

/* A record with its header, or what is left of an event. */
struct span {
	const unsigned char *at;
	size_t length;
};

/* Take a file system and a handle off the front of @record. */
static int take_fid(struct span *record, struct janus__fid *ret)
{
	struct fanotify_event_info_fid fid;
	struct handle_header handle;

	if (record->length < sizeof(fid) + sizeof(handle))
		return -EBADMSG;
	memcpy(&fid, record->at, sizeof(fid));
	memcpy(&handle, record->at + sizeof(fid), sizeof(handle));
	record->at += sizeof(fid) + sizeof(handle);
	record->length -= sizeof(fid) + sizeof(handle);
	if (handle.length > MAX_HANDLE_SZ || handle.length > record->length)
		return -EBADMSG;
	*ret = (struct janus__fid){
		.type = handle.type,
		.length = handle.length,
		.bytes = record->at,
	};
	/* As the seam's fs_id: the two are compared, whatever the order of the bytes. */
	memcpy(&ret->fsid, &fid.fsid, sizeof(ret->fsid));
	record->at += handle.length;
	record->length -= handle.length;
	return 0;
}

/* The name that @record has left: one step, from which no path leads up or elsewhere. */
static int take_name(const struct span *record, const char **ret)
{
	const char *name = (const char *)record->at;

	if (!memchr(name, '\0', record->length))
		return -EBADMSG;
	if (strcmp(name, ".") == 0) {
		*ret = NULL;
		return 0;
	}
	if (*name == '\0' || strchr(name, '/') || strcmp(name, "..") == 0)
		return -EBADMSG;
	*ret = name;
	return 0;
}

static int take_named(struct span record, struct janus__fid *ret, const char **ret_name)
{
	int err = take_fid(&record, ret);

	return err ? err : take_name(&record, ret_name);
}

static int take_mount(const struct span *record, uint64_t *ret)
{
	struct mount_record mount;

	if (record->length < sizeof(mount))
		return -EBADMSG;
	memcpy(&mount, record->at, sizeof(mount));
	*ret = mount.mount_id;
	return 0;
}

static int take_record(struct span record, int type, struct janus__observation *ret)
{
	switch (type) {
	case FAN_EVENT_INFO_TYPE_FID:
		return take_fid(&record, &ret->target);
	case FAN_EVENT_INFO_TYPE_DFID:
		return take_fid(&record, &ret->directory);
	case FAN_EVENT_INFO_TYPE_DFID_NAME:
	case FAN_EVENT_INFO_TYPE_NEW_DFID_NAME:
		return take_named(record, &ret->directory, &ret->name);
	case FAN_EVENT_INFO_TYPE_OLD_DFID_NAME:
		return take_named(record, &ret->old_directory, &ret->old_name);
	case FAN_EVENT_INFO_TYPE_MNT:
		return take_mount(&record, &ret->mount_id);
	default:
		return 0;
	}
}

static int take_records(struct span left, struct janus__observation *ret)
{
	while (left.length > 0) {
		struct fanotify_event_info_header header;
		int err;

		if (left.length < sizeof(header))
			return -EBADMSG;
		memcpy(&header, left.at, sizeof(header));
		if (header.len < sizeof(header) || header.len > left.length)
			return -EBADMSG;
		err = take_record((struct span){ left.at, header.len }, header.info_type,
				  ret);
		if (err)
			return err;
		left.at += header.len;
		left.length -= header.len;
	}
	return 0;
}

long janus__decode_fid(const void *bytes, size_t length, struct janus__observation *ret)
{
	struct fanotify_event_metadata metadata;
	struct janus__observation found;
	struct span records;
	int err;

	if (length == 0)
		return 0;
	if (length < sizeof(metadata))
		return -EBADMSG;
	memcpy(&metadata, bytes, sizeof(metadata));
	if (metadata.vers != FANOTIFY_METADATA_VERSION)
		return -EPROTO;
	if (metadata.event_len < sizeof(metadata) || metadata.event_len > length ||
	    metadata.metadata_len != sizeof(metadata))
		return -EBADMSG;
	found = (struct janus__observation){ .mask = metadata.mask, .pid = metadata.pid };
	records.at = (const unsigned char *)bytes + sizeof(metadata);
	records.length = metadata.event_len - sizeof(metadata);
	err = take_records(records, &found);
	if (err)
		return err;
	*ret = found;
	return (long)metadata.event_len;
}
