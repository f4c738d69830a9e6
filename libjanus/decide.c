// SPDX-License-Identifier: MIT
/*
 * Owns the precedence of rules. Opens, allocates and locks nothing.
 */
#include "decide.h"

/* The bindings of one watch within an array: a run of neighbours. */
struct run {
	const struct janus__binding *first;
	uint32_t count;
	uint32_t hops;
	bool above; /* it speaks through trees only */
};

/* A walk over one array of bindings, watch by watch. */
struct cursor {
	const struct janus__bindings *bindings;
	uint32_t next;
};

#define LEVELS_MAX (JANUS__ABOVE_MAX + 2)

/* All levels of a match: the file's, its directory's, then those above. */
struct levels {
	const struct janus__match *match;
	uint32_t count;
	struct cursor cursors[LEVELS_MAX];
};

/* What one watch has to say at one place of the file, nearest first. */
struct place {
	uint32_t count;
	struct run runs[LEVELS_MAX];
};

static void open_levels(struct levels *levels, const struct janus__match *match)
{
	levels->match = match;
	levels->count = 2 + match->above_count;
	levels->cursors[0] = (struct cursor){ .bindings = match->file };
	levels->cursors[1] = (struct cursor){ .bindings = match->directory };
	for (uint32_t i = 0; i < match->above_count; i++)
		levels->cursors[2 + i] = (struct cursor){
			.bindings = match->above[i].bindings,
		};
}

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

/* Each array is in order of watch ids: the next watch is the lowest that a cursor stands on. */
static struct janus__spec *lowest_spec(const struct levels *levels)
{
	struct janus__spec *lowest = NULL;

	for (uint32_t i = 0; i < levels->count; i++) {
		struct janus__spec *spec = next_spec(&levels->cursors[i]);

		if (spec && (!lowest || spec->watch_id < lowest->watch_id))
			lowest = spec;
	}
	return lowest;
}

static void add_run(struct place *place, struct run run)
{
	if (run.count)
		place->runs[place->count++] = run;
}

/* The watch's levels: where the file lies, and where it lay. Its own rules go for both. */
static void take_places(struct levels *levels, const struct janus__spec *spec,
			struct place *now, struct place *remembered)
{
	now->count = 0;
	remembered->count = 0;
	for (uint32_t i = 0; i < levels->count; i++) {
		struct run run = take_run(&levels->cursors[i], spec);
		bool lay = i >= 2 && levels->match->above[i - 2].remembered;

		run.hops = i < 2 ? i : levels->match->above[i - 2].hops;
		run.above = i >= 2;
		if (!lay)
			add_run(now, run);
		if (lay || i == 0)
			add_run(remembered, run);
	}
}

/* Whether a nearer directory is left out of the rule's tree. */
static bool is_left_out(const struct place *place, uint32_t level,
			const struct janus__rule *rule)
{
	for (uint32_t i = 0; i < level; i++) {
		const struct run *run = &place->runs[i];

		for (uint32_t j = 0; j < run->count; j++)
			if (run->first[j].ignore &&
			    run->first[j].rule->subject == rule->subject)
				return true;
	}
	return false;
}

/* Whether a rule at a level is one for the file at all. */
static bool reaches(const struct place *place, uint32_t level,
		    const struct janus__binding *binding)
{
	const struct run *run = &place->runs[level];
	const struct janus__subject *subject = janus__spec_subject_of(binding->spec,
								      binding->rule);

	if (binding->ignore || !janus__subject_asks(subject))
		return false;
	if (run->above && (!(subject->flags & JANUS_SUBJECT_RECURSIVE) ||
			   (subject->max_depth && run->hops > subject->max_depth)))
		return false;
	return !is_left_out(place, level, binding->rule);
}

