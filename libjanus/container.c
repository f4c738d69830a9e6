// SPDX-License-Identifier: MIT
/*
 * Owns the way from a container's id to its processes: one pass over /proc, then the choice
 * of the init process. What the text means belongs to proc.c and cgroup.c. Owns the fds of
 * the pass, until it ends.
 *
 * What a container can do about it: end processes, use their numbers again, make pid
 * namespaces, and, where its cgroups are writable, move its processes into cgroups below its
 * own, of any name. So a match in the least depth of containers counts, and the init process
 * is the one that started first: neither can be forged from within.
 */
#include "container.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cgroup.h"
#include "proc.h"
#include "util.h"

/* A path a line, PATH_MAX at most, for every controller of cgroup v1 and v2. */
#define CGROUP_SIZE 65536

struct janus_container {
	int32_t init_pid;
	uint64_t init_start_time;
	size_t pid_count;
	const char *id;
	const char *cgroup;
	int32_t *pids; /* this and both texts lie in the object's own memory */
};

struct process {
	int32_t pid;
	int32_t ppid;
	uint64_t start_time;
	struct janus__proc_nspid nspid;
	bool is_dead; /* a zombie: it has no root any more */
};

/* One look at all processes. */
struct scan {
	struct janus__proc proc;
	struct janus__container_id id;
	struct process *processes;
	size_t count;
	size_t capacity;
	size_t listed;     /* processes of /proc, whosever they are */
	size_t matched;    /* processes with the id, also those that are gone since */
	size_t unreadable; /* processes of which it cannot be told */
	char *text;        /* of the process that is looked at, CGROUP_SIZE bytes */

	/* The first match of the least depth; what the others are compared with. */
	struct janus__cgroup_match first;
	char *first_text;
	bool is_split; /* and there is another one like it in another place */
};

/* Errors that concern us, not the process or the /proc that is looked at. */
static bool is_ours(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOMEM;
}

static void scan_done(struct scan *scan)
{
	janus__proc_done(&scan->proc);
	free(scan->processes);
	free(scan->text);
	free(scan->first_text);
}

static int scan_init(struct scan *scan, const struct janus__kernel *kernel,
		     const char *proc_path)
{
	int err;

	scan->text = malloc(CGROUP_SIZE);
	if (!scan->text)
		return -ENOMEM;
	err = janus__proc_open(kernel, proc_path, &scan->proc);
	return err && !is_ours(err) ? -EIO : err;
}

