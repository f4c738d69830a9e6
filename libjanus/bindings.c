// SPDX-License-Identifier: MIT
/*
 * Owns the order of bindings: watch by watch, in the order of their ids. Holds a reference on
 * the spec of each.
 */
#include "bindings.h"

#include <errno.h>
#include <stdlib.h>

struct janus__bindings *janus__bindings_ref(struct janus__bindings *bindings)
{
	if (bindings)
		atomic_fetch_add_explicit(&bindings->references, 1, memory_order_relaxed);
	return bindings;
}

void janus__bindings_unref(struct janus__bindings *bindings)
{
	if (!bindings)
		return;
	if (atomic_fetch_sub_explicit(&bindings->references, 1, memory_order_acq_rel) !=
	    1)
		return;
	for (uint32_t i = 0; i < bindings->count; i++)
		janus__spec_unref(bindings->entries[i].spec);
	free(bindings);
}

/* The slots above are many, and most of them are never touched. */
void janus__match_init(struct janus__match *match)
{
	match->file = NULL;
	match->directory = NULL;
	match->above_count = 0;
	match->directory_marked = 0;
	match->complete = false;
	match->strict = false;
}

void janus__match_done(struct janus__match *match)
{
	janus__bindings_unref(match->file);
	janus__bindings_unref(match->directory);
	for (uint32_t i = 0; i < match->above_count; i++)
		janus__bindings_unref(match->above[i].bindings);
	janus__match_init(match);
}

static void append(struct janus__bindings *bindings, struct janus__spec *spec,
		   const struct janus__wanted *wanted)
{
	bindings->entries[bindings->count++] = (struct janus__binding){
		.spec = janus__spec_ref(spec),
		.rule = wanted->rule,
		.ignore = wanted->ignore,
	};
}

static void append_run(struct janus__bindings *bindings, struct janus__run run,
		       const struct janus__change *change)
{
	for (size_t i = 0; i < run.count; i++)
		append(bindings, change->new_spec, &run.first[i]);
}

static size_t count_kept(const struct janus__bindings *bindings,
			 const struct janus__spec *old_spec)
{
	size_t kept = 0;

	for (uint32_t i = 0; bindings && i < bindings->count; i++)
		kept += bindings->entries[i].spec != old_spec;
	return kept;
}

int janus__bindings_change(struct janus__bindings **ret,
			   const struct janus__bindings *former, struct janus__run run,
			   const struct janus__change *change)
{
	size_t room = count_kept(former, change->old_spec) + run.count;
	struct janus__bindings *bindings;
	bool placed = run.count == 0;

	*ret = NULL;
	if (room == 0)
		return 0;
	bindings = malloc(sizeof(*bindings) + room * sizeof(bindings->entries[0]));
	if (!bindings)
		return -ENOMEM;
	atomic_init(&bindings->references, 1);
	bindings->count = 0;
	*ret = bindings;
	for (uint32_t i = 0; former && i < former->count; i++) {
		const struct janus__binding *binding = &former->entries[i];

		if (binding->spec == change->old_spec)
			continue;
		if (!placed && binding->spec->watch_id > change->new_spec->watch_id) {
			append_run(bindings, run, change);
			placed = true;
		}
		append(bindings, binding->spec,
		       &(struct janus__wanted){ .rule = binding->rule,
						.ignore = binding->ignore });
	}
	if (!placed)
		append_run(bindings, run, change);
	return 0;
}

static bool is_end_of(const struct janus__binding *binding,
		      const struct janus__wanted *ended, const struct janus__spec *spec)
{
	return binding->ignore && binding->spec == spec && binding->rule == ended->rule;
}

int janus__bindings_without(struct janus__bindings **ret,
			    const struct janus__bindings *former,
			    const struct janus__wanted *ended,
			    const struct janus__spec *spec)
{
	struct janus__bindings *bindings;
	size_t room = 0;

	*ret = NULL;
	for (uint32_t i = 0; former && i < former->count; i++)
		room += !is_end_of(&former->entries[i], ended, spec);
	if (room == 0)
		return 0;
	bindings = malloc(sizeof(*bindings) + room * sizeof(bindings->entries[0]));
	if (!bindings)
		return -ENOMEM;
	atomic_init(&bindings->references, 1);
	bindings->count = 0;
	for (uint32_t i = 0; i < former->count; i++) {
		const struct janus__binding *binding = &former->entries[i];

		if (is_end_of(binding, ended, spec))
			continue;
		append(bindings, binding->spec,
		       &(struct janus__wanted){ .rule = binding->rule,
						.ignore = binding->ignore });
	}
	*ret = bindings;
	return 0;
}
