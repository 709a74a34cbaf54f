// SPDX-License-Identifier: GPL-2.0
/*
 * reach - hand over a device that reaches much memory
 *
 *   reach N     map N GiB for a device with 4 KiB pages, hand it over to the Live
 *               Update Orchestrator, and start the loaded kernel
 *   reach done  in that kernel: finish the session
 *   reach gone  the same, with the device removed before that, and see that its
 *               page table is freed, which was for 16 GiB; prints KTAP
 *
 * The guest need not have as much memory: all addresses lead to one small file.
 * What is to be preserved for a device is its page table, and that is as large as
 * if they did not.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <unistd.h>

#include "luo.h"
#include "memory.h"
#include "vfio.h"

#define SESSION		"reach"
#define TOKEN_MEMORY	1
#define TOKEN_DEVICE	2
#define IOVA		0x100000000UL
#define FILE_SIZE	(16UL << 20)
#define GIB		(1024UL << 20)
/* That file, and half of a page table for 16 GiB: some of it waits in lists of CPUs. */
#define FREED_KB	((FILE_SIZE + (16UL << 20)) >> 10)

/* Pages of 4 KiB, as those of a memfd are that was not told otherwise */
static int make_file(void)
{
	int fd = memfd_create("reach", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, FILE_SIZE) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK))
		die("memfd");
	return fd;
}

static int hand_over(unsigned long gib)
{
	unsigned long offset;
	struct vfio vfio;
	int session, fd;
	uint32_t ioas;
	char path[300];

	errno = ENODEV;
	if (!vfio_give(TESTDEV_VENDOR, TESTDEV_DEVICE, 0, path, sizeof(path)))
		die("iommu-testdev");
	vfio = vfio_bind(vfio_open(path));
	ioas = vfio_make_ioas(&vfio);
	vfio_attach(&vfio, vfio_make_domain(&vfio, ioas));
	fd = make_file();
	for (offset = 0; offset < gib * GIB; offset += FILE_SIZE)
		if (vfio_map_file(&vfio, ioas, fd, IOVA + offset, FILE_SIZE))
			die("map of the memfd");
	printf("reach: mapped\n");

	session = luo_create_session(SESSION);
	if (luo_preserve(session, fd, TOKEN_MEMORY) ||
	    luo_preserve(session, vfio.fd, TOKEN_DEVICE))
		die("not preserved");
	printf("reach: preserved\n");
	do {
		reboot(RB_KEXEC);
	} while (errno == EAGAIN);
	die("kexec");
}

static int finish(void)
{
	luo_finish_session(luo_retrieve_session(SESSION));
	return 0;
}

static int finish_gone(void)
{
	unsigned long before, after;

	pci_remove(TESTDEV_VENDOR, TESTDEV_DEVICE);
	before = free_memory();
	finish();
	after = free_memory();
	printf("reach: free-kB=%lu before, %lu after\n", before, after);
	printf("%sok the page table of a device that is gone is freed\n",
	       after > before + FREED_KB ? "" : "not ");
	return 0;
}

int main(int argc, char **argv)
{
	unsigned long gib = argc == 2 ? strtoul(argv[1], NULL, 0) : 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (gib)
		return hand_over(gib);
	if (argc == 2 && !strcmp(argv[1], "done"))
		return finish();
	if (argc == 2 && !strcmp(argv[1], "gone"))
		return finish_gone();

	fprintf(stderr, "usage: reach N | done | gone\n");
	return 2;
}
