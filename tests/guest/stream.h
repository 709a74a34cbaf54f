/* SPDX-License-Identifier: GPL-2.0 */
/* The packets that the host sends, see live_update.py, and what is known of them */
#ifndef TESTS_STREAM_H
#define TESTS_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#define FRAME_SIZE	512U
#define PATTERN_SIZE	(FRAME_SIZE - 30)

struct frame {
	uint8_t to[6];
	uint8_t from[6];
	uint16_t type;
	uint64_t number;
	uint64_t sent_ns;
	uint8_t pattern[PATTERN_SIZE];
} __attribute__((packed));

/* What is known of the stream so far; it is kept next to what a NIC receives. */
struct stream {
	uint64_t magic;
	uint32_t next;		/* place in the ring to look at next */
	uint64_t first;		/* number of the first packet */
	uint64_t last;		/* number of the latest packet */
	uint64_t last_ns;	/* when the host sent that one */
	uint64_t silence_ns;	/* longest time between two packets */
	uint64_t received;
	uint64_t late;		/* not newer than one that came before it */
	uint64_t corrupt;
	uint64_t skipped;	/* the device went on, but nothing was written */
	uint64_t restarts;	/* the device gave up, and was started anew */
	unsigned int idle;	/* how often nothing was found in a row */
	uint32_t id;		/* domain id in the kernel before, if that matters */
};

/* Count a packet, of which a NIC says whether it was received well. */
void stream_count(struct stream *stream, struct frame *frame, bool good);
void stream_print(const struct stream *stream, const char *more);

#endif
