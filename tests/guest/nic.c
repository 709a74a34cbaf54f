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
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "luo.h"
#include "memory.h"
#include "vfio.h"

#define VENDOR		"0x8086"
/*
 * Intel 82540EM and 82574, which QEMU calls e1000 and e1000e; see their software
 * developer's manuals. The second has what is of today: PCI Express, power
 * management and MSI-X. The registers below are the same.
 */
static const char *const models[] = { "0x100e", "0x10d3" };
#define REG_CTRL_EXT	0x0018
#define REG_IMS		0x00d0
#define REG_IMC		0x00d8
#define REG_EIAC	0x00dc
#define REG_IVAR	0x00e4
#define REG_RCTL	0x0100
#define REG_RDBAL	0x2800
#define REG_RDBAH	0x2804
#define REG_RDLEN	0x2808
#define REG_RDH		0x2810
#define REG_RDT		0x2818
#define RCTL_EN		0x2
#define RCTL_UPE	0x8
#define RCTL_BAM	0x8000
#define RCTL_SECRC	0x4000000
/* 82574 alone: packets are told of by the first message, each anew */
#define CTRL_EXT_IAME	0x8000000
#define IMS_RXQ0	0x100000
#define IVAR_RXQ0	0x8
#define STATUS_DD	0x1
#define STATUS_EOP	0x2

/* Room for what comes in during 16 seconds at 250 packets a second */
#define RING_SIZE	4096U
#define BUFFER_SIZE	2048U
#define IOVA		0x40000000UL

/* live_update.py sends frames of this form. */
#define FRAME_SIZE	512U
#define PATTERN_SIZE	(FRAME_SIZE - 30)
#define ETHERTYPE	0xb588	/* 0x88b5, for experiments, in network order */

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

struct frame {
	uint8_t to[6];
	uint8_t from[6];
	uint16_t type;
	uint64_t number;
	uint64_t sent_ns;
	uint8_t pattern[PATTERN_SIZE];
} __attribute__((packed));

struct descriptor {
	uint64_t address;
	uint16_t length;
	uint16_t checksum;
	uint8_t status;
	uint8_t errors;
	uint16_t special;
};

/* What is known of the stream so far */
struct stream {
	uint64_t magic;
	uint32_t next;		/* descriptor to look at next */
	uint64_t first;		/* number of the first packet */
	uint64_t last;		/* number of the latest packet */
	uint64_t last_ns;	/* when the host sent that one */
	uint64_t silence_ns;	/* longest time between two packets */
	uint64_t received;
	uint64_t late;		/* not newer than one that came before it */
	uint64_t corrupt;
	uint64_t skipped;	/* the device went on, but nothing was written */
	uint32_t id;		/* domain id in the kernel before, if that matters */
};

struct memory {
	struct stream stream __attribute__((aligned(4096)));
	struct descriptor ring[RING_SIZE] __attribute__((aligned(4096)));
	uint8_t buffers[RING_SIZE][BUFFER_SIZE];
};

#define MAX_NICS	2

struct nic {
	char path[300];
	struct memory *memory;
	uint64_t iova;
	struct vfio vfio;
	volatile uint8_t *registers;
};

struct vmm {
	const char *model;
	int memfd;
	unsigned int count;
	struct nic nics[MAX_NICS];
	uint32_t ioas;
	uint32_t domains[2];
};

static void write_reg(const struct nic *nic, unsigned int reg, uint32_t value)
{
	*(volatile uint32_t *)(nic->registers + reg) = value;
}

static uint32_t read_reg(const struct nic *nic, unsigned int reg)
{
	return *(volatile uint32_t *)(nic->registers + reg);
}

static uint8_t status_of(const struct descriptor *descriptor)
{
	return __atomic_load_n(&descriptor->status, __ATOMIC_ACQUIRE);
}

