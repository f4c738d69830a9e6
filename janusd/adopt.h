/* SPDX-License-Identifier: MIT */
/*
 * How a keeper goes on with the keep of the one before it.
 */
#ifndef JANUSD_ADOPT_H
#define JANUSD_ADOPT_H

#include <stdbool.h>

struct handed;
struct janus_keep;

/*
 * End the worker that is still there, and make its keep ours. Marks stay, and who has not been
 * answered waits for the next worker.
 *
 * Return: 0; or -1, logged: then the fds stay in @handed, under other numbers, so that who opens
 * what they guard goes on waiting until handed_done().
 */
int adopt_keep(struct janus_keep **ret, struct handed *handed);

/*
 * The guards are in force anew: close what could not be adopted. Who waits there is denied, or let
 * through, by what failure means.
 */
void adopt_give_up(struct handed *handed, bool deny);

#endif