/* One watch being asked. Who the opener is, is found out once, if needed. */
struct inquiry {
	const struct janus__question *question;
	struct janus__spec *spec;
	const struct janus__subject *subject; /* that @listed speaks of */
	enum janus__listed listed;
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

static enum janus__listed listed_by(struct inquiry *inquiry,
				    const struct janus__subject *subject)
{
	const struct janus__question *question = inquiry->question;

	if (inquiry->subject != subject) {
		inquiry->listed = question->is_listed(question->userdata, inquiry->spec,
						      subject);
		inquiry->subject = subject;
	}
	return inquiry->listed;
}

/* Why a deny rule does not mean who asks; 0: it does. */
static uint32_t pardon(struct inquiry *inquiry, const struct janus__rule *rule,
		       const struct janus__subject *subject)
{
	bool denies_listed = (subject->flags & JANUS_SUBJECT_ONLY) && !rule->turned;
	enum janus__listed spared = denies_listed ? JANUS__LISTED_NO : JANUS__LISTED_YES;

	if ((subject->flags & JANUS_SUBJECT_AUTO_ALLOW_OWNER) && is_owner(inquiry))
		return JANUS_REASON_OWNER;
	if (subject->exception_count && listed_by(inquiry, subject) == spared)
		return JANUS_REASON_EXCEPTION;
	return 0;
}

/* What the rules of one level say. */
struct level {
	const struct janus__rule *allow; /* NULL: none */
	const struct janus__rule *deny;
	const struct janus__rule *pardoned; /* would deny, but not who asks */
	uint32_t pardon;                    /* why not; enum janus_reason */
};

static void pardon_by(struct level *level, const struct janus__rule *rule,
		      uint32_t reason)
{
	if (level->pardoned || !rule)
		return;
	level->pardoned = rule;
	level->pardon = reason;
}

static bool is_asking(const struct inquiry *inquiry, const struct janus__rule *rule)
{
	return janus__spec_subject_of(inquiry->spec, rule)->mode == JANUS_MODE_ASK;
}

/* The first that denies; one that would have the program asked is as good as none. */
static const struct janus__rule *sterner(const struct inquiry *inquiry,
					 const struct janus__rule *first,
					 const struct janus__rule *second)
{
	if (!first)
		return second;
	return second && is_asking(inquiry, first) && !is_asking(inquiry, second) ? second
										  : first;
}

static struct level weigh(struct inquiry *inquiry, const struct place *place, uint32_t at,
			  bool enforced_only)
{
	const struct run *run = &place->runs[at];
	struct level level = { 0 };

	for (uint32_t i = 0; i < run->count; i++) {
		const struct janus__rule *rule = run->first[i].rule;
		const struct janus__subject *subject =
			janus__spec_subject_of(inquiry->spec, rule);
		uint32_t reason;

		if (!(subject->events & inquiry->question->kind))
			continue;
		if (enforced_only && !janus__subject_denies(subject))
			continue;
		if (!reaches(place, at, &run->first[i]))
			continue;
		reason = rule->deny ? pardon(inquiry, rule, subject) : 0;
		if (!rule->deny)
			level.allow = level.allow ? level.allow : rule;
		else if (reason)
			pardon_by(&level, rule, reason);
		else
			level.deny = sterner(inquiry, level.deny, rule);
	}
	return level;
}

static bool is_silent(const struct level *level)
{
	return !level->allow && !level->deny && !level->pardoned;
}

static struct level nearest(struct inquiry *inquiry, const struct place *place,
			    bool enforced_only)
{
	struct level level = { 0 };

	for (uint32_t i = 0; i < place->count && is_silent(&level); i++)
		level = weigh(inquiry, place, i, enforced_only);
	return level;
}

/* What is said of both places; the former one goes first only where it denies. */
static struct level of_both(struct inquiry *inquiry, const struct place places[2],
			    bool enforced_only)
{
	struct level now = nearest(inquiry, &places[0], enforced_only);
	struct level lay = nearest(inquiry, &places[1], enforced_only);

	now.deny = sterner(inquiry, now.deny, lay.deny);
	pardon_by(&now, lay.pardoned, lay.pardon);
	if (!now.allow)
		now.allow = lay.allow;
	return now;
}

/* False: the watch has nothing to say about this. */
static bool ask_watch(struct inquiry *inquiry, const struct place places[2],
		      struct janus__opinion *ret)
{
	struct level enforced = of_both(inquiry, places, true);
	struct level all = of_both(inquiry, places, false);

