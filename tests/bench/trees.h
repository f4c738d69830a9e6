/* SPDX-License-Identifier: MIT */
/*
 * Trees to cover: many directories side by side, deep ones, and one with many in it.
 */
#ifndef TESTS_BENCH_TREES_H
#define TESTS_BENCH_TREES_H

/* @count directories below @path, which is made too; an empty file in every second one. */
void make_tree(const char *path, int count);

void remove_tree(const char *path);

#endif
