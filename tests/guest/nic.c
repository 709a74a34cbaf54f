// SPDX-License-Identifier: GPL-2.0
/*
 * nic - receive numbered packets with a NIC, through a kexec if asked to
 *
 * A small VMM: it drives the NIC through VFIO and iommufd, without interrupts.
 * Everything that it knows of the stream is in a memfd, next to the receive
 * ring and its buffers, so that whoever has the memfd can go on, while the
 * device fills the ring all the time. The host sends to it, see
 * live_update.py. If there are several NICs, all are attached to one domain, and
 * each is sent the same.
 *
 *   nic receive N   receive N packets
 *   nic update N    receive N packets, hand the memory and the device to the
 *                   Live Update Orchestrator, and start the loaded kernel
 *   nic detach N    the same, with the last device detached at the end
 *   nic spare N     the same, with a NIC more, of which only the memory is handed
 *                   over, and no driver for the physical function of all
 *   nic spared N    in that kernel: see that the last one does no DMA, go on with
 *                   the others, and then use it; prints KTAP
 *   nic owner N     the same as update, with virtual functions of a physical one
 *                   that is handed over with them
 *   nic owned N     in that kernel: go on with that first, then with them; prints
 *                   KTAP
 *   nic intrude N   in that kernel: see that nobody opens that without going on with
 *                   it; prints KTAP
 *   nic noats N     the same as resume, where there is to be no ATS; prints KTAP
 *   nic vf-refuse N  see what cannot be done with virtual functions that are
 *                   preserved; prints KTAP
 *   nic vf-fixed N  in that kernel: the same before the finish, and go on
 *   nic low N       the same, with a domain id that the next kernel would give
 *                   to another device
 *   nic suspend N   the same, with a suspend and resume of all but the CPU
 *   nic resume N    in that kernel: look at what came in meanwhile, take over,
 *                   receive N packets more and replace the domain all the time
 *   nic signal N    the same as update, with MSI-X
 *   nic signalled N  in that kernel: see that no signal is missed; prints KTAP
 *   nic ids N       in that kernel: see that no other device gets that id before
 *                   the finish; prints KTAP
 *   nic others N    the same, without the last device, which was left out
 *   nic hold N      the same, after what a kernel does to memory that is free to
 *                   move; prints KTAP
 *   nic poor N      in that kernel: have the memory not retrieved for want of
 *                   memory, and see that the device does no harm; prints KTAP
 *   nic limited N   the same, for want of an allowance
 *   nic awake N     the same, with nobody who has the device open for a while;
 *                   prints KTAP
 *   nic reset N     the same, then reset it, and receive N packets more; prints
 *                   KTAP
 *   nic wake N      the same, with a suspend and resume before that
 *   nic again N     the same, and then hand over once more
 *   nic unfinished N  the same, but start the next kernel before the session is
 *                   finished; prints KTAP
 *   nic meanwhile N  the same, with another device preserved meanwhile
 *   nic kept N      in that kernel: see that this one is handed over, and the same
 *                   as stopped
 *   nic early N     start the next kernel before anything is retrieved
 *   nic stopped N   in that kernel: see that the device does no DMA, open it anew
 *                   and receive N packets; prints KTAP
 *   nic crash N     the same, and then crash
 *   nic bound N     in that kernel: claim the device and see that it goes on,
 *                   finish without attaching it and see that it is blocked, then
 *                   attach it and receive N packets more; prints KTAP
 *   nic abandon N   in that kernel: finish without the device, see that nobody
 *                   else has got it and that it is blocked, open it anew and
 *                   receive N packets more
 *   nic unplugged N  the same, with a device that is removed before that
 *   nic swapped N   the same, with another device found in its place
 *   nic blocked N   the same, with a device that cannot be retrieved
 *   nic refused N   see that the device cannot be handed over, and that it goes
 *                   on; prints KTAP
 *   nic refuse N    see what cannot be done with a device that is handed over,
 *                   and that it receives packets all the time; prints KTAP
 *
 * The host sends from "nic: ready" on.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "luo.h"
#include "memory.h"
#include "nic_driver.h"
#include "vfio.h"

#define IOVA		0x40000000UL

#define SESSION		"nic"
#define TOKEN_MEMORY	1
#define TOKEN_MORE	100
#define TOKEN_DEVICE	2

/* Memory that a device reaches besides its ring */
#define MORE_IOVA	0x80000000UL
#define MORE_SIZE	(64UL << 10)

#define MIN_REPLACES	1000

/* Where firmware has put none, of I/O */
#define OTHER_BAR	0xf001

/* What units are told of devices */
#define TABLES		"/sys/kernel/debug/iommu/intel/dmar_translation_struct"

/* What is enough to put the first half of the pages into a file */
#define HALF_WAY	"12000"
/* What is not enough for them, in bytes */
#define HALF_OF_MEMORY	"4M"

#define MAGIC		0x6e69632d72696e67ULL

#define MAX_NICS	3

/*
 * @apart: no two NICs are in one domain
 * @size: of the memory, which all NICs reach
 * @count: how many NICs there are to receive with
 */
struct vmm {
	const struct nic_driver *driver;
	const char *model;
	bool apart;
	int memfd;
	size_t size;
	unsigned int count;
	struct nic nics[MAX_NICS];
	uint32_t ioas;
	uint32_t domains[2];
};

/* A part of the memfd for each NIC */
static void map_memory(struct vmm *vmm)
{
	size_t size = vmm->driver->memory_size;
	uint8_t *memory;
	unsigned int i;

	vmm->size = vmm->count * size;
	memory = mmap(NULL, vmm->size, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_POPULATE, vmm->memfd, 0);
	if (memory == MAP_FAILED)
		die("mmap of the memfd");
	for (i = 0; i < vmm->count; i++) {
		vmm->nics[i].driver = vmm->driver;
		vmm->nics[i].memory = memory + i * size;
		vmm->nics[i].iova = IOVA + i * size;
	}
}

