// SPDX-License-Identifier: MIT
#include "arena.h"

#include <stdint.h>
#include <stdlib.h>

struct arena_piece {
	struct arena_piece *next;
	max_align_t bytes[];
};

void *arena_take(struct arena *arena, size_t count, size_t size)
{
	struct arena_piece *piece = NULL;

	if (!count || size <= (SIZE_MAX - sizeof(*piece)) / count)
		piece = calloc(1, sizeof(*piece) + count * size);
	if (!piece) {
		arena->missing++;
		return NULL;
	}
	piece->next = arena->pieces;
	arena->pieces = piece;
	return piece->bytes;
}

void arena_done(struct arena *arena)
{
	while (arena->pieces) {
		struct arena_piece *piece = arena->pieces;

		arena->pieces = piece->next;
		free(piece);
	}
}