/* A part of the memfd for each NIC */
static void map_memory(struct vmm *vmm)
{
	struct memory *memory;
	unsigned int i;

	memory = mmap(NULL, vmm->count * sizeof(*memory),
		      PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE,
		      vmm->memfd, 0);
	if (memory == MAP_FAILED)
		die("mmap of the memfd");
	for (i = 0; i < vmm->count; i++) {
		vmm->nics[i].memory = memory + i;
		vmm->nics[i].iova = IOVA + i * sizeof(*memory);
	}
}

static void init_memory(const struct nic *nic)
{
	unsigned int i;

	nic->memory->stream.magic = MAGIC;
	for (i = 0; i < RING_SIZE; i++)
		nic->memory->ring[i].address =
			nic->iova + offsetof(struct memory, buffers[i]);
}

static void make_memory(struct vmm *vmm)
{
	unsigned int i;

	vmm->memfd = memfd_create("ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (vmm->memfd < 0 ||
	    ftruncate(vmm->memfd, vmm->count * sizeof(struct memory)) ||
	    fcntl(vmm->memfd, F_ADD_SEALS, F_SEAL_SHRINK))
		die("memfd");
	map_memory(vmm);
	for (i = 0; i < vmm->count; i++)
		init_memory(&vmm->nics[i]);
}

/* Which of the models there is */
static const char *find_model(void)
{
	unsigned int i;

	for (i = 0; i < sizeof(models) / sizeof(*models); i++)
		if (pci_exists(VENDOR, models[i]))
			return models[i];
	errno = ENODEV;
	die("no NIC");
}

/* All that there are; returns how many. */
static unsigned int give_devices(struct vmm *vmm)
{
	unsigned int i;

	vmm->model = find_model();
	for (i = 0; i < MAX_NICS; i++)
		if (!vfio_give(VENDOR, vmm->model, i, vmm->nics[i].path,
			       sizeof(vmm->nics[i].path)))
			break;
	return i;
}

/* Two domains that map the same, so that one can replace the other */
static void make_domains(struct vmm *vmm)
{
	const struct vfio *vfio = &vmm->nics[0].vfio;
	int i;

	vmm->ioas = vfio_make_ioas(vfio);
	if (vfio_map_file(vfio, vmm->ioas, vmm->memfd, IOVA,
			  vmm->count * sizeof(struct memory)))
		die("map of the memfd");
	for (i = 0; i < 2; i++)
		vmm->domains[i] = vfio_make_domain(vfio, vmm->ioas);
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
	vfio_attach(&nic->vfio, vmm->domains[0]);
	nic->registers = vfio_map_bar0(&nic->vfio);
}

/* One descriptor stays with software, or a full ring would look empty. */
static void give_buffers(const struct nic *nic)
{
	write_reg(nic, REG_RDT,
		  (nic->memory->stream.next + RING_SIZE - 1) % RING_SIZE);
}

static void stop_device(const struct nic *nic)
{
	write_reg(nic, REG_RCTL, 0);
}

static void start_device(const struct nic *nic)
{
	uint64_t ring = nic->iova + offsetof(struct memory, ring);

	vfio_enable_bus_master(&nic->vfio);
	write_reg(nic, REG_IMC, 0xffffffff);
	stop_device(nic);
	write_reg(nic, REG_RDBAL, (uint32_t)ring);
	write_reg(nic, REG_RDBAH, ring >> 32);
	write_reg(nic, REG_RDLEN, sizeof(nic->memory->ring));
	write_reg(nic, REG_RDH, nic->memory->stream.next);
	give_buffers(nic);
	write_reg(nic, REG_RCTL, RCTL_EN | RCTL_UPE | RCTL_BAM | RCTL_SECRC);
}

static bool is_intact(const struct frame *frame, const struct descriptor *descriptor)
{
	unsigned int i;

	if (descriptor->errors || !(descriptor->status & STATUS_EOP) ||
	    descriptor->length != sizeof(*frame) ||
	    frame->type != ETHERTYPE)
		return false;
	for (i = 0; i < PATTERN_SIZE; i++)
		if (frame->pattern[i] != (uint8_t)(frame->number + i))
			return false;
	return true;
}