static void make_memory(struct vmm *vmm)
{
	unsigned int i;

	vmm->memfd = memfd_create("ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (vmm->memfd < 0 ||
	    ftruncate(vmm->memfd, vmm->count * vmm->driver->memory_size) ||
	    fcntl(vmm->memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		die("memfd");
	map_memory(vmm);
	for (i = 0; i < vmm->count; i++) {
		stream_of(&vmm->nics[i])->magic = MAGIC;
		vmm->driver->init_memory(&vmm->nics[i]);
	}
}

/* Which of the models there is; NULL if there is none */
static const char *find_model_of(const struct nic_driver *driver)
{
	const char *const *model;

	for (model = driver->models; *model; model++)
		if (pci_exists(driver->vendor, *model))
			return *model;
	return NULL;
}

static void find_driver(struct vmm *vmm)
{
	static const struct nic_driver *const drivers[] = {
		&e1000_driver, &virtio_driver
	};
	unsigned int i;

	for (i = 0; i < sizeof(drivers) / sizeof(*drivers); i++) {
		vmm->driver = drivers[i];
		if (drivers[i]->virtual)
			pci_provide_vfs(drivers[i]->vendor);
		vmm->model = find_model_of(drivers[i]);
		if (vmm->model)
			return;
	}
	errno = ENODEV;
	die("no NIC");
}

/* All that there are; returns how many. */
static unsigned int give_devices(struct vmm *vmm)
{
	unsigned int i;

	find_driver(vmm);
	vmm->apart = vmm->driver->virtual;
	for (i = 0; i < MAX_NICS; i++)
		if (!vfio_give(vmm->driver->vendor, vmm->model, i,
			       vmm->nics[i].path, sizeof(vmm->nics[i].path)))
			break;
	return i;
}

/* Two domains that map the same, so that one can replace the other */
static void make_domains(struct vmm *vmm)
{
	const struct vfio *vfio = &vmm->nics[0].vfio;
	int i;

	vmm->ioas = vfio_make_ioas(vfio);
	if (vfio_map_file(vfio, vmm->ioas, vmm->memfd, IOVA, vmm->size))
		die("map of the memfd");
	for (i = 0; i < 2; i++)
		vmm->domains[i] = vfio_make_domain(vfio, vmm->ioas);
}

static unsigned int first_domain(const struct vmm *vmm, unsigned int i)
{
	return vmm->apart ? i % 2 : 0;
}

static void bind_device(struct vmm *vmm, unsigned int i, int fd)
{
	struct nic *nic = &vmm->nics[i];

	if (i) {
		nic->vfio = vfio_bind_to(fd, vmm->nics[0].vfio.iommufd);
	} else {
		nic->vfio = vfio_bind(fd);
		make_domains(vmm);
	}
	vfio_attach(&nic->vfio, vmm->domains[first_domain(vmm, i)]);
	vmm->driver->map_registers(nic);
}

static void start_device(const struct nic *nic)
{
	vfio_enable_bus_master(&nic->vfio);
	nic->driver->start(nic);
}

/* What the NIC has that has the fewest */
static uint64_t count_received(const struct vmm *vmm)
{
	uint64_t received = stream_of(&vmm->nics[0])->received;
	unsigned int i;

	for (i = 1; i < vmm->count; i++)
		if (stream_of(&vmm->nics[i])->received < received)
			received = stream_of(&vmm->nics[i])->received;
	return received;
}

/* Receive @packets; if @replace is set, replace the domain at least so often */
static unsigned long receive(const struct vmm *vmm, uint64_t packets,
			     unsigned long replace)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	uint64_t end = count_received(vmm) + packets;
	unsigned long replaces = 0;
	unsigned int i;

	while (count_received(vmm) < end || replaces < replace) {
		for (i = 0; i < vmm->count; i++)
			vmm->driver->poll(&vmm->nics[i]);
		replaces += !!replace;
		for (i = 0; replace && i < vmm->count; i++)
			vfio_attach(&vmm->nics[i].vfio,
				    vmm->domains[(first_domain(vmm, i) +
						  replaces) % 2]);
		nanosleep(&pause, NULL);
	}
	return replaces;
}

static void set_up(struct vmm *vmm)
{
	unsigned int i;

	vmm->count = give_devices(vmm);
	make_memory(vmm);
	for (i = 0; i < vmm->count; i++) {
		bind_device(vmm, i, vfio_open(vmm->nics[i].path));
		start_device(&vmm->nics[i]);
	}
	/* QEMU's NIC takes no packets in the first second. */
	sleep(2);
	printf("nic: ready\n");
}

static int run_receive(uint64_t packets)
{
	struct vmm vmm;
	unsigned int i;

	set_up(&vmm);
	receive(&vmm, packets, 0);
	for (i = 0; i < vmm.count; i++)
		stream_print(stream_of(&vmm.nics[i]), "");
	return 0;
}

static void check(bool good, const char *what)
{
	printf("%sok %s\n", good ? "" : "not ", what);
}

static void preserve(int session, int fd, uint64_t token, const char *what)
{
	if (!luo_preserve(session, fd, token))
		return;
	/* No handler takes such a file: that is what the stock kernel says. */
	if (errno != ENOENT)
		die("%s is not preserved", what);
	printf("nic: nothing hands the %s over in this kernel\n", what);
}

/* Another device of the unit comes and goes. */
static void replug_other(void)
{
	pci_remove(TESTDEV_VENDOR, TESTDEV_DEVICE);
	pci_rescan(TESTDEV_VENDOR, TESTDEV_DEVICE);
}

/* The session stays open until the jump, or all would be undone. */
static void hand_over_some(const struct vmm *vmm, unsigned int devices,
			   uint64_t packets)
{
	unsigned int i;
	int session;

	for (i = 0; i < vmm->count; i++)
		vfio_mask_intx(&vmm->nics[i].vfio);
	receive(vmm, packets / 2, 0);
	/* Preserving takes time, and nothing may be lost in it. */
	session = luo_create_session(SESSION);
	preserve(session, vmm->memfd, TOKEN_MEMORY, "memory");
	for (i = 0; i < devices; i++)
		preserve(session, vmm->nics[i].vfio.fd, TOKEN_DEVICE + i,
			 "device");
	replug_other();
	receive(vmm, packets / 2, 0);
}

static void hand_over(const struct vmm *vmm, uint64_t packets)
{
	hand_over_some(vmm, vmm->count, packets);
}

/* What this kernel's gcov has counted ends with it. */
static void send_coverage(void)
{
	if (system("/bin/coverage"))
		die("coverage");
}

static int jump(void)
{
	send_coverage();
	printf("nic: jumping\n");
	do {
		reboot(RB_KEXEC);
	} while (errno == EAGAIN);
	die("kexec");
}

static int run_update(uint64_t packets)
{
	struct vmm vmm;

	set_up(&vmm);
	hand_over(&vmm, packets);
	return jump();
}

/* Another device of the unit */
static int open_other(void)
{
	char path[300];

	errno = ENODEV;
	if (!vfio_give(TESTDEV_VENDOR, TESTDEV_DEVICE, 0, path, sizeof(path)))
		die("iommu-testdev");
	return vfio_open(path);
}

/* What it is attached to maps @memfd, if there is one. */
static void attach_other(const struct vfio *other, int memfd)
{
	uint32_t ioas = vfio_make_ioas(other);

	if (memfd >= 0 && vfio_map_file(other, ioas, memfd, MORE_IOVA, MORE_SIZE))
		die("map of a file");
	vfio_attach(other, vfio_make_domain(other, ioas));
}

/* The next device in the tables of all units, and its domain id */
static bool read_id(FILE *tables, char slot[8], unsigned int *id)
{
	unsigned long context, entry;
	char line[256];
	int pasid;

	while (fgets(line, sizeof(line), tables)) {
		if (sscanf(line, "%7[0-9a-f:.] 0x%*x:0x%*x 0x%lx:0x%*x %d 0x%*x:0x%lx",
			   slot, &context, &pasid, &entry) != 4)
			continue;
		/* There is no PASID in legacy mode. */
		*id = (pasid < 0 ? context >> 8 : entry) & 0xffff;
		return true;
	}
	return false;
}

static FILE *open_tables(void)
{
	FILE *tables = fopen(TABLES, "r");

	if (!tables)
		die(TABLES);
	return tables;
}

/* How many devices have a domain id. Entries of the kernel before do not count. */
static unsigned int count_users(unsigned int id)
{
	unsigned int other, count = 0;
	FILE *tables = open_tables();
	char slot[8];

	while (read_id(tables, slot, &other))
		count += other == id;
	fclose(tables);
	return count;
}

/* False if it is blocked */
static bool look_up_id(const char *vendor, const char *device, unsigned int *id)
{
	FILE *tables = open_tables();
	char slot[256], other[8];
	bool found = false;

	pci_read_slot(vendor, device, slot, sizeof(slot));
	while (!found && read_id(tables, other, id))
		found = strstr(slot, other);
	fclose(tables);
	return found;
}

static unsigned int find_id(const char *vendor, const char *device)
{
	unsigned int id;

	errno = ENOENT;
	if (!look_up_id(vendor, device, &id))
		die("domain id of %s:%s", vendor, device);
	return id;
}

/*
 * The other device has no domain while this one gets its id, which is then the one
 * that the other device had at boot, and will have in the next kernel, if it can.
 */
static int run_low(uint64_t packets)
{
	struct vfio other = vfio_bind(open_other());
	struct vmm vmm;

	set_up(&vmm);
	stream_of(&vmm.nics[0])->id = find_id(vmm.driver->vendor, vmm.model);
	close(other.fd);
	hand_over(&vmm, packets);
	return jump();
}

/* How often the device has signalled since the last time */
static uint64_t count_signals(int fd)
{
	uint64_t count = 0;

	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		die("eventfd");
	return count;
}

static bool signals_packets(const struct vmm *vmm, int fd)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	unsigned int i;

	vmm->driver->let_signal(&vmm->nics[0], true);
	count_signals(fd);
	for (i = 0; i < 1000; i++) {
		vmm->driver->poll(&vmm->nics[0]);
		nanosleep(&pause, NULL);
	}
	return count_signals(fd) > 10;
}

