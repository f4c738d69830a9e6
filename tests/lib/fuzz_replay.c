// SPDX-License-Identifier: MIT
/*
 * Stands in for libFuzzer in the ordinary run: feeds every file of a corpus, in the order of
 * their names, to LLVMFuzzerTestOneInput(). Owns each file for as long as it is read.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LARGEST_INPUT = 16 << 20 };

static int is_input(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int replay(const char *directory, const char *name)
{
	uint8_t *data = malloc(LARGEST_INPUT), *input;
	FILE *file = NULL;
	char *path = NULL;
	size_t size;
	int result = -1;

	if (data == NULL || asprintf(&path, "%s/%s", directory, name) < 0) {
		path = NULL;
		fprintf(stderr, "fuzz_replay: no memory for %s\n", name);
		goto out;
	}
	file = fopen(path, "rbe");
	if (file == NULL) {
		perror(path);
		goto out;
	}
	size = fread(data, 1, LARGEST_INPUT, file);
	if (ferror(file)) {
		perror(path);
		goto out;
	}
	/* Its own block of the exact size, so that reading past the end is seen. */
	input = malloc(size > 0 ? size : 1);
	if (input == NULL) {
		fprintf(stderr, "fuzz_replay: no memory for %s\n", path);
		goto out;
	}
	for (size_t i = 0; i < size; i++)
		input[i] = data[i];
	printf("%s: %zu bytes\n", path, size);
	fflush(stdout);
	LLVMFuzzerTestOneInput(input, size);
	free(input);
	result = 0;
out:
	if (file != NULL)
		fclose(file);
	free(path);
	free(data);
	return result;
}

int main(int argc, char **argv)
{
	struct dirent **entries;
	int count, failed = 0;

	if (argc != 2) {
		fprintf(stderr, "usage: %s CORPUS-DIRECTORY\n", argv[0]);
		return 2;
	}
	count = scandir(argv[1], &entries, is_input, alphasort);
	if (count < 0) {
		perror(argv[1]);
		return 1;
	}
	if (count == 0) {
		fprintf(stderr, "%s: the corpus is empty: nothing was tested\n", argv[1]);
		failed = 1;
	}
	for (int i = 0; i < count; i++) {
		if (replay(argv[1], entries[i]->d_name) < 0)
			failed = 1;
		free(entries[i]);
	}
	free(entries);
	return failed;
}
