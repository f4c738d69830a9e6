// SPDX-License-Identifier: MIT
/*
 * Owns which words janusctl takes and which of them go together.
 */
#include "cmdline.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmdline_check.h"
#include "cmdline_events.h"
#include "cmdline_options.h"
#include "cmdline_values.h"
#include "cmdline_watch.h"
#include "escape.h"
#include "util.h"

#define DEFAULT_TIMEOUT_MS 5000

/* What was met on the way, and is judged at the end. */
struct parser {
	struct cmdline cmdline;
	const char *words[2]; /* of the command */
	size_t word_count;
	uint64_t given; /* rows of cmdline_long_options */
	char *error;
};

/* Return -1, for the caller to return it. */
static int fail(const struct parser *parser, const char *word, const char *cause)
{
	char escaped[256];

	snprintf(parser->error, CMDLINE_ERROR_SIZE, "'%s': %s",
		 escape(escaped, sizeof(escaped), word), cause);
	return -1;
}

static int no_memory(const struct parser *parser)
{
	snprintf(parser->error, CMDLINE_ERROR_SIZE, "no memory for the command line");
	return -1;
}

static int list_add(const struct parser *parser, struct cmdline_list *list,
		    const char *text, size_t length)
{
	return cmdline_list_add(list, text, length) ? no_memory(parser) : 0;
}

void cmdline_done(struct cmdline *cmdline)
{
	for (size_t i = 0; i < cmdline->subject_count; i++) {
		struct cmdline_subject *subject = &cmdline->subjects[i];

		cmdline_list_done(&subject->allow);
		cmdline_list_done(&subject->deny);
		cmdline_list_done(&subject->events);
		cmdline_list_done(&subject->tag_keys);
		cmdline_list_done(&subject->tag_values);
	}
	free(cmdline->subjects);
	free(cmdline->pids);
	cmdline_list_done(&cmdline->cids);
	cmdline_watch_done(&cmdline->watch);
	cmdline_events_done(&cmdline->events);
}

static int add_subject(struct parser *parser)
{
	struct cmdline *cmdline = &parser->cmdline;
	struct cmdline_subject *subjects = reallocarray(
		cmdline->subjects, cmdline->subject_count + 1, sizeof(*subjects));

	if (!subjects)
		return no_memory(parser);
	cmdline->subjects = subjects;
	memset(&subjects[cmdline->subject_count], 0, sizeof(*subjects));
	cmdline->subject_count++;
	return 0;
}

static int set_timeout(struct parser *parser, const char *text)
{
	const char *cause = cmdline_value_timeout(&parser->cmdline.timeout_ms, text);

	return cause ? fail(parser, text, cause) : 0;
}

static int add_pid(struct parser *parser, const char *text)
{
	struct cmdline *cmdline = &parser->cmdline;
	uint64_t pid;
	int32_t *pids;

	if (cmdline_value_number(&pid, text, INT32_MAX))
		return fail(parser, text, "--pid: not a process id");
	pids = reallocarray(cmdline->pids, cmdline->pid_count + 1, sizeof(*pids));
	if (!pids)
		return no_memory(parser);
	cmdline->pids = pids;
	pids[cmdline->pid_count++] = (int32_t)pid;
	return 0;
}

static int add_events(struct parser *parser, struct cmdline_subject *subject,
		      const char *text)
{
	for (const char *at = text;; at++) {
		size_t length = strcspn(at, ",");

		if (!length)
			return fail(parser, text, "--event: an event is empty");
		if (list_add(parser, &subject->events, at, length))
			return -1;
		at += length;
		if (!*at)
			return 0;
	}
}

static int add_tag(struct parser *parser, struct cmdline_subject *subject,
		   const char *text)
{
	const char *equals = strchr(text, '=');

	if (!equals || equals == text)
		return fail(parser, text, "--tag: not KEY=VALUE");
	if (list_add(parser, &subject->tag_keys, text, (size_t)(equals - text)))
		return -1;
	return list_add(parser, &subject->tag_values, equals + 1, strlen(equals + 1));
}