static int run_signal(uint64_t packets)
{
	struct vmm vmm;
	int fd;

	set_up(&vmm);
	fd = vfio_make_msix(&vmm.nics[0].vfio);
	check(signals_packets(&vmm, fd), "packets are signalled");
	hand_over(&vmm, packets);
	return jump();
}

/* It takes five seconds, in which the device is suspended, too. */
static void suspend(void)
{
	write_file("/sys/power", "pm_test", "core");
	write_file("/sys/power", "state", "mem");
	printf("nic: slept\n");
}

static int run_suspend(uint64_t packets)
{
	struct vmm vmm;

	set_up(&vmm);
	hand_over(&vmm, packets);
	suspend();
	return jump();
}

static bool has_ats(const struct vmm *vmm, unsigned int i)
{
	return pci_has_ats_enabled(vmm->driver->vendor, vmm->model, i);
}

/* The physical function has no driver, and what the last one does is preserved. */
static int run_spare(uint64_t packets)
{
	struct vmm vmm;

	set_up(&vmm);
	pci_take(vmm.driver->vendor, NULL);
	check(has_ats(&vmm, 0) && has_ats(&vmm, vmm.count - 1), "ATS is on");
	hand_over_some(&vmm, vmm.count - 1, packets);
	return jump();
}

/* One that does not translate as it did any more is no obstacle to the others. */
static int run_detach(uint64_t packets)
{
	struct nic *nic;
	struct vmm vmm;

	set_up(&vmm);
	hand_over(&vmm, packets);
	nic = &vmm.nics[vmm.count - 1];
	nic->driver->stop(nic);
	vfio_detach(&nic->vfio);
	return jump();
}

static void expect_error(int ret, int error, const char *what)
{
	if (ret >= 0)
		printf("not ok it is refused to %s\n", what);
	else if (errno != error)
		printf("not ok it is refused to %s: %s\n", what, strerror(errno));
	else
		printf("ok it is refused to %s\n", what);
}

/* How a memfd that a device may reach was made, and what is wrong with it */
static int make_file(unsigned int seals)
{
	int fd = memfd_create("more", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || ftruncate(fd, MORE_SIZE) ||
	    (seals && fcntl(fd, F_ADD_SEALS, seals)))
		die("memfd");
	return fd;
}

static void *map_memory_of(int fd)
{
	void *memory = mmap(NULL, MORE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_SHARED | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);

	if (memory == MAP_FAILED)
		die("mmap");
	return memory;
}

/* The device reaches a file in addition, and nothing but that is wrong. */
static void refuse_file(const struct vmm *vmm, int session, int fd,
			const char *what)
{
	const struct vfio *vfio = &vmm->nics[0].vfio;

	if (vfio_map_file(vfio, vmm->ioas, fd, MORE_IOVA, MORE_SIZE))
		die("map of a file");
	expect_error(luo_preserve(session, vfio->fd, TOKEN_DEVICE), EINVAL, what);
	vfio_unmap(vfio, vmm->ioas, MORE_IOVA, MORE_SIZE);
}

/* Whatever a device reaches has to be preserved with it. */
static void refuse_memory(const struct vmm *vmm, int session)
{
	const struct vfio *vfio = &vmm->nics[0].vfio;
	int other = luo_create_session("other");
	int fd;

	fd = make_file(F_SEAL_SHRINK);
	vfio_map(vfio, vmm->ioas, map_memory_of(-1), MORE_IOVA, MORE_SIZE);
	expect_error(luo_preserve(session, vfio->fd, TOKEN_DEVICE), EINVAL,
		     "preserve a device that reaches anonymous memory");
	vfio_unmap(vfio, vmm->ioas, MORE_IOVA, MORE_SIZE);

	vfio_map(vfio, vmm->ioas, map_memory_of(fd), MORE_IOVA, MORE_SIZE);
	expect_error(luo_preserve(session, vfio->fd, TOKEN_DEVICE), EINVAL,
		     "preserve a device that reaches memory by its address");
	vfio_unmap(vfio, vmm->ioas, MORE_IOVA, MORE_SIZE);

	refuse_file(vmm, session, fd,
		    "preserve a device that reaches a file that is not preserved");
	preserve(other, fd, TOKEN_MEMORY, "memory");
	refuse_file(vmm, session, fd,
		    "preserve a device that reaches a file of another session");
	close(other);
	close(fd);

	fd = make_file(0);
	preserve(session, fd, TOKEN_MORE, "memory");
	refuse_file(vmm, session, fd,
		    "preserve a device that reaches a file that may shrink");
	close(fd);
}