static void count(struct stream *stream, const struct frame *frame,
		  const struct descriptor *descriptor)
{
	if (!is_intact(frame, descriptor)) {
		stream->corrupt++;
		return;
	}
	if (!stream->received) {
		stream->first = frame->number;
	} else if (frame->number <= stream->last) {
		stream->late++;
		return;
	} else if (frame->sent_ns - stream->last_ns > stream->silence_ns) {
		stream->silence_ns = frame->sent_ns - stream->last_ns;
	}
	stream->received++;
	stream->last = frame->number;
	stream->last_ns = frame->sent_ns;
}

static void take_next(struct memory *memory)
{
	struct stream *stream = &memory->stream;
	struct descriptor *descriptor = &memory->ring[stream->next];

	if (status_of(descriptor) & STATUS_DD)
		count(stream, (void *)memory->buffers[stream->next], descriptor);
	else
		stream->skipped++;
	/* The buffer must not pass for a packet again. */
	memset(memory->buffers[stream->next], 0, FRAME_SIZE);
	descriptor->status = 0;
	stream->next = (stream->next + 1) % RING_SIZE;
}

/*
 * Take what is in the ring. A device whose DMA fails may go on to the next
 * descriptor all the same: a packet is lost where its head is beyond a
 * descriptor that is not done.
 */
static void poll_ring(const struct nic *nic)
{
	uint32_t head = read_reg(nic, REG_RDH);

	while (nic->memory->stream.next != head)
		take_next(nic->memory);
	give_buffers(nic);
}

/* What the NIC has that has the fewest */
static uint64_t count_received(const struct vmm *vmm)
{
	uint64_t received = vmm->nics[0].memory->stream.received;
	unsigned int i;

	for (i = 1; i < vmm->count; i++)
		if (vmm->nics[i].memory->stream.received < received)
			received = vmm->nics[i].memory->stream.received;
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
			poll_ring(&vmm->nics[i]);
		replaces += !!replace;
		for (i = 0; replace && i < vmm->count; i++)
			vfio_attach(&vmm->nics[i].vfio,
				    vmm->domains[replaces % 2]);
		nanosleep(&pause, NULL);
	}
	return replaces;
}

