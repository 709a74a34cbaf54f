// SPDX-License-Identifier: GPL-2.0
/*
 * The first receive queue of a virtio NIC; see Virtual I/O Device (VIRTIO)
 * Version 1.2, sections 2.7 (Split Virtqueues), 4.1 (Virtio Over PCI Bus) and 5.1
 * (Network Device). QEMU has these as virtual functions, too.
 */

#include <errno.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_pci.h>
#include <linux/virtio_ring.h>
#include <string.h>

#include "nic_driver.h"

/* Room for what comes in during 10 seconds at 100 packets a second */
#define RING_SIZE	1024U
/* Who polls does so a thousand times a second at most. */
#define MAX_IDLE	1000U

struct avail_ring {
	uint16_t flags;
	uint16_t idx;
	uint16_t ring[RING_SIZE];
};

struct used_ring {
	uint16_t flags;
	uint16_t idx;
	struct vring_used_elem ring[RING_SIZE];
};

/* No element of it crosses a page: QEMU 11 writes the rest of one to somewhere else. */
struct used_page {
	uint32_t unused;
	struct used_ring used;
};

struct buffer {
	struct virtio_net_hdr_v1 header;
	uint8_t data[BUFFER_SIZE - sizeof(struct virtio_net_hdr_v1)];
};

struct memory {
	struct stream stream __attribute__((aligned(4096)));
	struct vring_desc ring[RING_SIZE] __attribute__((aligned(4096)));
	struct avail_ring avail __attribute__((aligned(4096)));
	struct used_page used_page __attribute__((aligned(4096)));
	struct buffer buffers[RING_SIZE] __attribute__((aligned(4096)));
};

#define REG(name) offsetof(struct virtio_pci_common_cfg, name)

static void write8(const struct nic *nic, unsigned int reg, uint8_t value)
{
	nic->registers[reg] = value;
}

static void write16(const struct nic *nic, unsigned int reg, uint16_t value)
{
	*(volatile uint16_t *)(nic->registers + reg) = value;
}

static void write32(const struct nic *nic, unsigned int reg, uint32_t value)
{
	*(volatile uint32_t *)(nic->registers + reg) = value;
}

static uint16_t read16(const struct nic *nic, unsigned int reg)
{
	return *(volatile uint16_t *)(nic->registers + reg);
}

static uint32_t read32(const struct nic *nic, unsigned int reg)
{
	return *(volatile uint32_t *)(nic->registers + reg);
}

/* Half of a register at a time, the lower one first */
static void write_iova(const struct nic *nic, unsigned int reg, size_t offset)
{
	uint64_t iova = nic->iova + offset;

	write32(nic, reg, (uint32_t)iova);
	write32(nic, reg + 4, iova >> 32);
}

/* Descriptor i is of buffer i, and all are the device's. */
static void init_memory(const struct nic *nic)
{
	struct memory *memory = nic->memory;
	unsigned int i;

	for (i = 0; i < RING_SIZE; i++) {
		memory->ring[i] = (struct vring_desc){
			.addr = nic->iova + offsetof(struct memory, buffers[i]),
			.len = sizeof(struct buffer),
			.flags = VRING_DESC_F_WRITE,
		};
		memory->avail.ring[i] = i;
	}
	memory->avail.flags = VRING_AVAIL_F_NO_INTERRUPT;
	memory->avail.idx = RING_SIZE;
	memory->used_page.used.idx = 0;
	memory->stream.next = 0;
}

/* Says where in the configuration space the capability is, too. */
static struct virtio_pci_cap find_cap(const struct nic *nic, uint8_t type,
				      uint8_t *place)
{
	struct virtio_pci_cap cap;

	vfio_read_config(&nic->vfio, PCI_CAPABILITY_LIST, place, 1);
	for (; *place; *place = cap.cap_next) {
		vfio_read_config(&nic->vfio, *place, &cap, sizeof(cap));
		if (cap.cap_vndr == PCI_CAP_ID_VNDR && cap.cfg_type == type)
			return cap;
	}
	errno = ENODEV;
	die("virtio capability %u", type);
}

static volatile uint8_t *map_cap(const struct nic *nic, uint8_t type,
				 uint8_t *place)
{
	struct virtio_pci_cap cap = find_cap(nic, type, place);

	return vfio_map_bar(&nic->vfio, cap.bar) + cap.offset;
}

static void map_registers(struct nic *nic)
{
	uint32_t multiplier;
	uint8_t place;

	nic->registers = map_cap(nic, VIRTIO_PCI_CAP_COMMON_CFG, &place);
	nic->notify = map_cap(nic, VIRTIO_PCI_CAP_NOTIFY_CFG, &place);
	vfio_read_config(&nic->vfio,
			 place + offsetof(struct virtio_pci_notify_cap,
					  notify_off_multiplier),
			 &multiplier, sizeof(multiplier));
	write16(nic, REG(queue_select), 0);
	nic->notify += multiplier * read16(nic, REG(queue_notify_off));
}

/* There are buffers. */
static void notify(const struct nic *nic)
{
	*(volatile uint16_t *)nic->notify = 0;
}

