/* SPDX-License-Identifier: MIT */
/*
 * The first process: it holds what must not end, starts the worker, which does everything
 * else, and starts the next one when that dies. It has one thread, speaks no gRPC, opens no
 * file of anybody, and waits for nobody: while it looks, no opener waits for ever.
 *
 * Owns the keep, the memory of the guards' state, the note that it shares with the worker, the
 * locks of sockets, and the worker's pid; and hands all of that to the next keeper, which is the
 * same process with a newer program, or another one after a death that whoever has started it has
 * outlived.
 */
#ifndef JANUSD_KEEPER_H
#define JANUSD_KEEPER_H

struct cmdline;
struct listeners;

/*
 * To be called before there is any thread. Returns in the keeper, and in each worker when it
 * ends. @argv: for a handover. Return: the exit status of the process.
 */
int keeper_run(const struct cmdline *cmdline, struct listeners *listeners, char **argv);

#endif