static void print_result(const struct stream *stream, const char *more)
{
	uint64_t sent = stream->last - stream->first + 1;

	printf("result: sent=%lu received=%lu lost=%lu late=%lu corrupt=%lu",
	       sent, stream->received, sent - stream->received, stream->late,
	       stream->corrupt);
	printf(" skipped=%lu silence-ms=%lu%s\n", stream->skipped,
	       stream->silence_ns / 1000000, more);
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
		print_result(&vmm.nics[i].memory->stream, "");
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
static void hand_over(const struct vmm *vmm, uint64_t packets)
{
	unsigned int i;
	int session;

	for (i = 0; i < vmm->count; i++)
		vfio_mask_intx(&vmm->nics[i].vfio);
	receive(vmm, packets / 2, 0);
	/* Preserving takes time, and nothing may be lost in it. */
	session = luo_create_session(SESSION);
	preserve(session, vmm->memfd, TOKEN_MEMORY, "memory");
	for (i = 0; i < vmm->count; i++)
		preserve(session, vmm->nics[i].vfio.fd, TOKEN_DEVICE + i,
			 "device");
	replug_other();
	receive(vmm, packets / 2, 0);
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
	vmm.nics[0].memory->stream.id = find_id(VENDOR, vmm.model);
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

static void let_signal(const struct nic *nic, bool enable)
{
	write_reg(nic, REG_CTRL_EXT, read_reg(nic, REG_CTRL_EXT) | CTRL_EXT_IAME);
	write_reg(nic, REG_EIAC, IMS_RXQ0);
	write_reg(nic, REG_IVAR, IVAR_RXQ0);
	write_reg(nic, enable ? REG_IMS : REG_IMC, IMS_RXQ0);
}

static bool signals_packets(const struct vmm *vmm, int fd)
{
	const struct timespec pause = { .tv_nsec = 1000000 };
	unsigned int i;

	let_signal(&vmm->nics[0], true);
	count_signals(fd);
	for (i = 0; i < 1000; i++) {
		poll_ring(&vmm->nics[0]);
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

/* One that does not translate as it did any more is no obstacle to the others. */
static int run_detach(uint64_t packets)
{
	struct nic *nic;
	struct vmm vmm;

	set_up(&vmm);
	hand_over(&vmm, packets);
	nic = &vmm.nics[vmm.count - 1];
	stop_device(nic);
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

	expect_error(vfio_try_map(vfio, vmm->ioas, (void *)vfio_map_bar0(&other),
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
	expect_error(vfio_try_unmap(vfio, vmm->ioas, IOVA, sizeof(struct memory)),
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
	check(!nic->memory->stream.skipped,
	      "a device that is not preserved any more goes on");
	stop_device(nic);
	vfio_unmap(&nic->vfio, vmm.ioas, IOVA, sizeof(struct memory));
	check(true, "an address space can change when nothing is preserved");
	print_result(&nic->memory->stream, "");

	vfio_detach(&nic->vfio);
	session = luo_create_session(SESSION);
	preserve(session, vmm.memfd, TOKEN_MEMORY, "memory");
	expect_error(luo_preserve(session, nic->vfio.fd, TOKEN_DEVICE),
		     EBUSY, "preserve a device that is not attached");
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
	printf("%s it goes on\n", nic->memory->stream.skipped ? "not ok" : "ok");
	return 0;
}

/* What the device has written that nobody has looked at yet */
static unsigned int count_done(const struct memory *memory)
{
	unsigned int i, done = 0;

	for (i = 0; i < RING_SIZE; i++)
		done += status_of(&memory->ring[i]) & STATUS_DD;
	return done;
}

static bool has_ring(const struct nic *nic)
{
	return read_reg(nic, REG_RCTL) & RCTL_EN &&
	       read_reg(nic, REG_RDBAL) ==
		       nic->iova + offsetof(struct memory, ring);
}

/* Start a device that was reset, after what it wrote before that. */
static void restart_device(const struct nic *nic)
{
	struct memory *memory = nic->memory;

	while (status_of(&memory->ring[memory->stream.next]) & STATUS_DD)
		take_next(memory);
	start_device(nic);
}

/* Memory as the kernel before left it, before anybody touches the device */
static void retrieve_memory(struct vmm *vmm, int session)
{
	struct stat stat;
	unsigned int i;

	vmm->memfd = luo_retrieve(session, TOKEN_MEMORY);
	if (vmm->memfd < 0 || fstat(vmm->memfd, &stat))
		die("the memory is not handed over");
	vmm->count = stat.st_size / sizeof(struct memory);
	errno = EILSEQ;
	if (!vmm->count || vmm->count > MAX_NICS)
		die("memory for %u NICs", vmm->count);
	map_memory(vmm);
	for (i = 0; i < vmm->count; i++)
		if (vmm->nics[i].memory->stream.magic != MAGIC)
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
	if (!has_ring(nic)) {
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
		found[i].during_jump = count_done(vmm->nics[i].memory);
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
		print_result(&vmm->nics[i].memory->stream, more);
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
	id = vmm.nics[0].memory->stream.id;
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

	ours = note_places(vmm->nics[0].memory, sizeof(struct memory));
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
			       sizeof(struct memory)),
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
	check(pci_has_msix_enabled(VENDOR, vmm.model),
	      "messages are enabled as they were");
	let_signal(&vmm.nics[0], false);
	fd = vfio_make_msix(&vmm.nics[0].vfio);
	check(count_signals(fd) == 1, "what was lost is made up for by a signal");
	check(signals_packets(&vmm, fd), "packets are signalled again");
	luo_finish_session(session);
	receive(&vmm, packets, MIN_REPLACES);
	print_result(&vmm.nics[0].memory->stream, "");
	check(!vmm.nics[0].memory->stream.skipped, "no packet was lost");
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
	check(!ftruncate(vmm.memfd, 2 * sizeof(struct memory)),
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
	check(pci_is_powered(VENDOR, vmm.model), "an awaited device is powered");
	resume(&vmm, retrieve_session(&vmm, found), packets, found);
	return 0;
}

static int run_reset(uint64_t packets)
{
	struct found found[MAX_NICS];
	struct vmm vmm;

	resume(&vmm, retrieve_session(&vmm, found), packets, found);
	check(pci_read_command(VENDOR, vmm.model) & PCI_COMMAND_INTX_DISABLE,
	      "INTx is masked as it was");
	check(!vfio_reset(&vmm.nics[0].vfio), "the device can be reset");
	check(!(read_reg(&vmm.nics[0], REG_RCTL) & RCTL_EN),
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
	check(!(pci_read_command(VENDOR, find_model()) & PCI_COMMAND_MASTER),
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

/* The host sends all the time. */
static void expect_silence(const struct nic *nic, const char *what)
{
	unsigned int done = count_done(nic->memory);

	printf("nic: back, %u packets came in\n", done);
	sleep(1);
	printf("%s a device that %s is blocked\n",
	       count_done(nic->memory) == done ? "ok" : "not ok", what);
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
static void give_to_driver(const char *model)
{
	unsigned int id;

	check(!look_up_id(VENDOR, model, &id), "it has no translation");
	pci_give(VENDOR, model, "pci-pf-stub");
	check(look_up_id(VENDOR, model, &id),
	      "a driver of the kernel's finds it attached");
	pci_take(VENDOR, model);
}

/* The memory must outlive the device's DMA, so it is not left behind, too. */
static int run_abandon(uint64_t packets)
{
	struct vmm vmm;
	int session;

	session = luo_retrieve_session(SESSION);
	retrieve_memory(&vmm, session);
	printf("%s no driver takes a device that is handed over\n",
	       vfio_offer(VENDOR, find_model()) ? "not ok" : "ok");
	luo_finish_session(session);
	expect_silence(&vmm.nics[0], "nobody claims");
	give_to_driver(find_model());
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
	done = count_done(nic->memory);
	sleep(1);
	check(count_done(nic->memory) > done,
	      "a device that is claimed goes on");

	luo_finish_session(session);
	expect_silence(nic, "was claimed and not attached");
	make_domains(&vmm);
	vfio_attach(&nic->vfio, vmm.domains[0]);
	nic->registers = vfio_map_bar0(&nic->vfio);
	restart_device(nic);
	receive(&vmm, packets, MIN_REPLACES);
	printf("ok it can be attached\n");
	return 0;
}

/* It does DMA as long as it is awaited: nobody tells a device what was removed. */
static int run_unplugged(uint64_t packets)
{
	struct found found[MAX_NICS];
	const char *model = find_model();
	struct vmm vmm;
	int session;

	session = retrieve_session(&vmm, found);
	pci_remove(VENDOR, model);
	expect_error(luo_retrieve(session, TOKEN_DEVICE), ENODEV,
		     "retrieve a device that is unplugged");
	sleep(1);
	check(count_done(vmm.nics[0].memory) > found[0].during_jump,
	      "it translates until the finish");
	luo_finish_session(session);
	expect_silence(&vmm.nics[0], "is unplugged");
	pci_rescan(VENDOR, model);
	give_devices(&vmm);
	return open_anew(&vmm, packets);
}

/* What is found in its place is another device if a BAR is elsewhere. */
static int run_swapped(uint64_t packets)
{
	const char *model = find_model();
	struct vmm vmm;
	int session = luo_retrieve_session(SESSION);

	retrieve_memory(&vmm, session);
	pci_write_bar(VENDOR, model, 1, OTHER_BAR);
	pci_remove(VENDOR, model);
	pci_rescan(VENDOR, model);
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
