// SPDX-License-Identifier: MIT
#include "strictness.h"

struct janus__strict_kinds janus__strictness_of(const struct janus__bindings *bindings)
{
	struct janus__strict_kinds kinds = { 0 };

	for (uint32_t i = 0; bindings && i < bindings->count; i++) {
		const struct janus__binding *binding = &bindings->entries[i];
		const struct janus__subject *subject =
			janus__spec_subject_of(binding->spec, binding->rule);

		if (!janus__binding_is_strict(binding))
			continue;
		kinds.own |= subject->events;
		if (subject->flags & JANUS_SUBJECT_RECURSIVE)
			kinds.tree |= subject->events;
	}
	return kinds;
}

void janus__strictness_tell(struct janus__rules *rules,
			    const struct janus__object *object,
			    struct janus__strict_kinds kinds)
{
	struct janus__strict_kinds former = object->extra->strict;

	if (!rules->strict || (former.own == kinds.own && former.tree == kinds.tree))
		return;
	object->extra->strict = kinds;
	janus__strict_set(rules->strict, object->inode.device, object->inode.number,
			  kinds);
}

void janus__rules_restate(struct janus__rules *rules)
{
	if (!rules->strict)
		return;
	pthread_mutex_lock(&rules->lock);
	janus__strict_rebuild(rules->strict);
	for (size_t i = 0; i < rules->bucket_count; i++)
		for (struct janus__object *object = rules->buckets[i]; object;
		     object = object->next)
			if (object->extra && object->extra->strict.own)
				janus__strict_set(rules->strict, object->inode.device,
						  object->inode.number,
						  object->extra->strict);
	janus__strict_rebuilt(rules->strict);
	pthread_mutex_unlock(&rules->lock);
}
