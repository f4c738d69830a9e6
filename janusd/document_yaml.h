/* SPDX-License-Identifier: MIT */
/*
 * YAML as trees of jansson's, one for each document of a file, see document.h. Only what JSON
 * can say, too: no anchors and aliases, no tags, no merge keys, keys are scalars and stand there
 * once. A plain scalar is null, true, false or a number as in the core schema of YAML 1.2, and
 * else a string, "no" among them; a quoted one is always a string.
 */
#ifndef JANUSD_DOCUMENT_YAML_H
#define JANUSD_DOCUMENT_YAML_H

#include "document.h"

#define DOCUMENT_YAML_MOST 1000

struct document_yaml {
	struct document *items;
	size_t count;
};

/* Return: 0, or -1 with faults and nothing to be done away with. Empty documents are left out. */
int document_parse_yaml(struct document_yaml *ret, const struct document_text *text,
			struct faults *faults);

void document_yaml_done(struct document_yaml *documents);

#endif
