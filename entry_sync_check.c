// SPDX-License-Identifier: GPL-2.0
/*
 * Checks an update by entry_sync against every fetch that hardware may do
 *
 * The fetch model is that of entry_sync.c. A step stores each quantum at most
 * once, so a quantum has at most two values between two syncs: those that it
 * has at one and at the other.
 */

#include "entry_sync_check.h"

struct checker {
	struct entry_sync es;
	struct kunit *test;
	const struct entry_sync_format *format;
	const u64 *old, *new;
	struct entry_sync_counts *counts;
	unsigned int syncs;
	unsigned int not_present;
	bool last;
	u64 before[ENTRY_SYNC_MAX_WORDS];
	u64 live[ENTRY_SYNC_MAX_WORDS] __aligned(16);
};

static bool is_present(const struct checker *ck, const u64 *entry)
{
	return entry[ck->es.present_word] & ck->es.present_mask;
}

/* Does hardware find in @fetched what it would find in @entry? */
static bool reads_as(const struct checker *ck, const u64 *fetched,
		     const u64 *entry)
{
	u64 used[ENTRY_SYNC_MAX_WORDS] = {};
	u64 safe[ENTRY_SYNC_MAX_WORDS] = {};
	unsigned int i;

	ck->format->ops.get_used(fetched, used);
	if (ck->format->ops.get_update_safe)
		ck->format->ops.get_update_safe(ck->old, ck->new, safe);

	for (i = 0; i < ck->es.num_words; i++)
		if ((fetched[i] ^ entry[i]) & used[i] & ~safe[i])
			return false;
	return true;
}

static void check_fetch(struct checker *ck, const u64 *fetched)
{
	ck->counts->fetches++;
	if (reads_as(ck, fetched, ck->old) || reads_as(ck, fetched, ck->new))
		return;

	if (is_present(ck, fetched))
		KUNIT_FAIL(ck->test, "torn: %*ph, from %*ph, to %*ph",
			   (int)sizeof(ck->live), fetched,
			   (int)sizeof(ck->live), ck->old,
			   (int)sizeof(ck->live), ck->new);
	ck->not_present++;
}

/* Check each combination of quanta as they were and as they are now. */
static void check_window(struct checker *ck)
{
	unsigned int num = ck->es.num_words / ck->es.quantum_words;
	u64 fetched[ENTRY_SYNC_MAX_WORDS] = {};
	unsigned int choice, i;

	ck->counts->windows++;
	for (choice = 0; choice < BIT(num); choice++) {
		for (i = 0; i < ck->es.num_words; i++)
			fetched[i] = choice & BIT(i / ck->es.quantum_words) ?
					     ck->live[i] : ck->before[i];
		check_fetch(ck, fetched);
	}
	memcpy(ck->before, ck->live, sizeof(ck->before));
}

static void check_sync(struct entry_sync *es, bool last)
{
	struct checker *ck = container_of(es, struct checker, es);

	KUNIT_EXPECT_FALSE_MSG(ck->test, ck->last, "sync after the last one");
	KUNIT_EXPECT_MEMNEQ_MSG(ck->test, ck->before, ck->live,
				sizeof(ck->live), "sync without a store");
	ck->last = last;
	ck->syncs++;
	check_window(ck);
}

/**
 * entry_sync_check - update an entry and check every fetch on the way
 * @test: fails if a fetch is torn, or if the result is not what was done
 * @format: the entry's format
 * @quantum_words: 1 or 2
 * @old: the entry's value, &entry_sync_format.num_words words
 * @new: the value that it gets
 * @counts: what was looked at is added here
 *
 * Context: Any.
 * Return: what entry_sync_write() returned.
 */
struct entry_sync_result
entry_sync_check(struct kunit *test, const struct entry_sync_format *format,
		 unsigned int quantum_words, const u64 *old, const u64 *new,
		 struct entry_sync_counts *counts)
{
	size_t size = format->num_words * sizeof(u64);
	struct entry_sync_ops ops = format->ops;
	struct entry_sync_result planned, done;
	struct checker ck = {
		.es = {
			.ops = &ops,
			.num_words = format->num_words,
			.quantum_words = quantum_words,
			.present_word = format->present_word,
			.present_mask = format->present_mask,
		},
		.test = test,
		.format = format,
		.old = old,
		.new = new,
		.counts = counts,
	};

	ops.sync = check_sync;
	ck.es.entry = ck.live;
	memcpy(ck.live, old, size);
	memcpy(ck.before, old, size);

	planned = entry_sync_plan(&ck.es, new);
	done = entry_sync_write(&ck.es, new);

	KUNIT_EXPECT_MEMEQ(test, ck.live, new, size);
	KUNIT_EXPECT_MEMEQ_MSG(test, ck.before, ck.live, size,
			       "store without a sync");
	KUNIT_EXPECT_MEMEQ(test, &planned, &done, sizeof(done));
	KUNIT_EXPECT_EQ(test, done.syncs, ck.syncs);
	KUNIT_EXPECT_EQ(test, ck.last, ck.syncs > 0);
	KUNIT_EXPECT_EQ(test, done.verdict == ENTRY_SYNC_UNCHANGED,
			!memcmp(old, new, size));
	if (done.verdict != ENTRY_SYNC_BREAKING)
		KUNIT_EXPECT_EQ_MSG(test, ck.not_present, 0,
				    "hitless, but not always present");
	else
		KUNIT_EXPECT_GT_MSG(test, ck.not_present, 0,
				    "breaking for nothing");
	return done;
}