static int take_subject_option(struct parser *parser, int key)
{
	struct cmdline *cmdline = &parser->cmdline;
	struct cmdline_subject *subject;

	if ((key == CMDLINE_KEY_SUBJECT || !cmdline->subject_count) &&
	    add_subject(parser))
		return -1;
	subject = &cmdline->subjects[cmdline->subject_count - 1];
	switch (key) {
	case CMDLINE_KEY_ALLOW:
		return list_add(parser, &subject->allow, optarg, strlen(optarg));
	case CMDLINE_KEY_DENY:
		return list_add(parser, &subject->deny, optarg, strlen(optarg));
	case CMDLINE_KEY_EVENT:
		return add_events(parser, subject, optarg);
	case CMDLINE_KEY_TAG:
		return add_tag(parser, subject, optarg);
	case CMDLINE_KEY_ONLY_DIR:
		subject->only_dir = true;
		return 0;
	case CMDLINE_KEY_AUTO_ALLOW_OWNER:
		subject->auto_allow_owner = true;
		return 0;
	case CMDLINE_KEY_AUDIT:
		subject->audit = true;
		return 0;
	default:
		return 0;
	}
}

/* The field of an option with one value. */
static const char **field_of(struct cmdline *cmdline, int key)
{
	switch (key) {
	case CMDLINE_KEY_ADDRESS:
		return &cmdline->address;
	case CMDLINE_KEY_TLS_CA:
		return &cmdline->tls_ca_file;
	case CMDLINE_KEY_TLS_CERT:
		return &cmdline->tls_cert_file;
	case CMDLINE_KEY_TLS_KEY:
		return &cmdline->tls_key_file;
	case CMDLINE_KEY_NAME:
		return &cmdline->name;
	case CMDLINE_KEY_NODE:
		return &cmdline->node;
	case CMDLINE_KEY_POD:
		return &cmdline->pod;
	default:
		return &cmdline->log_format;
	}
}

static int set_text(struct parser *parser, int key)
{
	if (!*optarg)
		return fail(parser, cmdline_option_name(key), "the value is empty");
	*field_of(&parser->cmdline, key) = optarg;
	return 0;
}

static int take_watch_option(struct parser *parser, int key)
{
	const char *cause = cmdline_watch_take(&parser->cmdline.watch, key, optarg);

	return cause ? fail(parser, optarg, cause) : 0;
}

static int take_events_option(struct parser *parser, int key)
{
	const char *cause = cmdline_events_take(&parser->cmdline.events, key, optarg);

	return cause ? fail(parser, optarg, cause) : 0;
}

static void note_option(struct parser *parser, int key)
{
	for (size_t i = 0; cmdline_long_options[i].name; i++)
		if (cmdline_long_options[i].val == key)
			parser->given |= UINT64_C(1) << i;
}

static int take_option(struct parser *parser, int key)
{
	struct cmdline *cmdline = &parser->cmdline;

	note_option(parser, key);
	if (key >= CMDLINE_KEY_FIRST_OF_EVENTS)
		return take_events_option(parser, key);
	/* Those that other commands have as well: which one it is, is not known yet. */
	if ((key == CMDLINE_KEY_POD || key == CMDLINE_KEY_EVENT) &&
	    take_events_option(parser, key))
		return -1;
	if (key < CMDLINE_KEY_FIRST || key >= CMDLINE_KEY_FIRST_OF_WATCH)
		return take_watch_option(parser, key);
	if (key >= CMDLINE_KEY_FIRST_OF_SUBJECT)
		return take_subject_option(parser, key);
	switch (key) {
	case CMDLINE_KEY_TIMEOUT:
		return set_timeout(parser, optarg);
	case CMDLINE_KEY_CID:
		return list_add(parser, &cmdline->cids, optarg, strlen(optarg));
	case CMDLINE_KEY_PID:
		return add_pid(parser, optarg);
	case CMDLINE_KEY_JSON:
		cmdline->json = true;
		return 0;
	case CMDLINE_KEY_HELP:
		cmdline->command = CMDLINE_HELP;
		return 0;
	case CMDLINE_KEY_VERSION:
		cmdline->command = CMDLINE_VERSION;
		return 0;
	default:
		return set_text(parser, key);
	}
}

