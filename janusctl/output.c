// SPDX-License-Identifier: MIT
#include "output.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "escape.h"

#define MESSAGE_SIZE 4096

void output_message(const char *what, const char *message)
{
	char escaped[MESSAGE_SIZE];

	fprintf(stderr, "janusctl: %s: %s\n", what,
		escape_sentence(escaped, sizeof(escaped), message));
}

void output_guard_line(const struct output_guard *guard)
{
	char escaped[MESSAGE_SIZE];

	printf("node=%s", escape(escaped, sizeof(escaped), guard->node));
	printf(" pod=%s", escape(escaped, sizeof(escaped), guard->pod));
	printf(" pids=");
	for (size_t i = 0; i < guard->pid_count; i++)
		printf("%s%" PRId32, i ? "," : "", guard->pids[i]);
	putchar('\n');
}

json_t *output_string_json(const char *text)
{
	char escaped[MESSAGE_SIZE];
	json_t *string = json_string(text);

	/* No UTF-8: nobody who keeps to the contract sends it. */
	return string ? string : json_string(escape(escaped, sizeof(escaped), text));
}

json_t *output_guard_json(const struct output_guard *guard)
{
	json_t *pids = json_array();

	for (size_t i = 0; pids && i < guard->pid_count; i++) {
		if (json_array_append_new(pids, json_integer(guard->pids[i]))) {
			json_decref(pids);
			return NULL;
		}
	}
	/* Takes what it is given, also where it fails. */
	return json_pack("{s:o, s:o, s:o}", "nodeName", output_string_json(guard->node),
			 "podName", output_string_json(guard->pod), "pid", pids);
}

int output_json(json_t *json)
{
	int result;

	if (!json) {
		output_message("output", "no memory");
		return -1;
	}
	result = json_dumpf(json, stdout, JSON_COMPACT | JSON_ENSURE_ASCII);
	json_decref(json);
	/* A failure of stdout is told by output_finish(). */
	if (!result)
		putchar('\n');
	return 0;
}

int output_finish(void)
{
	errno = 0;
	if (!fflush(stdout) && !ferror(stdout))
		return 0;
	output_message("cannot write the output", strerror(errno ? errno : EIO));
	return -1;
}
