// SPDX-License-Identifier: MIT
#include "cmdline.h"

#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "number.h"
#include "text.h"

const char cmdline_help[] =
	"Usage: janusd [OPTION]...\n"
	"Guard files of containers, as controllers ask for it over gRPC.\n"
	"\n"
	"  --config FILE           read the settings in FILE, janusd.conf(5), before the\n"
	"                          other options (default: /etc/janus/janusd.json, if\n"
	"                          it is there)\n"
	"  --check-config          say whether configuration and options are good, and\n"
	"                          exit: 0 if they are\n"
	"  --listen ADDR           listen on unix:/PATH, IPV4:PORT, [IPV6]:PORT or\n"
	"                          localhost:PORT instead of the default addresses;\n"
	"                          may be given several times; port 0: any free port\n"
	"  --node NAME             the name of this node (default: the host's name)\n"
	"  -tls                    TLS on all TCP addresses; clients need a certificate\n"
	"  -tlscafile FILE         certificates that a client's must be signed by\n"
	"  -tlscertfile FILE       the certificate chain of this server\n"
	"  -tlskeyfile FILE        its private key\n"
	"                          any of the three files means -tls\n"
	"  --insecure-any-address  allow plaintext TCP on other addresses than loopback\n"
	"  --deadline MS           how long an opener waits at most for its answer, in\n"
	"                          milliseconds, 10 to 3600000 (default: 500)\n"
	"  --on-failure WORD       what it gets then of a denied file: allow (default)\n"
	"                          or deny\n"
	"  --lifeline PROGRAM      never deny anything to whoever runs this program of the\n"
	"                          node, such as its container runtime; may be given\n"
	"                          several times\n"
	"  --keep-guarding         at SIGTERM leave the guards to the next janusd, if the\n"
	"                          service manager stores them for it\n"
	"  --handover              have the janusd that runs with these options execute\n"
	"                          its program anew, and wait until it has\n"
	"  --no-seccomp            restrict no system calls: for finding out whether that is\n"
	"                          what is in the way\n"
	"  --help                  print this and exit\n"
	"  --version               print the version and exit\n"
	"\n"
	"Options may start with one dash or two.\n"
	"\n"
	"Without --listen: unix:/run/janus/janusd.sock and port 50051, in plaintext on\n"
	"127.0.0.1 and ::1 only, with TLS on all addresses.\n"
	"\n"
	"Exit status: 0 after SIGTERM or SIGINT, and after a handover; 1 on failure, 2 on\n"
	"wrong usage.\n";

enum option_key {
	KEY_CONFIG = 256,
	KEY_CHECK_CONFIG,
	KEY_LISTEN,
	KEY_NODE,
	KEY_TLS,
	KEY_TLS_CA_FILE,
	KEY_TLS_CERT_FILE,
	KEY_TLS_KEY_FILE,
	KEY_INSECURE_ANY_ADDRESS,
	KEY_DEADLINE,
	KEY_ON_FAILURE,
	KEY_LIFELINE,
	KEY_KEEP_GUARDING,
	KEY_HANDOVER,
	KEY_NO_SECCOMP,
	KEY_CAN_ADOPT,
	KEY_HELP,
	KEY_VERSION,
};

static const struct option options[] = {
	{ "config", required_argument, NULL, KEY_CONFIG },
	{ "check-config", no_argument, NULL, KEY_CHECK_CONFIG },
	{ "listen", required_argument, NULL, KEY_LISTEN },
	{ "node", required_argument, NULL, KEY_NODE },
	{ "tls", no_argument, NULL, KEY_TLS },
	{ "tlscafile", required_argument, NULL, KEY_TLS_CA_FILE },
	{ "tlscertfile", required_argument, NULL, KEY_TLS_CERT_FILE },
	{ "tlskeyfile", required_argument, NULL, KEY_TLS_KEY_FILE },
	{ "insecure-any-address", no_argument, NULL, KEY_INSECURE_ANY_ADDRESS },
	{ "deadline", required_argument, NULL, KEY_DEADLINE },
	{ "on-failure", required_argument, NULL, KEY_ON_FAILURE },
	{ "lifeline", required_argument, NULL, KEY_LIFELINE },
	{ "keep-guarding", no_argument, NULL, KEY_KEEP_GUARDING },
	{ "handover", no_argument, NULL, KEY_HANDOVER },
	{ "no-seccomp", no_argument, NULL, KEY_NO_SECCOMP },
	/* What the running one asks a new program, see program.h; not for people. */
	{ "can-adopt", required_argument, NULL, KEY_CAN_ADOPT },
	{ "h", no_argument, NULL, KEY_HELP },
	{ "help", no_argument, NULL, KEY_HELP },
	{ "version", no_argument, NULL, KEY_VERSION },
	{ NULL, 0, NULL, 0 },
};

