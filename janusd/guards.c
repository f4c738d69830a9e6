// SPDX-License-Identifier: MIT
/*
 * The registry: finds, counts and lists guards, and lets new ones in. Each change goes into the
 * state as well, when it is done. How a guard comes into force is guard_replace.c's business.
 */
#include "guards.h"

#include <janus/watch.h>

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

void guard_target_done(struct guard_target *target)
{
	janus_watch_destroy(target->watch);
	free(target->report.message);
	free(target->cid);
}

void guard_free(struct guards *guards, struct guard *guard)
{
	if (!guard)
		return;
	for (size_t i = 0; i < guard->target_count; i++)
		guard_target_done(&guard->targets[i]);
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

static uint64_t hash_names(const char *name, const char *pod, const char *node)
{
	uint64_t hash = hash_text(0xcbf29ce484222325u, name);

	return hash_text(hash_text(hash, node), pod);
}

static struct guard *find(const struct guards *guards, const char *name, const char *pod,
			  const char *node)
{
	const uint64_t hash = hash_names(name, pod, node);
	struct guard *guard = guards->buckets[hash % GUARD_BUCKETS];

	while (guard && (guard->hash != hash || strcmp(guard->config->name, name) != 0 ||
			 strcmp(guard->config->node, node) != 0 ||
			 strcmp(guard->config->pod, pod) != 0))
		guard = guard->next;
	return guard;
}

const struct guard *guards_find(const struct guards *guards, const char *name,
				const char *pod, const char *node)
{
	return find(guards, name, pod, node);
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

uint64_t guards_generation(const struct guards *guards)
{
	return guards->generation;
}

struct janus_context *guards_context(const struct guards *guards)
{
	return guards->context;
}

struct labels *guards_labels(struct guards *guards)
{
	return guards->labels;
}

void guards_unlink(struct guards *guards, struct guard *guard)
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
	if (!old && !guards->restoring && guards->count >= guards->options.guards_max)
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "request: there are %zu guards already", guards->count);
	if (!old && make_room(guards))
		return status_set(status, STATUS_RESOURCE_EXHAUSTED,
				  "request: no memory");
	return 0;
}

/* The guard without targets; takes @config over on success. */
static struct guard *guard_prepare(struct guards *guards, struct guard_config *config)
{
	const struct label_names names = { config->name, config->pod, config->node };
	struct guard *guard = calloc(1, sizeof(*guard));

	if (!guard)
		return NULL;
	guard->label = labels_add(guards->labels, &names, config->template);
	if (!guard->label) {
		free(guard);
		return NULL;
	}
	config->template = NULL;
	guard->config = config;
	guard->hash = hash_names(config->name, config->pod, config->node);
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

static bool is_expected(const struct guard *old, const struct guards_wish *wish,
			struct status *status)
{
	uint64_t generation = old ? old->generation : 0;

	if (!wish || !wish->expected_generation ||
	    wish->expected_generation == generation)
		return true;
	status_set(status, STATUS_ABORTED,
		   "expected_generation: %" PRIu64 " is expected, the guard's is %" PRIu64
		   "%s",
		   wish->expected_generation, generation,
		   old ? "" : ": there is no such guard");
	return false;
}

/* The same words from the same place. */
static bool is_asked_again(const struct guard *old, const struct guard *fresh)
{
	return old && !strcmp(old->config->source, fresh->config->source) &&
	       guard_config_is_same(old->config, fresh->config);
}

/* And nothing could be done better: all of it is in force, where it is asked for. */
static bool is_done(const struct guard *old, const struct guard *fresh)
{
	if (old->target_count != fresh->target_count)
		return false;
	for (size_t i = 0; i < old->target_count; i++) {
		const struct guard_target *target = &old->targets[i];

		if (!target->watch ||
		    target->state != JANUS__V1__GUARD_STATE__GUARD_STATE_EFFECTIVE ||
		    target->index != fresh->targets[i].index ||
		    !guard_target_is_same(target, &fresh->targets[i]))
			return false;
	}
	return true;
}

static void enter(struct guards *guards, struct guard *old, struct guard *fresh)
{
	put_in_order(guards, old, fresh);
	if (old) {
		guards_unlink(guards, old);
		labels_share_tally(guards->labels, fresh->label, old->label);
	}
	link_guard(guards, fresh);
	labels_set_guard(guards->labels, fresh->label, fresh);
	guard_free(guards, old);
}

/* Return: whether @fresh is in the registry now. */
bool guard_is_of_file(const struct guard *guard)
{
	return *guard->config->source == '/';
}

/* Whether it may take the place of the old one, as far as where both come from. */
static bool is_of_same(const struct guard *old, const struct guard *fresh,
		       struct status *status)
{
	struct text_quote quote;

