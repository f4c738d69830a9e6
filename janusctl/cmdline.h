/* SPDX-License-Identifier: MIT */
/*
 * The command line: words in, a checked struct out. Opens nothing, asks nobody; what a guard
 * may hold is for janusd to judge.
 */
#ifndef JANUSCTL_CMDLINE_H
#define JANUSCTL_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CMDLINE_ERROR_SIZE 512
#define CMDLINE_DEFAULT_ADDRESS "unix:/run/janus/janusd.sock"

enum cmdline_command {
	CMDLINE_NONE,
	CMDLINE_HELP,
	CMDLINE_VERSION,
	CMDLINE_GUARD_CREATE,
	CMDLINE_GUARD_DESTROY,
	CMDLINE_GUARD_LIST,
	CMDLINE_HEALTH,
	CMDLINE_EVENTS,
	CMDLINE_WATCH,
	CMDLINE_CONTAINERS,
	CMDLINE_PIDS,
};

/* Texts of the list's own. */
struct cmdline_list {
	char **items;
	size_t count;
};

struct cmdline_subject {
	struct cmdline_list allow;
	struct cmdline_list deny;
	struct cmdline_list events;
	struct cmdline_list tag_keys; /* as many as values */
	struct cmdline_list tag_values;
	bool only_dir;
	bool auto_allow_owner;
	bool audit;
};

/* What events takes beside json, timeout_ms and watch.count. */
struct cmdline_events {
	struct cmdline_list guards;
	struct cmdline_list pods;
	struct cmdline_list verdicts; /* words that are known */
	struct cmdline_list kinds;    /* likewise, once the command is known */
	const char *path;             /* NULL: not given */
	bool from_oldest;
};

/* What watch takes beside json, timeout_ms, one of cids or one of pids. */
struct cmdline_watch {
	struct cmdline_list paths; /* as given */
	struct cmdline_list ignore;
	uint32_t events; /* mask of enum janus_event_kind; 0: not given */
	uint32_t depth;  /* 0: not given; also count */
	uint64_t count;
	bool recursive;
	bool one_filesystem;
	bool include_stalling;
	bool wait;
	bool glob;
	bool verbose;
};

struct cmdline {
	enum cmdline_command command;
	const char *address;     /* strings that are no list point into argv */
	int64_t timeout_ms;      /* watch and events: 0: none */
	const char *tls_ca_file; /* NULL: no TLS */
	const char *tls_cert_file;
	const char *tls_key_file;
	bool json;

	const char *name; /* NULL: not given; also the next three */
	const char *node;
	const char *pod;
	const char *log_format;
	struct cmdline_list cids;
	int32_t *pids;
	size_t pid_count;
	struct cmdline_subject *subjects;
	size_t subject_count;

	struct cmdline_watch watch;
	struct cmdline_events events;
	const char *container; /* of pids */
};

/*
 * Return: 0, or -1 with one line in @error that says what is wrong with which word; @ret is
 * to be given to cmdline_done() only after success.
 * Threads: none; it uses getopt(3).
 */
int cmdline_parse(struct cmdline *ret, int argc, char **argv,
		  char error[CMDLINE_ERROR_SIZE]);

void cmdline_done(struct cmdline *cmdline);

/* The text for --help. */
extern const char cmdline_help[];

#endif
