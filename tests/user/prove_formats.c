// SPDX-License-Identifier: GPL-2.0
/*
 * Prove that entry formats keep the contract of entry_sync, for every entry
 *
 * For CBMC, run by the script "prove". The proof of the library takes masks for
 * formats, on the terms of entry_sync.h. Here are the formats: those of VT-d by
 * the driver's own functions, the others by their tables of fields, against
 * which KUnit holds their drivers' functions.
 */

#include <stdarg.h>

#include <linux/kernel.h>
#include <linux/math.h>

#include "entry_format_layout.h"
#include "prove.h"
#include "../../amd/dte_layout.h"
#include "../../arm/arm-smmu-v3/arm-smmu-v3-layout.h"

struct entry {
	u64 word[ENTRY_SYNC_MAX_WORDS];
};

/* Warnings of the library: it has no part in this. */
void shim_warn(const char *fmt, ...)
{
}

static struct entry any_entry(unsigned int num_words)
{
	struct entry entry = {};
	unsigned int i;

	for (i = 0; i < num_words; i++)
		entry.word[i] = nondet_u64();
	return entry;
}

static bool present(const struct entry_sync_format *format,
		    const struct entry *entry)
{
	return entry->word[format->present_word] & format->present_mask;
}

/* Does what is cleared with the present bit matter? For either quantum */
static bool clears_what_is_used(const struct entry_sync_format *format,
				const struct entry *used)
{
	unsigned int quantum_words = nondet_bool() ? 1 : 2;
	unsigned int i, first = round_down(format->present_word, quantum_words);
	u64 bits = 0;

	for (i = 0; i < quantum_words; i++)
		bits |= format->clear_with_present[i] & used->word[first + i] &
			~(first + i == format->present_word ?
			  format->present_mask : 0);
	return bits;
}

static void prove_format(const struct entry_layout *layout)
{
	const struct entry_sync_format *format = &layout->format;
	struct entry a = any_entry(format->num_words);
	struct entry b = any_entry(format->num_words);
	struct entry used_by_a = {}, used_by_b = {}, safe = {};
	u64 told_apart = 0, differs = 0, present_safe = 0;
	unsigned int i;

	format->ops.get_used(a.word, used_by_a.word);
	format->ops.get_used(b.word, used_by_b.word);
	if (format->ops.get_update_safe)
		format->ops.get_update_safe(a.word, b.word, safe.word);

	for (i = 0; i < format->num_words; i++) {
		told_apart |= (a.word[i] ^ b.word[i]) & used_by_a.word[i] &
			      ~(safe.word[i] & used_by_b.word[i]);
		differs |= used_by_a.word[i] ^ used_by_b.word[i];
	}
	present_safe = safe.word[format->present_word] & format->present_mask;

	prove("formats: what is used depends on used bits alone, and on no safe one",
	      told_apart || !differs);
	prove("formats: the present bit is used by every entry, and not safe",
	      !(~used_by_a.word[format->present_word] & format->present_mask) &&
	      !present_safe);
	prove("formats: a non-present entry uses nothing that goes with its bit",
	      present(format, &a) || !clears_what_is_used(format, &used_by_a));
	reach("formats: both kinds of entries, used differently",
	      present(format, &a) && !present(format, &b) && differs);
}

void prove_formats(void)
{
	prove_format(&FORMAT);
}
