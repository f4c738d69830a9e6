// SPDX-License-Identifier: MIT
#include "allocations.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *memory);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_reallocarray(void *memory, size_t members, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *memory);

static atomic_size_t failing, count;
static atomic_bool failed;
static atomic_long live;
static void (*_Atomic interrupt)(void);

void allocations_fail(size_t nth)
{
	atomic_store(&failing, nth);
	atomic_store(&failed, false);
	atomic_store(&count, 0);
}

size_t allocations_count(void)
{
	return atomic_load(&count);
}

bool allocations_failed(void)
{
	return atomic_load(&failed);
}

long allocations_live(void)
{
	return atomic_load(&live);
}

void allocations_interrupt(void (*fn)(void))
{
	atomic_store(&interrupt, fn);
}

static bool may_allocate(void)
{
	void (*fn)(void) = atomic_exchange(&interrupt, NULL);

	if (fn)
		fn();
	if (atomic_fetch_add(&count, 1) + 1 != atomic_load(&failing))
		return true;
	atomic_store(&failed, true);
	errno = ENOMEM;
	return false;
}

static void *counted(void *memory)
{
	if (memory)
		atomic_fetch_add(&live, 1);
	return memory;
}

void *__wrap_malloc(size_t size)
{
	return may_allocate() ? counted(__real_malloc(size)) : NULL;
}

void *__wrap_calloc(size_t members, size_t size)
{
	return may_allocate() ? counted(__real_calloc(members, size)) : NULL;
}

void *__wrap_realloc(void *memory, size_t size)
{
	void *moved;

	if (!may_allocate())
		return NULL;
	moved = __real_realloc(memory, size);
	return memory ? moved : counted(moved);
}

void *__wrap_reallocarray(void *memory, size_t members, size_t size)
{
	void *moved;

	if (!may_allocate())
		return NULL;
	moved = __real_reallocarray(memory, members, size);
	return memory ? moved : counted(moved);
}

char *__wrap_strdup(const char *text)
{
	return may_allocate() ? counted(__real_strdup(text)) : NULL;
}

void __wrap_free(void *memory)
{
	if (memory)
		atomic_fetch_sub(&live, 1);
	__real_free(memory);
}
