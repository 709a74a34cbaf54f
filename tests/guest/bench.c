// SPDX-License-Identifier: GPL-2.0
/*
 * bench - what operations of an IOMMU driver cost
 *
 *   bench [OPERATION]...   all of them if none is named
 *
 * For a guest of which QEMU counts the instructions: the TSC shows how many there
 * were. For each operation, with no, one or all devices in the domain, a line says
 *
 * - the instructions: the median of rounds, so that no timer's are in it;
 * - descriptors in the unit's queue, and how many of them somebody has waited for;
 * - allocations and the bytes that they got.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <x86intrin.h>

#include "vfio.h"

#define PAGE		4096UL
#define HUGE_PAGE	(512 * PAGE)
#define IOVA		0x40000000UL
#define MAX_DEVICES	128

#define ROUNDS		9
#define PER_ROUND	50
/* Until caches of memory are full, and tables of pages made */
#define WARM_UP		20

#define TRACING		"/sys/kernel/tracing"
#define QUEUE		"/sys/kernel/debug/iommu/intel/invalidation_queue"
#define QUEUE_LENGTH	256

/* Of a descriptor's first word */
#define DESC_TYPE	0xf
#define DESC_WAIT	5
#define DESC_STATUS	0x20

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

static struct bench {
	struct vfio devices[MAX_DEVICES];
	unsigned int num_devices;
	/* Each of an IOAS of its own */
	uint32_t ioas[2];
	uint32_t domains[2];
	/* The one that is attached to the first device in turn */
	unsigned int turn;
	uint32_t new_domain;
	void *pages;
	void *huge_page;
} bench;

/*
 * Operations; what stands before one is not counted
 */

static void replace(void)
{
	bench.turn ^= 1;
	vfio_attach(&bench.devices[0], bench.domains[bench.turn]);
}

static void detach(void)
{
	vfio_detach(&bench.devices[0]);
}

static void attach(void)
{
	vfio_attach(&bench.devices[0], bench.domains[bench.turn]);
}

static void detach_attach(void)
{
	detach();
	attach();
}

static void make_new(void)
{
	detach();
	bench.new_domain = vfio_make_domain(&bench.devices[0], bench.ioas[0]);
}

static void attach_new(void)
{
	vfio_attach(&bench.devices[0], bench.new_domain);
}

static void destroy_new(void)
{
	detach();
	vfio_destroy(&bench.devices[0], bench.new_domain);
	attach();
}

static void map(void *memory, uint64_t iova, uint64_t length)
{
	vfio_map(&bench.devices[0], bench.ioas[0], memory, iova, length);
}

static void unmap(uint64_t iova, uint64_t length)
{
	vfio_unmap(&bench.devices[0], bench.ioas[0], iova, length);
}

/* One page off, so that many pages do not make a huge one */
static void map_page(void)
{
	map(bench.pages, IOVA + PAGE, PAGE);
}

static void unmap_page(void)
{
	unmap(IOVA + PAGE, PAGE);
}

static void map_512(void)
{
	map(bench.pages, IOVA + PAGE, HUGE_PAGE);
}

static void unmap_512(void)
{
	unmap(IOVA + PAGE, HUGE_PAGE);
}

static void map_huge(void)
{
	map(bench.huge_page, IOVA, HUGE_PAGE);
}

static void unmap_huge(void)
{
	unmap(IOVA, HUGE_PAGE);
}

/*
 * @before: makes what @run needs, and is not counted; NULL if that needs nothing
 * @after: takes back what @run has made; NULL likewise
 */
struct operation {
	const char *name;
	void (*before)(void);
	void (*run)(void);
	void (*after)(void);
};

/* With the first device attached, and no other */
static const struct operation attaching[] = {
	{ "replace", NULL, replace, NULL },
	{ "detach+attach", NULL, detach_attach, NULL },
	{ "detach", NULL, detach, attach },
	{ "attach", detach, attach, NULL },
	{ "attach-new", make_new, attach_new, destroy_new },
	{}
};

