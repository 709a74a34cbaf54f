// SPDX-License-Identifier: GPL-2.0
/*
 * vmm - replace domains under a device that does DMA, and count what is lost
 *
 * A small VMM: it opens a device through VFIO's character device, binds it to
 * iommufd and makes two domains that map the same IOVAs to page A and to page
 * B. The device, QEMU's iommu-testdev, writes a word each time it is asked to.
 * It takes the IOVAs in turn: one that is in the IOTLB would hide from it what
 * becomes of the entry.
 *
 *   vmm replace N   replace one domain by the other N times while a thread
 *                   keeps the device writing; nothing may be lost or stale
 *   vmm count N     the same, but whatever is lost or stale is only counted
 *   vmm stress N    as replace, and a third thread maps and unmaps
 *   vmm unmap N     unmap pages, ranges and huge pages N times while a thread
 *                   keeps the device writing there
 *   vmm random N    N random changes of each device that there is: domains,
 *                   no domain, no driver, while others map and unmap
 *   vmm attach [N]  what must hold when domains are attached and detached, and
 *                   replaced N times
 *   vmm fail        the same when an attach fails, once for each allocation in
 *                   it; needs a kernel with fault injection
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vfio.h"

#define PAGE		4096UL
#define TEST_IOVA	0x40000000UL
#define TEST_IOVAS	64
#define STRESS_IOVA	0x80000000UL
#define STRESS_PAGES	64
#define UNMAP_IOVA	0xc0000000UL
#define HUGE_PAGE	(512 * PAGE)

/* iommu-testdev, see its specification in QEMU's documentation */
#define REG_TRIGGER	0x00
#define REG_IOVA_LO	0x04
#define REG_IOVA_HI	0x08
#define REG_LEN		0x0c
#define REG_RESULT	0x10
#define REG_DOORBELL	0x14
#define PATTERN		0x12345678U

/*
 * A replace is followed by a DMA of the replacing thread this often: an odd
 * number, so that both domains have their turn.
 */
#define OWN_DMA_EVERY	15

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

struct domain {
	uint32_t ioas;
	uint32_t hwpt;
	volatile uint32_t *page;
};

/* @judged: DMAs that no replace overlapped, by the domain that was attached */
struct counts {
	unsigned long dma;
	unsigned long lost;
	unsigned long stale;
	unsigned long judged[2];
};

struct testdev {
	char slot[64];
	struct vfio vfio;
	/* NULL while the device is not there for DMA */
	volatile uint8_t *regs;
};

static struct vmm {
	int iommufd;
	struct testdev device;
	/* Others, if the machine has them, one for each domain to stay in */
	struct testdev neighbours[2];
	unsigned int num_neighbours;
	struct domain domains[2];
	unsigned long disturbed;
	/* One DMA at a time; covers the device, both pages and counts. */
	pthread_mutex_t dma_lock;
	struct counts counts;
	/*
	 * Odd while a replace is under way; domains[(seq / 2) % 2] is attached
	 * while it is even.
	 */
	atomic_uint seq;
	atomic_bool stop;
} vmm = { .dma_lock = PTHREAD_MUTEX_INITIALIZER };

/* Give the device to vfio-pci, and open it. */
static void bind_device(struct testdev *device)
{
	char path[300];

	vfio_give_slot(device->slot, path, sizeof(path));
	device->vfio = vfio_bind_to(vfio_open(path), vmm.iommufd);
}

static void unbind_device(struct testdev *device)
{
	char dir[300];

	munmap((void *)device->regs, PAGE);
	close(device->vfio.fd);
	snprintf(dir, sizeof(dir), PCI_DEVICES "/%s/driver", device->slot);
	write_file(dir, "unbind", device->slot);
}