/* What the caller is told, in the words of the public header. */
static int public_error(int err)
{
	switch (err) {
	case 0:
	case -EINVAL:
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
	ssize_t length = janus__proc_read(&scan->proc, pid, "cgroup", text);

	if (length < 0)
		return (int)length;
	return janus__cgroup_match(&scan->id, scan->text, (size_t)length, ret);
}

static int read_process(const struct scan *scan, int32_t pid, struct process *ret)
{
	struct janus__proc_stat stat;
	int err = janus__proc_read_stat(&scan->proc, pid, &stat);

	if (err)
		return err;
	ret->pid = stat.pid;
	ret->ppid = stat.ppid;
	ret->start_time = stat.start_time;
	ret->is_dead = stat.state == 'Z' || stat.state == 'X' || stat.state == 'x';
	err = janus__proc_read_nspid(&scan->proc, pid, &ret->nspid);
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
	scan->count = 0;
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

static int add_process(struct scan *scan, const struct process *process)
{
	if (scan->count == scan->capacity) {
		size_t capacity = scan->capacity ? 2 * scan->capacity : 64;
		struct process *grown = realloc(scan->processes,
						capacity * sizeof(*scan->processes));

		if (!grown)
			return -ENOMEM;
		scan->processes = grown;
		scan->capacity = capacity;
	}
	scan->processes[scan->count++] = *process;
	return 0;
}

/* 0, whether it belongs to the container or not, or a negative errno. */
static int look_at(struct scan *scan, int32_t pid)
{
	struct janus__cgroup_match match;
	struct process before, process;
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
	return add_process(scan, &process);
}

static int scan_processes(struct scan *scan)
{
	struct janus__proc_list list;
	int32_t pid;
	int err = janus__proc_list_init(&list, &scan->proc);

	if (err)
		return is_ours(err) ? err : -EIO;
	while ((err = janus__proc_list_next(&list, &pid)) > 0) {
		scan->listed++;
		err = look_at(scan, pid);
		if (err == -ENOTUNIQ || is_ours(err)) {
			janus__proc_list_done(&list);
			return err;
		}
		/* A path beyond PATH_MAX was made from within some container: not to be found. */
		if (err && err != -ESRCH && err != -ENAMETOOLONG)
			scan->unreadable++;
	}
	janus__proc_list_done(&list);
	return err && !is_ours(err) ? -EIO : err;
}

static int verdict_of(const struct scan *scan)
{
	if (scan->count == 0 && scan->unreadable)
		return -EIO;
	if (scan->listed == 0)
		return -EIO;
	if (scan->matched == 0)
		return -ENOENT;
	if (scan->count == 0)
		return -ESRCH;
	return scan->is_split ? -ENOTUNIQ : 0;
}

static int compare_pids(const void *a, const void *b)
{
	const struct process *left = a, *right = b;

	return (left->pid > right->pid) - (left->pid < right->pid);
}

static bool has_parent_inside(const struct scan *scan, const struct process *process)
{
	struct process parent = { .pid = process->ppid };

	return bsearch(&parent, scan->processes, scan->count, sizeof(parent),
		       compare_pids) != NULL;
}

/* Start times are counted in hundredths of a second: several processes fit into one. */
static bool is_before(const struct scan *scan, const struct process *a,
		      const struct process *b)
{
	bool a_inside, b_inside;

	if (a->start_time != b->start_time)
		return a->start_time < b->start_time;
	if (a->nspid.count != b->nspid.count)
		return a->nspid.count < b->nspid.count;
	if ((a->nspid.last == 1) != (b->nspid.last == 1))
		return a->nspid.last == 1;
	a_inside = has_parent_inside(scan, a);
	b_inside = has_parent_inside(scan, b);
	if (a_inside != b_inside)
		return b_inside;
	return a->pid < b->pid;
}

/* The process that started first. NULL: all are dead. */
static const struct process *choose_init(const struct scan *scan)
{
	const struct process *init = NULL;

	for (size_t i = 0; i < scan->count; i++) {
		const struct process *process = &scan->processes[i];

		if (!process->is_dead && (!init || is_before(scan, process, init)))
			init = process;
	}
	return init;
}

static void copy_text(char *to, const char *from, size_t length)
{
	memcpy(to, from, length);
	to[length] = '\0';
}

static struct janus_container *build(const struct scan *scan, const struct process *init,
				     const struct janus__cgroup_match *match)
{
	size_t pids = scan->count * sizeof(int32_t);
	size_t texts = match->id_length + 1 + match->prefix_length + 1;
	struct janus_container *container = malloc(sizeof(*container) + pids + texts);
	char *id, *cgroup;

	if (!container)
		return NULL;
	container->pids = (int32_t *)(container + 1);
	id = (char *)(container->pids + scan->count);
	cgroup = id + match->id_length + 1;
	copy_text(id, match->id, match->id_length);
	copy_text(cgroup, match->path, match->prefix_length);
	container->id = id;
	container->cgroup = cgroup;
	container->init_pid = init->pid;
	container->init_start_time = init->start_time;
	container->pid_count = scan->count;
	for (size_t i = 0; i < scan->count; i++)
		container->pids[i] = scan->processes[i].pid;
	return container;
}

static int finish(struct scan *scan, struct janus_container **ret)
{
	struct janus__cgroup_match match;
	const struct process *init;
	struct janus__proc_stat stat;
	int err;

	qsort(scan->processes, scan->count, sizeof(*scan->processes), compare_pids);
	init = choose_init(scan);
	if (!init)
		return -ESRCH;
	/* The pass took its time: is the choice still what it was? */
	err = match_process(scan, init->pid, &match);
	if (err < 0)
		return err;
	if (err == 0)
		return -ESRCH;
	err = janus__proc_read_stat(&scan->proc, init->pid, &stat);
	if (err)
		return err;
	if (stat.start_time != init->start_time)
		return -ESRCH;
	*ret = build(scan, init, &match);
	return *ret ? 0 : -ENOMEM;
}

int janus__container_lookup(const struct janus__kernel *kernel, const char *proc_path,
			    const char *id, struct janus_container **ret)
{
	janus__cleanup(scan_done) struct scan scan = { .proc = { kernel, -1 } };
	struct janus_container *container;
	int err;

	if (!id || !ret)
		return -EINVAL;
	err = janus__container_id_parse(id, &scan.id);
	if (!err)
		err = scan_init(&scan, kernel, proc_path);
	if (!err)
		err = scan_processes(&scan);
	if (!err)
		err = verdict_of(&scan);
	if (!err)
		err = finish(&scan, &container);
	if (err)
		return public_error(err);
	*ret = container;
	return 0;
}

int janus_container_lookup(const char *id, struct janus_container **ret)
{
	return janus__container_lookup(&janus__kernel_linux, "/proc", id, ret);
}

void janus_container_destroy(struct janus_container *container)
{
	free(container);
}

const char *janus_container_get_id(const struct janus_container *container)
{
	return container->id;
}

const char *janus_container_get_cgroup(const struct janus_container *container)
{
	return container->cgroup;
}

int32_t janus_container_get_init_pid(const struct janus_container *container)
{
	return container->init_pid;
}

uint64_t janus_container_get_init_start_time(const struct janus_container *container)
{
	return container->init_start_time;
}

size_t janus_container_get_pid_count(const struct janus_container *container)
{
	return container->pid_count;
}

int32_t janus_container_get_pid(const struct janus_container *container, size_t index)
{
	return index < container->pid_count ? container->pids[index] : 0;
}
