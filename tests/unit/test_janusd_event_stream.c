// SPDX-License-Identifier: MIT
/* A client's way through the history: where it begins, filters, gaps, progress. */
#include "event_stream.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "janus/v1/guard_service.pb-c.h"

static struct history *history;
static struct event_scratch scratch;
static struct event_stream stream;
static struct status status;
static Janus__V1__StreamEventsResponse *response;
static int64_t now_ms = 5000;

static void setup(void)
{
	cr_assert_eq(history_create(&history, 0), 0);
	cr_assert_eq(event_scratch_init(&scratch), 0);
}

static void teardown(void)
{
	if (response)
		janus__v1__stream_events_response__free_unpacked(response, NULL);
	event_stream_done(&stream);
	event_scratch_done(&scratch);
	history_destroy(history);
}

TestSuite(event_stream, .init = setup, .fini = teardown);

static Janus__V1__StreamEventsRequest request = JANUS__V1__STREAM_EVENTS_REQUEST__INIT;

static int begin(void)
{
	uint8_t bytes[16384];
	size_t size = janus__v1__stream_events_request__pack(&request, bytes);

	event_stream_done(&stream);
	return event_stream_init(&stream, history, (struct wire_bytes){ bytes, size },
				 &status);
}

static void add(const char *guard, const char *path, size_t raw_size)
{
	Janus__V1__Event event = JANUS__V1__EVENT__INIT;
	static uint8_t bytes[HISTORY_EVENT_MAX_BYTES], raw[HISTORY_EVENT_MAX_BYTES];

	event.sequence = history_next(history);
	event.guard = (char *)guard;
	event.pod = (char *)(event.sequence % 2 ? "odd" : "even");
	event.verdict = (Janus__V1__Verdict)(event.sequence % 4);
	event.kind = (Janus__V1__EventKind)(event.sequence % 9 + 1);
	event.path = (char *)path;
	event.old_path = "/before";
	event.raw_path.data = raw;
	event.raw_path.len = raw_size;
	memset(raw, '/', raw_size);
	history_add(history,
		    (struct wire_bytes){ bytes, janus__v1__event__pack(&event, bytes) });
}

static void add_many(size_t count)
{
	while (count--)
		add("g", "/data/x", 0);
}

static enum event_step step(void)
{
	struct wire_bytes bytes;
	enum event_step ret = event_stream_next(&stream, &scratch, now_ms, &bytes);

	if (response)
		janus__v1__stream_events_response__free_unpacked(response, NULL);
	response = NULL;
	if (ret != EVENT_STEP_SEND)
		return ret;
	response = janus__v1__stream_events_response__unpack(NULL, bytes.size,
							     bytes.data);
	cr_assert_not_null(response);
	cr_assert_str_eq(response->instance, history_instance(history));
	return ret;
}

static void check_response(size_t count, uint64_t first, uint64_t last)
{
	cr_assert_eq(step(), EVENT_STEP_SEND);
	cr_assert_eq(response->n_events, count);
	if (count)
		cr_assert_eq(response->events[0]->sequence, first);
	cr_assert_eq(response->last_sequence, last);
	cr_assert_null(response->gap);
}

Test(event_stream, begins_with_what_comes_next)
{
	add_many(3);
	cr_assert_eq(begin(), 0);
	check_response(0, 0, 3);
	cr_assert_eq(step(), EVENT_STEP_WAIT);
	add_many(2);
	check_response(2, 4, 5);
	cr_assert_eq(step(), EVENT_STEP_WAIT);
}

Test(event_stream, begins_with_the_oldest)
{
	request.from_oldest = true;
	add_many(3);
	cr_assert_eq(begin(), 0);
	check_response(3, 1, 3);
}

Test(event_stream, goes_on_after_an_event)
{
	request.instance = (char *)history_instance(history);
	request.after_sequence = 4;
	add_many(6);
	cr_assert_eq(begin(), 0);
	check_response(2, 5, 6);
	request.after_sequence = 0;
	cr_assert_eq(begin(), 0);
	check_response(6, 1, 6);
	request.after_sequence = 6;
	cr_assert_eq(begin(), 0);
	check_response(0, 0, 6);
	request.after_sequence = 7;
	cr_assert_neq(begin(), 0);
	cr_assert_eq(status.code, STATUS_INVALID_ARGUMENT);
	cr_assert(strstr(status.message, "after_sequence: 7"), "%s", status.message);
}

