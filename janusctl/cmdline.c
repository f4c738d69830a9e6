// SPDX-License-Identifier: MIT
/*
 * Owns which words janusctl takes and which of them go together.
 */
#include "cmdline.h"

#include <ctype.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmdline_check.h"
#include "escape.h"
#include "util.h"

#define DEFAULT_TIMEOUT_MS 5000
#define TIMEOUT_MAX_MS INT64_C(86400000) /* a day */

enum option_key {
	KEY_ADDRESS = 256,
	KEY_TIMEOUT,
	KEY_TLS_CA,
	KEY_TLS_CERT,
	KEY_TLS_KEY,
	KEY_JSON,
	KEY_HELP,
	KEY_VERSION,
	KEY_FIRST_OF_GUARD,
	KEY_NAME = KEY_FIRST_OF_GUARD,
	KEY_NODE,
	KEY_POD,
	KEY_PID,
	KEY_FIRST_OF_CREATE,
	KEY_CID = KEY_FIRST_OF_CREATE,
	KEY_LOG_FORMAT,
	KEY_ALLOW,
	KEY_DENY,
	KEY_EVENT,
	KEY_ONLY_DIR,
	KEY_AUTO_ALLOW_OWNER,
	KEY_AUDIT,
	KEY_TAG,
	KEY_SUBJECT,
};

static const struct option options[] = {
	{ "address", required_argument, NULL, KEY_ADDRESS },
	{ "timeout", required_argument, NULL, KEY_TIMEOUT },
	{ "tls-ca", required_argument, NULL, KEY_TLS_CA },
	{ "tls-cert", required_argument, NULL, KEY_TLS_CERT },
	{ "tls-key", required_argument, NULL, KEY_TLS_KEY },
	{ "json", no_argument, NULL, KEY_JSON },
	{ "help", no_argument, NULL, KEY_HELP },
	{ "version", no_argument, NULL, KEY_VERSION },
	{ "name", required_argument, NULL, KEY_NAME },
	{ "node", required_argument, NULL, KEY_NODE },
	{ "pod", required_argument, NULL, KEY_POD },
	{ "pid", required_argument, NULL, KEY_PID },
	{ "cid", required_argument, NULL, KEY_CID },
	{ "log-format", required_argument, NULL, KEY_LOG_FORMAT },
	{ "allow", required_argument, NULL, KEY_ALLOW },
	{ "deny", required_argument, NULL, KEY_DENY },
	{ "event", required_argument, NULL, KEY_EVENT },
	{ "only-dir", no_argument, NULL, KEY_ONLY_DIR },
	{ "auto-allow-owner", no_argument, NULL, KEY_AUTO_ALLOW_OWNER },
	{ "audit", no_argument, NULL, KEY_AUDIT },
	{ "tag", required_argument, NULL, KEY_TAG },
	{ "subject", no_argument, NULL, KEY_SUBJECT },
	{ NULL, 0, NULL, 0 },
};