static void stop(const struct nic *nic)
{
	write8(nic, REG(device_status), 0);
	while (nic->registers[REG(device_status)])
		;
}

/* Addresses are translated; there is nothing else that the ring depends on. */
static void negotiate(const struct nic *nic)
{
	write32(nic, REG(guest_feature_select), 0);
	write32(nic, REG(guest_feature), 0);
	write32(nic, REG(guest_feature_select), 1);
	write32(nic, REG(guest_feature), 1U << (VIRTIO_F_VERSION_1 - 32) |
					 1U << (VIRTIO_F_ACCESS_PLATFORM - 32));
}

static void set_up_queue(const struct nic *nic)
{
	write16(nic, REG(queue_select), 0);
	errno = ENOSPC;
	if (read16(nic, REG(queue_size)) < RING_SIZE)
		die("a queue of %u", read16(nic, REG(queue_size)));
	write16(nic, REG(queue_size), RING_SIZE);
	write_iova(nic, REG(queue_desc_lo), offsetof(struct memory, ring));
	write_iova(nic, REG(queue_avail_lo), offsetof(struct memory, avail));
	write_iova(nic, REG(queue_used_lo), offsetof(struct memory, used_page.used));
	write16(nic, REG(queue_enable), 1);
}

/* A device that was reset begins at the start of the ring. */
static void start(const struct nic *nic)
{
	uint8_t status = VIRTIO_CONFIG_S_ACKNOWLEDGE | VIRTIO_CONFIG_S_DRIVER;

	stop(nic);
	init_memory(nic);
	write8(nic, REG(device_status), status);
	negotiate(nic);
	status |= VIRTIO_CONFIG_S_FEATURES_OK;
	write8(nic, REG(device_status), status);
	errno = EPROTO;
	if (!(nic->registers[REG(device_status)] & VIRTIO_CONFIG_S_FEATURES_OK))
		die("features");
	set_up_queue(nic);
	write8(nic, REG(device_status), status | VIRTIO_CONFIG_S_DRIVER_OK);
	notify(nic);
}

static bool needs_reset(const struct nic *nic)
{
	return nic->registers[REG(device_status)] & VIRTIO_CONFIG_S_NEEDS_RESET;
}

/*
 * A read of its ring that fails stops the device. It may say so, or find no
 * buffers and wait to be told of some.
 */
static bool has_stopped(const struct nic *nic)
{
	return needs_reset(nic) || stream_of(nic)->idle > MAX_IDLE;
}

static bool is_running(const struct nic *nic)
{
	uint8_t status = nic->registers[REG(device_status)];

	write16(nic, REG(queue_select), 0);
	return status & VIRTIO_CONFIG_S_DRIVER_OK && !needs_reset(nic) &&
	       read16(nic, REG(queue_enable)) &&
	       read32(nic, REG(queue_desc_lo)) ==
		       nic->iova + offsetof(struct memory, ring);
}

static uint16_t used_idx(const struct memory *memory)
{
	return __atomic_load_n(&memory->used_page.used.idx, __ATOMIC_ACQUIRE);
}

/* Its buffer is given back at once. */
static void take_next(struct memory *memory)
{
	struct stream *stream = &memory->stream;
	struct vring_used_elem *elem =
		&memory->used_page.used.ring[stream->next % RING_SIZE];
	uint16_t idx = memory->avail.idx;

	if (elem->id < RING_SIZE) {
		stream_count(stream, (void *)memory->buffers[elem->id].data,
			     elem->len == sizeof(struct virtio_net_hdr_v1) +
					  sizeof(struct frame));
		memory->avail.ring[idx % RING_SIZE] = elem->id;
		__atomic_store_n(&memory->avail.idx, (uint16_t)(idx + 1),
				 __ATOMIC_RELEASE);
	} else {
		stream->corrupt++;
	}
	stream->next = (uint16_t)(stream->next + 1);
}

static void take_rest(const struct nic *nic)
{
	struct memory *memory = nic->memory;

	while (memory->stream.next != used_idx(memory))
		take_next(memory);
}

static void poll(const struct nic *nic)
{
	struct stream *stream = stream_of(nic);
	uint32_t before = stream->next;

	if (has_stopped(nic)) {
		stream->restarts++;
		stream->idle = 0;
		start(nic);
		return;
	}
	take_rest(nic);
	stream->idle++;
	if (stream->next != before) {
		stream->idle = 0;
		notify(nic);
	}
}

static unsigned int count_done(const struct nic *nic)
{
	const struct memory *memory = nic->memory;

	return (uint16_t)(used_idx(memory) - memory->stream.next);
}

static const char *const models[] = { "0x1041", NULL };

const struct nic_driver virtio_driver = {
	.vendor = "0x1af4",
	.models = models,
	.virtual = true,
	.memory_size = sizeof(struct memory),
	.init_memory = init_memory,
	.map_registers = map_registers,
	.start = start,
	.stop = stop,
	.is_running = is_running,
	.poll = poll,
	.take_rest = take_rest,
	.count_done = count_done,
};
