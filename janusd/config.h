/* SPDX-License-Identifier: MIT */
/*
 * The configuration file, janusd.conf(5), into what the command line would have said and into
 * settings. Checks each value by itself; what depends on several, cmdline.c and listen.c check
 * once the command line has been laid over it. Opens nothing but the file.
 */
#ifndef JANUSD_CONFIG_H
#define JANUSD_CONFIG_H

#include "cmdline.h"
#include "document.h"

#define CONFIG_FILE "/etc/janus/janusd.json"
#define CONFIG_KEYS_MAX 32

/* Everything that what was read points into. */
struct config {
	struct document document;
	const char **sink_guards[SETTINGS_SINKS_MAX];
};

/*
 * Read @file over what @cmdline has. What is there points into *ret, which lives as long.
 * Return: 0, or -1 with faults; @cmdline is of no use then, *ret is empty.
 */
int config_load(struct config *ret, struct cmdline *cmdline, const char *file,
		struct faults *faults);

/*
 * The file that @cmdline names, or the default one; without one it is 0, too. What was read is
 * where cmdline->config leads to.
 */
int config_find(struct config *ret, struct cmdline *cmdline, struct faults *faults);

/*
 * The keys whose values differ, and go only with the next start; ended by NULL. @running: NULL:
 * there was no file.
 */
void config_changes(const struct config *running, const struct config *fresh,
		    const char *ret[CONFIG_KEYS_MAX + 1]);

/* As config_load(), from memory. */
int config_parse(struct config *ret, struct cmdline *cmdline,
		 const struct document_text *text, struct faults *faults);

void config_done(struct config *config);

#endif