/* Find a test device that vfio-pci does not have yet, and take it. */
static bool open_device(struct testdev *device)
{
	struct dirent *entry;
	bool found = false;
	char dir[300];
	DIR *devices;

	devices = opendir(PCI_DEVICES);
	if (!devices)
		die(PCI_DEVICES);
	while (!found && (entry = readdir(devices))) {
		snprintf(dir, sizeof(dir), PCI_DEVICES "/%s", entry->d_name);
		found = file_is(dir, "vendor", TESTDEV_VENDOR) &&
			file_is(dir, "device", TESTDEV_DEVICE) &&
			!file_is(dir, "driver_override", "vfio-pci");
		if (found)
			snprintf(device->slot, sizeof(device->slot), "%.60s",
				 entry->d_name);
	}
	closedir(devices);
	if (found)
		bind_device(device);
	return found;
}

static void *alloc_pages(unsigned int pages)
{
	void *memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap of %u pages", pages);
	return memory;
}

static void make_domain(struct domain *domain, const struct vfio *vfio)
{
	unsigned int i;

	domain->ioas = vfio_make_ioas(vfio);
	domain->hwpt = vfio_make_domain(vfio, domain->ioas);
	domain->page = alloc_pages(1);
	for (i = 0; i < TEST_IOVAS; i++)
		vfio_map(vfio, domain->ioas, (void *)domain->page,
			 TEST_IOVA + i * PAGE, PAGE);
}

static void write_reg(struct testdev *device, unsigned int reg, uint32_t value)
{
	*(volatile uint32_t *)(device->regs + reg) = value;
}

static uint32_t read_reg(struct testdev *device, unsigned int reg)
{
	return *(volatile uint32_t *)(device->regs + reg);
}

static void map_registers(struct testdev *device)
{
	device->regs = vfio_map_bar(&device->vfio, 0);
	write_reg(device, REG_IOVA_HI, (uint32_t)(TEST_IOVA >> 32));
	write_reg(device, REG_LEN, sizeof(uint32_t));
}

static void start_device(struct testdev *device, struct domain *domain)
{
	vfio_attach(&device->vfio, domain->hwpt);
	map_registers(device);
	vfio_enable_bus_master(&device->vfio);
}

static void set_up(void)
{
	struct testdev *neighbour;
	int i;

	vmm.iommufd = vfio_open("/dev/iommu");
	errno = ENODEV;
	if (!open_device(&vmm.device))
		die("iommu-testdev");
	make_domain(&vmm.domains[0], &vmm.device.vfio);
	make_domain(&vmm.domains[1], &vmm.device.vfio);
	start_device(&vmm.device, &vmm.domains[0]);

	for (i = 0; i < 2; i++) {
		neighbour = &vmm.neighbours[i];
		if (!open_device(neighbour))
			break;
		start_device(neighbour, &vmm.domains[i]);
		vmm.num_neighbours++;
	}
}

/*
 * Have a device write once; returns the page that it landed in, 0 or 1, or
 * -1 if it landed nowhere. The trigger returns when the DMA is over. Where it
 * landed is read from the pages: the device's own verdict compares with a
 * physical address, which makes no sense while the domain changes.
 */
static int write_once(struct testdev *device)
{
	static unsigned int turn;
	int i, landed = -1;

	write_reg(device, REG_IOVA_LO, TEST_IOVA + turn++ % TEST_IOVAS * PAGE);
	vmm.domains[0].page[0] = 0;
	vmm.domains[1].page[0] = 0;
	write_reg(device, REG_DOORBELL, 1);
	read_reg(device, REG_TRIGGER);

	for (i = 0; i < 2; i++) {
		if (vmm.domains[i].page[0] != PATTERN)
			continue;
		if (landed >= 0) {
			errno = EIO;
			die("one DMA landed in both pages");
		}
		landed = i;
	}
	return landed;
}

/*
 * A DMA that no replace overlaps must land in the page of the domain that is
 * attached; any other must land in one of the two.
 */
