// SPDX-License-Identifier: MIT
/*
 * Owns the way from a container's id to its processes: by the cgroups that are mounted, or,
 * where not all are, by one pass over /proc, or by what runtimes have written down; then the
 * choice of the init process. What texts mean belongs to proc.c, cgroup.c and state.c.
 *
 * What a container can do about it: end processes, use their numbers again, make pid
 * namespaces, and, where its cgroups are writable, move its processes into cgroups below its
 * own, of any name. So a match in the least depth of containers counts, and the init process
 * is the one that started first: neither can be forged from within.
 */
#include "container.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "container_object.h"
#include "container_root.h"
#include "members.h"
#include "proc.h"
#include "state.h"
#include "util.h"

/* A path a line, PATH_MAX at most, for every controller of cgroup v1 and v2. */
#define CGROUP_SIZE 65536

/* One look at all processes. */
struct scan {
	const struct janus__proc *proc;
	struct janus__container_id id;
	struct janus__pids pids; /* those that cgroups name */
	struct janus__members members;
	size_t listed;     /* processes of /proc, whosever they are */
	size_t matched;    /* processes with the id, also those that are gone since */
	size_t unreadable; /* processes of which it cannot be told */
	bool broken;       /* /proc shows nobody */
	int err;           /* what we were short of as states were looked at */
	char *text;        /* of the process that is looked at, CGROUP_SIZE bytes */

	/* The first match of the least depth; what the others are compared with. */
	struct janus__cgroup_match first;
	char *first_text;
	bool is_split; /* and there is another one like it in another place */
	const char *
		written_by; /* the runtime whose state names the process; NULL: no one's */
};

/* Errors that concern us, not the process or the /proc that is looked at. */
static bool is_ours(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOMEM;
}

static void scan_done(struct scan *scan)
{
	janus__pids_done(&scan->pids);
	janus__members_done(&scan->members);
	free(scan->text);
	free(scan->first_text);
}

/* What the caller is told, in the words of the public header. */
static int public_error(int err)
{
	switch (err) {
	case 0:
	case -EINVAL:
	case -EAGAIN:
	case -ENOENT:
	case -ENOTUNIQ:
	case -ESRCH:
	case -EMFILE:
	case -ENOMEM:
		return err;
	case -ENFILE:
		return -EMFILE;
	default:
		return -EIO;
	}
}

static int match_process(struct scan *scan, int32_t pid, struct janus__cgroup_match *ret)
{
	struct janus__proc_text text = { scan->text, CGROUP_SIZE };
	ssize_t length = janus__proc_read(scan->proc, pid, "cgroup", text);

	if (length < 0)
		return (int)length;
	return janus__cgroup_match(&scan->id, scan->text, (size_t)length, ret);
}

static int read_process(const struct scan *scan, int32_t pid, struct janus__member *ret)
{
	struct janus__proc_stat stat;
	int err = janus__proc_read_stat(scan->proc, pid, &stat);

	if (err)
		return err;
	ret->pid = stat.pid;
	ret->ppid = stat.ppid;
	ret->start_time = stat.start_time;
	ret->is_dead = stat.state == 'Z' || stat.state == 'X' || stat.state == 'x';
	err = janus__proc_read_nspid(scan->proc, pid, &ret->nspid);
	if (err == -ENODATA) {
		ret->nspid = (struct janus__proc_nspid){ 1, pid };
		return 0;
	}
	return err;
}

static bool is_same_prefix(const struct janus__cgroup_match *a,
			   const struct janus__cgroup_match *b)
{
	return a->prefix_length == b->prefix_length &&
	       memcmp(a->path, b->path, a->prefix_length) == 0;
}

/* Make the scan's first match the one that lies in its text. */
static int set_first(struct scan *scan, const struct janus__cgroup_match *match)
{
	char *other = scan->first_text ? scan->first_text : malloc(CGROUP_SIZE);

	if (!other)
		return -ENOMEM;
	scan->first_text = scan->text;
	scan->text = other;
	scan->first = *match;
	scan->is_split = false;
	scan->members.count = 0;
	return 0;
}

/* 1: the process counts; 0: it only looks as if; or a negative errno. */
static int weigh(struct scan *scan, const struct janus__cgroup_match *match)
{
	const struct janus__cgroup_match *first = &scan->first;
	int err;

	if (first->id && (first->id_length != match->id_length ||
			  memcmp(first->id, match->id, match->id_length) != 0))
		return -ENOTUNIQ;
	if (first->id && match->depth > first->depth)
		return 0;
	if (!first->id || match->depth < first->depth) {
		err = set_first(scan, match);
		return err ? err : 1;
	}
	if (match->hierarchy == first->hierarchy && !is_same_prefix(match, first))
		scan->is_split = true;
	return 1;
}