/* Nor is memory of another device handed over, not even as a file (a dma-buf). */
static void refuse_bar(const struct vmm *vmm, int session)
{
	const struct vfio *vfio = &vmm->nics[0].vfio;
	struct vfio other = vfio_bind_to(open_other(), vfio->iommufd);
	int fd;

	expect_error(vfio_try_map(vfio, vmm->ioas, (void *)vfio_map_bar(&other, 0),
				  MORE_IOVA, 4096),
		     EFAULT, "map a BAR of another device by its address");

	fd = vfio_export_bar0(&other, 4096);
	if (vfio_map_file(vfio, vmm->ioas, fd, MORE_IOVA, 4096))
		die("map of a BAR");
	expect_error(luo_preserve(session, vfio->fd, TOKEN_DEVICE), EINVAL,
		     "preserve a device that reaches a BAR of another one");
	vfio_unmap(vfio, vmm->ioas, MORE_IOVA, 4096);
	close(fd);
	close(other.fd);
}

/* The file has other pages in a hole than the device reaches there. */
static void refuse_hole(const struct vmm *vmm)
{
	const struct vfio *vfio = &vmm->nics[0].vfio;
	int session = luo_create_session("hole");
	int fd = make_file(F_SEAL_SHRINK);

	memset(map_memory_of(fd), 1, MORE_SIZE);
	if (vfio_map_file(vfio, vmm->ioas, fd, MORE_IOVA, MORE_SIZE))
		die("map of a file");
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      MORE_SIZE / 2, 4096))
		die("hole");
	preserve(session, vmm->memfd, TOKEN_MEMORY, "memory");
	preserve(session, fd, TOKEN_MORE, "memory");
	expect_error(luo_preserve(session, vfio->fd, TOKEN_DEVICE), EINVAL,
		     "preserve a device that reaches what its file has lost");
	vfio_unmap(vfio, vmm->ioas, MORE_IOVA, MORE_SIZE);
	close(session);
	close(fd);
}

/* What it reaches cannot change while it is preserved. */
static void refuse_changes(const struct vmm *vmm)
{
	const struct vfio *vfio = &vmm->nics[0].vfio;
	int fd = make_file(F_SEAL_SHRINK);

	expect_error(vfio_map_file(vfio, vmm->ioas, fd, MORE_IOVA, MORE_SIZE),
		     EBUSY, "map memory for a preserved device");
	expect_error(vfio_try_unmap(vfio, vmm->ioas, IOVA,
				    vmm->driver->memory_size),
		     EBUSY, "unmap memory of a preserved device");
	expect_error(vfio_try_make_domain(vfio, vmm->ioas), EBUSY,
		     "make another domain that maps the same");
	close(fd);
}

static int run_refuse(uint64_t packets)
{
	struct nic *nic;
	struct vmm vmm;
	int session;

	set_up(&vmm);
	nic = &vmm.nics[0];
	receive(&vmm, packets, 0);
	refuse_hole(&vmm);
	session = luo_create_session(SESSION);
	expect_error(luo_preserve(session, nic->vfio.fd, TOKEN_DEVICE), EINVAL,
		     "preserve a device before its memory");
	preserve(session, vmm.memfd, TOKEN_MEMORY, "memory");
	refuse_memory(&vmm, session);
	refuse_bar(&vmm, session);
	if (luo_preserve(session, nic->vfio.fd, TOKEN_DEVICE))
		die("the device is not preserved");
	expect_error(luo_preserve(session, nic->vfio.fd, TOKEN_DEVICE + 1),
		     EBUSY, "preserve a device twice");
	expect_error(vfio_try_attach(&nic->vfio, vmm.domains[1]),
		     EBUSY, "replace the domain of a preserved device");
	receive(&vmm, packets, 0);
	refuse_changes(&vmm);
	/* Nothing is handed over by kexec_load(): translation would be off. */
	if (system("kexec -c -l /boot/bzImage-* > /dev/null"))
		die("kexec -c");
	expect_error(reboot(RB_KEXEC), ENOEXEC,
		     "start a kernel that takes nothing over");
	receive(&vmm, packets, 0);
	close(session);

	receive(&vmm, packets, MIN_REPLACES);
	check(!stream_of(nic)->skipped,
	      "a device that is not preserved any more goes on");
	nic->driver->stop(nic);
	vfio_unmap(&nic->vfio, vmm.ioas, IOVA, vmm.driver->memory_size);
	check(true, "an address space can change when nothing is preserved");
	stream_print(stream_of(nic), "");

	vfio_detach(&nic->vfio);
	session = luo_create_session(SESSION);
	preserve(session, vmm.memfd, TOKEN_MEMORY, "memory");
	expect_error(luo_preserve(session, nic->vfio.fd, TOKEN_DEVICE),
		     EBUSY, "preserve a device that is not attached");
	return 0;
}

static void refuse_vf(const struct vmm *vmm, const char *what)
{
	int session = luo_create_session(SESSION);

	preserve(session, vmm->memfd, TOKEN_MEMORY, "memory");
	expect_error(luo_preserve(session, vmm->nics[0].vfio.fd, TOKEN_DEVICE),
		     EBUSY, what);
	close(session);
}

/* How many virtual functions there are is fixed, and so is what drives theirs. */
static void refuse_owners(const struct vmm *vmm)
{
	const char *vendor = vmm->driver->vendor;

	expect_error(pci_try_set_vfs(vendor, "0"), EBUSY,
		     "remove virtual functions");
	pci_take(vendor, NULL);
	check(!pci_give(vendor, NULL, "virtio-pci"),
	      "no driver gets their physical function that may do anything to it");
	check(pci_give(vendor, NULL, "pci-pf-stub"), "one that does nothing does");
}

