// SPDX-License-Identifier: GPL-2.0
/*
 * Check entry_sync, as it is, against every fetch that hardware may do
 *
 * Runs the cases of the KUnit tests in user space. Every store of the library
 * comes by here, so that a 16-byte store that is none would be noticed. Prints
 * KTAP.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/kernel.h>

#include <asm/cmpxchg.h>

#include "../entry_format.h"
#include "entry_format_layout.h"
#include "../../amd/dte_layout.h"
#include "../../arm/arm-smmu-v3/arm-smmu-v3-layout.h"

static struct entry_sync_check ck;
static struct entry_sync_counts total;
static char warning[256];
static unsigned int num_cases;
static bool any_failed;

static void tell_checker(u64 *to)
{
	if (to >= ck.live && to < ck.live + ENTRY_SYNC_MAX_WORDS)
		entry_sync_check_stored(&ck, to);
}

void shim_store_64(u64 *to, u64 value)
{
	*to = value;
	tell_checker(to);
}

void shim_store_128(u128 *to, u128 value)
{
	*to = value;
	tell_checker((u64 *)to);
}

void shim_warn(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(warning, sizeof(warning), fmt, args);
	va_end(args);
}

static void begin(void)
{
	ck = (struct entry_sync_check){};
	warning[0] = 0;
}

static void end(bool ok, const char *fmt, ...)
{
	va_list args;

	if (ck.failure[0])
		printf("# %s\n", ck.failure);
	if (warning[0])
		printf("# %s", warning);
	printf("%sok %u ", ok ? "" : "not ", ++num_cases);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	any_failed |= !ok;
}

static void add_counts(void)
{
	total.pairs += ck.counts.pairs;
	total.windows += ck.counts.windows;
	total.composites += ck.counts.composites;
	total.torn += ck.counts.torn;
}

static void check_used(const struct entry_layout *layout)
{
	begin();
	entry_layout_check_used(layout, &ck);
	end(!ck.failure[0], "%s: used bits", layout->name);
}

static void check_layout(const struct entry_layout *layout)
{
	unsigned int quantum_words;

	for (quantum_words = 1; quantum_words <= 2; quantum_words++) {
		begin();
		entry_layout_check_all(layout, quantum_words, &ck);
		add_counts();
		printf("# pairs=%lu windows=%lu composites=%lu torn=%lu\n",
		       ck.counts.pairs, ck.counts.windows,
		       ck.counts.composites, ck.counts.torn);
		end(!ck.counts.failures && !warning[0], "%s: %u-bit quanta",
		    layout->name, 64 * quantum_words);
	}
}

static void print_line(const char *line)
{
	printf("# %s\n", line);
}

static void check_table(void)
{
	unsigned int quantum_words;

	for (quantum_words = 2; quantum_words; quantum_words--) {
		begin();
		pasid_layout_check_table(quantum_words, &ck, print_line);
		end(!ck.counts.failures, "table for %u-bit quanta",
		    64 * quantum_words);
	}
}

static void compare(const char *name,
		    void (*comparison)(struct entry_sync_check *ck,
				       void (*print)(const char *line)))
{
	begin();
	comparison(&ck, print_line);
	end(!ck.failure[0], "%s, before and after", name);
}

/* Writers that are wrong: each must be caught for what it does. */

static struct entry_sync_result forget_sync(struct entry_sync *es,
					    const u64 *target)
{
	struct entry_sync_result result = entry_sync_plan(es, target);

	shim_store_128((u128 *)es->entry, *(const u128 *)target);
	return result;
}

static struct entry_sync_result store_words_at_once(struct entry_sync *es,
						    const u64 *target)
{
	struct entry_sync_result result = entry_sync_plan(es, target);

	shim_store_64(&es->entry[0], target[0]);
	shim_store_64(&es->entry[1], target[1]);
	es->ops->sync(es, true);
	return result;
}

static struct entry_sync_result sync_twice(struct entry_sync *es,
					   const u64 *target)
{
	struct entry_sync_result result = entry_sync_write(es, target);

	es->ops->sync(es, true);
	return result;
}

