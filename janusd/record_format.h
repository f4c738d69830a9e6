/* SPDX-License-Identifier: MIT */
/*
 * A record in the words of each sink; docs/records.md says which they are. All of these add to
 * @out, which sets cut where something found no room: then what stands there is no record.
 * Nothing is allocated but by @out. Pure.
 */
#ifndef JANUSD_RECORD_FORMAT_H
#define JANUSD_RECORD_FORMAT_H

#include "record.h"
#include "sink_stats.h"
#include "text.h"

struct template;

#define RECORD_SCHEMA 1

/* More than any record can take. */
#define RECORD_MAX_BYTES ((size_t)512 << 10)

/* What a sink has lost since it last said so; the words that it does it in. */
struct record_loss {
	struct sink_drops drops;
	int64_t time_ns; /* since the epoch */
	int error;       /* why it could not write; 0: it could */
	const char *node;
};

/* The guard's line alone, which goes into record->text[RECORD_LINE]. */
void record_render(const struct record *record, const struct template *template,
		   struct text *out);

/* One line with its end; so is JSON. */
void record_text(const struct record *record, struct text *out);
void record_text_loss(const struct record_loss *loss, struct text *out);
void record_json(const struct record *record, struct text *out);
void record_json_loss(const struct record_loss *loss, struct text *out);

/* A datagram. */
void record_journal(const struct record *record, struct text *out);
void record_journal_loss(const struct record_loss *loss, struct text *out);
void record_syslog(const struct record *record, struct text *out);
void record_syslog_loss(const struct record_loss *loss, struct text *out);

/* " (N times until TIME)" behind the line of several ones; else nothing. */
void record_add_count(const struct record *record, struct text *out);

/* "N records were dropped: ...", for people. */
void record_add_loss(const struct record_loss *loss, struct text *out);

#define RECORD_TIME_SIZE 40

/* RFC 3339, UTC, with as many @digits of a second. */
const char *record_time(char buf[RECORD_TIME_SIZE], int64_t time_ns, int digits);

#endif
