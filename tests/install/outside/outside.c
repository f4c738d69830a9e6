// SPDX-License-Identifier: MIT
/*
 * A program of somebody else: built outside the tree, in C and in C++, against what was
 * installed. Needs no rights. Owns one event buffer.
 */
#include <janus/janus.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	struct janus_event_buffer *buffer = NULL;
	int result = janus_event_buffer_create(&buffer, 16);

	if (result < 0) {
		fprintf(stderr, "no event buffer: %s\n", janus_strerror(result));
		return 1;
	}
	if (janus_event_buffer_get_count(buffer) != 0) {
		fprintf(stderr, "a new buffer is not empty\n");
		return 1;
	}
	janus_event_buffer_destroy(buffer);

	if (strcmp(janus_version(), JANUS_VERSION_STRING) != 0) {
		fprintf(stderr, "headers of %s, library %s\n", JANUS_VERSION_STRING,
			janus_version());
		return 1;
	}
	printf("libjanus %s\n", janus_version());
	return 0;
}
