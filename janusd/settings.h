/* SPDX-License-Identifier: MIT */
/*
 * What an operator has decided, checked: from the configuration file, janusd.conf(5), with the
 * command line over it. Read before anything else is there; never changed afterwards. A reload
 * makes another one. Strings and arrays belong to it.
 */
#ifndef JANUSD_SETTINGS_H
#define JANUSD_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SETTINGS_SINKS_MAX 8
#define SETTINGS_CLIENTS_MAX 64

enum sink_format {
	SINK_TEXT,    /* the guard's log format */
	SINK_JSON,    /* one object a line, docs/records.md */
	SINK_JOURNAL, /* native fields to journald */
	SINK_SYSLOG,  /* RFC 5424 */
};

/* Bits of sink_settings.verdicts. */
enum sink_verdict {
	SINK_ALLOW = 1u << 0,
	SINK_DENY = 1u << 1,
	SINK_WOULD_DENY = 1u << 2,
	SINK_OBSERVED = 1u << 3,
	SINK_ALL_VERDICTS = 15u,
};

/* Where records go. Without any there is one: text to standard error. */
struct sink_settings {
	enum sink_format format;
	/*
	 * Of text and JSON: a file, "stderr" or "stdout". Of journald and syslog: their socket,
	 * NULL: the usual one.
	 */
	const char *path;
	uint32_t verdicts; /* mask of enum sink_verdict: the others are left out */
	const char *const *guards; /* patterns of guard names, fnmatch(3); none: all */
	size_t guard_count;
	size_t queue_bytes; /* that may wait for the writer */
	uint32_t rate;      /* records a second; 0: no limit */
	uint32_t burst;     /* above the rate, at once */
	uint32_t
		fold_ms; /* identical ones within it are one, with a count; 0: none are */
	uint64_t rotate_bytes;   /* of a file; 0: not by size */
	uint32_t rotate_seconds; /* 0: not by age */
	uint32_t rotate_keep;    /* how many old ones stay */
};

/* Bits of client_settings.classes. */
enum rpc_class {
	RPC_CLASS_READ = 1u << 0,  /* state, events, health, reflection */
	RPC_CLASS_WRITE = 1u << 1, /* whatever changes something */
};

/*
 * Somebody who may call. Over TLS by one of the names in the certificate: DNS:NAME, URI:NAME
 * (SPIFFE ids), CN:NAME, each a pattern; on the unix socket by uid or gid of the peer.
 */
struct client_settings {
	const char *name; /* NULL: by uid or gid */
	bool by_uid;
	bool by_gid;
	uid_t uid;
	gid_t gid;
	uint32_t classes; /* mask of enum rpc_class */
};

struct limit_settings {
	uint32_t guards;
	uint32_t targets_per_guard;
	uint32_t subjects_per_guard;
	uint32_t paths_per_guard;
	uint32_t path_bytes;
	uint32_t tags_per_subject;
	uint32_t streams;
	uint32_t request_bytes;
};

#define SETTINGS_GUARDS 10000
#define SETTINGS_TARGETS 256
#define SETTINGS_SUBJECTS 256
#define SETTINGS_PATHS 4096
#define SETTINGS_PATH_BYTES 4096
#define SETTINGS_TAGS 64
#define SETTINGS_STREAMS 64
#define SETTINGS_REQUEST_BYTES (1u << 20)

struct settings {
	struct sink_settings sinks[SETTINGS_SINKS_MAX];
	size_t sink_count;
	/* None: whoever can connect may call everything. */
	struct client_settings clients[SETTINGS_CLIENTS_MAX];
	size_t client_count;
	struct limit_settings limits;
	const char *
		metrics_address; /* IPV4:PORT or [IPV6]:PORT; NULL: no /metrics, no probes */
	const char *guards_folder; /* of manifests; NULL: none */
	bool watch_files;          /* reload when configuration or manifests change */
	/* Where guards made over gRPC outlive the end of both processes; NULL: nowhere. */
	const char *state_file;
	size_t history_bytes; /* of events for StreamEvents */
	bool strict;          /* a guard that is partly in force makes janusd unhealthy */
};

#define SETTINGS_HISTORY_BYTES ((size_t)8 << 20)

/* What goes without a configuration file. Owns nothing. */
extern const struct settings settings_default;

#endif
