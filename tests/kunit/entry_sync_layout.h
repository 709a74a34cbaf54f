/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Entry formats as tables of fields, and what is to be expected of updates
 *
 * For KUnit and for user space.
 */
#ifndef _ENTRY_SYNC_LAYOUT_H_
#define _ENTRY_SYNC_LAYOUT_H_

#include "entry_sync_check.h"

#define ENTRY_LAYOUT_MAX_TYPES	8

/**
 * struct entry_field - a field of an entry
 * @name: as in the specification
 * @word: the word that it is in
 * @mask: its bits there
 * @types: bit mask of the types of a present entry that use it; bit 0 is for an
 *         entry that is not present
 * @is_safe: optional: whether it may change from @old to @new while hardware
 *           uses @old
 */
struct entry_field {
	const char *name;
	unsigned int word;
	u64 mask;
	unsigned int types;
	bool (*is_safe)(const u64 *old, const u64 *new);
};

/**
 * struct entry_layout - an entry format
 * @name: of the entry
 * @format: for the checker
 * @fields: all but the present bit, the types, and @faults
 * @num_fields: number of @fields
 * @types: names of the types, type 0 is that of an entry all zero
 * @type_word: the type's field
 * @type_mask: the type's field; 0 if there is only one
 * @type_value: what it holds for each type
 * @subtype_types: bit mask of the types that a second field tells apart
 * @subtype_word: that field
 * @subtype_mask: that field
 * @subtype_value: what it holds for each of @subtype_types
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
	unsigned int subtype_types;
	unsigned int subtype_word;
	u64 subtype_mask;
	u64 subtype_value[ENTRY_LAYOUT_MAX_TYPES];
	unsigned int num_types;
	u64 faults;
};

/**
 * struct entry_layout_row - what is to be expected of one update
 * @text: the types, in words
 * @from: type of the old entry; 0 for none
 * @to: type of the new one
 * @differ: names of the fields in which they differ, or "all"
 * @quantum_128: verdict, number of stores, number of syncs
 * @quantum_64: the same for quanta of 64 bits
 */
struct entry_layout_row {
	const char *text;
	unsigned int from, to;
	const char *differ;
	const char *quantum_128;
	const char *quantum_64;
};

/**
 * struct entry_layout_change - an update, for a comparison of two writers
 * @from: type of the old entry; 0 for none
 * @to: type of the new one
 * @differ: names of the fields in which they differ, or "all"
 * @now: what is to be expected: verdict, number of stores, number of syncs
 */
struct entry_layout_change {
	unsigned int from, to;
	const char *differ;
	const char *now;
};

extern const struct entry_layout made_up_layout;

void entry_layout_get_used(const struct entry_layout *layout, const u64 *entry,
			   u64 *used);
void entry_layout_get_update_safe(const struct entry_layout *layout,
				  const u64 *cur, const u64 *target, u64 *safe);
void entry_layout_check_used(const struct entry_layout *layout,
			     struct entry_sync_check *ck);
void entry_layout_check_all(const struct entry_layout *layout,
			    unsigned int quantum_words,
			    struct entry_sync_check *ck);
void entry_layout_check_table(const struct entry_layout *layout,
			      const struct entry_layout_row *rows,
			      unsigned int num_rows,
			      unsigned int quantum_words,
			      struct entry_sync_check *ck,
			      void (*print)(const char *line));
void entry_layout_compare(const struct entry_layout *layout,
			  const struct entry_layout_change *changes,
			  unsigned int num_changes, unsigned int quantum_words,
			  entry_sync_writer *before,
			  struct entry_sync_check *ck,
			  void (*print)(const char *line));

#endif /* _ENTRY_SYNC_LAYOUT_H_ */
