// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replace page tables under a device that copies memory.
 *
 * Two page tables map the same IOVAs to different memory. One thread has the device
 * copy a block after the other, and looks at each where it went; another one attaches
 * the page tables in turn. Where a replace is hitless, each byte of each copy
 * is read from, and written to, the memory of one page table or the other; and of a
 * copy that no replace has overlapped, to that of the one that is attached.
 *
 * A copy has failed if the driver says so; it has lost what is nowhere afterwards;
 * and it has misplaced what is not where it has to be, or does not come from there.
 * Half of the times the device copies the block many times in a row, so that it is
 * at it when it is replaced; what is lost of one of these, the next one hides.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include <sys/mman.h>

#include <linux/iommufd.h>
#include <linux/sizes.h>
#include <linux/vfio.h>

#include <libvfio.h>

#include "kselftest_harness.h"

#define REPLACES	2000
/* Of so many replaces one waits for a copy. Odd: both page tables have their turn. */
#define QUIET_EVERY	15
/* So much in a row takes the fastest device as long as it takes to replace some times. */
#define SIZE		SZ_64K
#define BATCH		64UL
/* Less says too little of replaces under DMA. */
#define OVERLAPPED	(REPLACES / 100)
#define PASID		1

static const char *device_bdf;

/* What one page table maps */
struct side {
	struct iommu_pt pt;
	struct dma_region buffer;
	struct dma_region driver;
	u8 *src;
	u8 *dst;
};

struct counts {
	unsigned long quiet;
	unsigned long failed;
	unsigned long lost;
	unsigned long misplaced;
};

/* A device that copies, and page tables that are replaced */
struct race {
	struct iommu *iommu;
	struct vfio_pci_device *device;
	struct iova_allocator *iova_allocator;
	struct side sides[2];
	iova_t src;
	iova_t dst;
	u64 size;
	u64 batch;
	/* Can the page tables be those of a PASID? Which one is? */
	bool pasid;
	int pasid_side;

	pthread_t copier;
	unsigned int replaces;
	/* Odd while a replace is under way; sides[seq / 2 % 2] is attached otherwise */
	atomic_uint seq;
	atomic_ulong copies;
	atomic_bool stop;
	struct counts counts;
	const char *what;
};

FIXTURE(hitless_replace)
{
	struct race race;
};

/* Tells whose byte it is, and where it belongs; never 0 */
static u8 pattern(int side, u64 i)
{
	return side << 7 | (i % 127 + 1);
}

