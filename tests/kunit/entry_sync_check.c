// SPDX-License-Identifier: GPL-2.0
/*
 * Checks updates by entry_sync against every fetch that hardware may do
 *
 * The fetch model is that of entry_sync.c: a fetch gives, for each quantum
 * independently, one of the values that it held since the last sync. The
 * checker is told of each store, keeps the values, and at each sync looks at
 * every combination of them, every *composite*.
 *
 * A composite is right if in the bits that it uses itself it is the old entry,
 * but for bits that are safe to update, or the new one; or, in a breaking
 * update, if it is not present. It never uses a bit that neither of them has,
 * other than a cleared present bit.
 *
 * Beyond that the checker holds an update against what it must not cost:
 *
 * - a sync without a store in front of it, or that orders nothing: without it
 *   the two windows were one, and no composite of that one would be wrong;
 * - a store of what is there already, or of a quantum twice in a window;
 * - not being hitless without need is for the caller to see, who knows what to
 *   expect of a pair of entries.
 *
 * And against VT-d spec, section 6.5.3.3: an entry is made non-present by its
 * present bit alone, but for what its format allows to go with it; the rest
 * stays until a sync has been. That sync is needed even if it orders nothing in
 * the fetch model.
 */

#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/math.h>
#include <linux/string.h>

#include "entry_sync_check.h"

static struct entry_sync_window *this_window(struct entry_sync_check *ck)
{
	return &ck->windows[ck->seen.syncs % 2];
}

static unsigned int num_quanta(const struct entry_sync_check *ck)
{
	return ck->es.num_words / ck->es.quantum_words;
}

static bool is_present(const struct entry_sync_check *ck, const u64 *entry)
{
	return entry[ck->es.present_word] & ck->es.present_mask;
}

/* Write an entry's words up to the last one that is not zero. */
static int print_entry(char *text, size_t size, const u64 *entry)
{
	unsigned int i, end = ENTRY_SYNC_MAX_WORDS;
	int len = 0;

	while (end > 1 && !entry[end - 1])
		end--;
	for (i = 0; i < end; i++)
		len += scnprintf(text + len, size - len, "%s%llx",
				 i ? ":" : "", (unsigned long long)entry[i]);
	return len;
}

/**
 * entry_sync_check_fail - say that an update is wrong
 * @ck: the checker; an update fails once, the first of all is kept in words
 * @fmt: what is wrong
 *
 * Context: Any.
 */
void entry_sync_check_fail(struct entry_sync_check *ck, const char *fmt, ...)
{
	size_t size = sizeof(ck->failure);
	va_list args;
	int len;

	if (ck->failed)
		return;
	ck->failed = true;
	if (ck->counts.failures++)
		return;

	va_start(args, fmt);
	len = vscnprintf(ck->failure, size, fmt, args);
	va_end(args);
	len += scnprintf(ck->failure + len, size - len, ", %u-bit quanta, from ",
			 64 * ck->es.quantum_words);
	len += print_entry(ck->failure + len, size - len, ck->old);
	len += scnprintf(ck->failure + len, size - len, " to ");
	print_entry(ck->failure + len, size - len, ck->new);
}

/* Does hardware find in @fetched what it would find in @entry? */
static bool reads_as(const struct entry_sync_check *ck, const u64 *fetched,
		     const u64 *used, const u64 *entry, const u64 *safe)
{
	unsigned int i;

	for (i = 0; i < ck->es.num_words; i++)
		if ((fetched[i] ^ entry[i]) & used[i] & ~safe[i])
			return false;
	return true;
}

/* The bits of a word of an entry that say whether it is present */
static u64 present_bits(const struct entry_sync_check *ck, unsigned int word)
{
	return word == ck->es.present_word ? ck->es.present_mask : 0;
}

static bool uses_foreign_bit(const struct entry_sync_check *ck,
			     const u64 *fetched, const u64 *used)
{
	unsigned int i;

	for (i = 0; i < ck->es.num_words; i++)
		if ((fetched[i] ^ ck->old[i]) & (fetched[i] ^ ck->new[i]) &
		    used[i] & ~present_bits(ck, i))
			return true;
	return false;
}