static void check_writer(entry_sync_writer *write, const char *culprit)
{
	struct pasid_second_stage from = { .ssptptr = 0x1000, .aw = 2 };
	struct pasid_second_stage to = { .ssptptr = 0x2000, .aw = 2 };
	struct pasid_entry old, new;

	pasid_entry_make_second_stage(&old, 1, &from);
	pasid_entry_make_second_stage(&new, 2, &to);
	begin();
	entry_sync_check_update(&ck, &pasid_layout.format, 2, old.val, new.val,
				write);
	end(strstr(ck.failure, culprit), "caught: %s", culprit);
}

static void check_builder(void)
{
	struct pasid_second_stage ss = { .ssptptr = 0x1000, .aw = 2 };
	struct pasid_entry old = {}, new;

	pasid_entry_make_second_stage(&new, 1, &ss);
	new.val[3] = 0x70;
	begin();
	entry_sync_check_update(&ck, &pasid_layout.format, 2, old.val, new.val,
				entry_sync_write);
	end(strstr(ck.failure, "word 3: bits 70") &&
	    strstr(warning, "word 3: bits 0x70"),
	    "caught: builder sets unused bits");
}

static void never_sync(struct entry_sync *es, bool last)
{
	abort();
}

/* Change one thing of a good description: refused, and the culprit named. */
#define check_refused(culprit, field, value) do {			\
	u64 live[ENTRY_SYNC_MAX_WORDS + 2] __aligned(16) = {};		\
	struct entry_sync_ops ops = pasid_layout.format.ops;		\
	const u64 target[ENTRY_SYNC_MAX_WORDS + 2] = { 1 };		\
	struct entry_sync es = {					\
		.ops = &ops,						\
		.entry = live,						\
		.num_words = 8,						\
		.quantum_words = 2,					\
		.present_mask = 1,					\
	};								\
									\
	ops.sync = never_sync;						\
	es.field = value;						\
	begin();							\
	end(entry_sync_write(&es, target).verdict ==			\
	    ENTRY_SYNC_INVALID && !live[0] && strstr(warning, culprit),	\
	    "refused: " #field " = " #value);				\
} while (0)

static void check_refusals(void)
{
	static const struct entry_sync_ops no_sync = {
		.get_used = pasid_entry_get_used,
	};

	check_refused("not aligned", entry, live + 1);
	check_refused("not aligned", entry, NULL);
	check_refused("above ENTRY_SYNC_MAX_WORDS", num_words, 10);
	check_refused("no number of whole quanta", num_words, 7);
	check_refused("no number of whole quanta", num_words, 0);
	check_refused("quantum_words", quantum_words, 4);
	check_refused("quantum_words", quantum_words, 0);
	check_refused("present_word", present_word, 8);
	check_refused("present_mask", present_mask, 0);
	check_refused("ops", ops, &no_sync);
	check_refused("ops", ops, NULL);
}

int main(void)
{
	setlinebuf(stdout);
	printf("KTAP version 1\n");

	check_used(&pasid_layout);
	check_layout(&pasid_layout);
	check_used(&context_legacy_layout);
	check_layout(&context_legacy_layout);
	check_used(&context_scalable_layout);
	check_layout(&context_scalable_layout);
	check_used(&made_up_layout);
	check_layout(&made_up_layout);
	check_table();

	/* Their drivers do not compile here; KUnit holds them against tables. */
	check_layout(&arm_smmu_ste_layout);
	compare("stream table entry", arm_smmu_ste_compare);
	check_layout(&arm_smmu_cd_layout);
	compare("context descriptor", arm_smmu_cd_compare);
	check_layout(&amd_iommu_dte_layout);
	compare("device table entry", amd_iommu_dte_compare);

	check_writer(forget_sync, "store without a sync");
	check_writer(store_words_at_once, "torn fetch");
	check_writer(sync_twice, "sync after the last one");
	check_builder();
	check_refusals();

	printf("1..%u\n", num_cases);
	printf("# total: pairs=%lu windows=%lu composites=%lu torn=%lu\n",
	       total.pairs, total.windows, total.composites, total.torn);
	return any_failed;
}
