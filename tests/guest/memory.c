// SPDX-License-Identifier: GPL-2.0

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "luo.h"
#include "memory.h"
#include "vfio.h"

#define PAGE		4096UL
#define HUGE_PAGE	(2UL << 20)
#define HUGE_PAGES	"/sys/kernel/mm/transparent_hugepage"
#define KHUGEPAGED	HUGE_PAGES "/khugepaged"
#define FILL		0xa5
/* What is left to others, in bytes */
#define SPARE		(96UL << 20)
#define FAILSLAB	"/sys/kernel/debug/failslab"
#define GROUPS		"/sys/fs/cgroup"
#define GROUP		GROUPS "/small"
#define VM		"/proc/sys/vm"

unsigned long read_number(const char *dir, const char *name)
{
	unsigned long number;
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "r");
	if (!file || fscanf(file, "%lu", &number) != 1)
		die("%s", path);
	fclose(file);
	return number;
}

unsigned long free_memory(void)
{
	unsigned long memory = 0;
	char line[128];
	FILE *file;

	file = fopen("/proc/meminfo", "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemFree: %lu", &memory) == 1)
			break;
	if (file)
		fclose(file);
	return memory;
}

struct filled fill_memory(void)
{
	struct filled filled = { .size = (free_memory() << 10) - SPARE };

	write_file(HUGE_PAGES, "enabled", "never");
	filled.memory = mmap(NULL, filled.size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (filled.memory == MAP_FAILED)
		die("mmap");
	memset(filled.memory, FILL, filled.size);
	return filled;
}

bool is_filled(const struct filled *filled)
{
	return filled->memory[0] == FILL &&
	       !memcmp(filled->memory, filled->memory + 1, filled->size - 1);
}

unsigned long count_collapsed(int memfd)
{
	unsigned long before = read_number(KHUGEPAGED, "pages_collapsed"), scans;
	uintptr_t room;
	void *start;

	write_file(HUGE_PAGES, "shmem_enabled", "force");
	write_file(HUGE_PAGES, "enabled", "madvise");
	write_file(KHUGEPAGED, "scan_sleep_millisecs", "10");
	room = (uintptr_t)mmap(NULL, 2 * HUGE_PAGE, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	start = (void *)((room + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1));
	if (mmap(start, HUGE_PAGE, PROT_READ | PROT_WRITE,
		 MAP_SHARED | MAP_FIXED | MAP_POPULATE, memfd, 0) != start)
		die("mmap");

	scans = read_number(KHUGEPAGED, "full_scans");
	while (read_number(KHUGEPAGED, "full_scans") < scans + 2)
		sleep(1);
	return read_number(KHUGEPAGED, "pages_collapsed") - before;
}

/* Page frames of some pages, which are there */
static uint64_t *read_frames(const void *memory, size_t count)
{
	uint64_t *frames = calloc(count, sizeof(*frames));
	int fd = open("/proc/self/pagemap", O_RDONLY);
	size_t size = count * sizeof(*frames), i;

	if (!frames || fd < 0 ||
	    pread(fd, frames, size, (uintptr_t)memory / PAGE *
				    sizeof(*frames)) != (ssize_t)size)
		die("/proc/self/pagemap");
	close(fd);
	/* The upper bits are flags. */
	for (i = 0; i < count; i++)
		frames[i] &= (1UL << 55) - 1;
	return frames;
}

struct places note_places(const void *memory, size_t size)
{
	return (struct places){
		.memory = memory,
		.count = size / PAGE,
		.frames = read_frames(memory, size / PAGE),
	};
}

unsigned long count_moved(const struct places *places)
{
	uint64_t *now = read_frames(places->memory, places->count);
	unsigned long i, moved = 0;

	for (i = 0; i < places->count; i++)
		moved += now[i] != places->frames[i];
	free(now);
	return moved;
}

/* All that may move goes to one end of it. */
void compact_memory(struct filled *filled)
{
	size_t rest = filled->size / PAGE / 2 * PAGE;
	unsigned int i;

	if (munmap(filled->memory + rest, filled->size - rest))
		die("munmap");
	filled->size = rest;
	for (i = 0; i < 10; i++)
		write_file(VM, "compact_memory", "1");
}

int retrieve_starved(const char *bytes, int session, uint64_t token)
{
	int fail = open("/proc/self/make-it-fail", O_WRONLY);
	int ret, error;

	write_file(FAILSLAB, "probability", "100");
	write_file(FAILSLAB, "times", "-1");
	write_file(FAILSLAB, "task-filter", "Y");
	write_file(FAILSLAB, "ignore-gfp-wait", "N");
	write_file(FAILSLAB, "verbose", "0");
	write_file(FAILSLAB, "space", bytes);

	/* In between not even a file can be opened. */
	if (write(fail, "1", 1) < 0)
		die("make-it-fail");
	ret = luo_retrieve(session, token);
	error = errno;
	if (write(fail, "0", 1) < 0)
		die("make-it-fail");
	close(fail);
	errno = error;
	return ret;
}

static void make_group(const char *bytes)
{
	if ((mkdir(GROUPS, 0755) && errno != EEXIST) ||
	    mount("cgroup2", GROUPS, "cgroup2", 0, NULL))
		die(GROUPS);
	write_file(GROUPS, "cgroup.subtree_control", "+memory");
	if (mkdir(GROUP, 0755))
		die(GROUP);
	write_file(GROUP, "memory.max", bytes);
}

/* The kernel may kill who needs more than that. */
int retrieve_limited(const char *bytes, int session, uint64_t token)
{
	int status;
	pid_t child;

	make_group(bytes);
	child = fork();
	if (!child) {
		write_file(GROUP, "cgroup.procs", "0");
		_exit(luo_retrieve(session, token) < 0 ? errno : 0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child)
		die("fork");
	errno = WIFSIGNALED(status) ? ENOMEM : WEXITSTATUS(status);
	return errno ? -1 : 0;
}