Test(event_stream, counts_what_was_overwritten)
{
	uint64_t told = 0;

	request.instance = (char *)history_instance(history);
	request.after_sequence = 10;
	add_many(10000);
	cr_assert_eq(begin(), 0);
	cr_assert_eq(step(), EVENT_STEP_SEND);
	cr_assert_not_null(response->gap);
	cr_assert_eq(response->gap->lost, response->events[0]->sequence - 11);
	told = response->n_events;
	cr_assert_eq(told + response->gap->lost, response->last_sequence - 10);
}

Test(event_stream, counts_what_is_overwritten_while_it_does_not_read)
{
	uint64_t last = 0, told = 0, lost = 0;

	cr_assert_eq(begin(), 0);
	check_response(0, 0, 0);
	for (size_t i = 0; i < 20; i++) {
		add_many(900 * (i % 3));
		while (step() == EVENT_STEP_SEND) {
			lost += response->gap ? response->gap->lost : 0;
			told += response->n_events;
			last = response->last_sequence;
			cr_assert_eq(told + lost, last);
		}
	}
	cr_assert_eq(last, history_next(history) - 1);
	cr_assert_gt(lost, 0);
}

Test(event_stream, tells_a_gap_before_the_events_behind_it)
{
	cr_assert_eq(begin(), 0);
	check_response(0, 0, 0);
	add_many(2);
	history_skip(history, 5);
	add_many(1);
	history_skip(history, 3);
	check_response(2, 1, 2);
	cr_assert_eq(step(), EVENT_STEP_SEND);
	cr_assert_eq(response->gap->lost, 5);
	cr_assert_eq(response->n_events, 1);
	cr_assert_eq(response->last_sequence, 8);
	cr_assert_eq(step(), EVENT_STEP_SEND);
	cr_assert_eq(response->gap->lost, 3);
	cr_assert_eq(response->n_events, 0);
	cr_assert_eq(response->last_sequence, 11);
	cr_assert_eq(step(), EVENT_STEP_WAIT);
}

Test(event_stream, does_not_count_a_gap_of_unknown_size)
{
	cr_assert_eq(begin(), 0);
	check_response(0, 0, 0);
	history_skip(history, 5);
	history_skip_unknown(history);
	add_many(1);
	cr_assert_eq(step(), EVENT_STEP_SEND);
	cr_assert_not_null(response->gap);
	cr_assert_eq(response->gap->lost, 0);
	cr_assert_eq(response->n_events, 1);
	cr_assert_eq(response->last_sequence, 7);
}

Test(event_stream, sends_all_of_another_instance_after_a_gap)
{
	request.instance = "0123";
	request.after_sequence = 1000;
	add_many(2);
	cr_assert_eq(begin(), 0);
	cr_assert_eq(step(), EVENT_STEP_SEND);
	cr_assert_not_null(response->gap);
	cr_assert_eq(response->gap->lost, 0);
	cr_assert_eq(response->n_events, 2);
	cr_assert_eq(response->last_sequence, 2);
}

/* A ring of its own, for it is longer than the smallest one. */
Test(event_stream, carries_the_longest_event)
{
	history_destroy(history);
	cr_assert_eq(history_create(&history, 2 * HISTORY_EVENT_MAX_BYTES), 0);
	cr_assert_eq(begin(), 0);
	check_response(0, 0, 0);
	add("g", "/", HISTORY_EVENT_MAX_BYTES - 100);
	add("g", "/", 100);
	check_response(1, 1, 1);
	cr_assert_eq(response->events[0]->raw_path.len, HISTORY_EVENT_MAX_BYTES - 100);
	check_response(1, 2, 2);
}

static void check_filter(uint64_t wanted)
{
	request.from_oldest = true;
	cr_assert_eq(begin(), 0, "%s", status.message);
	check_response(1, wanted, 8);
}