static int run_vf_refuse(uint64_t packets)
{
	struct vmm vmm;
	int session;

	set_up(&vmm);
	session = luo_create_session(SESSION);
	preserve(session, vmm.memfd, TOKEN_MEMORY, "memory");
	preserve(session, vmm.nics[0].vfio.fd, TOKEN_DEVICE, "device");
	refuse_owners(&vmm);
	receive(&vmm, packets, 0);
	close(session);

	pci_take(vmm.driver->vendor, NULL);
	check(pci_give(vmm.driver->vendor, NULL, "virtio-pci"),
	      "any driver may have it afterwards");
	refuse_vf(&vmm, "preserve a virtual function of one with a driver");
	receive(&vmm, packets, MIN_REPLACES);
	check(!stream_of(&vmm.nics[0])->skipped, "virtual functions go on");
	stream_print(stream_of(&vmm.nics[0]), "");
	return 0;
}

static int run_refused(uint64_t packets)
{
	struct nic *nic;
	struct vmm vmm;
	int session;

	set_up(&vmm);
	nic = &vmm.nics[0];
	session = luo_create_session(SESSION);
	preserve(session, vmm.memfd, TOKEN_MEMORY, "memory");
	expect_error(luo_preserve(session, nic->vfio.fd, TOKEN_DEVICE), EBUSY,
		     "preserve the device");
	receive(&vmm, packets, MIN_REPLACES);
	printf("%s it goes on\n", stream_of(nic)->skipped ? "not ok" : "ok");
	return 0;
}

/* Start a device that was reset, after what it wrote before that. */
static void restart_device(const struct nic *nic)
{
	nic->driver->take_rest(nic);
	start_device(nic);
}

/* Memory as the kernel before left it, before anybody touches the device */
static void retrieve_memory(struct vmm *vmm, int session)
{
	struct stat stat;
	unsigned int i;

	find_driver(vmm);
	vmm->memfd = luo_retrieve(session, TOKEN_MEMORY);
	if (vmm->memfd < 0 || fstat(vmm->memfd, &stat))
		die("the memory is not handed over");
	vmm->count = stat.st_size / vmm->driver->memory_size;
	errno = EILSEQ;
	if (!vmm->count || vmm->count > MAX_NICS)
		die("memory for %u NICs", vmm->count);
	map_memory(vmm);
	for (i = 0; i < vmm->count; i++)
		if (stream_of(&vmm->nics[i])->magic != MAGIC)
			die("the memory is not what was handed over");
}

/* The device from the session, else anew; says which */
static const char *retrieve_device(struct vmm *vmm, unsigned int i, int session)
{
	int fd = luo_retrieve(session, TOKEN_DEVICE + i);

	bind_device(vmm, i, fd < 0 ? vfio_open(vmm->nics[i].path) : fd);
	return fd < 0 ? "opened-anew" : "handed-over";
}

/* What a round must not cost: free memory, domain ids */
static void print_resources(void)
{
	printf("nic: resources free-kB=%lu ids=%lu\n", free_memory(),
	       read_number("/sys/class/iommu/dmar0/intel-iommu", "domains_used"));
}

/* How a device was found */
struct found {
	const char *device, *state;
	unsigned int during_jump;
};

static void take_device(struct vmm *vmm, unsigned int i, int session,
			struct found *found)
{
	struct nic *nic = &vmm->nics[i];

	found->device = retrieve_device(vmm, i, session);
	found->state = "kept";
	if (!vfio_is_bus_master(&nic->vfio)) {
		found->state = "stopped";
		vfio_enable_bus_master(&nic->vfio);
	}
	if (!nic->driver->is_running(nic)) {
		found->state = "reset";
		restart_device(nic);
	}
}

/* Memory first: it is still written to by way of the kernel before. */
static int retrieve_session(struct vmm *vmm, struct found *found)
{
	int session = luo_retrieve_session(SESSION);
	unsigned int i;

	retrieve_memory(vmm, session);
	for (i = 0; i < vmm->count; i++) {
		found[i].during_jump = vmm->driver->count_done(&vmm->nics[i]);
		printf("nic: back, %u packets came in\n", found[i].during_jump);
	}
	return session;
}

static void take_devices(struct vmm *vmm, int session, struct found *found)
{
	unsigned int i;

	replug_other();
	/* A driver must be there for what is retrieved. */
	give_devices(vmm);
	for (i = 0; i < vmm->count; i++)
		take_device(vmm, i, session, &found[i]);
}

/* Go on with all devices; returns how often domains were replaced. */
static unsigned long go_on(struct vmm *vmm, int session, uint64_t packets,
			   struct found *found)
{
	unsigned long replaces;

	take_devices(vmm, session, found);
	luo_finish_session(session);
	replaces = receive(vmm, packets, MIN_REPLACES);
	print_resources();
	return replaces;
}

static void report(const struct vmm *vmm, unsigned long replaces,
		   const struct found *found)
{
	unsigned int i;
	char more[128];

	for (i = 0; i < vmm->count; i++) {
		snprintf(more, sizeof(more),
			 " during-jump=%u replaces-after=%lu device=%s state=%s",
			 found[i].during_jump, replaces, found[i].device,
			 found[i].state);
		stream_print(stream_of(&vmm->nics[i]), more);
	}
}

static void resume(struct vmm *vmm, int session, uint64_t packets,
		   struct found *found)
{
	report(vmm, go_on(vmm, session, packets, found), found);
}

static int run_resume(uint64_t packets)
{
	struct found found[MAX_NICS];
	struct vmm vmm;

	resume(&vmm, retrieve_session(&vmm, found), packets, found);
	return 0;
}

/* An id that is in use in tables of the kernel before is in use. */
static int run_ids(uint64_t packets)
{
	struct found found[MAX_NICS];
	struct vfio other;
	unsigned int id;
	struct vmm vmm;
	int session;

	session = retrieve_session(&vmm, found);
	id = stream_of(&vmm.nics[0])->id;
	check(!count_users(id), "no other device has an awaited one's id");
	take_devices(&vmm, session, found);
	other = vfio_bind(open_other());
	attach_other(&other, -1);
	check(!count_users(id), "nor gets one that before the finish");
	vfio_detach(&other);
	luo_finish_session(session);
	attach_other(&other, -1);
	check(find_id(TESTDEV_VENDOR, TESTDEV_DEVICE) == id,
	      "it is free again after that");
	report(&vmm, receive(&vmm, packets, MIN_REPLACES), found);
	return 0;
}

/* The host sends all the time. */
static void expect_silence(const struct nic *nic, const char *what)
{
	unsigned int done = nic->driver->count_done(nic);

	printf("nic: back, %u packets came in\n", done);
	sleep(1);
	printf("%s a device that %s is blocked\n",
	       nic->driver->count_done(nic) == done ? "ok" : "not ok", what);
}

/*
 * The owner of a physical function, which is a user's, too
 */

static const uint8_t owner_token[16] = "token of owners";

