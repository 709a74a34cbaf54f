// SPDX-License-Identifier: GPL-2.0
/*
 * Intel 82540EM and 82574, which QEMU calls e1000 and e1000e; see their software
 * developer's manuals. The second has what is of today: PCI Express, power
 * management and MSI-X. The registers below are the same.
 */

#include "nic_driver.h"

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

struct descriptor {
	uint64_t address;
	uint16_t length;
	uint16_t checksum;
	uint8_t status;
	uint8_t errors;
	uint16_t special;
};

struct memory {
	struct stream stream __attribute__((aligned(4096)));
	struct descriptor ring[RING_SIZE] __attribute__((aligned(4096)));
	uint8_t buffers[RING_SIZE][BUFFER_SIZE];
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

static void init_memory(const struct nic *nic)
{
	struct memory *memory = nic->memory;
	unsigned int i;

	for (i = 0; i < RING_SIZE; i++)
		memory->ring[i].address =
			nic->iova + offsetof(struct memory, buffers[i]);
}

static void map_registers(struct nic *nic)
{
	nic->registers = vfio_map_bar(&nic->vfio, 0);
}

/* One descriptor stays with software, or a full ring would look empty. */
static void give_buffers(const struct nic *nic)
{
	write_reg(nic, REG_RDT,
		  (stream_of(nic)->next + RING_SIZE - 1) % RING_SIZE);
}

static void stop(const struct nic *nic)
{
	write_reg(nic, REG_RCTL, 0);
}

static void start(const struct nic *nic)
{
	uint64_t ring = nic->iova + offsetof(struct memory, ring);

	write_reg(nic, REG_IMC, 0xffffffff);
	stop(nic);
	write_reg(nic, REG_RDBAL, (uint32_t)ring);
	write_reg(nic, REG_RDBAH, ring >> 32);
	write_reg(nic, REG_RDLEN, sizeof(struct descriptor) * RING_SIZE);
	write_reg(nic, REG_RDH, stream_of(nic)->next);
	give_buffers(nic);
	write_reg(nic, REG_RCTL, RCTL_EN | RCTL_UPE | RCTL_BAM | RCTL_SECRC);
}

static bool is_running(const struct nic *nic)
{
	return read_reg(nic, REG_RCTL) & RCTL_EN &&
	       read_reg(nic, REG_RDBAL) ==
		       nic->iova + offsetof(struct memory, ring);
}

static bool is_good(const struct descriptor *descriptor)
{
	return !descriptor->errors && descriptor->status & STATUS_EOP &&
	       descriptor->length == sizeof(struct frame);
}

static void take_next(struct memory *memory)
{
	struct stream *stream = &memory->stream;
	struct descriptor *descriptor = &memory->ring[stream->next];

	if (status_of(descriptor) & STATUS_DD)
		stream_count(stream, (void *)memory->buffers[stream->next],
			     is_good(descriptor));
	else
		stream->skipped++;
	descriptor->status = 0;
	stream->next = (stream->next + 1) % RING_SIZE;
}

/*
 * A device whose DMA fails may go on to the next descriptor all the same: a packet
 * is lost where its head is beyond a descriptor that is not done.
 */
static void poll(const struct nic *nic)
{
	uint32_t head = read_reg(nic, REG_RDH);

	while (stream_of(nic)->next != head)
		take_next(nic->memory);
	give_buffers(nic);
}

static void take_rest(const struct nic *nic)
{
	struct memory *memory = nic->memory;

	while (status_of(&memory->ring[memory->stream.next]) & STATUS_DD)
		take_next(memory);
}

static unsigned int count_done(const struct nic *nic)
{
	const struct memory *memory = nic->memory;
	unsigned int i, done = 0;

	for (i = 0; i < RING_SIZE; i++)
		done += status_of(&memory->ring[i]) & STATUS_DD;
	return done;
}

static void let_signal(const struct nic *nic, bool enable)
{
	write_reg(nic, REG_CTRL_EXT, read_reg(nic, REG_CTRL_EXT) | CTRL_EXT_IAME);
	write_reg(nic, REG_EIAC, IMS_RXQ0);
	write_reg(nic, REG_IVAR, IVAR_RXQ0);
	write_reg(nic, enable ? REG_IMS : REG_IMC, IMS_RXQ0);
}

static const char *const models[] = { "0x100e", "0x10d3", NULL };

const struct nic_driver e1000_driver = {
	.vendor = "0x8086",
	.models = models,
	.memory_size = sizeof(struct memory),
	.init_memory = init_memory,
	.map_registers = map_registers,
	.start = start,
	.stop = stop,
	.is_running = is_running,
	.poll = poll,
	.take_rest = take_rest,
	.count_done = count_done,
	.let_signal = let_signal,
};