static void dma(void)
{
	unsigned int before, after, attached;
	int landed;

	pthread_mutex_lock(&vmm.dma_lock);
	before = atomic_load(&vmm.seq);
	landed = write_once(&vmm.device);
	after = atomic_load(&vmm.seq);

	vmm.counts.dma++;
	if (landed < 0)
		vmm.counts.lost++;
	if (before == after && before % 2 == 0) {
		attached = before / 2 % 2;
		vmm.counts.judged[attached]++;
		if (landed >= 0 && (unsigned int)landed != attached)
			vmm.counts.stale++;
	}
	pthread_mutex_unlock(&vmm.dma_lock);
}

/* Devices that stay in one domain must not notice what others do. */
static void dma_of_neighbours(void)
{
	unsigned int i;

	pthread_mutex_lock(&vmm.dma_lock);
	for (i = 0; i < vmm.num_neighbours; i++)
		if (write_once(&vmm.neighbours[i]) != (int)i)
			vmm.disturbed++;
	pthread_mutex_unlock(&vmm.dma_lock);
}

static void replace(void)
{
	unsigned int seq = atomic_fetch_add(&vmm.seq, 1) + 1;

	vfio_attach(&vmm.device.vfio, vmm.domains[(seq + 1) / 2 % 2].hwpt);
	atomic_fetch_add(&vmm.seq, 1);
}

static void *dma_thread(void *unused)
{
	while (!atomic_load(&vmm.stop)) {
		dma();
		dma_of_neighbours();
	}
	return unused;
}

static void *map_thread(void *unused)
{
	uint8_t *memory = alloc_pages(STRESS_PAGES);
	unsigned long round;

	for (round = 0; !atomic_load(&vmm.stop); round++) {
		uint32_t ioas = vmm.domains[round % 2].ioas;
		uint64_t length = (1 + round % STRESS_PAGES) * PAGE;
		uint64_t iova = STRESS_IOVA + round % 1024 * (1 << 20);

		vfio_map(&vmm.device.vfio, ioas, memory, iova, length);
		vfio_unmap(&vmm.device.vfio, ioas, iova, length);
	}
	printf("vmm: %lu maps and unmaps\n", round);
	return unused;
}

static void start(pthread_t *thread, void *(*fn)(void *), void *arg)
{
	errno = pthread_create(thread, NULL, fn, arg);
	if (errno)
		die("pthread_create");
}

static void replace_often(unsigned long replaces)
{
	unsigned long i;

	for (i = 0; i < replaces; i++) {
		replace();
		if (i % OWN_DMA_EVERY == 0)
			dma();
	}
}

/* All of the replacing thread's own DMAs, half of them in each domain */
static bool are_enough_judged(unsigned long replaces)
{
	unsigned long least = replaces / OWN_DMA_EVERY / 2;

	return vmm.counts.judged[0] >= least && vmm.counts.judged[1] >= least;
}

static void print_counts(unsigned long replaces)
{
	const struct counts *counts = &vmm.counts;

	printf("result: replaces=%lu dma=%lu lost=%lu stale=%lu judged=%lu+%lu\n",
	       replaces, counts->dma, counts->lost, counts->stale,
	       counts->judged[0], counts->judged[1]);
	if (vmm.num_neighbours)
		printf("result: neighbours=%u disturbed=%lu\n",
		       vmm.num_neighbours, vmm.disturbed);
}

/* Counts all, and judges what holds on any kernel. */
static int replace_under_dma(unsigned long replaces, bool stress)
{
	pthread_t dma_id, map_id;

	start(&dma_id, dma_thread, NULL);
	if (stress)
		start(&map_id, map_thread, NULL);
	replace_often(replaces);

	atomic_store(&vmm.stop, true);
	pthread_join(dma_id, NULL);
	if (stress)
		pthread_join(map_id, NULL);

	print_counts(replaces);
	return vmm.disturbed || !are_enough_judged(replaces);
}

static int run_count(unsigned long replaces)
{
	return replace_under_dma(replaces, false);
}

static int run_replace(unsigned long replaces)
{
	return run_count(replaces) || vmm.counts.lost || vmm.counts.stale;
}