/* 0, whether it belongs to the container or not, or a negative errno. */
static int look_at(struct scan *scan, int32_t pid)
{
	struct janus__cgroup_match match;
	struct janus__member before, process;
	int found = match_process(scan, pid, &match);
	int err;

	if (found <= 0)
		return found;
	scan->matched++;
	/* Read the id again between two looks at the start time: all of it is one process's. */
	err = read_process(scan, pid, &before);
	if (err)
		return err;
	found = match_process(scan, pid, &match);
	if (found <= 0)
		return found;
	err = read_process(scan, pid, &process);
	if (err)
		return err;
	if (process.start_time != before.start_time)
		return -ESRCH;
	found = weigh(scan, &match);
	if (found <= 0)
		return found;
	return janus__members_add(&scan->members, &process);
}

/* 0: go on; else a negative errno that ends it all. */
static int look_at_next(struct scan *scan, int32_t pid)
{
	int err = look_at(scan, pid);

	scan->listed++;
	if (err == -ENOTUNIQ || is_ours(err))
		return err;
	/* A path beyond PATH_MAX was made from within some container: not to be found. */
	if (err && err != -ESRCH && err != -ENAMETOOLONG)
		scan->unreadable++;
	return 0;
}

/* Each process there is. */
static int scan_processes(struct scan *scan)
{
	struct janus__proc_list list;
	int32_t pid;
	int err = janus__proc_list_init(&list, scan->proc);

	if (err)
		return is_ours(err) ? err : -EIO;
	while ((err = janus__proc_list_next(&list, &pid)) > 0) {
		err = look_at_next(scan, pid);
		if (err) {
			janus__proc_list_done(&list);
			return err;
		}
	}
	janus__proc_list_done(&list);
	scan->broken = scan->listed == 0;
	return err && !is_ours(err) ? -EIO : err;
}

/* Each process of the cgroups that name the container. */
static int scan_pids(struct scan *scan)
{
	int err = 0;

	janus__pids_sort(&scan->pids);
	for (size_t i = 0; i < scan->pids.count && !err; i++)
		err = look_at_next(scan, scan->pids.list[i]);
	return err;
}

static void collect_pids(void *userdata, const char *path, int fd)
{
	struct scan *scan = userdata;
	struct janus__cgroup_match match;
	char line[PATH_MAX + 8];
	int length = snprintf(line, sizeof(line), "0::%s\n", path);

	if (length > 0 && (size_t)length < sizeof(line) &&
	    janus__cgroup_match(&scan->id, line, (size_t)length, &match) != 0)
		janus__cgroup_read_pids(scan->proc->kernel, fd, &scan->pids);
}

static bool is_member(const struct scan *scan, int32_t pid)
{
	for (size_t i = 0; i < scan->members.count; i++)
		if (scan->members.list[i].pid == pid)
			return true;
	return false;
}

/*
 * Who is named by a runtime, and by no cgroup. Any user can write down any id for a process of
 * his: root's word ends the search, and of two users none is believed.
 */
static bool note_state(void *userdata, const struct janus__state *state)
{
	struct scan *scan = userdata;
	struct janus__member process;
	int err = read_process(scan, state->pid, &process);

	if (!err && process.start_time != state->start_time)
		err = -ESRCH;
	if (!err && state->author == 0)
		scan->members.count = 0;
	if (!err && is_member(scan, state->pid))
		return true;
	if (!err)
		err = janus__members_add(&scan->members, &process);
	if (is_ours(err))
		scan->err = err;
	if (err)
		return true;
	scan->matched++;
	scan->is_split = scan->members.count > 1;
	scan->written_by = state->runtime;
	return state->author != 0;
}

static int search(struct scan *scan)
{
	int err;

	/* Part of a container is worse than none: another process might pose as its first one. */
	if (!janus__hierarchies_walk(scan->proc, collect_pids, scan))
		err = scan_processes(scan);
	else
		err = scan->pids.err ? scan->pids.err : scan_pids(scan);
	if (!err && scan->matched == 0) {
		err = janus__states_read(scan->proc, scan->id.text, note_state, scan);
		if (!err)
			err = scan->err;
	}
	return err;
}

static int verdict_of(const struct scan *scan)
{
	if (scan->members.count == 0 && scan->unreadable)
		return -EIO;
	if (scan->matched == 0)
		return scan->broken ? -EIO : -ENOENT;
	if (scan->members.count == 0)
		return -ESRCH;
	return scan->is_split ? -ENOTUNIQ : 0;
}

static bool note_runtime(void *userdata, const struct janus__state *state)
{
	struct janus__container_facts *found = userdata;

	if (state->pid == found->init_pid)
		found->runtime = state->runtime;
	return state->pid != found->init_pid;
}

