/* SPDX-License-Identifier: MIT */
/*
 * What the parts of guard_config.c share: the guard on its way from the message into the
 * config, one file for targets, one for subjects, one for exceptions. Pure.
 */
#ifndef JANUSD_GUARD_CONFIG_INTERNAL_H
#define JANUSD_GUARD_CONFIG_INTERNAL_H

#include "codec.h"
#include "guard_config.h"
#include "guard_image.h"
#include "settings.h"

#define GUARD_TEXT_MAX_BYTES 256
#define GUARD_FORMAT_MAX_BYTES 1024

/* The message is ours: what normalising changes in it is changed in place. */
struct guard_backing {
	struct guard_config config;
	struct codec_message message;
	const struct limit_settings *limits;
	char *source;
	struct janus_tag *tags;   /* of all subjects */
	struct guard_image found; /* of guard_config_set_targets() */
};

/* Of one subject. */
struct guard_taking {
	Janus__V1__Subject *message;
	struct janus_subject *subject;
	struct janus_exception *exceptions; /* room for them and the lifelines */
	struct janus_tag *tags;             /* room for message->n_tags */
	size_t index;
	bool on_host; /* one of the targets is the host */
};

/* Where a value stands: "subjects[3].deny[7]". */
struct guard_item {
	size_t subject;
	const char *list;
	size_t index;
};

/* Returns -1, for the caller to return it. */
int guard_refuse_item(struct status *status, const struct guard_item *item,
		      const char *value, const char *cause);

/* "subjects[3].mode: CAUSE". Likewise. */
int guard_refuse_field(struct status *status, const struct guard_taking *taking,
		       const char *field, const char *cause);

/* guard_target.c */
int guard_check_targets(const Janus__V1__Guard *guard,
			const struct limit_settings *limits, struct status *status);

/* guard_subjects.c: all subjects, into config->subjects. */
int guard_take_subjects(struct guard_backing *backing, struct status *status);

/* guard_subject.c: one of them. */
int guard_take_subject(const struct guard_taking *taking, struct guard_backing *backing,
		       struct status *status);

/* guard_exception.c: of one subject, whose words are there. */
int guard_take_exceptions(const struct guard_taking *taking, struct status *status);

/*
 * guard_map.c: sorted by key, of each key the last one, as in every map on the wire. Both
 * kinds of entries that we have look like this one.
 */
size_t guard_normalise_map(Janus__V1__Subject__TagsEntry **entries, size_t count,
			   ProtobufCAllocator *allocator);

#endif