#define OWNER		"owner"

static int open_owner(void)
{
	char path[300];

	errno = ENODEV;
	if (!vfio_give(virtio_driver.vendor, NULL, 0, path, sizeof(path)))
		die("physical function");
	return vfio_open(path);
}

/* It has memory of its own, and a session. */
static int run_owner(uint64_t packets)
{
	int memfd = make_file(F_SEAL_SHRINK), session;
	struct vfio owner;
	struct vmm vmm;

	write_file("/sys/module/vfio_pci/parameters", "enable_sriov", "1");
	/* The kernel's own driver has it since boot. */
	pci_take(virtio_driver.vendor, NULL);
	vfio_token = owner_token;
	owner = vfio_bind(open_owner());
	attach_other(&owner, memfd);
	vfio_enable_bus_master(&owner);
	pci_make_vfs(virtio_driver.vendor);
	set_up(&vmm);
	refuse_vf(&vmm, "preserve a virtual function before its physical one");
	session = luo_create_session(OWNER);
	preserve(session, memfd, TOKEN_MORE, "memory");
	preserve(session, owner.fd, TOKEN_DEVICE, "physical function");
	hand_over(&vmm, packets);
	return jump();
}

/* The physical function goes on first. */
static int retrieve_owner(void)
{
	int session = luo_retrieve_session(OWNER), memfd, fd;
	struct vfio owner;

	memfd = luo_retrieve(session, TOKEN_MORE);
	if (memfd < 0)
		die("the memory is not handed over");
	check(!pci_give(virtio_driver.vendor, virtio_driver.models[0], "vfio-pci"),
	      "a virtual function has no driver before its physical one");
	/* A driver must be there for what is retrieved. */
	close(open_owner());
	fd = luo_retrieve(session, TOKEN_DEVICE);
	check(fd >= 0, "a physical function is handed over");
	vfio_token = owner_token;
	owner = vfio_bind(fd);
	attach_other(&owner, memfd);
	check(vfio_is_bus_master(&owner), "it was not stopped");
	return session;
}

/* Somebody who does not go on with it would reset it. */
static int run_intrude(uint64_t packets)
{
	struct found found[MAX_NICS];
	struct vmm vmm;
	int session = retrieve_session(&vmm, found);

	(void)packets;
	expect_error(vfio_try_bind(open_owner()), EBUSY,
		     "open a physical function that is awaited");
	sleep(1);
	check(vmm.driver->count_done(&vmm.nics[0]) > found[0].during_jump,
	      "its virtual functions go on");
	luo_finish_session(session);
	expect_silence(&vmm.nics[0], "nobody claims");
	return 0;
}

static int run_owned(uint64_t packets)
{
	struct found found[MAX_NICS];
	struct vmm vmm;
	int session = retrieve_session(&vmm, found), owner = retrieve_owner();

	take_devices(&vmm, session, found);
	luo_finish_session(owner);
	luo_finish_session(session);
	report(&vmm, receive(&vmm, packets, MIN_REPLACES), found);
	return 0;
}

/* Whose physical function has no driver before the finish, nor may have one */
static void resume_fixed(uint64_t packets)
{
	struct found found[MAX_NICS];
	struct vmm vmm;
	int session;

	session = retrieve_session(&vmm, found);
	check(pci_give(vmm.driver->vendor, NULL, "pci-pf-stub"),
	      "a driver that does nothing gets the physical function");
	refuse_owners(&vmm);
	resume(&vmm, session, packets, found);
}

/* A process that ends has nothing open. */
static int run_vf_fixed(uint64_t packets)
{
	pid_t child = fork();
	int status;

	if (!child) {
		resume_fixed(packets);
		exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0 || status)
		die("a process of its own");
	pci_take(virtio_driver.vendor, NULL);
	check(pci_give(virtio_driver.vendor, NULL, "virtio-pci"),
	      "any driver may have it after the finish");
	pci_take(virtio_driver.vendor, NULL);
	pci_give(virtio_driver.vendor, NULL, "pci-pf-stub");
	check(!pci_try_set_vfs(virtio_driver.vendor, "0"),
	      "virtual functions can be removed, too");
	return 0;
}

/* The last one has written nothing since the jump, and can be used. */
static int run_spared(uint64_t packets)
{
	struct found found[MAX_NICS];
	unsigned int last, i;
	struct vmm vmm;
	int session;

	session = retrieve_session(&vmm, found);
	last = vmm.count - 1;
	for (i = 0; i < vmm.count; i++)
		vmm.driver->take_rest(&vmm.nics[i]);
	check(stream_of(&vmm.nics[last])->last + packets <
	      stream_of(&vmm.nics[0])->last,
	      "a device that is not preserved does nothing during the jump");
	expect_silence(&vmm.nics[last], "is not preserved");
	check(has_ats(&vmm, 0), "ATS stays on");

	vmm.count = last;
	take_devices(&vmm, session, found);
	receive(&vmm, packets, MIN_REPLACES);
	expect_silence(&vmm.nics[last], "has no driver");
	luo_finish_session(session);
	report(&vmm, receive(&vmm, packets, MIN_REPLACES), found);

	vmm.nics[last].driver = vmm.driver;
	bind_device(&vmm, last, vfio_open(vmm.nics[last].path));
	check(!vmm.driver->is_running(&vmm.nics[last]), "it was reset");
	restart_device(&vmm.nics[last]);
	vmm.count = last + 1;
	receive(&vmm, packets, MIN_REPLACES);
	check(true, "it can be used");
	return 0;
}

/* This kernel does without ATS. */
static int run_noats(uint64_t packets)
{
	struct found found[MAX_NICS];
	struct vmm vmm;
	int session = retrieve_session(&vmm, found);

	check(!has_ats(&vmm, 0), "ATS is off");
	resume(&vmm, session, packets, found);
	return 0;
}

/* Once the last device was left out */
static int run_others(uint64_t packets)
{
	struct found found[MAX_NICS];
	struct vmm vmm;
	int session;

	session = retrieve_session(&vmm, found);
	give_devices(&vmm);
	vmm.count--;
	expect_error(luo_retrieve(session, TOKEN_DEVICE + vmm.count), ENODEV,
		     "retrieve a device that was left out");
	resume(&vmm, session, packets, found);
	return 0;
}

static void compact(const struct vmm *vmm, struct filled *filled)
{
	struct places ours, others;

	ours = note_places(vmm->nics[0].memory, vmm->driver->memory_size);
	others = note_places(filled->memory, filled->size / 2);
	compact_memory(filled);
	check(count_moved(&others), "other memory moves when it is compacted");
	check(!count_moved(&ours), "none that a device writes to does");
}