enum reading { READS_RIGHT, READS_NOT_PRESENT, READS_TORN };

static enum reading read_entry(const struct entry_sync_check *ck,
			       const u64 *fetched)
{
	static const u64 nothing[ENTRY_SYNC_MAX_WORDS];
	u64 used[ENTRY_SYNC_MAX_WORDS] = {};

	ck->es.ops->get_used(fetched, used);
	if (uses_foreign_bit(ck, fetched, used))
		return READS_TORN;
	if (reads_as(ck, fetched, used, ck->old, ck->safe) ||
	    reads_as(ck, fetched, used, ck->new, nothing))
		return READS_RIGHT;

	return is_present(ck, fetched) ? READS_TORN : READS_NOT_PRESENT;
}

static bool is_wrong(const struct entry_sync_check *ck, enum reading reading)
{
	if (ck->planned.verdict == ENTRY_SYNC_BREAKING)
		return reading == READS_TORN;
	return reading != READS_RIGHT;
}

static void take_value(const struct entry_sync_check *ck, u64 *fetched,
		       const struct entry_sync_window *window, unsigned int q,
		       unsigned int n)
{
	unsigned int i;

	for (i = 0; i < ck->es.quantum_words; i++)
		fetched[q * ck->es.quantum_words + i] =
			window->value[n][q * ck->es.quantum_words + i];
}

/*
 * Go on to the next composite of @window, like an odometer; false when all
 * have been.
 */
static bool next_composite(const struct entry_sync_check *ck, u64 *fetched,
			   const struct entry_sync_window *window,
			   unsigned int *choice)
{
	unsigned int q;

	for (q = 0; q < num_quanta(ck); q++) {
		choice[q] = (choice[q] + 1) % window->num[q];
		take_value(ck, fetched, window, q, choice[q]);
		if (choice[q])
			return true;
	}
	return false;
}

static void check_composite(struct entry_sync_check *ck, const u64 *fetched)
{
	enum reading reading = read_entry(ck, fetched);
	char text[160];

	ck->counts.composites++;
	ck->seen.not_present += reading == READS_NOT_PRESENT;
	ck->seen.torn += reading == READS_TORN;
	ck->counts.torn += reading == READS_TORN;
	if (is_wrong(ck, reading)) {
		print_entry(text, sizeof(text), fetched);
		entry_sync_check_fail(ck, "%s fetch %s",
				      reading == READS_TORN ?
				      "torn" : "non-present", text);
	}
}

static void check_composites(struct entry_sync_check *ck,
			     const struct entry_sync_window *window)
{
	unsigned int choice[ENTRY_SYNC_MAX_WORDS] = {};
	u64 fetched[ENTRY_SYNC_MAX_WORDS] = {};

	if (ck->whole_fetches)
		return;
	memcpy(fetched, window->value[0], sizeof(fetched));
	do {
		check_composite(ck, fetched);
	} while (next_composite(ck, fetched, window, choice));
}

static void add_value(const struct entry_sync_check *ck,
		      struct entry_sync_window *window, unsigned int q,
		      const u64 *entry)
{
	unsigned int i, word, n = window->num[q]++;

	for (i = 0; i < ck->es.quantum_words; i++) {
		word = q * ck->es.quantum_words + i;
		window->value[n][word] = entry[word];
	}
}

/*
 * Would the two windows, as one, be right as well? Not asked of the way to an
 * entry that is not present and yet used in several quanta.
 */
static bool orders_nothing(const struct entry_sync_check *ck,
			   const struct entry_sync_window *first,
			   const struct entry_sync_window *second)
{
	unsigned int choice[ENTRY_SYNC_MAX_WORDS] = {};
	struct entry_sync_window both = *first;
	u64 fetched[ENTRY_SYNC_MAX_WORDS] = {};
	unsigned int q;

	if (ck->planned.verdict == ENTRY_SYNC_BREAKING &&
	    !is_present(ck, ck->new))
		return false;

	/* What the second starts with is in the first already. */
	for (q = 0; q < num_quanta(ck); q++)
		if (second->num[q] > 1 &&
		    both.num[q] < ENTRY_SYNC_CHECK_VALUES)
			add_value(ck, &both, q, second->value[1]);

	memcpy(fetched, both.value[0], sizeof(fetched));
	do {
		if (is_wrong(ck, read_entry(ck, fetched)))
			return false;
	} while (next_composite(ck, fetched, &both, choice));
	return true;
}

