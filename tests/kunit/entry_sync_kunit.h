/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What KUnit tests of entry formats share
 */
#ifndef _ENTRY_SYNC_KUNIT_H_
#define _ENTRY_SYNC_KUNIT_H_

#include <kunit/test.h>

#include "entry_sync_layout.h"

/**
 * struct entry_sync_case - a format, and the quantum to update it with
 * @layout: the format
 * @quantum_words: 1 or 2
 */
struct entry_sync_case {
	const struct entry_layout *layout;
	unsigned int quantum_words;
};

void entry_sync_kunit_describe(const struct entry_sync_case *param, char *desc);
struct entry_sync_check *entry_sync_kunit_start(struct kunit *test,
						unsigned int quantum_words);
void entry_sync_kunit_used(struct kunit *test);
void entry_sync_kunit_all_pairs(struct kunit *test);
void entry_sync_kunit_print(const char *line);

#endif /* _ENTRY_SYNC_KUNIT_H_ */
