// SPDX-License-Identifier: GPL-2.0
/*
 * nic - receive numbered packets with an e1000, through a kexec if asked to
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
 *   nic change N    the same, with the domain changing until the very end
 *   nic suspend N   the same, with a suspend and resume of all but the CPU
 *   nic resume N    in that kernel: look at what came in meanwhile, take over,
 *                   receive N packets more and replace the domain all the time
 *   nic wake N      the same, with a suspend and resume before that
 *   nic again N     the same, and then hand over once more
 *   nic crash N     the same, and then crash
 *   nic abandon N   in that kernel: finish without the device, see that nobody
 *                   else has got it and that it is blocked, open it anew and
 *                   receive N packets more
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
#include "vfio.h"

/* Intel 82540EM, which QEMU calls e1000; see its software developer's manual */
#define VENDOR		"0x8086"
#define DEVICE		"0x100e"
#define REG_IMC		0x00d8
#define REG_RCTL	0x0100
#define REG_RDBAL	0x2800
#define REG_RDBAH	0x2804
#define REG_RDLEN	0x2808
#define REG_RDH		0x2810
#define REG_RDT		0x2818
#define RCTL_EN		0x2
#define RCTL_UPE	0x8
#define RCTL_BAM	0x8000
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
#define TOKEN_DEVICE	2

#define MIN_REPLACES	1000

/* How much of the address space one table of the last level maps */
#define TABLE_SPAN	(2UL << 20)

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

/* How many packets came in of those that were sent in each so many ns */
#define BIN_NS		20000000U
#define BINS		2048

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
	uint64_t first_ns;	/* when the host sent the first one */
	uint8_t bins[BINS];
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

	vmm->memfd = memfd_create("ring", MFD_CLOEXEC);
	if (vmm->memfd < 0 ||
	    ftruncate(vmm->memfd, vmm->count * sizeof(struct memory)))
		die("memfd");
	map_memory(vmm);
	for (i = 0; i < vmm->count; i++)
		init_memory(&vmm->nics[i]);
}

/* All that there are; returns how many. */
static unsigned int give_devices(struct vmm *vmm)
{
	unsigned int i;

	for (i = 0; i < MAX_NICS; i++)
		if (!vfio_give(VENDOR, DEVICE, i, vmm->nics[i].path,
			       sizeof(vmm->nics[i].path)))
			break;
	errno = ENODEV;
	if (!i)
		die("no NIC");
	return i;
}

/* Two domains that map the same, so that one can replace the other */
static void make_domains(struct vmm *vmm)
{
	const struct vfio *vfio = &vmm->nics[0].vfio;
	int i;

	vmm->ioas = vfio_make_ioas(vfio);
	vfio_map(vfio, vmm->ioas, vmm->nics[0].memory, IOVA,
		 vmm->count * sizeof(struct memory));
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
	write_reg(nic, REG_RCTL, RCTL_EN | RCTL_UPE | RCTL_BAM);
}

