/* SPDX-License-Identifier: MIT */
/*
 * libjanus: watches and guards files with fanotify. See janus(7).
 */
#ifndef JANUS_JANUS_H
#define JANUS_JANUS_H

#include <janus/container.h>
#include <janus/context.h>
#include <janus/error.h>
#include <janus/event.h>
#include <janus/export.h>
#include <janus/keep.h>
#include <janus/types.h>
#include <janus/version.h>
#include <janus/watch.h>

#endif
