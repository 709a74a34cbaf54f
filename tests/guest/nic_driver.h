/* SPDX-License-Identifier: GPL-2.0 */
/* NICs that receive, driven through VFIO without interrupts */
#ifndef TESTS_NIC_DRIVER_H
#define TESTS_NIC_DRIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream.h"
#include "vfio.h"

#define BUFFER_SIZE	2048U

struct nic_driver;

/*
 * A NIC
 *
 * @memory: what it shares with its driver, with what is known of the stream first.
 *          Whoever has that can go on.
 * @iova: where the NIC finds that
 * @registers, @notify: its registers; what a driver writes to there is its own
 *                      matter
 */
struct nic {
	const struct nic_driver *driver;
	char path[300];
	void *memory;
	uint64_t iova;
	struct vfio vfio;
	volatile uint8_t *registers;
	volatile uint8_t *notify;
};

/*
 * @models: what it drives, NULL after the last
 * @virtual: these are virtual functions
 * @memory_size: how much a NIC shares with the driver
 * @init_memory: make a ring in it, in which nothing was received
 * @map_registers: before any of those below
 * @start: after init_memory() or stop(), go on from the place in the ring to look
 *         at next
 * @stop: nothing is received from here on
 * @is_running: whether it is as start() has left it
 * @poll: take what was received, and give buffers for more
 * @take_rest: take what was received, of a NIC that was reset since
 * @count_done: what was received that nobody has looked at yet
 * @let_signal: signal each packet by the first message, or none; NULL if it cannot
 */
struct nic_driver {
	const char *vendor;
	const char *const *models;
	bool virtual;
	size_t memory_size;
	void (*init_memory)(const struct nic *nic);
	void (*map_registers)(struct nic *nic);
	void (*start)(const struct nic *nic);
	void (*stop)(const struct nic *nic);
	bool (*is_running)(const struct nic *nic);
	void (*poll)(const struct nic *nic);
	void (*take_rest)(const struct nic *nic);
	unsigned int (*count_done)(const struct nic *nic);
	void (*let_signal)(const struct nic *nic, bool enable);
};

extern const struct nic_driver e1000_driver, virtio_driver;

static inline struct stream *stream_of(const struct nic *nic)
{
	return nic->memory;
}

#endif