static bool is_intact(const struct frame *frame, const struct descriptor *descriptor)
{
	unsigned int i;

	/* The NIC adds four bytes of checksum. */
	if (descriptor->errors || !(descriptor->status & STATUS_EOP) ||
	    descriptor->length < sizeof(*frame) ||
	    descriptor->length > sizeof(*frame) + 4 ||
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
	if (!stream->received++)
		stream->first_ns = frame->sent_ns;
	if ((frame->sent_ns - stream->first_ns) / BIN_NS < BINS)
		stream->bins[(frame->sent_ns - stream->first_ns) / BIN_NS]++;
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

/* For the plot */
static void print_history(const struct stream *stream)
{
	unsigned int i, end = (stream->last_ns - stream->first_ns) / BIN_NS;

	printf("history: %lu %u", stream->first_ns, BIN_NS);
	for (i = 0; i < BINS && i < end; i++)
		printf(" %u", stream->bins[i]);
	printf("\n");
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

static void preserve(int session, int fd, uint64_t token, const char *what)
{
	if (!luo_preserve(session, fd, token))
		return;
	/* No handler takes such a file: that is what the stock kernel says. */
	if (errno != ENOENT)
		die("%s is not preserved", what);
	printf("nic: nothing hands the %s over in this kernel\n", what);
}

/* The session stays open until the jump, or all would be undone. */
static void hand_over(const struct vmm *vmm, uint64_t packets)
{
	unsigned int i;
	int session;

	receive(vmm, packets / 2, 0);
	/* Preserving takes time, and nothing may be lost in it. */
	session = luo_create_session(SESSION);
	preserve(session, vmm->memfd, TOKEN_MEMORY, "memory");
	for (i = 0; i < vmm->count; i++)
		preserve(session, vmm->nics[i].vfio.fd, TOKEN_DEVICE + i,
			 "device");
	/* Another device of the unit comes and goes. */
	pci_replug(TESTDEV_VENDOR, TESTDEV_DEVICE);
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

/*
 * Each map needs a page for a table; the pause is there to save memory. From
 * the freeze until the last CPU stops, some fifty milliseconds pass.
 */
static void keep_mapping(const struct vmm *vmm)
{
	const struct timespec pause = { .tv_nsec = 100000 };
	uint64_t iova = IOVA + vmm->count * sizeof(struct memory);

	for (;;) {
		iova = (iova / TABLE_SPAN + 1) * TABLE_SPAN;
		vfio_map(&vmm->nics[0].vfio, vmm->ioas, vmm->nics[0].memory,
			 iova, 4096);
		nanosleep(&pause, NULL);
	}
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

static int run_change(uint64_t packets)
{
	struct vmm vmm;

	set_up(&vmm);
	hand_over(&vmm, packets);
	switch (fork()) {
	case -1:
		die("fork");
	case 0:
		keep_mapping(&vmm);
	}
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

static int run_refuse(uint64_t packets)
{
	struct nic *nic;
	struct vmm vmm;
	int session;

	set_up(&vmm);
	nic = &vmm.nics[0];
	receive(&vmm, packets, 0);
	session = luo_create_session(SESSION);
	if (luo_preserve(session, nic->vfio.fd, TOKEN_DEVICE))
		die("the device is not preserved");
	expect_error(luo_preserve(session, nic->vfio.fd, TOKEN_DEVICE + 1),
		     EBUSY, "preserve a device twice");
	expect_error(vfio_try_attach(&nic->vfio, vmm.domains[1]),
		     EBUSY, "replace the domain of a preserved device");
	receive(&vmm, packets, 0);
	/* Other domains can be made and filled meanwhile. */
	vfio_make_domain(&nic->vfio, vmm.ioas);
	receive(&vmm, packets, 0);
	close(session);

	receive(&vmm, packets, MIN_REPLACES);
	printf("%s a device that is not preserved any more goes on\n",
	       nic->memory->stream.skipped ? "not ok" : "ok");
	print_result(&nic->memory->stream, "");

	/* A NIC that cannot read its ring tries all of it for each packet. */
	stop_device(nic);
	vfio_detach(&nic->vfio);
	session = luo_create_session(SESSION);
	expect_error(luo_preserve(session, nic->vfio.fd, TOKEN_DEVICE),
		     EBUSY, "preserve a device that is not attached");
	return 0;
}

static int run_refused(uint64_t packets)
{
	struct nic *nic;
	struct vmm vmm;

	set_up(&vmm);
	nic = &vmm.nics[0];
	expect_error(luo_preserve(luo_create_session(SESSION), nic->vfio.fd,
				  TOKEN_DEVICE),
		     EBUSY, "preserve the device");
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

/* What a round must not cost: free memory in kB, domain ids */
static void print_resources(void)
{
	unsigned long memory = 0, ids = 0;
	char line[128];
	FILE *file;

	file = fopen("/proc/meminfo", "r");
	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "MemFree: %lu", &memory) == 1)
			break;
	if (file)
		fclose(file);
	file = fopen("/sys/class/iommu/dmar0/intel-iommu/domains_used", "r");
	if (!file || fscanf(file, "%lu", &ids) != 1)
		die("domains_used");
	fclose(file);
	printf("nic: resources free-kB=%lu ids=%lu\n", memory, ids);
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

/* Returns how often domains were replaced. */
static unsigned long take_over(struct vmm *vmm, uint64_t packets,
			       struct found *found)
{
	unsigned long replaces;
	unsigned int i;
	int session;

	session = luo_retrieve_session(SESSION);
	retrieve_memory(vmm, session);
	for (i = 0; i < vmm->count; i++) {
		found[i].during_jump = count_done(vmm->nics[i].memory);
		printf("nic: back, %u packets came in\n", found[i].during_jump);
	}

	pci_replug(TESTDEV_VENDOR, TESTDEV_DEVICE);
	/* A driver must be there for what is retrieved. */
	give_devices(vmm);
	for (i = 0; i < vmm->count; i++)
		take_device(vmm, i, session, &found[i]);
	luo_finish_session(session);
	replaces = receive(vmm, packets, MIN_REPLACES);
	print_resources();
	return replaces;
}

static int run_resume(uint64_t packets)
{
	struct found found[MAX_NICS];
	unsigned long replaces;
	struct vmm vmm;
	unsigned int i;
	char more[128];

	replaces = take_over(&vmm, packets, found);
	print_history(&vmm.nics[0].memory->stream);
	for (i = 0; i < vmm.count; i++) {
		snprintf(more, sizeof(more),
			 " during-jump=%u replaces-after=%lu device=%s state=%s",
			 found[i].during_jump, replaces, found[i].device,
			 found[i].state);
		print_result(&vmm.nics[i].memory->stream, more);
	}
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

	take_over(&vmm, packets, found);
	hand_over(&vmm, packets);
	return jump();
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

/* The memory must outlive the device's DMA, so it is not left behind, too. */
static int run_abandon(uint64_t packets)
{
	struct vmm vmm;
	int session;

	session = luo_retrieve_session(SESSION);
	retrieve_memory(&vmm, session);
	printf("%s no driver takes a device that is handed over\n",
	       vfio_offer(VENDOR, DEVICE) ? "not ok" : "ok");
	luo_finish_session(session);
	expect_silence(&vmm.nics[0], "nobody claims");
	give_devices(&vmm);
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
	{ "change", run_change },
	{ "suspend", run_suspend },
	{ "resume", run_resume },
	{ "wake", run_wake },
	{ "again", run_again },
	{ "crash", run_crash },
	{ "abandon", run_abandon },
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
