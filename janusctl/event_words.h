/* SPDX-License-Identifier: MIT */
/*
 * What kinds, verdicts and file types of janus.v1 are called on a command line and in lines. Pure.
 */
#ifndef JANUSCTL_EVENT_WORDS_H
#define JANUSCTL_EVENT_WORDS_H

/* "unknown" for what a later janusd may send. */
const char *event_word_of_kind(int kind);
const char *event_word_of_verdict(int verdict);
const char *event_word_of_reason(int reason);
const char *event_word_of_type(int file_type);

/* Return: the value, or -1. */
int event_kind_called(const char *word);
int event_verdict_called(const char *word);

#endif
