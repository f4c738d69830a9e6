// SPDX-License-Identifier: MIT
/*
 * The registry: finds, counts and lists guards, and says which of them a request means. Each
 * change goes into the state as well, when it is done. How a guard comes into force is
 * guard_replace.c's business.
 */
#include "guards.h"

#include <janus/error.h>
#include <janus/watch.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guard_image.h"
#include "guard_state.h"
#include "guards_internal.h"
#include "log.h"
#include "text.h"
#include "util.h"

struct guards *guards_create(struct janus_context *context,
			     const struct guards_options *options)
{
	struct guards *guards = calloc(1, sizeof(*guards));

	if (!guards)
		return NULL;
	guards->context = context;
	guards->options = *options;
	guards->labels = labels_create();
	if (!guards->labels) {
		free(guards);
		return NULL;
	}
	return guards;
}

void guard_free(struct guards *guards, struct guard *guard)
{
	if (!guard)
		return;
	for (size_t i = 0; i < guard->target_count; i++) {
		janus_watch_destroy(guard->targets[i].watch);
		free(guard->targets[i].cid);
	}
	if (guard->label)
		labels_retire(guards->labels, guard->label);
	guard_config_destroy(guard->config);
	free(guard->targets);
	free(guard);
}

void guards_clear(struct guards *guards)
{
	for (size_t i = 0; i < guards->count; i++)
		guard_free(guards, guards->in_order[i]);
	guards->count = 0;
	guards->bytes = 0;
	memset(guards->buckets, 0, sizeof(guards->buckets));
}

void guards_destroy(struct guards *guards)
{
	if (!guards)
		return;
	guards_clear(guards);
	labels_destroy(guards->labels);
	ended_done(&guards->ended);
	free(guards->in_order);
	free(guards);
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	do {
		hash ^= (unsigned char)*text;
		hash *= 0x100000001b3u;
	} while (*text++);
	return hash;
}

static uint64_t hash_names(const struct guard_config *config)
{
	uint64_t hash = hash_text(0xcbf29ce484222325u, config->name);

	return hash_text(hash_text(hash, config->node), config->pod);
}

static bool same_names(const struct guard_config *a, const struct guard_config *b)
{
	return !strcmp(a->name, b->name) && !strcmp(a->node, b->node) &&
	       !strcmp(a->pod, b->pod);
}

static struct guard *find(const struct guards *guards, const struct guard *like)
{
	struct guard *guard = guards->buckets[like->hash % GUARD_BUCKETS];

	while (guard &&
	       (guard->hash != like->hash || !same_names(guard->config, like->config)))
		guard = guard->next;
	return guard;
}

/* The first position whose serial is above @serial. */
static size_t find_after(const struct guards *guards, uint64_t serial)
{
	size_t low = 0, high = guards->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (guards->in_order[middle]->serial > serial)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

const struct guard *guards_next(const struct guards *guards, uint64_t serial)
{
	size_t position = find_after(guards, serial);

	return position < guards->count ? guards->in_order[position] : NULL;
}

size_t guards_count(const struct guards *guards)
{
	return guards->count;
}

struct labels *guards_labels(struct guards *guards)
{
	return guards->labels;
}

static void unlink_guard(struct guards *guards, struct guard *guard)
{
	struct guard **link = &guards->buckets[guard->hash % GUARD_BUCKETS];

	while (*link != guard)
		link = &(*link)->next;
	*link = guard->next;
	guards->bytes -= guard->config->bytes;
}

static void link_guard(struct guards *guards, struct guard *guard)
{
	struct guard **bucket = &guards->buckets[guard->hash % GUARD_BUCKETS];

	guard->next = *bucket;
	*bucket = guard;
	guards->bytes += guard->config->bytes;
}

static int make_room(struct guards *guards)
{
	size_t room = guards->room ? guards->room * 2 : 16;
	struct guard **in_order;

	if (guards->count < guards->room)
		return 0;
	in_order = realloc(guards->in_order, room * sizeof(*in_order));
	if (!in_order)
		return -1;
	guards->in_order = in_order;
	guards->room = room;
	return 0;
}

static int check_room(struct guards *guards, const struct guard *old,
		      const struct guard *fresh, struct status *status)
{
	size_t bytes = guards->bytes + fresh->config->bytes;

	if (old)
		bytes -= old->config->bytes;
	if (bytes > GUARDS_BYTES_MAX)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "request: all guards together take more than %zu bytes",
				  GUARDS_BYTES_MAX);
	if (!old && guards->count == GUARDS_MAX)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "request: there are %d guards already", GUARDS_MAX);
	if (!old && make_room(guards))
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "request: no memory");
	return 0;
}

