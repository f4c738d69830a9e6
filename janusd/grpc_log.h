/* SPDX-License-Identifier: MIT */
/*
 * What gRPC itself has to say goes through our log, and not more of it than a person can
 * read: whoever reaches a port could fill the log with broken handshakes else.
 */
#ifndef JANUSD_GRPC_LOG_H
#define JANUSD_GRPC_LOG_H

/* Before grpc_init(). */
void grpc_log_init(void);

/*
 * @told(@data) is called, from any thread, when gRPC has given up accepting connections on one of
 * its listeners: this version never comes back to it. NULL: nobody is told any more.
 */
void grpc_log_tell_deaf(void (*told)(void *data), void *data);

/*
 * What to say when gRPC refuses the certificates that this thread gives it next; all it
 * does itself is to log. Static text; NULL: nothing.
 */
void grpc_log_explain_refusal(const char *text);

#endif