/* What a kernel does with memory that is free to move, or that has become free */
static void stir_memory(const struct vmm *vmm)
{
	struct filled filled;

	expect_error(fallocate(vmm->memfd,
			       FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
			       vmm->driver->memory_size),
		     EPERM, "punch a hole into memory that a device writes to");
	expect_error(ftruncate(vmm->memfd, 0), EPERM, "truncate it");
	check(!count_collapsed(vmm->memfd), "no huge page takes its place");
	filled = fill_memory();
	compact(vmm, &filled);
	sleep(1);
	check(is_filled(&filled), "a device writes to no other memory");
	munmap(filled.memory, filled.size);
}

/*
 * What was signalled in the jump is lost, so there is one signal to make up for
 * it. The device may not give any until then.
 */
static int run_signalled(uint64_t packets)
{
	struct found found[MAX_NICS];
	struct vmm vmm;
	int session, fd;

	session = retrieve_session(&vmm, found);
	take_devices(&vmm, session, found);
	check(pci_has_msix_enabled(vmm.driver->vendor, vmm.model),
	      "messages are enabled as they were");
	vmm.driver->let_signal(&vmm.nics[0], false);
	fd = vfio_make_msix(&vmm.nics[0].vfio);
	check(count_signals(fd) == 1, "what was lost is made up for by a signal");
	check(signals_packets(&vmm, fd), "packets are signalled again");
	luo_finish_session(session);
	receive(&vmm, packets, MIN_REPLACES);
	stream_print(stream_of(&vmm.nics[0]), "");
	check(!stream_of(&vmm.nics[0])->skipped, "no packet was lost");
	return 0;
}

/* Where packets come in by way of the kernel before, and all over its memory */
static int run_hold(uint64_t packets)
{
	struct found found[MAX_NICS];
	struct vmm vmm;
	int session;

	session = retrieve_session(&vmm, found);
	stir_memory(&vmm);
	resume(&vmm, session, packets, found);
	check(!ftruncate(vmm.memfd, 2 * vmm.driver->memory_size),
	      "memory can be changed after the finish");
	return 0;
}

/* The device writes to memory that nobody could retrieve. */
static int leave_memory(int session)
{
	struct filled filled = fill_memory();

	sleep(1);
	check(is_filled(&filled), "a device without its memory writes to no other");
	luo_finish_session(session);
	sleep(1);
	check(is_filled(&filled), "nor does it after the finish");
	return 0;
}

static int run_poor(uint64_t packets)
{
	int session = luo_retrieve_session(SESSION);

	(void)packets;
	expect_error(retrieve_starved(HALF_WAY, session, TOKEN_MEMORY), ENOMEM,
		     "retrieve the memory");
	return leave_memory(session);
}

static int run_limited(uint64_t packets)
{
	int session = luo_retrieve_session(SESSION);

	(void)packets;
	expect_error(retrieve_limited(HALF_OF_MEMORY, session, TOKEN_MEMORY),
		     ENOMEM, "retrieve the memory");
	return leave_memory(session);
}

static int run_awake(uint64_t packets)
{
	struct found found[MAX_NICS];
	struct vmm vmm;

	/* A driver that has a device which nobody opens lets it sleep. */
	give_devices(&vmm);
	sleep(1);
	check(pci_is_powered(vmm.driver->vendor, vmm.model), "an awaited device is powered");
	resume(&vmm, retrieve_session(&vmm, found), packets, found);
	return 0;
}

static int run_reset(uint64_t packets)
{
	struct found found[MAX_NICS];
	struct vmm vmm;

	resume(&vmm, retrieve_session(&vmm, found), packets, found);
	check(pci_read_command(vmm.driver->vendor, vmm.model) & PCI_COMMAND_INTX_DISABLE,
	      "INTx is masked as it was");
	check(!vfio_reset(&vmm.nics[0].vfio), "the device can be reset");
	check(!vmm.driver->is_running(&vmm.nics[0]),
	      "it is off after that");
	restart_device(&vmm.nics[0]);
	receive(&vmm, packets, MIN_REPLACES);
	check(true, "it can be started again");
	return 0;
}

static int run_wake(uint64_t packets)
{
	suspend();
	return run_resume(packets);
}

static int run_again(uint64_t packets)
{
	struct found found[MAX_NICS];
	struct vmm vmm;

	go_on(&vmm, retrieve_session(&vmm, found), packets, found);
	hand_over(&vmm, packets);
	return jump();
}

static int run_unfinished(uint64_t packets)
{
	struct found found[MAX_NICS];
	struct vmm vmm;

	take_devices(&vmm, retrieve_session(&vmm, found), found);
	receive(&vmm, packets, MIN_REPLACES);
	expect_error(luo_preserve(luo_create_session("again"),
				  vmm.nics[0].vfio.fd, TOKEN_DEVICE),
		     EBUSY, "preserve a device whose update is not finished");
	return jump();
}

static int run_meanwhile(uint64_t packets)
{
	int session, fd = make_file(F_SEAL_SHRINK);
	struct found found[MAX_NICS];
	struct vfio other;
	struct vmm vmm;

	take_devices(&vmm, retrieve_session(&vmm, found), found);
	receive(&vmm, packets, MIN_REPLACES);
	session = luo_create_session("again");
	other = vfio_bind(open_other());
	attach_other(&other, fd);
	preserve(session, fd, TOKEN_MORE, "memory");
	preserve(session, other.fd, TOKEN_DEVICE, "device");
	return jump();
}

static int run_early(uint64_t packets)
{
	struct vmm vmm;

	(void)packets;
	give_devices(&vmm);
	return jump();
}

static int run_stopped(uint64_t packets)
{
	struct vmm vmm;

	if (pci_exists(virtio_driver.vendor, NULL))
		check(!pci_has_vfs(virtio_driver.vendor),
		      "virtual functions that are not handed over are gone");
	find_driver(&vmm);
	check(!(pci_read_command(vmm.driver->vendor, vmm.model) &
		PCI_COMMAND_MASTER),
	      "a device that is not handed over is no bus master");
	run_receive(packets);
	check(true, "it can be opened anew");
	return 0;
}

static int run_kept(uint64_t packets)
{
	int session = luo_retrieve_session("again"), memfd, fd;
	struct vfio other;

	memfd = luo_retrieve(session, TOKEN_MORE);
	if (memfd < 0)
		die("the memory is not handed over");
	close(open_other());
	fd = luo_retrieve(session, TOKEN_DEVICE);
	check(fd >= 0, "a device that was preserved meanwhile is handed over");
	other = vfio_bind(fd);
	attach_other(&other, memfd);
	luo_finish_session(session);
	return run_stopped(packets);
}