/* Some cgroups do not tell which runtime made them; then its state may. */
static void find_runtime(const struct scan *scan, struct janus__container_facts *found)
{
	char id[JANUS__CONTAINER_ID_SIZE];

	if (*found->runtime || found->id_length >= sizeof(id))
		return;
	memcpy(id, found->id, found->id_length);
	id[found->id_length] = '\0';
	janus__states_read(scan->proc, id, note_runtime, found);
}

/* The cgroup says who it is. -ESRCH: not any more. */
static int find_in_cgroup(struct scan *scan, struct janus__container_facts *found)
{
	struct janus__cgroup_match match;
	int err = match_process(scan, found->init_pid, &match);

	if (err <= 0)
		return err < 0 ? err : -ESRCH;
	found->id = match.id;
	found->id_length = match.id_length;
	found->cgroup = match.path;
	found->cgroup_length = match.prefix_length;
	found->runtime = match.runtime;
	find_runtime(scan, found);
	return 0;
}

/* The pass took its time: is the choice still what it was? */
static int find_facts(struct scan *scan, struct janus__container_facts *found)
{
	struct janus__proc_stat stat;
	int err = 0;

	if (scan->written_by) {
		found->id = scan->id.text;
		found->id_length = scan->id.length;
		found->cgroup = "";
		found->runtime = scan->written_by;
	} else {
		err = find_in_cgroup(scan, found);
	}
	if (!err)
		err = janus__proc_read_stat(scan->proc, found->init_pid, &stat);
	if (!err && stat.start_time != found->init_start_time)
		err = -ESRCH;
	return err;
}

static int finish(struct scan *scan, struct janus_container **ret)
{
	struct janus__container_facts found = { .root = "" };
	struct janus_container *container;
	const struct janus__member *init;
	int err;

	init = janus__members_choose_init(&scan->members);
	if (!init)
		return -ESRCH;
	if (!janus__container_root_is_own(scan->proc, init->pid, init->ppid))
		return -EAGAIN;
	found.init_pid = init->pid;
	found.init_start_time = init->start_time;
	err = find_facts(scan, &found);
	if (err)
		return err;
	janus__container_root_path(scan->proc, init->pid, found.root, sizeof(found.root));
	container = janus__container_new(&found, scan->members.count);
	if (!container)
		return -ENOMEM;
	for (size_t i = 0; i < scan->members.count; i++)
		janus__container_set_pid(container, i, scan->members.list[i].pid);
	*ret = container;
	return 0;
}

/* Look for a container among @pids, or, if that is NULL, wherever it may be. */
static int look_up(const struct janus__proc *proc, const char *id,
		   const struct janus__pids *pids, struct janus_container **ret)
{
	janus__cleanup(scan_done) struct scan scan = { .proc = proc };
	int err = janus__container_id_parse(id, &scan.id);

	if (err)
		return err;
	scan.text = malloc(CGROUP_SIZE);
	if (!scan.text)
		return -ENOMEM;
	for (size_t i = 0; pids && i < pids->count && !err; i++)
		err = look_at_next(&scan, pids->list[i]);
	if (!pids)
		err = search(&scan);
	if (!err)
		err = verdict_of(&scan);
	return err ? err : finish(&scan, ret);
}

static int take_state(const struct janus__proc *proc, const struct janus__state *state,
		      struct janus_container **ret)
{
	janus__cleanup(scan_done) struct scan scan = { .proc = proc };
	int err = janus__container_id_parse(state->id, &scan.id);

	if (err)
		return err;
	note_state(&scan, state);
	if (!scan.members.count)
		return scan.err ? scan.err : -ESRCH;
	return finish(&scan, ret);
}

int janus__container_from_state(const struct janus__proc *proc,
				const struct janus__state *state,
				struct janus_container **ret)
{
	return public_error(take_state(proc, state, ret));
}

int janus__container_of(const struct janus__proc *proc, const char *id,
			const struct janus__pids *pids, struct janus_container **ret)
{
	return public_error(look_up(proc, id, pids, ret));
}

int janus__container_lookup(const struct janus__kernel *kernel, const char *proc_path,
			    const char *id, struct janus_container **ret)
{
	struct janus__container_id parsed;
	struct janus__proc proc;
	int err;

	if (!id || !ret || janus__container_id_parse(id, &parsed) < 0)
		return -EINVAL;
	err = janus__proc_open(kernel, proc_path, &proc);
	if (err)
		return err && !is_ours(err) ? -EIO : public_error(err);
	err = janus__container_of(&proc, id, NULL, ret);
	janus__proc_done(&proc);
	return err;
}

int janus_container_lookup(const char *id, struct janus_container **ret)
{
	return janus__container_lookup(&janus__kernel_linux, "/proc", id, ret);
}