/* With any number of attachments of the domain */
static const struct operation mapping[] = {
	{ "map-page", NULL, map_page, unmap_page },
	{ "unmap-page", map_page, unmap_page, NULL },
	{ "map-512-pages", NULL, map_512, unmap_512 },
	{ "unmap-512-pages", map_512, unmap_512, NULL },
	{ "map-huge-page", NULL, map_huge, unmap_huge },
	{ "unmap-huge-page", map_huge, unmap_huge, NULL },
	{}
};

static void call(void (*fn)(void))
{
	if (fn)
		fn();
}

/*
 * Instructions
 */

static uint64_t count_once(const struct operation *op)
{
	uint64_t begin, end;

	call(op->before);
	begin = __rdtsc();
	op->run();
	end = __rdtsc();
	call(op->after);
	return end - begin;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static double count_instructions(const struct operation *op)
{
	uint64_t rounds[ROUNDS] = {};
	int round, i;

	for (i = 0; i < WARM_UP; i++)
		count_once(op);
	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < PER_ROUND; i++)
			rounds[round] += count_once(op);
	qsort(rounds, ROUNDS, sizeof(rounds[0]), compare);
	return (double)rounds[ROUNDS / 2] / PER_ROUND;
}

/* -1 if there is none */
static long number_after(const char *line, const char *text)
{
	const char *found = strstr(line, text);

	return found ? strtol(found + strlen(text), NULL, 10) : -1;
}

/*
 * Descriptors
 */

/* Where the next descriptor goes, and the first word of each that is there */
struct queue {
	unsigned int tail;
	uint64_t qw0[QUEUE_LENGTH];
};

static void read_queue(struct queue *queue)
{
	FILE *file = fopen(QUEUE, "r");
	unsigned long long qw0;
	unsigned int index;
	char line[256];
	long tail;

	if (!file)
		die(QUEUE);
	while (fgets(line, sizeof(line), file)) {
		tail = number_after(line, "Tail: ");
		if (tail >= 0)
			queue->tail = tail;
		else if (sscanf(line, "%u %llx", &index, &qw0) == 2 &&
			 index < QUEUE_LENGTH)
			queue->qw0[index] = qw0;
	}
	fclose(file);
}

struct submitted {
	unsigned int descriptors;
	unsigned int waits;
};

/* A submission ends with a descriptor that reports to whoever waits. */
static struct submitted count_submitted(const struct operation *op)
{
	struct submitted submitted = {};
	struct queue before, after;
	unsigned int i;
	uint64_t qw0;

	call(op->before);
	read_queue(&before);
	op->run();
	read_queue(&after);
	call(op->after);

	for (i = before.tail; i != after.tail; i = (i + 1) % QUEUE_LENGTH) {
		qw0 = after.qw0[i];
		submitted.descriptors++;
		submitted.waits += (qw0 & DESC_TYPE) == DESC_WAIT &&
				   (qw0 & DESC_STATUS);
	}
	return submitted;
}

/*
 * Memory
 */

static void trace_allocations(const char *enable)
{
	static const char * const events[] = {
		"kmalloc", "kmem_cache_alloc", "mm_page_alloc",
	};
	char dir[64];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(events); i++) {
		snprintf(dir, sizeof(dir), TRACING "/events/kmem/%s", events[i]);
		write_file(dir, "enable", enable);
	}
}

/* The file is open all the time, as opening it allocates. */
static void switch_tracing(const char *on)
{
	static int fd = -1;

	if (fd < 0)
		fd = open(TRACING "/tracing_on", O_WRONLY);
	if (fd < 0 || write(fd, on, 1) < 0)
		die(TRACING "/tracing_on");
}

static void empty_trace(void)
{
	int fd = open(TRACING "/trace", O_WRONLY | O_TRUNC);

	if (fd < 0)
		die(TRACING "/trace");
	close(fd);
}

