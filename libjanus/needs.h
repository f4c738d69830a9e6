/* SPDX-License-Identifier: MIT */
/*
 * What a watch needs, and whether it is to be had. Pure.
 */
#ifndef JANUS_NEEDS_H
#define JANUS_NEEDS_H

#include <stdbool.h>
#include <stdint.h>

#include "spec.h"

/*
 * @available: mask of enum janus_feature. The first thing that is missing is told in @report.
 * -EPERM, -EOPNOTSUPP.
 */
int janus__needs_check(uint64_t available, const struct janus__spec *spec,
		       struct janus_watch_report *report);

/* Whether trees or observation are needed, or paths that are followed. */
bool janus__needs_following(const struct janus__spec *spec);

#endif
