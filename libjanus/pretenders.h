/* SPDX-License-Identifier: MIT */
/*
 * Containers that only a user speaks of, under an id that is another's. Pure.
 */
#ifndef JANUS_PRETENDERS_H
#define JANUS_PRETENDERS_H

#include <stddef.h>

#include <janus/container.h>

/*
 * Users choose ids as they like: none makes another's container ambiguous by that. Of @list the
 * first @trusted ones are certain; of the others those are destroyed whose id is one of theirs.
 * Returns how many are left of @count.
 */
size_t janus__pretenders_drop(struct janus_container **list, size_t trusted,
			      size_t count);

#endif