/* The device stays open and receives. */
static int run_crash(uint64_t packets)
{
	run_resume(packets);
	send_coverage();
	/* A crash waits for no serial port. */
	tcdrain(STDOUT_FILENO);
	write_file("/proc", "sysrq-trigger", "c");
	return 1;
}

static int open_anew(struct vmm *vmm, uint64_t packets)
{
	bind_device(vmm, 0, vfio_open(vmm->nics[0].path));
	restart_device(&vmm->nics[0]);
	receive(vmm, packets, MIN_REPLACES);
	printf("ok it can be opened anew\n");
	return 0;
}

/* A driver that does DMA by the kernel's own mappings has the device attached. */
static void give_to_driver(const struct vmm *vmm)
{
	const char *vendor = vmm->driver->vendor, *model = vmm->model;
	unsigned int id;

	check(!look_up_id(vendor, model, &id), "it has no translation");
	pci_give(vendor, model, "pci-pf-stub");
	check(look_up_id(vendor, model, &id),
	      "a driver of the kernel's finds it attached");
	pci_take(vendor, model);
}

/* The memory must outlive the device's DMA, so it is not left behind, too. */
static int run_abandon(uint64_t packets)
{
	struct vmm vmm;
	int session;

	session = luo_retrieve_session(SESSION);
	retrieve_memory(&vmm, session);
	printf("%s no driver takes a device that is handed over\n",
	       vfio_offer(vmm.driver->vendor, vmm.model) ? "not ok" : "ok");
	luo_finish_session(session);
	expect_silence(&vmm.nics[0], "nobody claims");
	give_to_driver(&vmm);
	give_devices(&vmm);
	return open_anew(&vmm, packets);
}

/* What is claimed goes on until it is attached or finished. */
static int run_bound(uint64_t packets)
{
	unsigned int done;
	struct vmm vmm;
	struct nic *nic = &vmm.nics[0];
	int session = luo_retrieve_session(SESSION), fd;

	retrieve_memory(&vmm, session);
	give_devices(&vmm);
	fd = luo_retrieve(session, TOKEN_DEVICE);
	expect_error(vfio_try_bind(vfio_open(nic->path)), EBUSY,
		     "open a device that somebody else has retrieved");
	nic->vfio = vfio_bind(fd);
	done = nic->driver->count_done(nic);
	sleep(1);
	check(nic->driver->count_done(nic) > done,
	      "a device that is claimed goes on");

	luo_finish_session(session);
	expect_silence(nic, "was claimed and not attached");
	make_domains(&vmm);
	vfio_attach(&nic->vfio, vmm.domains[0]);
	nic->driver->map_registers(nic);
	restart_device(nic);
	receive(&vmm, packets, MIN_REPLACES);
	printf("ok it can be attached\n");
	return 0;
}

/* It does DMA as long as it is awaited: nobody tells a device what was removed. */
static int run_unplugged(uint64_t packets)
{
	struct found found[MAX_NICS];
	struct vmm vmm;
	int session;

	session = retrieve_session(&vmm, found);
	pci_remove(vmm.driver->vendor, vmm.model);
	expect_error(luo_retrieve(session, TOKEN_DEVICE), ENODEV,
		     "retrieve a device that is unplugged");
	sleep(1);
	check(vmm.driver->count_done(&vmm.nics[0]) > found[0].during_jump,
	      "it translates until the finish");
	luo_finish_session(session);
	expect_silence(&vmm.nics[0], "is unplugged");
	pci_rescan(vmm.driver->vendor, vmm.model);
	give_devices(&vmm);
	return open_anew(&vmm, packets);
}

/* What is found in its place is another device if a BAR is elsewhere. */
static int run_swapped(uint64_t packets)
{
	struct vmm vmm;
	int session = luo_retrieve_session(SESSION);

	retrieve_memory(&vmm, session);
	pci_write_bar(vmm.driver->vendor, vmm.model, 1, OTHER_BAR);
	pci_remove(vmm.driver->vendor, vmm.model);
	pci_rescan(vmm.driver->vendor, vmm.model);
	expect_silence(&vmm.nics[0], "is in the place of another one");
	give_devices(&vmm);
	expect_error(luo_retrieve(session, TOKEN_DEVICE), ENXIO,
		     "retrieve another device");
	luo_finish_session(session);
	return open_anew(&vmm, packets);
}

static int run_blocked(uint64_t packets)
{
	struct vmm vmm;
	int session;

	session = luo_retrieve_session(SESSION);
	retrieve_memory(&vmm, session);
	expect_silence(&vmm.nics[0], "is not handed over");
	give_devices(&vmm);
	expect_error(luo_retrieve(session, TOKEN_DEVICE), ENODEV, "retrieve it");
	luo_finish_session(session);
	return open_anew(&vmm, packets);
}

static const struct command {
	const char *name;
	int (*run)(uint64_t packets);
} commands[] = {
	{ "receive", run_receive },
	{ "update", run_update },
	{ "detach", run_detach },
	{ "owner", run_owner },
	{ "owned", run_owned },
	{ "intrude", run_intrude },
	{ "spare", run_spare },
	{ "spared", run_spared },
	{ "noats", run_noats },
	{ "vf-refuse", run_vf_refuse },
	{ "vf-fixed", run_vf_fixed },
	{ "low", run_low },
	{ "suspend", run_suspend },
	{ "resume", run_resume },
	{ "signal", run_signal },
	{ "signalled", run_signalled },
	{ "others", run_others },
	{ "ids", run_ids },
	{ "hold", run_hold },
	{ "poor", run_poor },
	{ "limited", run_limited },
	{ "awake", run_awake },
	{ "reset", run_reset },
	{ "wake", run_wake },
	{ "again", run_again },
	{ "unfinished", run_unfinished },
	{ "meanwhile", run_meanwhile },
	{ "kept", run_kept },
	{ "early", run_early },
	{ "stopped", run_stopped },
	{ "crash", run_crash },
	{ "abandon", run_abandon },
	{ "bound", run_bound },
	{ "unplugged", run_unplugged },
	{ "swapped", run_swapped },
	{ "blocked", run_blocked },
	{ "refuse", run_refuse },
	{ "refused", run_refused },
	{ }
};

int main(int argc, char **argv)
{
	uint64_t packets = argc == 3 ? strtoul(argv[2], NULL, 0) : 0;
	const struct command *command;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (command = commands; packets && command->name; command++)
		if (!strcmp(argv[1], command->name))
			return command->run(packets);

	fprintf(stderr, "usage: nic");
	for (command = commands; command->name; command++)
		fprintf(stderr, "%s %s", command == commands ? "" : " |",
			command->name);
	fprintf(stderr, " N\n");
	return 2;
}
