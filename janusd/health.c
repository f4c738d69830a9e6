// SPDX-License-Identifier: MIT
#include "health.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A number that should not grow: what it was, and until when it is told that it grew. */
struct growth {
	uint64_t value;
	uint64_t before; /* when it was quiet last */
	int64_t until_ms;
};

struct health {
	pthread_mutex_t mutex;
	bool strict;
	bool said; /* anything, so far */
	int64_t said_ms;
	struct growth read_errors;
	struct growth reply_errors;
	struct growth overdue;
	struct growth records_lost;
	bool unreadable;
	bool starting;
	bool ending;
	uint64_t partial_count;
	char partial[HEALTH_TEXT_SIZE - 128];
};

struct health *health_create(bool strict)
{
	struct health *health = calloc(1, sizeof(*health));

	if (!health)
		return NULL;
	pthread_mutex_init(&health->mutex, NULL);
	health->strict = strict;
	health->starting = true;
	health->said_ms = health_now_ms();
	return health;
}

void health_destroy(struct health *health)
{
	if (!health)
		return;
	pthread_mutex_destroy(&health->mutex);
	free(health);
}

int64_t health_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

/* What came before this worker is not its trouble: the first value is the base. */
static void grow(struct growth *growth, uint64_t value, bool first, int64_t now_ms)
{
	if (first || now_ms >= growth->until_ms)
		growth->before = first ? value : growth->value;
	if (!first && value > growth->value)
		growth->until_ms = now_ms + HEALTH_MEMORY_MS;
	growth->value = value;
}

void health_say(struct health *health, const struct health_facts *facts, int64_t now_ms)
{
	bool first;

	pthread_mutex_lock(&health->mutex);
	first = !health->said;
	health->said = true;
	health->said_ms = now_ms;
	grow(&health->read_errors, facts->read_errors, first, now_ms);
	grow(&health->reply_errors, facts->reply_errors, first, now_ms);
	grow(&health->overdue, facts->overdue, first, now_ms);
	grow(&health->records_lost, facts->records_lost, first, now_ms);
	health->unreadable = facts->unreadable;
	health->starting = facts->starting;
	health->ending = facts->ending;
	health->partial_count = facts->partial_count;
	snprintf(health->partial, sizeof(health->partial), "%s",
		 facts->partial ? facts->partial : "");
	pthread_mutex_unlock(&health->mutex);
}

static char *add(struct health_report *report, enum health_problem problem)
{
	report->has[problem] = true;
	return report->text[problem];
}

static void add_growth(struct health_report *report, enum health_problem problem,
		       const struct growth *growth, const char *what)
{
	snprintf(add(report, problem), HEALTH_TEXT_SIZE,
		 "%" PRIu64 " %s; the last of them in the last %d seconds",
		 growth->value - growth->before, what, HEALTH_MEMORY_MS / 1000);
}

static void add_numbers(const struct health *health, int64_t now_ms,
			struct health_report *report)
{
	if (health->unreadable)
		snprintf(add(report, HEALTH_UNREAD), HEALTH_TEXT_SIZE,
			 "the kernel's events can no longer be read");
	else if (now_ms < health->read_errors.until_ms)
		add_growth(report, HEALTH_UNREAD, &health->read_errors,
			   "reads of the kernel's events have failed");
	if (now_ms < health->reply_errors.until_ms)
		add_growth(report, HEALTH_UNANSWERED, &health->reply_errors,
			   "answers were not taken by the kernel");
	if (now_ms < health->overdue.until_ms)
		add_growth(report, HEALTH_OVERDUE, &health->overdue,
			   "openers were answered at the deadline, by what failure"
			   " means");
	if (now_ms < health->records_lost.until_ms)
		add_growth(report, HEALTH_LOSING, &health->records_lost,
			   "records were lost");
}

/* The answer may be late, but it is one. */
static bool is_nuisance(const struct health *health, enum health_problem problem)
{
	return problem == HEALTH_LOSING || (problem == HEALTH_PARTIAL && !health->strict);
}

void health_read(struct health *health, int64_t now_ms, struct health_report *ret)
{
	memset(ret, 0, sizeof(*ret));
	pthread_mutex_lock(&health->mutex);
	/* To bring guards back takes as long as it takes. */
	ret->alive = !health->said || now_ms - health->said_ms < HEALTH_SILENCE_MS;
	if (!ret->alive)
		snprintf(add(ret, HEALTH_STUCK), HEALTH_TEXT_SIZE,
			 "the main thread has not come round for %" PRId64 " seconds",
			 (now_ms - health->said_ms) / 1000);
	if (health->starting)
		snprintf(add(ret, HEALTH_STARTING), HEALTH_TEXT_SIZE,
			 "nobody is served yet: guards are brought back, or no"
			 " address can be listened on");
	if (health->ending)
		snprintf(add(ret, HEALTH_ENDING), HEALTH_TEXT_SIZE,
			 "the worker serves nobody any more, and is about to end");
	add_numbers(health, now_ms, ret);
	if (health->partial_count)
		snprintf(add(ret, HEALTH_PARTIAL), HEALTH_TEXT_SIZE,
			 "%" PRIu64 " guards are not wholly in force; the first: %s",
			 health->partial_count, health->partial);
	ret->serving = true;
	for (int i = 0; i < HEALTH_PROBLEMS; i++)
		if (ret->has[i] && !is_nuisance(health, (enum health_problem)i))
			ret->serving = false;
	pthread_mutex_unlock(&health->mutex);
}

bool health_is_serving(struct health *health)
{
	struct health_report report;

	health_read(health, health_now_ms(), &report);
	return report.serving;
}

const char *health_problem_name(enum health_problem problem)
{
	static const char *const names[] = {
		[HEALTH_STARTING] = "starting",     [HEALTH_ENDING] = "ending",
		[HEALTH_STUCK] = "stuck",           [HEALTH_UNREAD] = "unread",
		[HEALTH_UNANSWERED] = "unanswered", [HEALTH_OVERDUE] = "overdue",
		[HEALTH_PARTIAL] = "partial",       [HEALTH_LOSING] = "losing",
	};

	return names[problem];
}
