// SPDX-License-Identifier: MIT
/*
 * Owns the difference between what is wanted and what is marked. Holds one O_PATH fd at a
 * time: an fd that stayed open would keep a container's file system busy.
 */
#include "marks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "decode.h"
#include "identify.h"
#include "log.h"
#include "report.h"
#include "util.h"

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

/* Where a file of an overlay drifts to can only be known by what does not: its anchor. */
static int find_anchor(const struct janus__marker *marker, const struct attempt *attempt,
		       struct janus__inode_facts *facts)
{
	struct janus__fdinfo info;
	int err;

	/* With its directory's device and one link, its number is good for ever. */
	if (!facts->overlay || facts->directory ||
	    (facts->parent.device == facts->inode.device && attempt->file.links == 1))
		return 0;
	err = janus__identify_fdinfo(marker->proc, attempt->fd.fd, &info);
	if (err)
		return err;
	facts->anchor.device = facts->parent.device;
	facts->anchor.number = info.inode_number;
	return 0;
}

static int hold_object(const struct janus__marker *marker, const struct janus__root *root,
		       struct attempt *attempt)
{
	const struct janus__waiting waiting = {
		.fd = attempt->fd.fd,
		.pid = root->process.pid,
		.file = &attempt->file,
	};
	struct janus__inode_facts facts = {
		.inode = attempt->file.inode,
		.birth_time_ns = attempt->file.birth_time_ns,
		.directory = attempt->file.directory,
		.overlay = attempt->filesystem == JANUS__FILESYSTEM_OVERLAY,
	};
	struct janus__file parent;
	int err;

	if (janus__identify_parent_now(marker->proc, &waiting, &parent) == 0)
		facts.parent = parent.inode;
	err = find_anchor(marker, attempt, &facts);
	return err ? err : janus__rules_hold(marker->rules, &facts, &attempt->object);
}

/*
 * A mark that is there already is added again: whether it still is, only the kernel knows. Each
 * one has FAN_ONDIR, which means nothing for a file, but see remove_mark().
 */
static int mark_object(const struct janus__marker *marker, const struct janus__spec *spec,
		       const struct attempt *attempt)
{
	uint32_t kinds = janus__spec_subject_of(spec, attempt->rule)->events;
	uint64_t mask = janus__encode_kinds(kinds) | FAN_ONDIR;

	if (attempt->file.directory)
		mask |= FAN_EVENT_ON_CHILD;
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
		err = hold_object(marker, root, attempt);
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

/*
 * The kernel lets an access through unasked if one of the marks that it looks at, the file's
 * and its directory's, is deleted at that moment, even if the other one stays. So a mark first
 * loses its events and lives on with FAN_ONDIR alone, which asks for nothing: a directory that
 * asks for nothing is not looked at any more, and its mark can go then. A file's mark always
 * is, and stays as long as rules speak of its directory.
 */
static void remove_mark(const struct janus__marker *marker,
			const struct janus__object *object, int fd)
{
	uint64_t events = ALL_KINDS_MASK;

	if (janus__object_is_directory(object))
		events |= FAN_EVENT_ON_CHILD;
	(void)set_mark(marker, FAN_MARK_REMOVE, events, fd);
	if (!janus__object_parent_has_rules(marker->rules, object))
		(void)set_mark(marker, FAN_MARK_REMOVE, FAN_ONDIR, fd);
}

/* Leave the kernel with the bits that the remaining bindings want. */
static void reduce_mark(const struct janus__marker *marker,
			const struct janus__root *root,
			const struct janus__wanted *wanted)
{
	uint64_t kept = janus__encode_kinds(janus__object_events(wanted->object));
	int fd;

	if (kept == ALL_KINDS_MASK)
		return;
	fd = reopen(marker, root, wanted);
	if (fd < 0) {
		janus__log(marker->log, JANUS_LOG_DEBUG,
			   "a marked file has moved or gone:"
			   " its mark stays until it goes too");
		return;
	}
	if (kept)
		(void)set_mark(marker, FAN_MARK_REMOVE, ALL_KINDS_MASK & ~kept, fd);
	else
		remove_mark(marker, wanted->object, fd);
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
