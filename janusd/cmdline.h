/* SPDX-License-Identifier: MIT */
/*
 * The command line: words in, a checked struct out. Opens nothing. Strings point into
 * argv, or into the configuration, config.h.
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
#define CMDLINE_DEADLINE_LEAST_MS 10
#define CMDLINE_DEADLINE_MOST_MS 3600000
#define CMDLINE_NODE_MAX 253 /* the longest name that Kubernetes gives a node */
#define CMDLINE_ADOPTS 1     /* the format of what one keeper hands over to the next */

enum cmdline_action {
	CMDLINE_RUN,
	CMDLINE_HELP,
	CMDLINE_VERSION,
	CMDLINE_HANDOVER, /* ask the one that runs */
	CMDLINE_CHECK,    /* say whether this program could be executed by it */
	CMDLINE_CHECK_CONFIG,
};

struct config;

struct cmdline {
	enum cmdline_action action;
	int argc; /* what it was made from, for a reload */
	char **argv;
	const struct config *config; /* the file under it; NULL: none */
	const char *config_file;     /* NULL: the default one, if it is there */
	const char *node;            /* NULL: the name of the host */
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
	bool no_seccomp; /* all system calls go, as far as we are concerned */
	/* A list of the command line's own, instead of the file's. */
	bool own_listen;
	bool own_lifelines;
	struct settings settings; /* all else that goes, whoever decided it */
};

/*
 * What has to be known before the configuration file is read: the action, and which file. The
 * rest of *ret is as it goes without any.
 * Return: 0, or -1 with one line in @error that says what is wrong with which word.
 * Threads: none, here and below; it uses getopt(3).
 */
int cmdline_begin(struct cmdline *ret, int argc, char **argv,
		  char error[CMDLINE_ERROR_SIZE]);

/* Lay the command line over what *cmdline has. Return: as above. */
int cmdline_parse(struct cmdline *cmdline, int argc, char **argv,
		  char error[CMDLINE_ERROR_SIZE]);

/* The text for --help. */
extern const char cmdline_help[];

#endif
