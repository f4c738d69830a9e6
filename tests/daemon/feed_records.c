// SPDX-License-Identifier: MIT
/*
 * A sink of janusd's without janusd around it: what a test wants recorded is read as words from
 * standard input, and goes the way that records go. Each command is answered by one line.
 *
 *   feed_records text|json|journal|syslog PATH [NAME=NUMBER...]
 *
 *   put COUNT PATH [COMM]   so many records; {} in PATH stands for the number of each
 *   large BYTES             one with a path of this length
 *   reopen                  as SIGUSR1
 *   tick                    what was folded goes on, its window over or not
 *   flush                   answered when all is written, or with "late" after 20 seconds
 *   stats                   accepted, written, filtered, folded, drops by queue, rate and error
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"
#include "record_output.h"
#include "sink.h"

#define FLUSH_NS INT64_C(20000000000)

static struct record_output *output;
static uint64_t number;

static int64_t clock_ns(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void put(const char *path, const char *comm)
{
	char line[8192];
	struct record record = { .pid = 77, .uid = 0, .gid = 0, .count = 1 };

	for (size_t i = 0; i < RECORD_STRING_COUNT; i++)
		record.text[i] = "";
	record.text[RECORD_PATH] = path;
	record.text[RECORD_COMM] = comm;
	record.text[RECORD_EXE] = "/usr/bin/cat";
	record.text[RECORD_CONTAINER] = "c0ffee";
	record.text[RECORD_RUNTIME] = "runc";
	record.text[RECORD_GUARD] = "recipes";
	record.text[RECORD_POD] = "kitchen";
	record.text[RECORD_NODE] = "node-1";
	record.tags[record.tag_count++] = (struct janus_tag){ "meal", "lunch \"]\\" };
	record.kind = JANUS_EVENT_OPEN;
	record.verdict = JANUS_VERDICT_DENY;
	record.reason = JANUS_REASON_RULE;
	record.file_type = JANUS_FILE_REGULAR;
	record.sequence = ++number;
	record.first_ns = record.last_ns = clock_ns(CLOCK_REALTIME);
	snprintf(line, sizeof(line), "<DENY> OPEN_PERM file number %" PRIu64 " %.4000s",
		 number, strchr(path, '\n') ? "" : path);
	record.text[RECORD_LINE] = line;
	if (record_output_wants(output, &record))
		record_output_put(output, &record, clock_ns(CLOCK_MONOTONIC));
}

static void put_many(size_t count, const char *pattern, const char *comm)
{
	const char *hole = strstr(pattern, "{}");
	char path[8192];

	for (size_t i = 0; i < count; i++) {
		if (hole)
			snprintf(path, sizeof(path), "%.*s%zu%s", (int)(hole - pattern),
				 pattern, i, hole + 2);
		put(hole ? path : pattern, comm);
	}
}

static void put_large(size_t size)
{
	char *path = malloc(size + 1);
	char comm[32];

	if (!path)
		exit(1);
	memset(path, 'a', size);
	path[size] = '\0';
	snprintf(comm, sizeof(comm), "large-%zu", size);
	put(path, comm);
	free(path);
}

/* \xNN of a command is the byte that it stands for. */
static char *unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		if (from[0] == '\\' && from[1] == 'x' && from[2] && from[3]) {
			const char digits[] = { from[2], from[3], '\0' };

			*to++ = (char)strtoul(digits, NULL, 16);
			from += 3;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return text;
}

static void print_stats(void)
{
	struct sink_stats stats;

	record_output_get_stats(output, &stats);
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
	       " %" PRIu64 "\n",
	       stats.accepted, stats.written, stats.filtered, stats.folded,
	       stats.dropped.queue, stats.dropped.rate, stats.dropped.error);
}

static void obey(char *line)
{
	char *rest = NULL;
	const char *verb = strtok_r(line, " \n", &rest);
	char *count = strtok_r(NULL, " \n", &rest);
	char *path = strtok_r(NULL, " \n", &rest);
	char *comm = strtok_r(NULL, " \n", &rest);
	const char *answer = "ok";

	if (!verb)
		return;
	if (!strcmp(verb, "put") && path)
		put_many(strtoul(count, NULL, 10), unescape(path),
			 comm ? unescape(comm) : "cat");
	else if (!strcmp(verb, "large") && count)
		put_large(strtoul(count, NULL, 10));
	else if (!strcmp(verb, "reopen"))
		record_output_reopen(output);
	else if (!strcmp(verb, "tick"))
		record_output_tick(output, INT64_MAX);
	else if (!strcmp(verb, "flush"))
		answer = record_output_flush(output, clock_ns(CLOCK_MONOTONIC) + FLUSH_NS)
				 ? "ok"
				 : "late";
	else if (strcmp(verb, "stats") != 0)
		answer = "what?";
	if (!strcmp(verb, "stats"))
		print_stats();
	else
		puts(answer);
	fflush(stdout);
}

static enum sink_format format_of(const char *name)
{
	static const char *const names[] = { "text", "json", "journal", "syslog" };

	for (unsigned int i = 0; i < 4; i++)
		if (!strcmp(names[i], name))
			return (enum sink_format)i;
	exit(2);
}

static void set_number(struct sink_settings *settings, const char *word)
{
	const char *equals = strchr(word, '=');
	uint64_t value = equals ? strtoull(equals + 1, NULL, 10) : 0;

	if (!strncmp(word, "queue_bytes=", 12))
		settings->queue_bytes = value;
	else if (!strncmp(word, "rate=", 5))
		settings->rate = (uint32_t)value;
	else if (!strncmp(word, "burst=", 6))
		settings->burst = (uint32_t)value;
	else if (!strncmp(word, "fold_ms=", 8))
		settings->fold_ms = (uint32_t)value;
	else if (!strncmp(word, "rotate_bytes=", 13))
		settings->rotate_bytes = value;
	else if (!strncmp(word, "rotate_seconds=", 15))
		settings->rotate_seconds = (uint32_t)value;
	else if (!strncmp(word, "rotate_keep=", 12))
		settings->rotate_keep = (uint32_t)value;
	else if (!strncmp(word, "verdicts=", 9))
		settings->verdicts = (uint32_t)value;
	else
		exit(2);
}

int main(int argc, char **argv)
{
	struct record_output_world world = { .node = "node-1" };
	struct sink_settings settings = { 0 };
	char line[16384];
	int error;

	if (argc < 3)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	settings.format = format_of(argv[1]);
	settings.path = argv[2];
	for (int i = 3; i < argc; i++)
		set_number(&settings, argv[i]);
	if (sink_text_create(&world.log, STDERR_FILENO, (size_t)1 << 20))
		return 1;
	log_set_sink(world.log);
	error = record_output_create(&output, &settings, &world);
	if (error) {
		fprintf(stderr, "feed_records: %s\n", strerror(-error));
		return 1;
	}
	while (fgets(line, sizeof(line), stdin))
		obey(line);
	record_output_tick(output, INT64_MAX);
	record_output_destroy(output, clock_ns(CLOCK_MONOTONIC) + 1000000000);
	log_set_sink(NULL);
	sink_destroy(world.log, 1000000000);
	return 0;
}
