/* SPDX-License-Identifier: MIT */
/*
 * What gRPC itself has to say goes through our log, and not more of it than a person can read:
 * whoever reaches a port could fill the log with broken handshakes else.
 */
#ifndef JANUSD_GRPC_LOG_H
#define JANUSD_GRPC_LOG_H

/* Before grpc_init(). */
void grpc_log_init(void);

#endif