/* What was met on the way, and is judged at the end. */
struct parser {
	struct cmdline cmdline;
	const char *words[2]; /* of the command */
	size_t word_count;
	int last_key; /* the option that fewest commands take */
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

static const char *name_of(int key)
{
	for (size_t i = 0; options[i].name; i++)
		if (options[i].val == key)
			return options[i].name;
	return "";
}

static int list_add(const struct parser *parser, struct cmdline_list *list,
		    const char *text, size_t length)
{
	char **items = reallocarray(list->items, list->count + 1, sizeof(*items));

	if (!items)
		return no_memory(parser);
	list->items = items;
	items[list->count] = strndup(text, length);
	if (!items[list->count])
		return no_memory(parser);
	list->count++;
	return 0;
}

static void list_done(struct cmdline_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
}

void cmdline_done(struct cmdline *cmdline)
{
	for (size_t i = 0; i < cmdline->subject_count; i++) {
		struct cmdline_subject *subject = &cmdline->subjects[i];

		list_done(&subject->allow);
		list_done(&subject->deny);
		list_done(&subject->events);
		list_done(&subject->tag_keys);
		list_done(&subject->tag_values);
	}
	free(cmdline->subjects);
	free(cmdline->pids);
	list_done(&cmdline->cids);
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

/* Seconds, with or without decimals, of which three count. */
static int set_timeout(struct parser *parser, const char *text)
{
	int64_t ms = 0, unit = 100;
	const char *at = text;

	for (; isdigit((unsigned char)*at) && ms <= TIMEOUT_MAX_MS; at++)
		ms = ms * 10 + (int64_t)1000 * (*at - '0');
	if (at > text && *at == '.')
		for (at++; isdigit((unsigned char)*at); at++, unit /= 10)
			ms += unit * (*at - '0');
	if (*at || at == text || at[-1] == '.')
		return fail(parser, text, "--timeout: not a number of seconds");
	if (ms < 1 || ms > TIMEOUT_MAX_MS)
		return fail(parser, text,
			    "--timeout: not between 0.001 and 86400 seconds");
	parser->cmdline.timeout_ms = ms;
	return 0;
}

static int add_pid(struct parser *parser, const char *text)
{
	struct cmdline *cmdline = &parser->cmdline;
	int64_t pid = 0;
	int32_t *pids;
	size_t digits = strspn(text, "0123456789");

	for (size_t i = 0; i < digits && pid <= INT32_MAX; i++)
		pid = pid * 10 + (text[i] - '0');
	if (!digits || text[digits] || pid < 1 || pid > INT32_MAX)
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

	if ((key == KEY_SUBJECT || !cmdline->subject_count) && add_subject(parser))
		return -1;
	subject = &cmdline->subjects[cmdline->subject_count - 1];
	switch (key) {
	case KEY_ALLOW:
		return list_add(parser, &subject->allow, optarg, strlen(optarg));
	case KEY_DENY:
		return list_add(parser, &subject->deny, optarg, strlen(optarg));
	case KEY_EVENT:
		return add_events(parser, subject, optarg);
	case KEY_TAG:
		return add_tag(parser, subject, optarg);
	case KEY_ONLY_DIR:
		subject->only_dir = true;
		return 0;
	case KEY_AUTO_ALLOW_OWNER:
		subject->auto_allow_owner = true;
		return 0;
	case KEY_AUDIT:
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
	case KEY_ADDRESS:
		return &cmdline->address;
	case KEY_TLS_CA:
		return &cmdline->tls_ca_file;
	case KEY_TLS_CERT:
		return &cmdline->tls_cert_file;
	case KEY_TLS_KEY:
		return &cmdline->tls_key_file;
	case KEY_NAME:
		return &cmdline->name;
	case KEY_NODE:
		return &cmdline->node;
	case KEY_POD:
		return &cmdline->pod;
	default:
		return &cmdline->log_format;
	}
}

static int set_text(struct parser *parser, int key)
{
	if (!*optarg)
		return fail(parser, name_of(key), "the value is empty");
	*field_of(&parser->cmdline, key) = optarg;
	return 0;
}

static int take_option(struct parser *parser, int key)
{
	struct cmdline *cmdline = &parser->cmdline;

	if (key > parser->last_key)
		parser->last_key = key;
	if (key >= KEY_ALLOW)
		return take_subject_option(parser, key);
	switch (key) {
	case KEY_TIMEOUT:
		return set_timeout(parser, optarg);
	case KEY_CID:
		return list_add(parser, &cmdline->cids, optarg, strlen(optarg));
	case KEY_PID:
		return add_pid(parser, optarg);
	case KEY_JSON:
		cmdline->json = true;
		return 0;
	case KEY_HELP:
		cmdline->command = CMDLINE_HELP;
		return 0;
	case KEY_VERSION:
		cmdline->command = CMDLINE_VERSION;
		return 0;
	default:
		return set_text(parser, key);
	}
}

static int take_word(struct parser *parser, const char *word)
{
	if (parser->word_count == ARRAY_COUNT(parser->words))
		return fail(parser, word, "one word too many");
	parser->words[parser->word_count++] = word;
	return 0;
}

static int set_command(struct parser *parser)
{
	static const struct {
		const char *words[2];
		enum cmdline_command command;
		int keys_below; /* the options it takes */
	} commands[] = {
		{ { "guard", "create" }, CMDLINE_GUARD_CREATE, INT_MAX },
		{ { "guard", "destroy" }, CMDLINE_GUARD_DESTROY, KEY_FIRST_OF_CREATE },
		{ { "guard", "list" }, CMDLINE_GUARD_LIST, KEY_FIRST_OF_GUARD },
		{ { "health", "" }, CMDLINE_HEALTH, KEY_FIRST_OF_GUARD },
	};
	const char *first = parser->word_count > 0 ? parser->words[0] : "";
	const char *second = parser->word_count > 1 ? parser->words[1] : "";

	for (size_t i = 0; i < ARRAY_COUNT(commands); i++) {
		if (strcmp(first, commands[i].words[0]) != 0 ||
		    strcmp(second, commands[i].words[1]) != 0)
			continue;
		if (parser->last_key >= commands[i].keys_below)
			return fail(parser, name_of(parser->last_key),
				    "this command does not take the option");
		parser->cmdline.command = commands[i].command;
		return 0;
	}
	if (!parser->word_count)
		return fail(parser, "guard, health", "one of these commands is missing");
	if (strcmp(first, "guard") == 0)
		return fail(parser, second, "not one of guard create, destroy, list");
	return fail(parser, first, "not one of the commands guard, health");
}

static int parse(struct parser *parser, int argc, char **argv)
{
	int key;

	opterr = 0;
	optind = 0; /* start anew, whoever used getopt before */
	while ((key = getopt_long(argc, argv, "-:", options, NULL)) != -1) {
		if (key == ':')
			return fail(parser, argv[optind - 1], "the value is missing");
		if (key == '?' && optopt >= KEY_ADDRESS)
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
	if (set_command(parser))
		return -1;
	return cmdline_check(&parser->cmdline, parser->error);
}

int cmdline_parse(struct cmdline *ret, int argc, char **argv,
		  char error[CMDLINE_ERROR_SIZE])
{
	struct parser parser = {
		.cmdline = { .address = CMDLINE_DEFAULT_ADDRESS,
			     .timeout_ms = DEFAULT_TIMEOUT_MS },
		.error = error,
	};

	if (parse(&parser, argc, argv)) {
		cmdline_done(&parser.cmdline);
		return -1;
	}
	*ret = parser.cmdline;
	return 0;
}