/* Return -1, for the caller to return it. */
static int fail(char *error, const char *word, const char *cause)
{
	struct text_quote quote;

	snprintf(error, CMDLINE_ERROR_SIZE, "'%s': %s", text_quote(&quote, word), cause);
	return -1;
}

static int set_config(struct cmdline *cmdline, const char *file, char *error)
{
	if (!*file)
		return fail(error, file, "--config: the name of the file is empty");
	cmdline->config_file = file;
	return 0;
}

static int set_listen(struct cmdline *cmdline, const char *address, char *error)
{
	if (!cmdline->own_listen)
		cmdline->listen_count = 0;
	cmdline->own_listen = true;
	if (cmdline->listen_count == CMDLINE_LISTEN_MAX)
		return fail(error, address, "more than 16 addresses to listen on");
	cmdline->listen[cmdline->listen_count++] = address;
	return 0;
}

static int set_node(struct cmdline *cmdline, const char *name, char *error)
{
	uint32_t point;
	size_t length = strlen(name);

	if (!length)
		return fail(error, name, "--node needs a name that is not empty");
	if (length > CMDLINE_NODE_MAX)
		return fail(error, name, "--node: more than 253 bytes");
	for (size_t i = 0, taken; i < length; i += taken) {
		taken = text_utf8_next(name + i, length - i, &point);
		if (!taken)
			return fail(error, name, "--node: the name is not UTF-8");
	}
	cmdline->node = name;
	return 0;
}

static int set_file(const char **ret, const char *file, char *error)
{
	if (!*file)
		return fail(error, file, "the name of a TLS file is empty");
	*ret = file;
	return 0;
}

static int set_deadline(struct cmdline *cmdline, const char *word, char *error)
{
	unsigned long value = 0;
	size_t length = strlen(word);

	if (length && length <= 7 && strspn(word, "0123456789") == length)
		value = strtoul(word, NULL, 10);
	if (value < CMDLINE_DEADLINE_LEAST_MS || value > CMDLINE_DEADLINE_MOST_MS)
		return fail(error, word, "--deadline: not 10 to 3600000 milliseconds");
	cmdline->deadline_ms = (uint32_t)value;
	return 0;
}

static int set_on_failure(struct cmdline *cmdline, const char *word, char *error)
{
	if (strcmp(word, "allow") != 0 && strcmp(word, "deny") != 0)
		return fail(error, word, "--on-failure: neither allow nor deny");
	cmdline->deny_on_failure = !strcmp(word, "deny");
	return 0;
}

static int set_lifeline(struct cmdline *cmdline, const char *program, char *error)
{
	if (*program != '/')
		return fail(error, program, "--lifeline: not an absolute path");
	if (strlen(program) >= PATH_MAX)
		return fail(error, program, "--lifeline: the path is too long");
	if (!cmdline->own_lifelines)
		cmdline->lifeline_count = 0;
	cmdline->own_lifelines = true;
	if (cmdline->lifeline_count == CMDLINE_LIFELINES_MAX)
		return fail(error, program, "more than 16 lifelines");
	cmdline->lifelines[cmdline->lifeline_count++] = program;
	return 0;
}

static int set_can_adopt(struct cmdline *cmdline, const char *word, char *error)
{
	uint64_t format;

	if (number_parse(word, UINT32_MAX, &format) || format != CMDLINE_ADOPTS)
		return fail(error, word, "--can-adopt: no, not this format");
	cmdline->action = CMDLINE_CHECK;
	return 0;
}

