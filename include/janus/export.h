/* SPDX-License-Identifier: MIT */
/*
 * Visibility and linkage of the public symbols. Nothing else belongs here.
 */
#ifndef JANUS_EXPORT_H
#define JANUS_EXPORT_H

#if defined(__GNUC__)
#define JANUS_API __attribute__((visibility("default")))
#else
#define JANUS_API
#endif

#ifdef __cplusplus
#define JANUS_BEGIN_DECLS extern "C" {
#define JANUS_END_DECLS }
#else
#define JANUS_BEGIN_DECLS
#define JANUS_END_DECLS
#endif

#endif