/* Clearing the present bit leaves alone what the old entry is cached with. */
static void check_teardown(struct entry_sync_check *ck,
			   struct entry_sync_window *window)
{
	unsigned int first = round_down(ck->es.present_word,
					ck->es.quantum_words);
	u64 used[ENTRY_SYNC_MAX_WORDS] = {}, may_change[ENTRY_SYNC_MAX_WORDS] = {};
	unsigned int i;

	window->clears_present = is_present(ck, window->value[0]) &&
				 !is_present(ck, ck->live);
	if (!window->clears_present)
		return;

	ck->es.ops->get_used(ck->old, used);
	if (!is_present(ck, ck->new))
		ck->es.ops->get_used(ck->new, may_change);
	may_change[ck->es.present_word] |= ck->es.present_mask;
	for (i = 0; i < ck->es.quantum_words; i++)
		may_change[first + i] |= ck->es.clear_with_present[i];
	for (i = 0; i < ck->es.num_words; i++)
		if ((window->value[0][i] ^ ck->live[i]) & used[i] &
		    ~may_change[i] & ~ck->safe[i])
			entry_sync_check_fail(ck,
					      "word %u changed with the present bit",
					      i);
}

static void open_window(struct entry_sync_check *ck)
{
	struct entry_sync_window *window = this_window(ck);
	unsigned int q;

	*window = (struct entry_sync_window){};
	for (q = 0; q < num_quanta(ck); q++)
		add_value(ck, window, q, ck->live);
}

static bool window_is_empty(const struct entry_sync_check *ck,
			    const struct entry_sync_window *window)
{
	unsigned int q;

	for (q = 0; q < num_quanta(ck); q++)
		if (window->num[q] > 1)
			return false;
	return true;
}

static void check_sync(struct entry_sync *es, bool last)
{
	struct entry_sync_check *ck = container_of(es, struct entry_sync_check, es);
	struct entry_sync_window *window = this_window(ck);
	struct entry_sync_window *before = &ck->windows[(ck->seen.syncs + 1) % 2];

	if (ck->last)
		entry_sync_check_fail(ck, "sync after the last one");
	ck->last = last;

	if (window_is_empty(ck, window))
		entry_sync_check_fail(ck, "sync without a store");
	ck->counts.windows++;
	check_composites(ck, window);
	check_teardown(ck, window);
	if (ck->seen.syncs && !before->clears_present &&
	    orders_nothing(ck, before, window))
		entry_sync_check_fail(ck, "sync %u orders nothing", ck->seen.syncs);

	ck->seen.syncs++;
	open_window(ck);
}

/**
 * entry_sync_check_stored - tell the checker of a store
 * @ck: the checker
 * @to: what was stored to, in the entry under test
 *
 * To be called by what stands in for entry_sync_store(), or for the CPU's
 * stores, after each of them.
 *
 * Context: Any.
 */
void entry_sync_check_stored(struct entry_sync_check *ck, const u64 *to)
{
	struct entry_sync_window *window = this_window(ck);
	unsigned int q = (to - ck->live) / ck->es.quantum_words;
	unsigned int i, word, n = window->num[q];
	bool differs = false;

	ck->seen.stores++;
	for (i = 0; i < ck->es.quantum_words; i++) {
		word = q * ck->es.quantum_words + i;
		differs |= window->value[n - 1][word] != ck->live[word];
	}
	if (!differs)
		entry_sync_check_fail(ck, "store of what quantum %u has already",
				      q);
	else if (n == ENTRY_SYNC_CHECK_VALUES)
		entry_sync_check_fail(ck, "quantum %u is stored time and again",
				      q);
	else
		add_value(ck, window, q, ck->live);
	if (ck->whole_fetches)
		check_composite(ck, ck->live);
}

/**
 * entry_sync_check_store - store a quantum, for writers other than entry_sync
 * @es: the entry that the checker handed to the writer
 * @word: the first word of the quantum
 * @value: what its words get
 *
 * Context: Any.
 */