Test(event_stream, passes_what_fits_each_filter)
{
	char *guards[] = { "no", "b" }, *pods[] = { "odd" };
	Janus__V1__Verdict verdicts[] = { 3 };
	Janus__V1__EventKind kinds[] = { 3, 5 };

	/* Sequence n: pod odd or even, verdict n % 4, kind n % 9 + 1. */
	for (size_t i = 1; i <= 8; i++)
		add(i > 3 && i < 6 ? "b" : "a", i == 7 ? "/data/x.key" : "/data/y", 0);
	request.path_glob = "/**/*.key";
	check_filter(7);
	request.path_glob = "";
	request.n_guards = 2;
	request.guards = guards;
	request.n_pods = 1;
	request.pods = pods;
	check_filter(5);
	request.n_guards = 0;
	request.n_verdicts = 1;
	request.verdicts = verdicts;
	request.n_kinds = 2;
	request.kinds = kinds;
	request.n_pods = 0;
	kinds[1] = 4; /* of 3 */
	check_filter(3);
	request.n_kinds = 0;
	request.n_verdicts = 0;
	request.path_glob = "/before";
	request.n_kinds = 1;
	kinds[0] = 9; /* of 8 */
	check_filter(8);
}

Test(event_stream, tells_how_far_it_is_where_nothing_fits)
{
	char *guards[] = { "nobody" };

	request.n_guards = 1;
	request.guards = guards;
	cr_assert_eq(begin(), 0);
	check_response(0, 0, 0);
	add_many(5);
	now_ms += EVENT_STREAM_SKIPPED_MS - 1;
	cr_assert_eq(step(), EVENT_STEP_WAIT);
	now_ms++;
	check_response(0, 0, 5);
	cr_assert_eq(step(), EVENT_STEP_WAIT);
	now_ms += EVENT_STREAM_SKIPPED_MS; /* nothing new: nothing to tell */
	cr_assert_eq(step(), EVENT_STEP_WAIT);
}

Test(event_stream, tells_how_far_it_is_after_very_many)
{
	char *guards[] = { "nobody" };

	request.n_guards = 1;
	request.guards = guards;
	cr_assert_eq(begin(), 0);
	check_response(0, 0, 0);
	for (size_t i = 0; i < 99; i++) {
		add_many(100);
		cr_assert_eq(step(), EVENT_STEP_WAIT);
	}
	add_many(100);
	check_response(0, 0, EVENT_STREAM_SKIPPED_MAX);
}

Test(event_stream, looks_at_a_bounded_part_at_once)
{
	char *guards[] = { "nobody" };
	size_t steps = 1;

	history_destroy(history);
	cr_assert_eq(history_create(&history, 1 << 20), 0);
	request.n_guards = 1;
	request.guards = guards;
	request.from_oldest = true;
	add_many(8000);
	cr_assert_eq(begin(), 0);
	cr_assert_eq(step(), EVENT_STEP_SEND);
	for (; step() == EVENT_STEP_AGAIN; steps++)
		continue;
	cr_assert_gt(steps, 4);
}

static void check_refused(const char *word)
{
	cr_assert_neq(begin(), 0, "%s", word);
	cr_assert_eq(status.code, STATUS_INVALID_ARGUMENT);
	cr_assert(strstr(status.message, word), "%s", status.message);
	request = (Janus__V1__StreamEventsRequest)JANUS__V1__STREAM_EVENTS_REQUEST__INIT;
}

Test(event_stream, names_what_makes_no_sense)
{
	Janus__V1__Verdict verdicts[] = { 3, 4 };
	Janus__V1__EventKind kinds[] = { 0 };

	request.n_verdicts = 2;
	request.verdicts = verdicts;
	check_refused("verdicts[1]: 4");
	request.n_kinds = 1;
	request.kinds = kinds;
	check_refused("kinds[0]: 0");
	request.path_glob = "/a[";
	check_refused("path_glob: '/a['");
	request.path_glob = "a";
	check_refused("path_glob: 'a'");
	request.after_sequence = 1;
	check_refused("instance");
	request.from_oldest = true;
	request.instance = "x";
	check_refused("from_oldest");
}
