// SPDX-License-Identifier: MIT
#include <janus/context.h>
#include <janus/error.h>
#include <janus/version.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "health.h"
#include "rpc_v1.h"
#include "settings.h"
#include "text.h"
#include "util.h"
#include "worker.h"

#define FEATURES_MAX 16
#define STATS_MAX 32
/* More of them would say no more. */
#define PROBLEMS_MAX 16
#define PROBLEM_SIZE 1024

struct answer {
	Janus__V1__GetStatusResponse response;
	Janus__V1__Limits limits;
	Janus__V1__Keeper keeper;
	Janus__V1__GetStatusResponse__StatsEntry stats[STATS_MAX];
	Janus__V1__GetStatusResponse__StatsEntry *stats_at[STATS_MAX];
	char *features[FEATURES_MAX];
	char *problems[PROBLEMS_MAX];
	char problem[PROBLEMS_MAX][PROBLEM_SIZE];
	size_t unsound; /* guards that are not wholly in force */
};

static void take_features(struct answer *answer, uint64_t available)
{
	static const struct {
		uint64_t bit;
		const char *name;
	} known[] = {
		{ JANUS_FEATURE_PERMISSION, "permission" },
		{ JANUS_FEATURE_EXEC, "exec" },
		{ JANUS_FEATURE_AUDIT, "audit" },
		{ JANUS_FEATURE_FD_ERROR, "fd_error" },
		{ JANUS_FEATURE_OBSERVE, "observe" },
		{ JANUS_FEATURE_RENAME, "rename" },
		{ JANUS_FEATURE_WIDE, "wide" },
		{ JANUS_FEATURE_UNLIMITED, "unlimited" },
		{ JANUS_FEATURE_MOUNT_EVENTS, "mount_events" },
		{ JANUS_FEATURE_PIDS, "pids" },
	};

	answer->response.features = answer->features;
	for (size_t i = 0; i < ARRAY_COUNT(known); i++)
		if (available & known[i].bit)
			answer->features[answer->response.n_features++] =
				(char *)(uintptr_t)known[i].name;
}

static void take_stats(struct answer *answer, const struct janus_stats *stats)
{
	const struct {
		const char *name;
		uint64_t value;
	} all[] = {
		{ "events", stats->events },
		{ "allowed", stats->allowed },
		{ "denied", stats->denied },
		{ "would_deny", stats->would_deny },
		{ "self", stats->self },
		{ "unmatched", stats->unmatched },
		{ "failed", stats->failed },
		{ "reply_errors", stats->reply_errors },
		{ "read_errors", stats->read_errors },
		{ "malformed", stats->malformed },
		{ "records", stats->records },
		{ "records_dropped", stats->records_dropped },
		{ "watches", stats->watches },
		{ "marks", stats->marks },
		{ "observed", stats->observed },
		{ "overflows", stats->overflows },
		{ "directories", stats->directories },
		{ "quiet", stats->quiet },
		{ "queued", stats->queued },
		{ "rescans", stats->rescans },
		{ "overdue", stats->overdue },
		{ "held", stats->held },
		{ "asked", stats->asked },
	};

	answer->response.stats = answer->stats_at;
	for (size_t i = 0; i < ARRAY_COUNT(all); i++) {
		Janus__V1__GetStatusResponse__StatsEntry *entry = &answer->stats[i];

		janus__v1__get_status_response__stats_entry__init(entry);
		entry->key = (char *)(uintptr_t)all[i].name;
		entry->value = all[i].value;
		answer->stats_at[answer->response.n_stats++] = entry;
	}
}

static void take_limits(struct answer *answer, const struct limit_settings *limits)
{
	Janus__V1__Limits *ret = &answer->limits;

	janus__v1__limits__init(ret);
	ret->guards = limits->guards;
	ret->targets_per_guard = limits->targets_per_guard;
	ret->subjects_per_guard = limits->subjects_per_guard;
	ret->paths_per_guard = limits->paths_per_guard;
	ret->path_bytes = limits->path_bytes;
	ret->tags_per_subject = limits->tags_per_subject;
	ret->streams = limits->streams;
	ret->request_bytes = limits->request_bytes;
	answer->response.limits = ret;
}