static int take_option(struct cmdline *cmdline, int key, char *error)
{
	switch (key) {
	case KEY_CONFIG:
		return set_config(cmdline, optarg, error);
	case KEY_CHECK_CONFIG:
		cmdline->action = CMDLINE_CHECK_CONFIG;
		return 0;
	case KEY_LISTEN:
		return set_listen(cmdline, optarg, error);
	case KEY_NODE:
		return set_node(cmdline, optarg, error);
	case KEY_TLS:
		cmdline->tls = true;
		return 0;
	case KEY_TLS_CA_FILE:
		return set_file(&cmdline->tls_ca_file, optarg, error);
	case KEY_TLS_CERT_FILE:
		return set_file(&cmdline->tls_cert_file, optarg, error);
	case KEY_TLS_KEY_FILE:
		return set_file(&cmdline->tls_key_file, optarg, error);
	case KEY_INSECURE_ANY_ADDRESS:
		cmdline->insecure_any_address = true;
		return 0;
	case KEY_DEADLINE:
		return set_deadline(cmdline, optarg, error);
	case KEY_ON_FAILURE:
		return set_on_failure(cmdline, optarg, error);
	case KEY_LIFELINE:
		return set_lifeline(cmdline, optarg, error);
	case KEY_KEEP_GUARDING:
		cmdline->keep_guarding = true;
		return 0;
	case KEY_HANDOVER:
		cmdline->action = CMDLINE_HANDOVER;
		return 0;
	case KEY_NO_SECCOMP:
		cmdline->no_seccomp = true;
		return 0;
	case KEY_CAN_ADOPT:
		return set_can_adopt(cmdline, optarg, error);
	case KEY_HELP:
		cmdline->action = CMDLINE_HELP;
		return 0;
	default:
		cmdline->action = CMDLINE_VERSION;
		return 0;
	}
}

static int check_tls(struct cmdline *cmdline, char *error)
{
	if (cmdline->tls_ca_file || cmdline->tls_cert_file || cmdline->tls_key_file)
		cmdline->tls = true;
	if (!cmdline->tls)
		return 0;
	if (!cmdline->tls_ca_file)
		return fail(error, "-tlscafile", "TLS needs it, and it is missing");
	if (!cmdline->tls_cert_file)
		return fail(error, "-tlscertfile", "TLS needs it, and it is missing");
	if (!cmdline->tls_key_file)
		return fail(error, "-tlskeyfile", "TLS needs it, and it is missing");
	return 0;
}

static bool is_done(const struct cmdline *cmdline)
{
	return cmdline->action == CMDLINE_HELP || cmdline->action == CMDLINE_VERSION;
}

static int take_all(struct cmdline *cmdline, int argc, char **argv, char *error)
{
	int key;

	opterr = 0;
	optind = 0; /* start anew, whoever used getopt before */
	while ((key = getopt_long_only(argc, argv, "+:", options, NULL)) != -1) {
		if (key == ':')
			return fail(error, argv[optind - 1], "the value is missing");
		if (key == '?' && optopt >= KEY_CONFIG)
			return fail(error, argv[optind - 1], "takes no value");
		if (key == '?')
			return fail(error, argv[optind - 1],
				    "no such option, or the start of more than one");
		if (take_option(cmdline, key, error))
			return -1;
		if (is_done(cmdline))
			return 0;
	}
	if (optind < argc)
		return fail(error, argv[optind], "an argument that is no option");
	return 0;
}

int cmdline_begin(struct cmdline *ret, int argc, char **argv,
		  char error[CMDLINE_ERROR_SIZE])
{
	struct cmdline first = { .action = CMDLINE_RUN };

	if (take_all(&first, argc, argv, error))
		return -1;
	*ret = (struct cmdline){ .action = first.action,
				 .argc = argc,
				 .argv = argv,
				 .config_file = first.config_file,
				 .deadline_ms = CMDLINE_DEADLINE_MS,
				 .settings = settings_default };
	return 0;
}

int cmdline_parse(struct cmdline *cmdline, int argc, char **argv,
		  char error[CMDLINE_ERROR_SIZE])
{
	struct cmdline over = *cmdline;

	if (take_all(&over, argc, argv, error))
		return -1;
	if (!is_done(&over) && check_tls(&over, error))
		return -1;
	*cmdline = over;
	return 0;
}