void entry_sync_check_store(struct entry_sync *es, unsigned int word,
			    const u64 *value)
{
	struct entry_sync_check *ck = container_of(es, struct entry_sync_check, es);

	memcpy(&ck->live[word], value, es->quantum_words * sizeof(u64));
	entry_sync_check_stored(ck, &ck->live[word]);
}

/* What the writer says of its work must be what was seen. */
static void check_result(struct entry_sync_check *ck,
			 const struct entry_sync_result *done)
{
	bool unchanged = done->verdict == ENTRY_SYNC_UNCHANGED;
	size_t size = ck->es.num_words * sizeof(u64);

	if (memcmp(ck->live, ck->new, size))
		entry_sync_check_fail(ck, "the entry is not the new one");
	if (!window_is_empty(ck, this_window(ck))) {
		check_composites(ck, this_window(ck));
		entry_sync_check_fail(ck, "store without a sync");
	}
	if (ck->seen.syncs && !ck->last)
		entry_sync_check_fail(ck, "no sync was the last one");
	if (memcmp(&ck->planned, done, sizeof(*done)))
		entry_sync_check_fail(ck, "done otherwise than planned");
	if (done->stores != ck->seen.stores || done->syncs != ck->seen.syncs)
		entry_sync_check_fail(ck, "%u stores, %u syncs, not %u, %u",
				      ck->seen.stores, ck->seen.syncs, done->stores,
				      done->syncs);
	if (unchanged != !memcmp(ck->old, ck->new, size))
		entry_sync_check_fail(ck, "%schanged, it says",
				      unchanged ? "un" : "");
	if (done->verdict == ENTRY_SYNC_BREAKING && !ck->seen.not_present)
		entry_sync_check_fail(ck, "breaking for nothing");
}

static void check_builder(struct entry_sync_check *ck)
{
	u64 used[ENTRY_SYNC_MAX_WORDS] = {};
	unsigned int i;

	ck->es.ops->get_used(ck->new, used);
	for (i = 0; i < ck->es.num_words; i++)
		if (ck->new[i] & ~used[i])
			entry_sync_check_fail(ck,
					      "word %u: bits %llx set but not used",
					      i, (unsigned long long)
					      (ck->new[i] & ~used[i]));
}

/**
 * entry_sync_check_update - update an entry and check every fetch on the way
 * @ck: the checker; counts go up, the first failure is kept
 * @format: the entry's format
 * @quantum_words: what CPU and hardware move at once, 1 or 2
 * @old: the entry's value, &entry_sync_format.num_words words
 * @new: the value that it gets
 * @write: what to check: entry_sync_write()
 *
 * Context: Any.
 * Return: what @write returned.
 */
struct entry_sync_result
entry_sync_check_update(struct entry_sync_check *ck,
			const struct entry_sync_format *format,
			unsigned int quantum_words, const u64 *old,
			const u64 *new, entry_sync_writer *write)
{
	size_t size = format->num_words * sizeof(u64);
	struct entry_sync_ops ops = format->ops;
	struct entry_sync_result done;

	ops.sync = check_sync;
	ck->es = (struct entry_sync){
		.ops = &ops,
		.entry = ck->live,
		.num_words = format->num_words,
		.quantum_words = quantum_words,
		.present_word = format->present_word,
		.present_mask = format->present_mask,
		.clear_with_present = {
			format->clear_with_present[0],
			format->clear_with_present[1],
		},
	};
	ck->seen = (struct entry_sync_seen){};
	ck->last = false;
	ck->failed = false;
	memcpy(ck->old, old, size);
	memcpy(ck->new, new, size);
	memcpy(ck->live, old, size);
	memset(ck->safe, 0, sizeof(ck->safe));
	if (ops.get_update_safe)
		ops.get_update_safe(old, new, ck->safe);
	open_window(ck);

	ck->counts.pairs++;
	check_builder(ck);
	ck->planned = entry_sync_plan(&ck->es, new);
	done = write(&ck->es, new);
	check_result(ck, &done);
	ck->es.ops = NULL;

	return done;
}