static void take_facts(struct answer *answer, const struct rpc_facts *facts)
{
	Janus__V1__GetStatusResponse *response = &answer->response;

	janus__v1__keeper__init(&answer->keeper);
	answer->keeper.pid = getppid();
	answer->keeper.restarts = atomic_load(&facts->note->restarts);
	answer->keeper.handovers = atomic_load(&facts->note->handovers);
	response->keeper = &answer->keeper;
	response->instance = (char *)(uintptr_t)facts->instance;
	response->start_time_ns = facts->start_time_ns;
	response->deadline_ms = facts->deadline_ms;
	response->on_failure = facts->deny_on_failure
				       ? JANUS__V1__ON_FAILURE__ON_FAILURE_DENY
				       : JANUS__V1__ON_FAILURE__ON_FAILURE_ALLOW;
}

/* Return: where the next problem goes; NULL: there are enough of them. */
static char *next_problem(struct answer *answer)
{
	Janus__V1__GetStatusResponse *response = &answer->response;

	if (response->n_problems == PROBLEMS_MAX)
		return NULL;
	response->problems = answer->problems;
	answer->problems[response->n_problems] = answer->problem[response->n_problems];
	return answer->problems[response->n_problems++];
}

static void take_guard(struct answer *answer, const struct guard *guard)
{
	const uint32_t state = guard_state_of(guard);
	struct text_quote name, pod;
	char *problem;

	/* To wait is what it was asked for. */
	if (state == JANUS__V1__GUARD_STATE__GUARD_STATE_EFFECTIVE ||
	    state == JANUS__V1__GUARD_STATE__GUARD_STATE_WAITING)
		return;
	answer->unsound++;
	if (answer->unsound >= PROBLEMS_MAX)
		return;
	problem = next_problem(answer);
	if (problem)
		snprintf(problem, PROBLEM_SIZE, "guard '%s' (pod '%s') is %s",
			 text_quote(&name, guard->config->name),
			 text_quote(&pod, guard->config->pod),
			 state == JANUS__V1__GUARD_STATE__GUARD_STATE_PARTIAL
				 ? "only partly in force"
				 : "not in force");
}

/* What is wrong with this worker itself; guards are told one by one. */
static void take_health(struct answer *answer, struct health *health)
{
	autofree struct health_report *report = calloc(1, sizeof(*report));

	if (!report)
		return;
	health_read(health, health_now_ms(), report);
	for (size_t i = 0; i < HEALTH_PROBLEMS; i++) {
		char *problem;

		if (!report->has[i] || i == HEALTH_PARTIAL)
			continue;
		problem = next_problem(answer);
		if (problem)
			snprintf(problem, PROBLEM_SIZE, "%s", report->text[i]);
	}
}

/* Whatever of what was asked for is not done. */
static void take_problems(struct answer *answer, const struct guards *guards,
			  const struct janus_features *features)
{
	const struct guard *guard = NULL;
	char *problem;

	if (features->permission_error) {
		problem = next_problem(answer);
		snprintf(problem, PROBLEM_SIZE, "nothing can be denied: %s",
			 janus_strerror(features->permission_error));
	}
	while ((guard = guards_next(guards, guard ? guard->serial : 0)))
		take_guard(answer, guard);
	if (answer->unsound >= PROBLEMS_MAX) {
		problem = next_problem(answer);
		if (problem)
			snprintf(problem, PROBLEM_SIZE,
				 "%zu guards are not wholly in"
				 " force",
				 answer->unsound);
	}
	answer->response.healthy = !answer->response.n_problems;
}

static void run_status(struct v1_call *call, struct guards *guards)
{
	struct janus_features features = JANUS_FEATURES_INIT;
	struct janus_stats stats = JANUS_STATS_INIT;
	autofree struct answer *answer = calloc(1, sizeof(*answer));

	if (!answer) {
		status_set(&call->status, STATUS_RESOURCE_EXHAUSTED,
			   "request: no memory for the answer");
		return;
	}
	janus__v1__get_status_response__init(&answer->response);
	answer->response.version = (char *)(uintptr_t)JANUS_VERSION_STRING;
	answer->response.node = (char *)(uintptr_t)call->service->node->name;
	answer->response.guards = guards_count(guards);
	answer->response.generation = guards_generation(guards);
	janus_get_features(&features);
	janus_get_stats(guards_context(guards), &stats);
	take_features(answer, features.available);
	take_stats(answer, &stats);
	take_limits(answer, call->service->limits);
	take_facts(answer, call->service->facts);
	take_health(answer, call->service->health);
	take_problems(answer, guards, &features);
	v1_answer(call, &answer->response.base);
}

const struct v1_method v1_get_status = {
	.request = &janus__v1__get_status_request__descriptor,
	.run = run_status,
};