/* The guard without targets; takes @config over on success. */
static struct guard *guard_prepare(struct guards *guards, struct guard_config *config)
{
	struct guard *guard = calloc(1, sizeof(*guard));

	if (!guard)
		return NULL;
	guard->label = labels_add(guards->labels, config->pod, config->node,
				  config->template);
	if (!guard->label) {
		free(guard);
		return NULL;
	}
	config->template = NULL;
	guard->config = config;
	guard->hash = hash_names(config);
	return guard;
}

static void put_in_order(struct guards *guards, const struct guard *old,
			 struct guard *fresh)
{
	if (old) {
		fresh->serial = old->serial;
		guards->in_order[find_after(guards, old->serial) - 1] = fresh;
		return;
	}
	fresh->serial = ++guards->last_serial;
	guards->in_order[guards->count++] = fresh;
}

static int write_image(struct guards *guards, const struct guard *guard)
{
	struct wire_bytes image;
	int error = guard_image_pack(guard->targets, guard->target_count,
				     guard->config->request, &image);

	if (error)
		return error;
	error = guard_state_put(guards->options.state, guard->serial, image);
	free((void *)(uintptr_t)image.data);
	return error;
}

void guards_save(struct guards *guards, const struct guard *guard)
{
	struct text_quote name, pod, node;
	int error = guards->options.state ? write_image(guards, guard) : 0;

	if (error)
		log_error("guard '%s' (%s:%s) is in force, but the next process would not"
			  " know of it: %s",
			  text_quote(&name, guard->config->name),
			  text_quote(&pod, guard->config->pod),
			  text_quote(&node, guard->config->node), janus_strerror(error));
	guard_config_drop_request(guard->config);
}

void guards_forget(struct guards *guards, uint64_t serial)
{
	int error = guards->options.state
			    ? guard_state_remove(guards->options.state, serial)
			    : 0;

	if (error)
		log_error("guard %" PRIu64 " is gone, but the next process would bring it"
			  " back: %s",
			  serial, janus_strerror(error));
}

void guards_put(struct guards *guards, struct guard_config *config,
		struct guard_outcome *ret)
{
	struct guard *fresh = guard_prepare(guards, config);
	struct guard *old;

	memset(ret, 0, sizeof(*ret));
	if (!fresh) {
		guard_config_destroy(config);
		status_set(&ret->status, STATUS_RESOURCE_EXHAUSTED, "request: no memory");
		return;
	}
	old = find(guards, fresh);
	if (check_room(guards, old, fresh, &ret->status) ||
	    guard_replace(guards, old, fresh, ret)) {
		guard_free(guards, fresh);
		return;
	}
	put_in_order(guards, old, fresh);
	if (old)
		unlink_guard(guards, old);
	link_guard(guards, fresh);
	labels_set_guard(guards->labels, fresh->label, fresh);
	guard_free(guards, old);
	ret->guard = fresh;
}

void guards_apply(struct guards *guards, struct guard_config *config,
		  struct guard_outcome *ret)
{
	guards_put(guards, config, ret);
	if (ret->guard)
		guards_save(guards, ret->guard);
}

static bool has_pid(const struct guard *guard, const struct guard_match *match)
{
	for (size_t i = 0; i < guard->target_count; i++)
		for (size_t k = 0; k < match->pid_count; k++)
			if (guard->targets[i].pid == match->pids[k])
				return true;
	return false;
}

static bool is_meant(const struct guard *guard, const struct guard_match *match)
{
	const struct guard_config *config = guard->config;

	if (strcmp(config->node, match->node) != 0)
		return false;
	if (*match->name && strcmp(config->name, match->name) != 0)
		return false;
	if (*match->pod)
		return !strcmp(config->pod, match->pod);
	if (match->pid_count)
		return has_pid(guard, match);
	/* Guards of bare processes have no pod: their name is enough. */
	return !*config->pod;
}