struct allocated {
	unsigned int times;
	unsigned long bytes;
};

static struct allocated read_trace(void)
{
	FILE *trace = fopen(TRACING "/trace", "r");
	struct allocated allocated = {};
	long bytes, order;
	char line[512];

	if (!trace)
		die(TRACING "/trace");
	while (fgets(line, sizeof(line), trace)) {
		bytes = number_after(line, "bytes_alloc=");
		order = number_after(line, " order=");
		if (order >= 0)
			bytes = PAGE << order;
		if (bytes < 0)
			continue;
		allocated.bytes += bytes;
		allocated.times++;
	}
	fclose(trace);
	return allocated;
}

static struct allocated count_allocated(const struct operation *op)
{
	struct allocated allocated;

	call(op->before);
	trace_allocations("1");
	empty_trace();
	switch_tracing("1");
	op->run();
	switch_tracing("0");
	allocated = read_trace();
	trace_allocations("0");
	call(op->after);
	return allocated;
}

static void measure(const struct operation *op, unsigned int attachments)
{
	double instructions = count_instructions(op);
	struct submitted submitted = count_submitted(op);
	struct allocated allocated = count_allocated(op);

	printf("result: op=%s attachments=%u instructions=%.0f ", op->name,
	       attachments, instructions);
	printf("waits=%u descriptors=%u allocations=%u bytes=%lu\n",
	       submitted.waits, submitted.descriptors, allocated.times,
	       allocated.bytes);
}

static bool is_wanted(const struct operation *op, char **names, int num)
{
	int i;

	for (i = 0; i < num; i++)
		if (!strcmp(op->name, names[i]))
			return true;
	return !num;
}

static void measure_all(const struct operation *op, unsigned int attachments,
			char **names, int num)
{
	for (; op->name; op++)
		if (is_wanted(op, names, num))
			measure(op, attachments);
}

static void *alloc(size_t size, int flags)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap of %zu bytes", size);
	return memory;
}

static void alloc_memory(void)
{
	/* Small pages shall be small. */
	if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0))
		die("PR_SET_THP_DISABLE");
	bench.pages = alloc(HUGE_PAGE, MAP_POPULATE);

	write_file("/sys/kernel/mm/hugepages/hugepages-2048kB", "nr_hugepages",
		   "1");
	bench.huge_page = alloc(HUGE_PAGE, MAP_HUGETLB | MAP_POPULATE);
}

static void set_up(void)
{
	int iommufd = vfio_open("/dev/iommu"), i;
	char path[300];

	while (bench.num_devices < MAX_DEVICES &&
	       vfio_give(TESTDEV_VENDOR, TESTDEV_DEVICE, bench.num_devices, path,
			 sizeof(path)))
		bench.devices[bench.num_devices++] =
			vfio_bind_to(vfio_open(path), iommufd);
	errno = ENODEV;
	if (!bench.num_devices)
		die("iommu-testdev");

	for (i = 0; i < 2; i++) {
		bench.ioas[i] = vfio_make_ioas(&bench.devices[0]);
		bench.domains[i] = vfio_make_domain(&bench.devices[0],
						    bench.ioas[i]);
	}
	alloc_memory();

	snprintf(path, sizeof(path), "%d", getpid());
	write_file(TRACING, "set_event_pid", path);
	write_file(TRACING, "tracing_on", "0");
}

int main(int argc, char **argv)
{
	char **names = argv + 1;
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	set_up();
	measure_all(mapping, 0, names, argc - 1);

	attach();
	measure_all(attaching, 1, names, argc - 1);

	vfio_attach(&bench.devices[0], bench.domains[0]);
	measure_all(mapping, 1, names, argc - 1);

	if (bench.num_devices > 1) {
		for (i = 1; i < bench.num_devices; i++)
			vfio_attach(&bench.devices[i], bench.domains[0]);
		measure_all(mapping, bench.num_devices, names, argc - 1);
	}
	return 0;
}
