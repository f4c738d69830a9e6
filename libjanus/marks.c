// SPDX-License-Identifier: MIT
/*
 * Owns the difference between what is wanted and what is marked. Holds one O_PATH fd at a
 * time: an fd that stayed open would keep a container's file system busy.
 */
#include "marks.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "decode.h"
#include "identify.h"
#include "log.h"
#include "report.h"
#include "util.h"

/* A directory's mark speaks of the directory and of its direct children. */
#define DIRECTORY_MASK (FAN_ONDIR | FAN_EVENT_ON_CHILD)

#define ALL_KINDS_MASK (FAN_OPEN_PERM | FAN_ACCESS_PERM | FAN_OPEN_EXEC_PERM)

/* One rule on its way to a mark. */
struct attempt {
	const struct janus__rule *rule;
	struct janus__fd fd;
	struct janus__file file;
	enum janus__filesystem filesystem;
	struct janus__object *object;
};

static const char *cause_of(int err)
{
	switch (err) {
	case -ENOENT:
		return "no such file or directory";
	case -ELOOP:
		return "it leads to no file of its own (a link of /proc, or a loop)";
	case -ENOTDIR:
		return "not a directory, or below something that is none";
	case -EMEDIUMTYPE:
		return "neither a file nor a directory";
	case -EREMOTE:
		return "its file system can stall every opener (FUSE, network, autofs)";
	case -EACCES:
		return "it may not be entered: CAP_DAC_READ_SEARCH is missing";
	case -EPERM:
		return "the kernel refuses the mark: CAP_SYS_ADMIN is missing";
	case -ENOSPC:
		return "the kernel's limit of marks is reached (max_user_marks)";
	case -EMFILE:
	case -ENFILE:
		return "no fd left";
	case -ENOMEM:
		return "no memory";
	case -EOPNOTSUPP:
		return "this file system takes no permission marks";
	default:
		return "it cannot be marked";
	}
}

static int set_mark(const struct janus__marker *marker, unsigned int flags, uint64_t mask,
		    int fd)
{
	char link[32];
	int err;

	snprintf(link, sizeof(link), "self/fd/%d", fd);
	err = marker->kernel->fanotify_mark(marker->group_fd, flags, mask,
					    marker->proc->fd, link);
	/* The mask is right, so it is the file system that the kernel complains of. */
	return err == -EINVAL || err == -ENODEV ? -EOPNOTSUPP : err;
}

static int check_kind(const struct janus__spec *spec, const struct attempt *attempt)
{
	const struct janus__subject *subject = janus__spec_subject_of(spec,
								      attempt->rule);

	/* To identify such a file the responder would wait for a server, and all with it. */
	if (attempt->filesystem == JANUS__FILESYSTEM_STALLING)
		return -EREMOTE;
	if (!S_ISREG(attempt->file.type) && !S_ISDIR(attempt->file.type))
		return -EMEDIUMTYPE;
	if ((subject->flags & JANUS_SUBJECT_ONLY_DIR) && !attempt->file.directory)
		return -ENOTDIR;
	return 0;
}

static int hold_object(const struct janus__marker *marker, struct attempt *attempt)
{
	char path[PATH_MAX] = "";
	struct janus__inode_facts facts = {
		.inode = attempt->file.inode,
		.mount_id = attempt->file.mount_id,
		.directory = attempt->file.directory,
		.drifts = attempt->filesystem == JANUS__FILESYSTEM_OVERLAY,
		.path = path,
	};
	ssize_t length = 0;

	if (facts.drifts)
		length = janus__identify_path(marker->proc, attempt->fd.fd,
					      &attempt->file, path, sizeof(path));
	if (length < 0)
		return (int)length;
	return janus__rules_hold(marker->rules, &facts, &attempt->object);
}

/* A mark that is there already is added again: whether it still is, only the kernel knows. */
static int mark_object(const struct janus__marker *marker, const struct janus__spec *spec,
		       const struct attempt *attempt)
{
	uint32_t kinds = janus__spec_subject_of(spec, attempt->rule)->events;
	uint64_t mask = janus__encode_kinds(kinds);

	if (attempt->file.directory)
		mask |= DIRECTORY_MASK;
	return set_mark(marker, FAN_MARK_ADD, mask, attempt->fd.fd);
}

/* On success the attempt's object is held and marked, and its fd open. */
static int try_rule(const struct janus__marker *marker, const struct janus__root *root,
		    const struct janus__spec *spec, struct attempt *attempt)
{
	int err;

	attempt->fd.fd = janus__root_resolve(root, attempt->rule->path);
	if (attempt->fd.fd < 0)
		return attempt->fd.fd;
	attempt->filesystem = janus__identify_filesystem(marker->kernel, attempt->fd.fd);
	err = janus__identify_file(marker->kernel, attempt->fd.fd, &attempt->file);
	if (!err)
		err = check_kind(spec, attempt);
	if (!err)
		err = hold_object(marker, attempt);
	if (err)
		return err;
	err = mark_object(marker, spec, attempt);
	if (err)
		janus__rules_release(marker->rules, attempt->object);
	return err;
}