static int run_stress(unsigned long replaces)
{
	return replace_under_dma(replaces, true) || vmm.counts.lost ||
	       vmm.counts.stale;
}

/* One device and what is done to it */
struct changes {
	struct testdev *device;
	unsigned int seed;
	unsigned long left;
	unsigned long wrong;
};

/* Take the device from its driver and give it back; it has no domain then. */
static void rebind(struct testdev *device)
{
	pthread_mutex_lock(&vmm.dma_lock);
	unbind_device(device);
	bind_device(device);
	map_registers(device);
	vfio_enable_bus_master(&device->vfio);
	pthread_mutex_unlock(&vmm.dma_lock);
}

static void *change_thread(void *arg)
{
	struct changes *changes = arg;
	struct testdev *device = changes->device;
	int what, landed, wanted;

	for (; changes->left; changes->left--) {
		what = rand_r(&changes->seed) % 16;
		if (what == 0)
			rebind(device);
		else if (what < 4)
			vfio_detach(&device->vfio);
		else
			vfio_attach(&device->vfio, vmm.domains[what % 2].hwpt);

		wanted = what < 4 ? -1 : what % 2;
		pthread_mutex_lock(&vmm.dma_lock);
		landed = write_once(device);
		if (landed != wanted) {
			printf("vmm: %s: landed in %d after change %d\n",
			       device->slot, landed, what);
			changes->wrong++;
		}
		pthread_mutex_unlock(&vmm.dma_lock);
	}
	return NULL;
}

/* DMA of any device at any time, wherever it lands */
static void *roam_thread(void *unused)
{
	unsigned int turn;

	for (turn = 0; !atomic_load(&vmm.stop); turn++) {
		pthread_mutex_lock(&vmm.dma_lock);
		write_once(turn % 2 ? &vmm.device :
			   &vmm.neighbours[turn / 2 % vmm.num_neighbours]);
		pthread_mutex_unlock(&vmm.dma_lock);
	}
	return unused;
}

static int run_random(unsigned long steps)
{
	pthread_t change_ids[3], roam_id, map_id;
	unsigned int num = 1 + vmm.num_neighbours, i;
	struct changes changes[3] = {};
	unsigned long wrong = 0;

	if (!vmm.num_neighbours) {
		errno = ENODEV;
		die("a second iommu-testdev");
	}

	start(&roam_id, roam_thread, NULL);
	start(&map_id, map_thread, NULL);
	for (i = 0; i < num; i++) {
		changes[i].device = i ? &vmm.neighbours[i - 1] : &vmm.device;
		changes[i].seed = i + 1;
		changes[i].left = steps;
		start(&change_ids[i], change_thread, &changes[i]);
	}
	for (i = 0; i < num; i++) {
		pthread_join(change_ids[i], NULL);
		wrong += changes[i].wrong;
	}
	atomic_store(&vmm.stop, true);
	pthread_join(roam_id, NULL);
	pthread_join(map_id, NULL);

	printf("result: devices=%u changes=%lu wrong=%lu\n", num, num * steps,
	       wrong);
	return wrong != 0;
}

/* Where the device may write, by page, and the memory behind it */
struct window {
	volatile uint8_t *memory;
	unsigned long pages;
};

static bool lands(struct testdev *device, const struct window *window,
		  unsigned long page)
{
	volatile uint32_t *where = (void *)(window->memory + page * PAGE);

	write_reg(device, REG_IOVA_LO, UNMAP_IOVA + page * PAGE);
	*where = 0;
	write_reg(device, REG_DOORBELL, 1);
	read_reg(device, REG_TRIGGER);
	return *where == PATTERN;
}

/* The device writes all over the window, whether it is mapped or not. */
static void *pester_thread(void *arg)
{
	const struct window *window = arg;
	unsigned int seed = 1;

	while (!atomic_load(&vmm.stop)) {
		pthread_mutex_lock(&vmm.dma_lock);
		lands(&vmm.device, window, rand_r(&seed) % window->pages);
		pthread_mutex_unlock(&vmm.dma_lock);
	}
	return NULL;
}

