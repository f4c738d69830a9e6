/* SPDX-License-Identifier: MIT */
/*
 * Rules + facts -> verdict and reason. Pure: what it wants to know of a process it asks for
 * through a function.
 *
 * Within a watch the rule whose path is nearest to the file goes before others: its own, that
 * of its directory, then, of trees only, of the directories above, unless one in between is
 * left out of that tree. At the same level deny wins. Where the file also has a place that it
 * had when it was marked, that is asked in the same way, and deny wins. Over the watches any
 * deny wins. A dry-run rule never changes an answer. Who only observes has nothing to say. Whom
 * a deny rule does not mean, it lets through: the owner, an exception. Who cannot be told to be
 * let through is not.
 */
#ifndef JANUS_DECIDE_H
#define JANUS_DECIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bindings.h"
#include "excepted.h"

/* What is asked. */
struct janus__question {
	uint32_t kind;
	int32_t pid;
	const struct janus__match *match;

	/* Whether @pid is the owner of @spec's target or descends from it. */
	bool (*is_owner)(void *userdata, const struct janus__spec *spec, int32_t pid);
	/* Whether the exceptions of a subject mean the one who asks. */
	enum janus__listed (*is_listed)(void *userdata, const struct janus__spec *spec,
					const struct janus__subject *subject);
	void *userdata;
};

/* What one watch says. */
struct janus__opinion {
	struct janus__spec *spec; /* borrowed from the match */
	const struct janus__rule *rule;
	uint32_t verdict; /* enum janus_verdict */
	uint32_t reason;  /* enum janus_reason */
};

struct janus__decision {
	bool deny;
	bool ask;             /* only the program can tell; not if it is denied anyway */
	bool audit;           /* a subject with an opinion wants a kernel audit record */
	size_t opinion_count; /* of all watches, also of those that found no room */
};

/*
 * Ask every watch that the match speaks of. The first @room opinions are written, in order of
 * watch ids; an opinion that another watch overrules says so.
 */
struct janus__decision janus__decide(const struct janus__question *question,
				     struct janus__opinion *opinions, size_t room);

/*
 * The kinds that rules have something to say about in the directory that the match was found
 * for: to any child of it, whoever asks.
 */
uint32_t janus__decide_kinds(const struct janus__match *match);

/*
 * Whether the opener is denied if no decision comes in time: a watch whose on_failure is deny
 * has a rule that might. Exceptions and allow paths are not looked at.
 */
bool janus__decide_failure(const struct janus__match *match, uint32_t kind);

#endif