static void skip(const struct janus__marker *marker, const struct janus__rule *rule,
		 int err, struct janus_watch_report *report)
{
	char shown[256];
	const struct janus__place place = {
		.subject = rule->subject,
		.field = rule->deny ? "deny" : "allow",
		.index = rule->index,
		.path = rule->path,
	};

	janus__report_skip(report, err, &place, cause_of(err));
	janus__log(marker->log, JANUS_LOG_WARNING, "subject[%u].%s[%u] '%s' skipped: %s",
		   rule->subject, place.field, rule->index,
		   janus__escape(shown, sizeof(shown), rule->path), cause_of(err));
}

static void mark_rules(const struct janus__marker *marker, const struct janus__root *root,
		       const struct janus__spec *spec, struct janus_watch_report *report,
		       struct janus__coverage *coverage)
{
	for (uint64_t i = 0; i < spec->rule_count; i++) {
		struct attempt attempt = {
			.rule = &spec->rules[i],
			.fd = { .kernel = marker->kernel, .fd = -1 },
		};
		int err = try_rule(marker, root, spec, &attempt);

		janus__fd_done(&attempt.fd);
		if (err) {
			skip(marker, attempt.rule, err, report);
			continue;
		}
		report->marked++;
		report->directories += attempt.file.directory;
		coverage->wanted[coverage->count++] = (struct janus__wanted){
			.object = attempt.object,
			.rule = attempt.rule,
		};
	}
}

static void count_marks(const struct janus__marker *marker)
{
	atomic_store_explicit(&marker->counters->marks, marker->rules->object_count,
			      memory_order_relaxed);
}

int janus__marks_add(const struct janus__marker *marker, const struct janus__root *root,
		     const struct janus__spec *spec, struct janus_watch_report *report,
		     struct janus__coverage *ret)
{
	struct janus__coverage coverage = {
		.wanted = calloc(spec->rule_count, sizeof(*coverage.wanted)),
	};

	if (!coverage.wanted)
		return janus__report_fail(report, -ENOMEM, "marks", "no memory");
	mark_rules(marker, root, spec, report, &coverage);
	count_marks(marker);
	if (coverage.count == 0) {
		free(coverage.wanted);
		return report->first_error;
	}
	janus__wanted_sort(coverage.wanted, coverage.count);
	*ret = coverage;
	return 0;
}

/* Reopen what a rule was marked on; -1: it is not there any more, or another file is. */
static int reopen(const struct janus__marker *marker, const struct janus__root *root,
		  const struct janus__wanted *wanted)
{
	struct janus__inode inode = janus__object_inode(marker->rules, wanted->object);
	struct janus__file file;
	int fd = janus__root_resolve(root, wanted->rule->path);

	if (fd < 0)
		return -1;
	if (janus__identify_file(marker->kernel, fd, &file) == 0 &&
	    file.inode.device == inode.device && file.inode.number == inode.number)
		return fd;
	marker->kernel->close(fd);
	return -1;
}

/* Leave the kernel with the bits that the remaining bindings want. */
static void reduce_mark(const struct janus__marker *marker,
			const struct janus__root *root,
			const struct janus__wanted *wanted)
{
	uint64_t kept = janus__encode_kinds(janus__object_events(wanted->object));
	uint64_t unwanted = ALL_KINDS_MASK & ~kept;
	int fd;

	if (!unwanted)
		return;
	fd = reopen(marker, root, wanted);
	if (fd < 0) {
		janus__log(
			marker->log, JANUS_LOG_DEBUG,
			"a file was moved or is gone: its mark stays until it goes too");
		return;
	}
	if (!kept && janus__object_is_directory(wanted->object))
		unwanted |= DIRECTORY_MASK;
	(void)set_mark(marker, FAN_MARK_REMOVE, unwanted, fd);
	marker->kernel->close(fd);
}

void janus__marks_remove(const struct janus__marker *marker,
			 const struct janus__spec *spec, struct janus__coverage *coverage)
{
	struct janus_watch_report ignored = JANUS_WATCH_REPORT_INIT;
	struct janus__root root;
	bool reachable = janus__root_open(&root, marker->proc, spec, &ignored) == 0;

	for (size_t i = 0; i < coverage->count; i++) {
		if (reachable)
			reduce_mark(marker, &root, &coverage->wanted[i]);
		janus__rules_release(marker->rules, coverage->wanted[i].object);
	}
	if (reachable)
		janus__root_done(&root);
	free(coverage->wanted);
	*coverage = (struct janus__coverage){ 0 };
	count_marks(marker);
}
