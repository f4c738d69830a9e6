// SPDX-License-Identifier: MIT
#include "event_filter.h"

#include <janus/watch.h>

#include <limits.h>
#include <string.h>

#include "janus/v1/guard_service.pb-c.h"
#include "text.h"

/* The fields of an event that filters look at, by their numbers in the proto. */
enum {
	FIELD_GUARD = 3,
	FIELD_POD = 4,
	FIELD_KIND = 7,
	FIELD_VERDICT = 8,
	FIELD_PATH = 11,
	FIELD_RAW_PATH = 12,
	FIELD_OLD_PATH = 13,
	FIELD_RAW_OLD_PATH = 14,
};

struct facts {
	struct wire_bytes guard;
	struct wire_bytes pod;
	struct wire_bytes path;
	struct wire_bytes old_path;
	uint64_t kind;
	uint64_t verdict;
};

static int check_count(const char *field, size_t count, struct status *status)
{
	if (count <= EVENT_FILTER_NAMES_MAX)
		return 0;
	return status_set(status, STATUS_INVALID_ARGUMENT,
			  "%s: %zu are given, and %d may be", field, count,
			  EVENT_FILTER_NAMES_MAX);
}

static int take_verdicts(struct event_filter *filter, struct status *status)
{
	for (size_t i = 0; i < filter->request->n_verdicts; i++) {
		int value = (int)filter->request->verdicts[i];

		if (!protobuf_c_enum_descriptor_get_value(&janus__v1__verdict__descriptor,
							  value))
			return status_set(status, STATUS_INVALID_ARGUMENT,
					  "verdicts[%zu]: %d is no verdict", i, value);
		filter->verdicts |= 1u << value;
	}
	return 0;
}

static int take_kinds(struct event_filter *filter, struct status *status)
{
	for (size_t i = 0; i < filter->request->n_kinds; i++) {
		int value = (int)filter->request->kinds[i];

		if (!value || !protobuf_c_enum_descriptor_get_value(
				      &janus__v1__event_kind__descriptor, value))
			return status_set(status, STATUS_INVALID_ARGUMENT,
					  "kinds[%zu]: %d is no kind of event", i, value);
		filter->kinds |= 1u << value;
	}
	return 0;
}

static int check_glob(const char *glob, struct status *status)
{
	struct text_quote quote;
	const char *cause = NULL;

	if (!*glob)
		return 0;
	if (*glob != '/')
		cause = "does not begin with '/', as all paths do";
	else if (strlen(glob) >= PATH_MAX)
		cause = "is longer than a path can be";
	else
		cause = janus_pattern_check(glob);
	if (!cause)
		return 0;
	return status_set(status, STATUS_INVALID_ARGUMENT, "path_glob: '%s': %s",
			  text_quote(&quote, glob), cause);
}

int event_filter_init(struct event_filter *filter, struct wire_bytes bytes,
		      struct status *status)
{
	const Janus__V1__StreamEventsRequest *request;

	*filter = (struct event_filter){
		.message.budget_bytes = EVENT_FILTER_BUDGET_BYTES,
	};
	if (codec_unpack(&filter->message, &janus__v1__stream_events_request__descriptor,
			 bytes, status))
		return -1;
	request = (const void *)filter->message.message;
	filter->request = request;
	if (check_count("guards", request->n_guards, status) ||
	    check_count("pods", request->n_pods, status) ||
	    take_verdicts(filter, status) || take_kinds(filter, status) ||
	    check_glob(request->path_glob, status))
		return -1;
	filter->passes_all = !request->n_guards && !request->n_pods &&
			     !filter->verdicts && !filter->kinds && !*request->path_glob;
	return 0;
}

void event_filter_done(struct event_filter *filter)
{
	codec_done(&filter->message);
}

static void take_field(struct facts *facts, const struct wire_field *field)
{
	switch (field->number) {
	case FIELD_GUARD:
		facts->guard = field->bytes;
		break;
	case FIELD_POD:
		facts->pod = field->bytes;
		break;
	case FIELD_KIND:
		facts->kind = field->value;
		break;
	case FIELD_VERDICT:
		facts->verdict = field->value;
		break;
	case FIELD_PATH:
	case FIELD_RAW_PATH: /* comes later, and is the path itself */
		facts->path = field->bytes;
		break;
	case FIELD_OLD_PATH:
	case FIELD_RAW_OLD_PATH:
		facts->old_path = field->bytes;
		break;
	default:
		break;
	}
}

static bool is_one_of(struct wire_bytes text, char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strlen(names[i]) == text.size &&
		    !memcmp(names[i], text.size ? (const char *)text.data : "",
			    text.size))
			return true;
	return !count;
}

static bool fits_glob(const char *glob, struct wire_bytes path)
{
	char text[PATH_MAX];

	if (!path.size || path.size >= sizeof(text))
		return false;
	memcpy(text, path.data, path.size);
	text[path.size] = '\0';
	return janus_pattern_match(glob, text) == 1;
}

static bool fits(uint32_t mask, uint64_t value)
{
	return !mask || (value < 32 && mask & 1u << value);
}

bool event_filter_passes(const struct event_filter *filter, struct wire_bytes event)
{
	const Janus__V1__StreamEventsRequest *request = filter->request;
	struct facts facts = { 0 };
	struct wire_field field;

	if (filter->passes_all)
		return true;
	while (wire_next(&event, &field) > 0)
		take_field(&facts, &field);
	if (!fits(filter->verdicts, facts.verdict) || !fits(filter->kinds, facts.kind) ||
	    !is_one_of(facts.guard, request->guards, request->n_guards) ||
	    !is_one_of(facts.pod, request->pods, request->n_pods))
		return false;
	return !*request->path_glob || fits_glob(request->path_glob, facts.path) ||
	       fits_glob(request->path_glob, facts.old_path);
}