	*ret = (struct janus__opinion){
		.spec = inquiry->spec,
		.verdict = JANUS_VERDICT_ALLOW,
		.reason = JANUS_REASON_RULE,
	};
	if (enforced.deny) {
		ret->verdict = is_asking(inquiry, enforced.deny) ? JANUS_VERDICT_ASK
								 : JANUS_VERDICT_DENY;
		ret->rule = enforced.deny;
	} else if (all.deny) {
		ret->verdict = JANUS_VERDICT_WOULD_DENY;
		ret->rule = all.deny;
	} else if (all.pardoned) {
		ret->reason = all.pardon;
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

static bool is_retired(const struct janus__spec *spec)
{
	return atomic_load_explicit(&spec->retired, memory_order_relaxed);
}

struct janus__decision janus__decide(const struct janus__question *question,
				     struct janus__opinion *opinions, size_t room)
{
	struct janus__decision decision = { .deny = question->match->strict };
	struct janus__spec *spec;
	struct place places[2];
	struct levels levels;

	open_levels(&levels, question->match);
	while ((spec = lowest_spec(&levels))) {
		struct inquiry inquiry = { .question = question, .spec = spec };
		struct janus__opinion opinion;

		take_places(&levels, spec, &places[0], &places[1]);
		if (is_retired(spec) || !ask_watch(&inquiry, places, &opinion))
			continue;
		decision.deny |= opinion.verdict == JANUS_VERDICT_DENY;
		decision.ask |= opinion.verdict == JANUS_VERDICT_ASK;
		decision.audit |= (janus__spec_subject_of(spec, opinion.rule)->flags &
				   JANUS_SUBJECT_AUDIT) != 0;
		if (decision.opinion_count < room)
			opinions[decision.opinion_count] = opinion;
		decision.opinion_count++;
	}
	decision.ask &= !decision.deny;
	if (decision.deny)
		overrule(opinions,
			 decision.opinion_count < room ? decision.opinion_count : room);
	return decision;
}

static bool has_strict(const struct janus__bindings *bindings, uint32_t kind, bool above)
{
	for (uint32_t i = 0; bindings && i < bindings->count; i++) {
		const struct janus__binding *binding = &bindings->entries[i];
		const struct janus__subject *subject =
			janus__spec_subject_of(binding->spec, binding->rule);

		if (janus__binding_is_strict(binding) && (subject->events & kind) &&
		    (!above || (subject->flags & JANUS_SUBJECT_RECURSIVE)) &&
		    !is_retired(binding->spec))
			return true;
	}
	return false;
}

bool janus__decide_failure(const struct janus__match *match, uint32_t kind)
{
	if (match->strict || has_strict(match->file, kind, false) ||
	    has_strict(match->directory, kind, false))
		return true;
	for (uint32_t i = 0; i < match->above_count; i++)
		if (has_strict(match->above[i].bindings, kind, true))
			return true;
	return false;
}

/* The kinds that rules of one watch reach a child with. Nothing is its own here. */
static uint32_t kinds_of(const struct place *place)
{
	uint32_t kinds = 0;

	for (uint32_t i = 0; i < place->count; i++) {
		const struct run *run = &place->runs[i];

		for (uint32_t j = 0; j < run->count && run->hops; j++)
			if (reaches(place, i, &run->first[j]))
				kinds |= janus__spec_subject_of(run->first[j].spec,
								run->first[j].rule)
						 ->events;
	}
	return kinds;
}

uint32_t janus__decide_kinds(const struct janus__match *match)
{
	struct janus__spec *spec;
	struct place places[2];
	struct levels levels;
	uint32_t kinds = 0;

	open_levels(&levels, match);
	levels.cursors[0].bindings = NULL;
	while ((spec = lowest_spec(&levels))) {
		take_places(&levels, spec, &places[0], &places[1]);
		if (!is_retired(spec))
			kinds |= kinds_of(&places[0]);
	}
	return kinds;
}
