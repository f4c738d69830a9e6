// SPDX-License-Identifier: MIT
#include "fake_proc.h"

#include <criterion/criterion.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 256

static char root[64];

const char *fake_proc_create(void)
{
	snprintf(root, sizeof(root), "/tmp/janus-fake-proc-XXXXXX");
	cr_assert_not_null(mkdtemp(root));
	return root;
}

static int remove_entry(const char *path, const struct stat *st, int kind,
			struct FTW *ftw)
{
	(void)st;
	(void)kind;
	(void)ftw;
	return remove(path);
}

void fake_proc_destroy(void)
{
	nftw(root, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

void fake_proc_write(int32_t pid, const char *name, const char *text)
{
	char path[PATH_SIZE];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%d", root, pid);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%d/%s", root, pid, name);
	file = fopen(path, "we");
	cr_assert_not_null(file, "%s", path);
	fputs(text, file);
	cr_assert_eq(fclose(file), 0);
}

void fake_proc_folder(const char *path)
{
	char full[PATH_SIZE * 2];
	size_t length = (size_t)snprintf(full, sizeof(full), "%s/%s", root, path);

	for (size_t i = strlen(root) + 1; i <= length; i++) {
		if (full[i] != '/' && full[i] != '\0')
			continue;
		full[i] = '\0';
		mkdir(full, 0755);
		full[i] = i == length ? '\0' : '/';
	}
}

void fake_proc_text(const char *folder, const char *name, const char *text)
{
	char path[PATH_SIZE * 2];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s/%s", root, folder, name);
	file = fopen(path, "we");
	cr_assert_not_null(file, "%s", path);
	fputs(text, file);
	cr_assert_eq(fclose(file), 0);
}

void fake_proc_link(const char *to, const char *path)
{
	char full[PATH_SIZE];

	snprintf(full, sizeof(full), "%s/%s", root, path);
	cr_assert_eq(symlink(to, full), 0, "%s", full);
}

void fake_proc_mode(const char *path, unsigned int mode)
{
	char full[PATH_SIZE];

	snprintf(full, sizeof(full), "%s/%s", root, path);
	cr_assert_eq(chmod(full, mode), 0, "%s", full);
}

void fake_proc_remove(int32_t pid)
{
	char path[PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%d", root, pid);
	nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

void fake_proc_add(const struct fake_process *process)
{
	const char *name = process->name ? process->name : "sh";
	char state = process->state ? process->state : 'S';
	char own[32], text[1024];
	const char *nspid = process->nspid ? process->nspid : own;

	snprintf(own, sizeof(own), "\t%d", process->pid);
	snprintf(
		text, sizeof(text),
		"%d (%s) %c %d 7 7 0 -1 4194304 9 0 0 0 0 0 0 0 20 -5 1 0 %llu 4096 12\n",
		process->pid, name, state, process->ppid,
		(unsigned long long)process->start_time);
	fake_proc_write(process->pid, "stat", text);
	snprintf(text, sizeof(text), "Name:\tsh\nState:\t%c\nNStgid:\t9\t9\n%s%s%s",
		 state, *nspid ? "NSpid:" : "", nspid, *nspid ? "\n" : "");
	fake_proc_write(process->pid, "status", text);
	if (process->cgroup)
		fake_proc_write(process->pid, "cgroup", process->cgroup);
}
