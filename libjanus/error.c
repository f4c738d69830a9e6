// SPDX-License-Identifier: MIT
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>

#include <janus/error.h>
#include <janus/version.h>

#include "util.h"

static const struct {
	int error;
	const char *text;
} texts[] = {
	{ 0, "success" },
	{ EINVAL, "invalid argument" },
	{ E2BIG, "larger than this library knows or allows" },
	{ ENAMETOOLONG, "path too long" },
	{ EPERM, "not permitted: CAP_SYS_ADMIN is missing" },
	{ EACCES, "not permitted to enter the target's root: CAP_SYS_PTRACE is missing" },
	{ ENOSYS, "the kernel has no fanotify" },
	{ EOPNOTSUPP, "not offered by this kernel or these privileges" },
	{ EMFILE, "no fd or no fanotify group left for this process or user" },
	{ ENFILE, "no file left in the system" },
	{ ENOMEM, "no memory" },
	{ ENOSPC, "the kernel's limit of marks is reached" },
	{ EDQUOT, "a limit of the watch or of the context is reached" },
	{ ENOBUFS, "records found no room and were lost" },
	{ EOVERFLOW, "the kernel's queue was full, and observations were lost" },
	{ EAGAIN, "no thread could be started" },
	{ ENOENT, "no such container or file" },
	{ ENOTUNIQ, "the container id is ambiguous" },
	{ ESRCH, "the process is gone" },
	{ ELOOP, "the path leads to no file of its own" },
	{ ENOTDIR, "not a directory" },
	{ EMEDIUMTYPE, "neither a file nor a directory" },
	{ EREMOTE, "the file system can stall every opener (FUSE, network, autofs)" },
	{ EINTR, "interrupted by a signal" },
	{ ETIMEDOUT, "the opener has his answer already, or the time is over" },
	{ EBUSY, "there is a context on the keep already" },
	{ EPROTO, "from another version of this library" },
	{ EIO, "the kernel's interface failed" },
};

const char *janus_strerror(int error)
{
	/* The most negative int has no positive one, and is no errno. */
	int number = error < 0 && error != INT_MIN ? -error : error;
	const char *text;

	for (size_t i = 0; i < JANUS__ARRAY_COUNT(texts); i++)
		if (number == texts[i].error)
			return texts[i].text;
	text = strerrordesc_np(number);
	return text ? text : "unknown error";
}

const char *janus_event_kind_name(uint32_t kind)
{
	switch (kind) {
	case JANUS_EVENT_OPEN:
		return "OPEN_PERM";
	case JANUS_EVENT_ACCESS:
		return "ACCESS_PERM";
	case JANUS_EVENT_EXEC:
		return "OPEN_EXEC_PERM";
	case JANUS_EVENT_CREATE:
		return "CREATE";
	case JANUS_EVENT_MODIFY:
		return "MODIFY";
	case JANUS_EVENT_CLOSE_WRITE:
		return "CLOSE_WRITE";
	case JANUS_EVENT_ATTRIB:
		return "ATTRIB";
	case JANUS_EVENT_DELETE:
		return "DELETE";
	case JANUS_EVENT_RENAME:
		return "RENAME";
	case JANUS_EVENT_START:
		return "START";
	case JANUS_EVENT_END:
		return "END";
	case JANUS_EVENT_GAP:
		return "GAP";
	default:
		return "UNKNOWN";
	}
}

const char *janus_verdict_name(uint32_t verdict)
{
	switch (verdict) {
	case JANUS_VERDICT_ALLOW:
		return "ALLOW";
	case JANUS_VERDICT_DENY:
		return "DENY";
	case JANUS_VERDICT_WOULD_DENY:
		return "WOULD_DENY";
	case JANUS_VERDICT_ASK:
		return "ASK";
	default:
		return "UNKNOWN";
	}
}

const char *janus_reason_name(uint32_t reason)
{
	switch (reason) {
	case JANUS_REASON_RULE:
		return "rule";
	case JANUS_REASON_OWNER:
		return "owner";
	case JANUS_REASON_OTHER_WATCH:
		return "other-watch";
	case JANUS_REASON_FAILURE:
		return "failure";
	case JANUS_REASON_EXCEPTION:
		return "exception";
	case JANUS_REASON_DEADLINE:
		return "deadline";
	default:
		return "unknown";
	}
}

const char *janus_file_type_name(uint32_t type)
{
	switch (type) {
	case JANUS_FILE_OTHER:
		return "other";
	case JANUS_FILE_REGULAR:
		return "file";
	case JANUS_FILE_DIRECTORY:
		return "directory";
	case JANUS_FILE_SYMLINK:
		return "symlink";
	default:
		return "unknown";
	}
}

const char *janus_version(void)
{
	return JANUS_VERSION_STRING;
}

uint32_t janus_version_number(void)
{
	return JANUS_VERSION_MAJOR * 1000000u + JANUS_VERSION_MINOR * 1000u +
	       JANUS_VERSION_PATCH;
}
