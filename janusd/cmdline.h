/* SPDX-License-Identifier: MIT */
/*
 * The command line: words in, a checked struct out. Opens nothing. Strings point into
 * argv.
 */
#ifndef JANUSD_CMDLINE_H
#define JANUSD_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "settings.h"

#define CMDLINE_LISTEN_MAX 16
#define CMDLINE_LIFELINES_MAX 16
#define CMDLINE_ERROR_SIZE 512
#define CMDLINE_DEADLINE_MS 500
#define CMDLINE_ADOPTS 1 /* the format of what one keeper hands over to the next */

enum cmdline_action {
	CMDLINE_RUN,
	CMDLINE_HELP,
	CMDLINE_VERSION,
	CMDLINE_HANDOVER, /* ask the one that runs */
	CMDLINE_CHECK,    /* say whether this program could be executed by it */
};

struct cmdline {
	enum cmdline_action action;
	const char *node; /* NULL: the name of the host */
	const char *listen[CMDLINE_LISTEN_MAX];
	size_t listen_count; /* 0: the default addresses */
	bool tls;
	const char *tls_ca_file;
	const char *tls_cert_file;
	const char *tls_key_file;
	bool insecure_any_address;
	uint32_t deadline_ms;
	bool deny_on_failure;
	const char *lifelines[CMDLINE_LIFELINES_MAX]; /* absolute paths of programs */
	size_t lifeline_count;
	bool keep_guarding;
	struct settings settings; /* all else that goes, whoever decided it */
};

/*
 * Return: 0, or -1 with one line in @error that says what is wrong with which word.
 * Threads: none; it uses getopt(3).
 */
int cmdline_parse(struct cmdline *ret, int argc, char **argv,
		  char error[CMDLINE_ERROR_SIZE]);

/* The text for --help. */
extern const char cmdline_help[];

#endif
