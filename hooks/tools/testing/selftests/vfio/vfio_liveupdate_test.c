// SPDX-License-Identifier: GPL-2.0-only
/*
 * Have a device copy memory before and after the kernel is replaced.
 *
 * The first stage has a device copy, preserves its memory and its file, has it copy
 * again, and stays. After a kexec the second one retrieves both, and has the device
 * copy as it stands: by the translation that it had in the kernel before; then by that
 * of an address space of this kernel; then after all is finished; then after a reset.
 */
#include <stdlib.h>

#include <sys/mman.h>

#include <linux/sizes.h>

#include <libliveupdate.h>
#include <libvfio.h>

#define STATE_SESSION	"vfio_liveupdate_state"
#define STATE_TOKEN	1
#define SESSION		"vfio_liveupdate"
#define MEMORY_TOKEN	1
#define DEVICE_TOKEN	2

#define MEMORY_SIZE	SZ_4M
#define COPIES		100

static const char *device_bdf;

/* What the second stage has to know, in the memory that both have */
struct kept {
	iova_t iova;
	unsigned long copies;
};

struct copier {
	struct iommu *iommu;
	struct vfio_pci_device *device;
	/* The driver's memory, what is kept, and what is copied */
	struct dma_region memory;
	struct kept *kept;
	int memfd;
};

static void find_memory(struct copier *copier, int memfd)
{
	copier->memfd = memfd;
	copier->memory.size = MEMORY_SIZE;
	copier->memory.vaddr = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE,
				    MAP_SHARED, memfd, 0);
	VFIO_ASSERT_NE(copier->memory.vaddr, MAP_FAILED);
	copier->kept = copier->memory.vaddr + SZ_2M;
}

/* The driver has the first half. */
static void use_memory(struct copier *copier)
{
	copier->memory.iova = copier->kept->iova;
	copier->device->driver.region = (struct dma_region) {
		.vaddr = copier->memory.vaddr,
		.iova = copier->memory.iova,
		.size = SZ_2M,
	};
}

/* Copy another byte than the time before, and look for each of them. */
static bool copy(struct copier *copier)
{
	u8 *src = copier->memory.vaddr + SZ_2M + SZ_64K, *dst = src + SZ_1M;
	iova_t iova = copier->memory.iova + SZ_2M + SZ_64K;
	u64 size = min_t(u64, SZ_1K, copier->device->driver.max_memcpy_size);
	int i;

	for (i = 0; i < COPIES; i++) {
		memset(src, ++copier->kept->copies, size);
		if (vfio_pci_driver_memcpy(copier->device, iova, iova + SZ_1M, size) ||
		    memcmp(src, dst, size))
			return false;
	}

	return true;
}

static int make_memory(void)
{
	int memfd = memfd_create("vfio_liveupdate_test", MFD_ALLOW_SEALING);

	VFIO_ASSERT_GE(memfd, 0);
	VFIO_ASSERT_EQ(ftruncate(memfd, MEMORY_SIZE), 0);
	VFIO_ASSERT_EQ(fcntl(memfd, F_ADD_SEALS, F_SEAL_SHRINK), 0);
	return memfd;
}

static iova_t find_iova(struct iommu *iommu)
{
	struct iova_allocator *allocator = iova_allocator_init(iommu);
	iova_t iova = iova_allocator_alloc(allocator, MEMORY_SIZE);

	iova_allocator_cleanup(allocator);
	return iova;
}

/* The sessions stay open until the kexec. */
static void run_stage_1(int luo_fd)
{
	struct copier copier = { .iommu = iommu_init(MODE_IOMMUFD) };
	int session;

	copier.device = vfio_pci_device_init(device_bdf, copier.iommu);
	if (!copier.device->driver.ops || !copier.device->driver.ops->resume)
		ksft_exit_skip("No driver that can go on with %s\n", device_bdf);

	find_memory(&copier, make_memory());
	copier.kept->iova = find_iova(copier.iommu);
	use_memory(&copier);
	iommu_map_file(copier.iommu, &copier.memory, copier.memfd, 0);
	vfio_pci_driver_init(copier.device);
	if (!copy(&copier))
		fail_exit("copying before all");

	create_state_file(luo_fd, STATE_SESSION, STATE_TOKEN, 2);
	session = luo_create_session(luo_fd, SESSION);
	if (session < 0)
		fail_exit("luo_create_session");
	if (luo_session_preserve_fd(session, copier.memfd, MEMORY_TOKEN))
		fail_exit("memory is not preserved");
	if (luo_session_preserve_fd(session, copier.device->fd, DEVICE_TOKEN))
		fail_exit("%s is not preserved", device_bdf);
	if (!copy(&copier))
		fail_exit("copying while preserved");

	close(luo_fd);
	daemonize_and_wait();
}

static void run_stage_2(int luo_fd, int state_session)
{
	struct copier copier = { .iommu = iommu_init(MODE_IOMMUFD) };
	int session, fd, stage;

	ksft_print_header();
	ksft_set_plan(4);

	restore_and_read_stage(state_session, STATE_TOKEN, &stage);
	session = luo_retrieve_session(luo_fd, SESSION);
	if (session < 0)
		fail_exit("luo_retrieve_session");
	fd = luo_session_retrieve_fd(session, MEMORY_TOKEN);
	if (fd < 0)
		fail_exit("memory is not retrieved");
	find_memory(&copier, fd);
	fd = luo_session_retrieve_fd(session, DEVICE_TOKEN);
	if (fd < 0)
		fail_exit("%s is not retrieved", device_bdf);

	copier.device = vfio_pci_device_init_fd(fd, device_bdf, copier.iommu);
	use_memory(&copier);
	vfio_pci_driver_resume(copier.device);
	ksft_test_result(copy(&copier), "by the translation of the kernel before\n");

	iommu_map_file(copier.iommu, &copier.memory, copier.memfd, 0);
	vfio_pci_device_attach(copier.device, copier.iommu->ioas_id);
	ksft_test_result(copy(&copier), "by an address space of this kernel\n");

	if (luo_session_finish(session) || luo_session_finish(state_session))
		fail_exit("luo_session_finish");
	ksft_test_result(copy(&copier), "after the finish\n");

	vfio_pci_driver_remove(copier.device);
	vfio_pci_driver_init(copier.device);
	ksft_test_result(copy(&copier), "after a reset\n");

	ksft_print_msg("copies=%lu\n", copier.kept->copies);
	ksft_finished();
}

int main(int argc, char *argv[])
{
	device_bdf = vfio_selftests_get_bdf(&argc, argv);

	return luo_test(argc, argv, STATE_SESSION, run_stage_1, run_stage_2);
}
