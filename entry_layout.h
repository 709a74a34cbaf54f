/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entry formats as tables of fields, and what is to be expected of updates
 *
 * Test data, used by the KUnit suite and, in user space, by tests/fetches.c.
 */
#ifndef _INTEL_ENTRY_LAYOUT_H_
#define _INTEL_ENTRY_LAYOUT_H_

#include "entry_sync_check.h"

#define ENTRY_LAYOUT_MAX_TYPES	8

/**
 * struct entry_field - a field of an entry
 * @name: as in the specification
 * @word: the word that it is in
 * @mask: its bits there
 * @types: bit mask of the types of a present entry that use it
 */
struct entry_field {
	const char *name;
	unsigned int word;
	u64 mask;
	unsigned int types;
};

/**
 * struct entry_layout - an entry format
 * @name: of the entry
 * @format: for the checker
 * @fields: all but the present bit, the type, and @faults
 * @num_fields: number of @fields
 * @types: names of the types, type 0 is that of an entry all zero
 * @type_word: the type's field
 * @type_mask: the type's field; 0 if there is only one
 * @type_value: what it holds for each type
 * @num_types: number of @types
 * @faults: the bit that a non-present entry uses, too, and that may change at
 *          any time, in the word of the present bit
 */
struct entry_layout {
	const char *name;
	struct entry_sync_format format;
	const struct entry_field *fields;
	unsigned int num_fields;
	const char *types[ENTRY_LAYOUT_MAX_TYPES];
	unsigned int type_word;
	u64 type_mask;
	u64 type_value[ENTRY_LAYOUT_MAX_TYPES];
	unsigned int num_types;
	u64 faults;
};

extern const struct entry_layout pasid_layout;
extern const struct entry_layout context_legacy_layout;
extern const struct entry_layout context_scalable_layout;
extern const struct entry_layout made_up_layout;

void entry_layout_check_used(const struct entry_layout *layout,
			     struct entry_sync_check *ck);
void entry_layout_check_all(const struct entry_layout *layout,
			    unsigned int quantum_words,
			    struct entry_sync_check *ck);
void pasid_layout_check_table(unsigned int quantum_words,
			      struct entry_sync_check *ck,
			      void (*print)(const char *line));

#endif /* _INTEL_ENTRY_LAYOUT_H_ */
