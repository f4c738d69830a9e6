/* SPDX-License-Identifier: MIT */
/*
 * What a keeper has from the one before it: from the same process, which has executed its
 * program anew, in a variable of the environment; or, after a death, from whoever held its fds
 * meanwhile (sd_listen_fds(3)). Nothing of it is believed before it was looked at. Owns the fds
 * until somebody takes them.
 */
#ifndef JANUSD_HANDED_H
#define JANUSD_HANDED_H

#include <janus/keep.h>

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "listen.h"

#define HANDED_FORMAT CMDLINE_ADOPTS
#define HANDED_VARIABLE "JANUSD_HANDOVER"
#define HANDED_TEXT_SIZE 2048

enum handed_how {
	HANDED_NOTHING,
	HANDED_OVER,   /* by this process */
	HANDED_STORED, /* by whoever has started us */
};

struct handed {
	enum handed_how how;
	pid_t worker; /* still there, and answers; 0: there is none */
	uint64_t handovers;
	int keep[JANUS_KEEP_FDS_MAX]; /* as in janus_keep_get_fds() */
	size_t keep_count;
	int state; /* -1: there is none */
	int locks[LISTEN_MAX];
	size_t lock_count;
	uint16_t ports[LISTEN_MAX];
	size_t port_count;
};

/* Under which names the fds of a keep are stored, and the state of the guards. */
extern const char *const handed_keep_names[JANUS_KEEP_FDS_MAX];
#define HANDED_STATE_NAME "janus-guards"

/*
 * Take what there is, once: the environment does not tell of it any more then. Logs what is no
 * good. Return: 0, also where there is nothing, or -1: what claims to come from this process
 * cannot.
 */
int handed_take(struct handed *ret);

/* Close all that nobody has taken. */
void handed_done(struct handed *handed);

/* Have whoever has started us hold the keep's fds and the state, or let go of them. */
void handed_store(const struct handed *handed);
void handed_drop_stored(void);

/* For the next one, which is to be the process @pid. */
void handed_format(const struct handed *handed, pid_t pid, char ret[HANDED_TEXT_SIZE]);

/* Words only; looks at nothing. Return: NULL, or what is wrong. */
const char *handed_parse(struct handed *ret, const char *text, pid_t pid);

/*
 * Likewise, of variables as systemd sets them. @names: NULL: there are none. Fds that mean nothing
 * to us are in @strangers. Return: NULL, or what is wrong.
 */
#define HANDED_STORED_MAX 64
struct handed_strangers {
	int fds[HANDED_STORED_MAX];
	size_t count;
};
const char *handed_parse_stored(struct handed *ret, const char *count, const char *names,
				struct handed_strangers *strangers);

#endif