static void *map(struct iommu *iommu, struct dma_region *region, void *vaddr,
		 iova_t iova, u64 size)
{
	if (!vaddr) {
		vaddr = mmap(NULL, size, PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		VFIO_ASSERT_NE(vaddr, MAP_FAILED);
	}

	*region = (struct dma_region) {
		.vaddr = vaddr,
		.iova = iova,
		.size = size,
	};
	iommu_map(iommu, region);

	return vaddr;
}

/* Returns whether the page table can be that of a PASID. */
static bool side_init(struct side *side, struct vfio_pci_device *device, iova_t iova)
{
	struct dma_region *driver = &device->driver.region;
	int r = __iommu_pt_init(&side->pt, device, IOMMU_HWPT_ALLOC_PASID);

	if (r) {
		VFIO_ASSERT_EQ(r, -EOPNOTSUPP);
		iommu_pt_init(&side->pt, device);
	}
	/* The driver of the device goes on wherever it is attached. */
	map(&side->pt.iommu, &side->driver, driver->vaddr, driver->iova, driver->size);
	side->src = map(&side->pt.iommu, &side->buffer, NULL, iova, SZ_2M);
	side->dst = side->src + SZ_1M;

	return !r;
}

static void side_cleanup(struct side *side)
{
	iommu_unmap_all(&side->pt.iommu);
	iommu_pt_cleanup(&side->pt);
	VFIO_ASSERT_EQ(munmap(side->buffer.vaddr, side->buffer.size), 0);
}

FIXTURE_SETUP(hitless_replace)
{
	struct race *race = &self->race;
	struct vfio_pci_driver *driver;
	iova_t iova;
	int i;

	race->iommu = iommu_init(MODE_IOMMUFD);
	race->device = vfio_pci_device_init(device_bdf, race->iommu);
	race->iova_allocator = iova_allocator_init(race->iommu);
	driver = &race->device->driver;
	if (!driver->ops)
		SKIP(return, "No driver for %s\n", device_bdf);

	map(race->iommu, &driver->region, NULL,
	    iova_allocator_alloc(race->iova_allocator, SZ_2M), SZ_2M);
	iova = iova_allocator_alloc(race->iova_allocator, SZ_2M);
	race->src = iova;
	race->dst = iova + SZ_1M;

	race->pasid = true;
	for (i = 0; i < 2; i++)
		race->pasid &= side_init(&race->sides[i], race->device, iova);
	vfio_pci_device_attach(race->device, race->sides[0].pt.id);

	vfio_pci_driver_init(race->device);
	race->size = min_t(u64, SIZE, driver->max_memcpy_size);
	race->batch = min_t(u64, BATCH, driver->max_memcpy_count);
	for (i = 0; i < 2; i++) {
		u64 j;

		for (j = 0; j < race->size; j++)
			race->sides[i].src[j] = pattern(i, j);
	}
}

FIXTURE_TEARDOWN(hitless_replace)
{
	struct race *race = &self->race;
	struct dma_region *region = &race->device->driver.region;
	int i;

	vfio_pci_driver_remove(race->device);

	/* What is attached cannot be destroyed. */
	vfio_pci_device_attach(race->device, race->iommu->ioas_id);
	for (i = 0; i < 2; i++)
		side_cleanup(&race->sides[i]);

	iommu_unmap(race->iommu, region);
	VFIO_ASSERT_EQ(munmap(region->vaddr, region->size), 0);
	iova_allocator_cleanup(race->iova_allocator);
	vfio_pci_device_cleanup(race->device);
	iommu_cleanup(race->iommu);
}

/*
 * Look for all bytes of what was copied @count times. @attached is the only side it may
 * have to do with, or -1.
 */
static void judge(struct race *race, u64 count, int attached)
{
	bool lost = false, misplaced = false;
	u64 i;

	for (i = 0; i < race->size; i++) {
		u8 found[2] = { race->sides[0].dst[i], race->sides[1].dst[i] };
		int side = !found[0];
		u8 byte = found[side];

		if (!byte)
			lost = true;
		else if ((found[0] && found[1] && (count == 1 || attached >= 0)) ||
			 byte != pattern(byte >> 7, i) ||
			 (attached >= 0 && (side != attached || byte >> 7 != attached)))
			misplaced = true;
	}

	race->counts.lost += lost;
	race->counts.misplaced += misplaced;
}

static void copy_once(struct race *race)
{
	/* In pairs: who replaces waits for two, and must not find the same kind each time. */
	u64 count = atomic_load(&race->copies) / 2 % 2 ? race->batch : 1;
	unsigned int before;
	int attached = -1;

	memset(race->sides[0].dst, 0, race->size);
	memset(race->sides[1].dst, 0, race->size);

	before = atomic_load(&race->seq);
	vfio_pci_driver_memcpy_start(race->device, race->src, race->dst, race->size, count);
	if (vfio_pci_driver_memcpy_wait(race->device)) {
		race->counts.failed++;
	} else {
		if (!(before % 2) && atomic_load(&race->seq) == before) {
			race->counts.quiet++;
			attached = before / 2 % 2;
		}
		judge(race, count, attached);
	}

	atomic_fetch_add(&race->copies, 1);
}

static void *copy_thread(void *arg)
{
	struct race *race = arg;

	while (!atomic_load(&race->stop))
		copy_once(race);

	return NULL;
}

/* Of the second copy from now on all has happened from now on. */
static void wait_for_copy(struct race *race)
{
	unsigned long copies = atomic_load(&race->copies);

	while (atomic_load(&race->copies) < copies + 2)
		sched_yield();
}

static void replace(struct race *race)
{
	unsigned int next = (atomic_load(&race->seq) / 2 + 1) % 2;

	atomic_fetch_add(&race->seq, 1);
	vfio_pci_device_attach(race->device, race->sides[next].pt.id);
	atomic_fetch_add(&race->seq, 1);
}

static struct race *under_way;

static void report(struct race *race)
{
	ksft_print_msg("%s: replaces=%u copies=%lu quiet=%lu failed=%lu lost=%lu misplaced=%lu\n",
		       race->what, race->replaces, atomic_load(&race->copies),
		       race->counts.quiet, race->counts.failed, race->counts.lost,
		       race->counts.misplaced);
}

/*
 * A driver that gives up ends the program: the copy under way has failed, too. What
 * else ends it has not to do with the device.
 */
static void report_at_exit(void)
{
	if (!under_way)
		return;

	if (pthread_equal(pthread_self(), under_way->copier))
		under_way->counts.failed++;
	report(under_way);
}

/* Have the device copy while @change is called again and again, for what @what says. */
static void copy_during(struct race *race, const char *what,
			void (*change)(struct race *race))
{
	race->what = what;
	under_way = race;
	VFIO_ASSERT_EQ(atexit(report_at_exit), 0);
	VFIO_ASSERT_EQ(pthread_create(&race->copier, NULL, copy_thread, race), 0);
	wait_for_copy(race);
	while (race->replaces < REPLACES) {
		change(race);
		if (!(race->replaces++ % QUIET_EVERY))
			wait_for_copy(race);
	}
	atomic_store(&race->stop, true);
	VFIO_ASSERT_EQ(pthread_join(race->copier, NULL), 0);
	under_way = NULL;
	report(race);
}

static void expect_hitless(struct __test_metadata *_metadata,
			   struct race *race)
{
	ASSERT_GT(race->counts.quiet, 0);
	ASSERT_EQ(race->counts.failed, 0);
	ASSERT_EQ(race->counts.lost, 0);
	ASSERT_EQ(race->counts.misplaced, 0);
}

TEST_F_TIMEOUT(hitless_replace, requests_without_pasid, 600)
{
	struct race *race = &self->race;

	copy_during(race, "requests without PASID", replace);

	expect_hitless(_metadata, race);
	ASSERT_GE(atomic_load(&race->copies) - race->counts.quiet, OVERLAPPED);
}

static void replace_pasid(struct race *race)
{
	race->pasid_side = !race->pasid_side;
	VFIO_ASSERT_EQ(__vfio_pci_device_attach_pasid(race->device, PASID,
						      race->sides[race->pasid_side].pt.id), 0);
}

/*
 * The drivers make no requests with PASID. Those without must not notice what becomes
 * of a PASID.
 */
TEST_F_TIMEOUT(hitless_replace, while_a_pasid_changes, 600)
{
	struct race *race = &self->race;

	if (!race->pasid || !vfio_pci_device_pasid_bits(race->device))
		SKIP(return, "No PASIDs for this device\n");

	copy_during(race, "while a PASID changes", replace_pasid);
	vfio_pci_device_detach_pasid(race->device, PASID);

	expect_hitless(_metadata, race);
	/* None was overlapped by a replace of what it goes through. */
	ASSERT_EQ(race->counts.quiet, atomic_load(&race->copies));
}

int main(int argc, char *argv[])
{
	device_bdf = vfio_selftests_get_bdf(&argc, argv);

	return test_harness_run(argc, argv);
}