static int take_word(struct parser *parser, const char *word)
{
	if (parser->word_count && strcmp(parser->words[0], "watch") == 0)
		return list_add(parser, &parser->cmdline.watch.paths, word, strlen(word));
	if (parser->word_count == ARRAY_COUNT(parser->words))
		return fail(parser, word, "one word too many");
	parser->words[parser->word_count++] = word;
	return 0;
}

static int take_container(struct parser *parser, const char *id)
{
	if (!*id)
		return fail(parser, "pids", "the container's id is missing");
	parser->cmdline.command = CMDLINE_PIDS;
	parser->cmdline.container = id;
	return 0;
}

static int find_command(struct parser *parser)
{
	static const struct {
		const char *words[2];
		enum cmdline_command command;
	} commands[] = {
		{ { "guard", "create" }, CMDLINE_GUARD_CREATE },
		{ { "guard", "destroy" }, CMDLINE_GUARD_DESTROY },
		{ { "guard", "list" }, CMDLINE_GUARD_LIST },
		{ { "health", "" }, CMDLINE_HEALTH },
		{ { "events", "" }, CMDLINE_EVENTS },
		{ { "watch", "" }, CMDLINE_WATCH },
		{ { "containers", "" }, CMDLINE_CONTAINERS },
	};
	const char *first = parser->word_count > 0 ? parser->words[0] : "";
	const char *second = parser->word_count > 1 ? parser->words[1] : "";

	for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
		if (strcmp(first, commands[i].words[0]) != 0 ||
		    strcmp(second, commands[i].words[1]) != 0)
			continue;
		parser->cmdline.command = commands[i].command;
		return 0;
	}
	if (strcmp(first, "pids") == 0)
		return take_container(parser, second);
	if (!parser->word_count)
		return fail(parser, "guard, health, events, watch, containers, pids",
			    "one of these commands is missing");
	if (strcmp(first, "guard") == 0)
		return fail(parser, second, "not one of guard create, destroy, list");
	return fail(parser, first,
		    "not one of the commands guard, health, events, watch, "
		    "containers, pids");
}

static int check_options(const struct parser *parser)
{
	for (size_t i = 0; cmdline_long_options[i].name; i++)
		if ((parser->given & UINT64_C(1) << i) &&
		    !cmdline_takes(parser->cmdline.command, cmdline_long_options[i].val))
			return fail(parser, cmdline_long_options[i].name,
				    "this command does not take the option");
	return 0;
}

static int parse(struct parser *parser, int argc, char **argv)
{
	int key;

	opterr = 0;
	optind = 0; /* start anew, whoever used getopt before */
	while ((key = getopt_long(argc, argv, cmdline_short_options, cmdline_long_options,
				  NULL)) != -1) {
		if (key == ':')
			return fail(parser, argv[optind - 1], "the value is missing");
		if (key == '?' && optopt >= CMDLINE_KEY_FIRST)
			return fail(parser, argv[optind - 1], "takes no value");
		if (key == '?')
			return fail(parser, argv[optind - 1],
				    "no such option, or the start of more than one");
		if (key == 1 ? take_word(parser, optarg) : take_option(parser, key))
			return -1;
		if (parser->cmdline.command != CMDLINE_NONE)
			return 0;
	}
	for (; optind < argc; optind++)
		if (take_word(parser, argv[optind]))
			return -1;
	if (find_command(parser) || check_options(parser))
		return -1;
	if (!parser->cmdline.timeout_ms && parser->cmdline.command != CMDLINE_WATCH &&
	    parser->cmdline.command != CMDLINE_EVENTS)
		parser->cmdline.timeout_ms = DEFAULT_TIMEOUT_MS;
	return cmdline_check(&parser->cmdline, parser->error);
}

int cmdline_parse(struct cmdline *ret, int argc, char **argv,
		  char error[CMDLINE_ERROR_SIZE])
{
	struct parser parser = {
		.cmdline = { .address = CMDLINE_DEFAULT_ADDRESS },
		.error = error,
	};

	if (parse(&parser, argc, argv)) {
		cmdline_done(&parser.cmdline);
		return -1;
	}
	*ret = parser.cmdline;
	return 0;
}