static int refuse_match(const struct guard_match *match, struct status *status)
{
	struct text_quote node, pod, name;

	return status_set(status, STATUS_NOT_FOUND,
			  "%s: no guard has nodeName '%s', podName '%s'%s%s%s%s",
			  *match->pod ? "podName" : "pid", text_quote(&node, match->node),
			  text_quote(&pod, match->pod), *match->name ? ", name '" : "",
			  text_quote(&name, match->name), *match->name ? "'" : "",
			  *match->pod || !match->pid_count ? "" : " and one of the pids");
}

static void tell_removed(const struct guard_config *config)
{
	struct text_quote name, pod, node;

	log_info("guard '%s' (%s:%s) is gone", text_quote(&name, config->name),
		 text_quote(&pod, config->pod), text_quote(&node, config->node));
}

size_t guards_remove(struct guards *guards, const struct guard_match *match,
		     struct status *status)
{
	size_t kept = 0, removed;

	if (!*match->pod && !match->pid_count && !*match->name) {
		status_set(
			status, STATUS_INVALID_ARGUMENT,
			"podName: is empty, and neither name nor pid says which guard");
		return 0;
	}
	for (size_t i = 0; i < guards->count; i++) {
		struct guard *guard = guards->in_order[i];

		if (is_meant(guard, match)) {
			tell_removed(guard->config);
			guards_forget(guards, guard->serial);
			unlink_guard(guards, guard);
			guard_free(guards, guard);
		} else {
			guards->in_order[kept++] = guard;
		}
	}
	removed = guards->count - kept;
	guards->count = kept;
	removed += ended_remove(&guards->ended, match);
	if (!removed)
		refuse_match(match, status);
	return removed;
}

static void tell_ended(const struct guard *guard, const struct guard_target *target,
		       int error)
{
	struct text_quote name, pod, node, cid;
	const char *kind = target->cid ? "container" : "process";
	char pid[16];

	snprintf(pid, sizeof(pid), "%" PRId32, target->pid);
	log_notice("guard '%s' (%s:%s): %s '%s' has ended%s%s",
		   text_quote(&name, guard->config->name),
		   text_quote(&pod, guard->config->pod),
		   text_quote(&node, guard->config->node), kind,
		   target->cid ? text_quote(&cid, target->cid) : pid, error ? ": " : "",
		   error ? janus_strerror(error) : "");
}

static void remove_target(struct guard *guard, struct guard_target *target)
{
	struct guard_target *last = &guard->targets[guard->target_count - 1];

	janus_watch_destroy(target->watch);
	free(target->cid);
	memmove(target, target + 1, (size_t)(last - target) * sizeof(*target));
	guard->target_count--;
}

static bool guards_something(const struct guard *guard)
{
	for (size_t i = 0; i < guard->target_count; i++)
		if (guard->targets[i].watch)
			return true;
	return false;
}

static void remove_guard(struct guards *guards, struct guard *guard)
{
	size_t position = find_after(guards, guard->serial) - 1;

	tell_removed(guard->config);
	guards_forget(guards, guard->serial);
	unlink_guard(guards, guard);
	guards->count--;
	memmove(&guards->in_order[position], &guards->in_order[position + 1],
		(guards->count - position) * sizeof(*guards->in_order));
	guard_free(guards, guard);
}

void guards_end(struct guards *guards, uint64_t label_id, uint64_t watch_id, int error)
{
	const struct label *label = labels_find(guards->labels, label_id);
	struct guard *guard = label ? label->guard : NULL;

	for (size_t i = 0; guard && i < guard->target_count; i++) {
		struct guard_target *target = &guard->targets[i];

		if (janus_watch_get_id(target->watch) != watch_id)
			continue;
		tell_ended(guard, target, error);
		remove_target(guard, target);
		if (guards_something(guard))
			return;
		ended_add(&guards->ended, guard->config);
		remove_guard(guards, guard);
		return;
	}
}
