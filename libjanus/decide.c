// SPDX-License-Identifier: MIT
/*
 * Owns the precedence of rules. Opens, allocates and locks nothing.
 */
#include "decide.h"

/* The bindings of one watch within an array: a run of neighbours. */
struct run {
	const struct janus__binding *first;
	uint32_t count;
};

/* A walk over one array of bindings, watch by watch. */
struct cursor {
	const struct janus__bindings *bindings;
	uint32_t next;
};

static struct janus__spec *next_spec(const struct cursor *cursor)
{
	if (!cursor->bindings || cursor->next == cursor->bindings->count)
		return NULL;
	return cursor->bindings->entries[cursor->next].spec;
}

/* The run of @spec if the cursor stands on it, else an empty one. */
static struct run take_run(struct cursor *cursor, const struct janus__spec *spec)
{
	struct run run = { 0 };

	while (next_spec(cursor) == spec) {
		if (run.count++ == 0)
			run.first = &cursor->bindings->entries[cursor->next];
		cursor->next++;
	}
	return run;
}

/* One watch being asked. Whether the opener is the owner is found out once, if needed. */
struct inquiry {
	const struct janus__question *question;
	struct janus__spec *spec;
	bool owner_known;
	bool owner;
};

static bool is_owner(struct inquiry *inquiry)
{
	const struct janus__question *question = inquiry->question;

	if (!inquiry->owner_known) {
		inquiry->owner = question->is_owner(question->userdata, inquiry->spec,
						    question->pid);
		inquiry->owner_known = true;
	}
	return inquiry->owner;
}

/* What the rules of one level say. */
struct level {
	const struct janus__rule *allow; /* NULL: none */
	const struct janus__rule *deny;
	const struct janus__rule *pardoned; /* would deny, but not the owner */
};

static struct level weigh(struct inquiry *inquiry, struct run run, bool enforced_only)
{
	struct level level = { 0 };

	for (uint32_t i = 0; i < run.count; i++) {
		const struct janus__rule *rule = run.first[i].rule;
		const struct janus__subject *subject =
			janus__spec_subject_of(inquiry->spec, rule);

		if (!(subject->events & inquiry->question->kind))
			continue;
		if (enforced_only && subject->mode != JANUS_MODE_ENFORCE)
			continue;
		if (!rule->deny)
			level.allow = level.allow ? level.allow : rule;
		else if ((subject->flags & JANUS_SUBJECT_AUTO_ALLOW_OWNER) &&
			 is_owner(inquiry))
			level.pardoned = level.pardoned ? level.pardoned : rule;
		else
			level.deny = level.deny ? level.deny : rule;
	}
	return level;
}

static bool is_silent(const struct level *level)
{
	return !level->allow && !level->deny && !level->pardoned;
}

static struct level most_specific(struct inquiry *inquiry, struct run file,
				  struct run directory, bool enforced_only)
{
	struct level level = weigh(inquiry, file, enforced_only);

	if (is_silent(&level))
		level = weigh(inquiry, directory, enforced_only);
	return level;
}

/* False: the watch has nothing to say about this. */
static bool ask_watch(struct inquiry *inquiry, struct run file, struct run directory,
		      struct janus__opinion *ret)
{
	struct level enforced = most_specific(inquiry, file, directory, true);
	struct level all = most_specific(inquiry, file, directory, false);

	*ret = (struct janus__opinion){
		.spec = inquiry->spec,
		.verdict = JANUS_VERDICT_ALLOW,
		.reason = JANUS_REASON_RULE,
	};
	if (enforced.deny) {
		ret->verdict = JANUS_VERDICT_DENY;
		ret->rule = enforced.deny;
	} else if (all.deny) {
		ret->verdict = JANUS_VERDICT_WOULD_DENY;
		ret->rule = all.deny;
	} else if (all.pardoned) {
		ret->reason = JANUS_REASON_OWNER;
		ret->rule = all.pardoned;
	} else if (all.allow) {
		ret->rule = all.allow;
	}
	return ret->rule;
}

/* Who allowed what another watch denied must not be told as if it had been allowed. */
static void overrule(struct janus__opinion *opinions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (opinions[i].verdict == JANUS_VERDICT_DENY)
			continue;
		opinions[i].verdict = JANUS_VERDICT_DENY;
		opinions[i].reason = JANUS_REASON_OTHER_WATCH;
	}
}

/* Both arrays are in order of watch ids: the next watch is the lower of the two. */
static struct janus__spec *lower_spec(const struct cursor *file,
				      const struct cursor *directory)
{
	struct janus__spec *a = next_spec(file), *b = next_spec(directory);

	if (!a || !b)
		return a ? a : b;
	return a->watch_id <= b->watch_id ? a : b;
}

struct janus__decision janus__decide(const struct janus__question *question,
				     struct janus__opinion *opinions, size_t room)
{
	struct cursor file = { .bindings = question->match->file };
	struct cursor directory = { .bindings = question->match->directory };
	struct janus__decision decision = { 0 };
	struct janus__spec *spec;

	while ((spec = lower_spec(&file, &directory))) {
		struct inquiry inquiry = { .question = question, .spec = spec };
		struct run file_run = take_run(&file, spec);
		struct run directory_run = take_run(&directory, spec);
		struct janus__opinion opinion;

		if (atomic_load_explicit(&spec->retired, memory_order_relaxed) ||
		    !ask_watch(&inquiry, file_run, directory_run, &opinion))
			continue;
		decision.deny |= opinion.verdict == JANUS_VERDICT_DENY;
		decision.audit |= (janus__spec_subject_of(spec, opinion.rule)->flags &
				   JANUS_SUBJECT_AUDIT) != 0;
		if (decision.opinion_count < room)
			opinions[decision.opinion_count] = opinion;
		decision.opinion_count++;
	}
	if (decision.deny)
		overrule(opinions,
			 decision.opinion_count < room ? decision.opinion_count : room);
	return decision;
}
