/* SPDX-License-Identifier: MIT */
/*
 * An event as one line. Paths come from outside, so only printable ASCII goes out as it
 * is. Owns nothing.
 */
#ifndef EXAMPLES_SHOW_H
#define EXAMPLES_SHOW_H

#include <inttypes.h>
#include <stdio.h>

#include <janus/janus.h>

static inline void show_escaped(const char *text)
{
	const unsigned char *p;

	for (p = (const unsigned char *)text; *p; p++) {
		if (*p < 0x20 || *p >= 0x7f || *p == '\\')
			printf("\\x%02x", *p);
		else
			putchar(*p);
	}
}

/* Who it was, as far as it could be seen. */
static inline void show_who(const struct janus_event *event)
{
	printf(" pid %" PRId32, janus_event_get_pid(event));
	if (*janus_event_get_exe(event)) {
		printf(" exe ");
		show_escaped(janus_event_get_exe(event));
	}
	if (*janus_event_get_container_id(event)) {
		printf(" container ");
		show_escaped(janus_event_get_container_id(event));
	}
}

static inline void show_event(const struct janus_event *event)
{
	uint32_t kind = janus_event_get_kind(event);
	int error = janus_event_get_error(event);

	if (kind == JANUS_EVENT_GAP) {
		printf("GAP %" PRIu64 " records lost\n",
		       janus_event_get_lost_count(event));
		return;
	}
	if (kind == JANUS_EVENT_START || kind == JANUS_EVENT_END) {
		printf("%s%s%s\n", janus_event_kind_name(kind), error ? ": " : "",
		       error ? janus_strerror(error) : "");
		return;
	}
	printf("%s %s %s ", janus_verdict_name(janus_event_get_verdict(event)),
	       janus_event_kind_name(janus_event_get_kind(event)),
	       janus_event_is_directory(event) ? "directory" : "file");
	show_escaped(janus_event_get_path(event));
	show_who(event);
	printf(" (%s)\n", janus_reason_name(janus_event_get_reason(event)));
}

static inline void show_events(const struct janus_event_buffer *buffer)
{
	const struct janus_event *event;
	size_t i;

	for (i = 0; (event = janus_event_buffer_get(buffer, i)); i++)
		show_event(event);
	fflush(stdout);
}

#endif