/* How many of the first, middle and last page of some a device writes to */
static unsigned int count_landed(struct testdev *device,
				 const struct window *window,
				 unsigned long first, unsigned long pages)
{
	unsigned int landed;

	pthread_mutex_lock(&vmm.dma_lock);
	landed = lands(device, window, first) +
		 lands(device, window, first + pages / 2) +
		 lands(device, window, first + pages - 1);
	pthread_mutex_unlock(&vmm.dma_lock);
	return landed;
}

/* The neighbour that is in the same domain has an IOTLB and a mind of its own. */
static unsigned int count_all(const struct window *window, unsigned long first,
			      unsigned long pages)
{
	unsigned int landed = count_landed(&vmm.device, window, first, pages);

	if (vmm.num_neighbours)
		landed += count_landed(&vmm.neighbours[0], window, first, pages);
	return landed;
}

static struct window make_window(unsigned long pages)
{
	struct window window = { .pages = pages };

	write_file("/sys/kernel/mm/hugepages/hugepages-2048kB", "nr_hugepages",
		   "8");
	window.memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB |
			     MAP_POPULATE, -1, 0);
	if (window.memory == MAP_FAILED)
		die("mmap of %lu huge pages", pages * PAGE / HUGE_PAGE);
	return window;
}

/*
 * What is unmapped when the call returns, no device reaches. Areas that begin
 * where a huge page does, and are as large, are mapped as huge pages.
 */
static int run_unmap(unsigned long rounds)
{
	static const struct {
		unsigned long first, pages;
	} areas[] = {
		{ 3, 1 }, { 5, 7 }, { 100, 64 }, { 700, 300 }, { 0, 512 },
		{ 512, 1024 }, { 1, 2047 }, { 0, 2048 },
	};
	unsigned int num = 3 * (1 + !!vmm.num_neighbours);
	struct window window = make_window(2048);
	uint32_t ioas = vmm.domains[0].ioas;
	unsigned long round, missing = 0, stale = 0;
	pthread_t pester_id;

	start(&pester_id, pester_thread, &window);
	for (round = 0; round < rounds; round++) {
		unsigned long first = areas[round % ARRAY_SIZE(areas)].first;
		unsigned long pages = areas[round % ARRAY_SIZE(areas)].pages;
		uint64_t iova = UNMAP_IOVA + first * PAGE;

		vfio_map(&vmm.device.vfio, ioas,
			 (void *)(window.memory + first * PAGE), iova,
			 pages * PAGE);
		missing += num - count_all(&window, first, pages);
		vfio_unmap(&vmm.device.vfio, ioas, iova, pages * PAGE);
		stale += count_all(&window, first, pages);
	}
	atomic_store(&vmm.stop, true);
	pthread_join(pester_id, NULL);

	printf("result: unmaps=%lu missing=%lu stale=%lu\n", rounds, missing,
	       stale);
	return missing || stale;
}

static int tests, failures;

static void check(bool ok, const char *what)
{
	printf("%s %d %s\n", ok ? "ok" : "not ok", ++tests, what);
	failures += !ok;
}

static int run_attach(unsigned long replaces)
{
	const uint32_t no_such_id = 0xffff;

	printf("KTAP version 1\n1..%u\n", replaces ? 9 : 8);
	check(write_once(&vmm.device) == 0, "DMA lands in the attached domain");
	check(vfio_try_attach(&vmm.device.vfio, no_such_id), "an attach can fail");
	check(write_once(&vmm.device) == 0, "DMA lands in the old domain after a failure");
	check(!vfio_try_attach(&vmm.device.vfio, vmm.domains[0].hwpt),
	      "the same domain can be attached");
	check(write_once(&vmm.device) == 0, "DMA lands in it");
	if (replaces)
		check(!run_replace(replaces), "replacing loses no DMA");
	vfio_detach(&vmm.device.vfio);
	check(write_once(&vmm.device) < 0, "DMA of a detached device is blocked");
	vfio_attach(&vmm.device.vfio, vmm.domains[1].hwpt);
	check(write_once(&vmm.device) == 1, "DMA lands in the domain attached then");
	vfio_unmap(&vmm.device.vfio, vmm.domains[1].ioas, TEST_IOVA,
		   TEST_IOVAS * PAGE);
	check(write_once(&vmm.device) < 0, "DMA to what was unmapped is blocked");
	return failures != 0;
}