	if (!old || guard_is_of_file(old) == guard_is_of_file(fresh))
		return true;
	status_set(status, STATUS_FAILED_PRECONDITION,
		   "name: there is a guard of this name from '%s'%s",
		   text_quote(&quote, old->config->source),
		   guard_is_of_file(old) ? ", a file; change it there" : "");
	return false;
}

static bool put(struct guards *guards, struct guard *fresh,
		const struct guards_wish *wish, struct guard_outcome *ret)
{
	const struct guard_config *config = fresh->config;
	struct guard *old = find(guards, config->name, config->pod, config->node);
	const bool again = wish && is_asked_again(old, fresh);

	if (!is_of_same(old, fresh, &ret->status) ||
	    !is_expected(old, wish, &ret->status) ||
	    check_room(guards, old, fresh, &ret->status) ||
	    guard_resolve(fresh, &ret->status, &ret->missing))
		return false;
	ret->unchanged = again && is_done(old, fresh);
	if (ret->unchanged || (wish && wish->validate_only)) {
		ret->guard = old;
		return false;
	}
	if (guard_replace(guards, old, fresh, ret))
		return false;
	ret->unchanged = again && guard_is_like(old, fresh);
	fresh->generation = ret->unchanged ? old->generation : ++guards->generation;
	enter(guards, old, fresh);
	ret->guard = fresh;
	return true;
}

void guards_put(struct guards *guards, struct guard_config *config,
		const struct guards_wish *wish, struct guard_outcome *ret)
{
	struct guard *fresh = guard_prepare(guards, config);

	memset(ret, 0, sizeof(*ret));
	if (!fresh) {
		guard_config_destroy(config);
		status_set(&ret->status, STATUS_RESOURCE_EXHAUSTED, "request: no memory");
	} else if (!put(guards, fresh, wish, ret)) {
		guard_free(guards, fresh);
	}
}

void guards_apply(struct guards *guards, struct guard_config *config,
		  struct guard_outcome *ret)
{
	guards_put(guards, config, NULL, ret);
	if (ret->guard)
		guards_save(guards, ret->guard);
}

void guards_wish(struct guards *guards, struct guard_config *config,
		 const struct guards_wish *wish, struct guard_outcome *ret)
{
	guards_put(guards, config, wish, ret);
	if (ret->guard && !ret->status.code && !ret->unchanged && !wish->validate_only)
		guards_save(guards, ret->guard);
}

void guards_drop(struct guards *guards, struct guard *guard)
{
	size_t position = find_after(guards, guard->serial) - 1;

	guards_unlink(guards, guard);
	guards->count--;
	memmove(&guards->in_order[position], &guards->in_order[position + 1],
		(guards->count - position) * sizeof(*guards->in_order));
	guards_forget(guards, guard->serial);
	guard_free(guards, guard);
}

void guard_tell_removed(const struct guard_config *config)
{
	struct text_quote name, pod, node;

	log_info("guard '%s' (%s:%s) is gone", text_quote(&name, config->name),
		 text_quote(&pod, config->pod), text_quote(&node, config->node));
}

bool guards_delete(struct guards *guards, const char *name, const char *pod,
		   const char *node)
{
	struct guard *guard = find(guards, name, pod, node);

	if (!guard)
		return false;
	guard_tell_removed(guard->config);
	guards_drop(guards, guard);
	return true;
}
