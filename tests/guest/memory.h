/* SPDX-License-Identifier: GPL-2.0 */
/* What a kernel does to memory that is free to move, or that there is none of */
#ifndef TESTS_MEMORY_H
#define TESTS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

unsigned long read_number(const char *dir, const char *name);
/* In kB */
unsigned long free_memory(void);

/* Nearly all memory that is free, page by page, and full of the same */
struct filled {
	uint8_t *memory;
	size_t size;
};

struct filled fill_memory(void);
bool is_filled(const struct filled *filled);

/*
 * Let huge pages take the place of small ones, which are free then. Returns how
 * many did: all that may are the first of the file, at a place for a huge page.
 */
unsigned long count_collapsed(int memfd);

/* Where in memory some pages are */
struct places {
	const void *memory;
	size_t count;
	uint64_t *frames;
};

struct places note_places(const void *memory, size_t size);
/* How many pages are elsewhere now */
unsigned long count_moved(const struct places *places);
/* Only a part of what was filled is left, so that there is room to move. */
void compact_memory(struct filled *filled);

/*
 * Retrieve a file with so many bytes of memory for what a kernel needs for that, or
 * in a memory cgroup that may have so many. Both may fail with ENOMEM.
 */
int retrieve_starved(const char *bytes, int session, uint64_t token);
int retrieve_limited(const char *bytes, int session, uint64_t token);

#endif