/*
 * Have the nth allocation of this thread from now on fail, none if 0; says
 * whether the one that was to fail before has done so. The file stays open, as
 * opening it allocates.
 */
static bool fail_nth(unsigned int nth)
{
	static int fd = -1;
	char text[16] = "";

	if (fd < 0)
		fd = open("/proc/thread-self/fail-nth", O_RDWR);
	if (fd < 0 || pread(fd, text, sizeof(text) - 1, 0) < 0)
		die("/proc/thread-self/fail-nth");

	if (dprintf(fd, "%u", nth) < 0)
		die("write to /proc/thread-self/fail-nth");
	return !strtoul(text, NULL, 0);
}

static void allow_failures(const char *dir)
{
	write_file(dir, "ignore-gfp-wait", "N");
	write_file(dir, "verbose", "0");
}

/*
 * Fail the first allocation of an attach, then the second and so on until one
 * attach makes fewer, each time from another domain or, if @detached, from none.
 * An attach may do without; whatever it says, the device must translate through
 * the domain that it says.
 */
static void fail_attaches(bool detached)
{
	unsigned int nth, refused = 0;
	bool injected, failed, ok = true;
	int attached = 0, to;

	printf("# from %s\n", detached ? "no domain" : "another domain");
	for (nth = 1; ; nth++) {
		if (detached) {
			vfio_detach(&vmm.device.vfio);
			attached = -1;
		}
		to = attached ? 0 : 1;
		fail_nth(nth);
		failed = vfio_try_attach(&vmm.device.vfio, vmm.domains[to].hwpt);
		injected = fail_nth(0);
		refused += failed;
		if (!failed)
			attached = to;
		if (write_once(&vmm.device) != attached)
			ok = false;
		dma_of_neighbours();
		if (!injected)
			break;
	}
	check(ok, "DMA lands in the domain that is attached, after each");
	check(!vmm.disturbed, "other devices do not notice");
	check(refused, "some attaches were refused");
	check(!failed, "without a failure there is none");
	printf("result: points=%u refused=%u\n", nth - 1, refused);
}

static int run_fail(__attribute__((unused)) unsigned long number)
{
	allow_failures("/sys/kernel/debug/failslab");
	allow_failures("/sys/kernel/debug/fail_page_alloc");
	write_file("/sys/kernel/debug/fail_page_alloc", "min-order", "0");

	printf("KTAP version 1\n1..8\n");
	fail_attaches(false);
	fail_attaches(true);
	return failures != 0;
}

/* @least: the smallest number that makes sense */
static const struct {
	const char *name;
	int (*run)(unsigned long number);
	unsigned long least;
} commands[] = {
	{ "replace", run_replace, 1 },
	{ "count", run_count, 1 },
	{ "stress", run_stress, 1 },
	{ "unmap", run_unmap, 1 },
	{ "random", run_random, 1 },
	{ "attach", run_attach, 0 },
	{ "fail", run_fail, 0 },
};

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";
	unsigned long number = argc > 2 ? strtoul(argv[2], NULL, 0) : 0;
	unsigned int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		if (strcmp(command, commands[i].name) || number < commands[i].least)
			continue;
		set_up();
		return commands[i].run(number);
	}

	fprintf(stderr,
		"usage: vmm replace|count|stress|unmap|random N\n"
		"       vmm attach [N]\n"
		"       vmm fail\n");
	return 2;
}
