// SPDX-License-Identifier: GPL-2.0

#include <stdio.h>
#include <string.h>

#include "stream.h"

#define ETHERTYPE	0xb588	/* 0x88b5, for experiments, in network order */

static bool is_intact(const struct frame *frame)
{
	unsigned int i;

	if (frame->type != ETHERTYPE)
		return false;
	for (i = 0; i < PATTERN_SIZE; i++)
		if (frame->pattern[i] != (uint8_t)(frame->number + i))
			return false;
	return true;
}

static void count(struct stream *stream, const struct frame *frame, bool good)
{
	if (!good || !is_intact(frame)) {
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

void stream_count(struct stream *stream, struct frame *frame, bool good)
{
	count(stream, frame, good);
	/* The buffer must not pass for a packet again. */
	memset(frame, 0, sizeof(*frame));
}

void stream_print(const struct stream *stream, const char *more)
{
	uint64_t sent = stream->last - stream->first + 1;

	printf("result: sent=%lu received=%lu lost=%lu late=%lu corrupt=%lu",
	       sent, stream->received, sent - stream->received, stream->late,
	       stream->corrupt);
	printf(" skipped=%lu restarts=%lu silence-ms=%lu%s\n", stream->skipped,
	       stream->restarts, stream->silence_ns / 1000000, more);
}
