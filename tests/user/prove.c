// SPDX-License-Identifier: GPL-2.0
/*
 * Prove entry_sync, as it is, for every entry and every fetch
 *
 * For CBMC, run by tests/host/prove. Old entry, new entry, used and safe masks,
 * place of the present bit and support for 16-byte stores are arbitrary. The
 * length of the entry, the quantum and the width of a word are given for each
 * run: NUM_WORDS, QUANTUM_WORDS, WORD_BITS.
 *
 * **Masks instead of an entry format.** The library asks get_used() for two
 * entries only, so the proof needs no function but the two masks that it
 * gives, U(old) and U(new). They are arbitrary but for what follows from the
 * contract in entry_sync.h. With S for the mask of get_update_safe(), that
 * contract is, for all entries e1 and e2:
 *
 *	((e1 ^ e2) & U(e1) & ~S) == 0 implies U(e1) == U(e2)		(1)
 *
 * For two masks it implies:
 *
 *	U(old) != U(new) implies (old ^ new) & U(old) & U(new) & ~S != 0	(2)
 *
 * Were (2) wrong, take an entry that has the bits of the old one where U(old)
 * is set and those of the new one elsewhere. By (1) its mask is U(old), and as
 * it differs from the new one in no bit of U(new) & ~S, it also is U(new).
 *
 * By (1) again, an entry that differs from the old one in no bit of
 * U(old) & ~S uses what the old one uses, thus reads as the old one but for bits
 * that are safe to update; and one that differs from the new one in no bit of
 * U(new) reads as the new one. That is how a fetched entry is judged here,
 * without asking for its own mask.
 *
 * **Every fetch.** The fetch model is that of entry_sync.c. One fetch is
 * followed through each window: it starts with the entry as the window found
 * it, and at each store may or may not take over the quantum. As CBMC looks at
 * all choices, this gives all combinations of the values that the quanta held.
 *
 * **Narrow words.** The library combines entries and masks bit by bit, and
 * decides by whether some bit of a word or quantum is set in such a
 * combination. So if it breaks a theorem for words of 64 bits, it does for the
 * words that are left when in each only those bits are kept that have a say:
 *
 * - one for each step that changes the word, and one that makes step 1
 *   necessary or the word critical. A critical quantum is left alone by step 1;
 *   another changes in step 1 or 2, not in both, and can make step 1 necessary
 *   only if it changes in it. That is at most three bits;
 * - two of the present mask: with them old and new entry are as present as they
 *   were, and the mask is not empty;
 * - two in which a torn fetch differs from the old and from the new entry, or
 *   that break another theorem.
 *
 * Bits are left out only, so that no combination gains one; and where (2) needs
 * a bit, that bit is one that makes the word critical. Seven bits are thus
 * enough, and words of 8 bits stand for words of 64.
 *
 * What is asserted has the theorem's name as its text; tests/host/prove reports
 * by that, and takes what CBMC itself checks as theorems of their own.
 */

#include <stdbool.h>

#include <linux/types.h>

#include <asm/cmpxchg.h>

/* The CPU has 16-byte stores or not: that is arbitrary, too. */
static bool has_cmpxchg128;
#undef system_has_cmpxchg128
#define system_has_cmpxchg128() has_cmpxchg128

#if WORD_BITS == 8
#define u64 u8
/* Without the read: it is of 16 bytes, whatever the width of a word. */
#undef cmpxchg128
#define cmpxchg128(ptr, old, new) shim_store_128(ptr, new)
#endif

#include "../../entry_sync.c"
#include "prove_steps.h"
#include "prove_stores.h"

struct entry {
	u64 word[ENTRY_SYNC_MAX_WORDS];
};

/* One update, as its caller knows it and as hardware sees it */
static struct update {
	struct entry_sync es;
	struct entry_sync_ops ops;
	struct entry old, new;
	struct entry used_by_old, used_by_new, safe;
	/* Said of these once for all: is the contract kept, what is critical? */
	bool kept;
	unsigned int critical;

	struct entry before;
	struct entry fetched;
	bool stored[ENTRY_SYNC_MAX_WORDS];
	unsigned int window_stores;
	unsigned int stores;
	unsigned int syncs;
	bool last;
	bool writing;
	bool warned;
} up;

/* The end of each is the end of the entry, to find what is beyond. */
static u64 live[ENTRY_SYNC_MAX_WORDS] __aligned(16);
static u64 target[ENTRY_SYNC_MAX_WORDS];

static struct entry any_entry(void)
{
	struct entry entry;
	unsigned int i;

	for (i = 0; i < ENTRY_SYNC_MAX_WORDS; i++)
		entry.word[i] = nondet_u64();
	return entry;
}

static u64 *place(u64 *buffer)
{
	return buffer + ENTRY_SYNC_MAX_WORDS - up.es.num_words;
}

static struct entry read_live(void)
{
	struct entry entry = {};
	unsigned int i;

	for (i = 0; i < up.es.num_words; i++)
		entry.word[i] = up.es.entry[i];
	return entry;
}

static bool equal(const struct entry *a, const struct entry *b)
{
	u64 differs = 0;
	unsigned int i;

	for (i = 0; i < up.es.num_words; i++)
		differs |= a->word[i] ^ b->word[i];
	return !differs;
}

static u64 present_bit(unsigned int word)
{
	return word == up.es.present_word ? up.es.present_mask : 0;
}

static bool present(const struct entry *entry)
{
	u64 set = 0;
	unsigned int i;

	for (i = 0; i < up.es.num_words; i++)
		set |= entry->word[i] & present_bit(i);
	return set;
}

/* The bits that the new entry uses; what it sets without need is among them. */
static u64 wanted(unsigned int word)
{
	return up.used_by_new.word[word] | up.new.word[word];
}

static bool sets_unused_bits(void)
{
	u64 bits = 0;
	unsigned int i;

	for (i = 0; i < up.es.num_words; i++)
		bits |= up.new.word[i] & ~up.used_by_new.word[i];
	return bits;
}

/* The old entry may have changed where that is safe. */
static bool reads_as_old(const struct entry *fetched)
{
	u64 differs = 0;
	unsigned int i;

	for (i = 0; i < up.es.num_words; i++)
		differs |= (fetched->word[i] ^ up.old.word[i]) &
			   up.used_by_old.word[i] & ~up.safe.word[i];
	return !differs;
}

static bool reads_as_new(const struct entry *fetched)
{
	u64 differs = 0;
	unsigned int i;

	for (i = 0; i < up.es.num_words; i++)
		differs |= (fetched->word[i] ^ up.new.word[i]) &
			   up.used_by_new.word[i];
	return !differs;
}

/* The bits that are cleared where an entry is made non-present */
static u64 cleared(unsigned int word)
{
	unsigned int first = round_down(up.es.present_word, up.es.quantum_words);

	return present_bit(word) |
	       (word - first < up.es.quantum_words ?
		up.es.clear_with_present[word - first] : 0);
}

/* Is a bit that was not cleared on the way neither the old nor the new? */
static bool has_foreign_bit(const struct entry *fetched)
{
	bool gone = present(&up.old) && !present(fetched);
	u64 foreign = 0;
	unsigned int i;

	for (i = 0; i < up.es.num_words; i++)
		foreign |= (fetched->word[i] ^ up.old.word[i]) &
			   (fetched->word[i] ^ up.new.word[i]) &
			   ~(gone ? cleared(i) & ~fetched->word[i] : 0);
	return foreign;
}

/* The contract of entry_sync.h for the masks of two entries: (2) above */
static bool contract_is_kept(void)
{
	u64 told_apart = 0, differs = 0, lacks = 0;
	unsigned int i;

	for (i = 0; i < up.es.num_words; i++) {
		u64 old = up.used_by_old.word[i], new = up.used_by_new.word[i];

		told_apart |= (up.old.word[i] ^ up.new.word[i]) & old & new &
			      ~up.safe.word[i];
		differs |= old ^ new;
		lacks |= present_bit(i) & ~(old & new & ~up.safe.word[i]);
	}
	return !lacks && (!differs || told_apart);
}

/* A quantum with used bits that only its own store can change */
static bool is_critical(unsigned int first)
{
	u64 bits = 0;
	unsigned int i;

	for (i = first; i < first + up.es.quantum_words; i++)
		bits |= (up.old.word[i] ^ up.new.word[i]) &
			up.used_by_old.word[i] & wanted(i) & ~up.safe.word[i];
	return bits;
}

static unsigned int num_critical(void)
{
	unsigned int i, num = 0;

	for (i = 0; i < up.es.num_words; i += up.es.quantum_words)
		num += is_critical(i);
	return num;
}

static bool quantum_changes(unsigned int first)
{
	u64 bits = 0;
	unsigned int i;

	for (i = first; i < first + up.es.quantum_words; i++)
		bits |= up.old.word[i] ^ up.new.word[i];
	return bits;
}

static unsigned int num_changes(void)
{
	unsigned int i, num = 0;

	for (i = 0; i < up.es.num_words; i += up.es.quantum_words)
		num += quantum_changes(i);
	return num;
}

/* Does the critical quantum lose bits that the new entry does not use? */
static bool critical_leaves_rest(void)
{
	u64 rest = 0;
	unsigned int i;

	for (i = 0; i < up.es.num_words; i++)
		if (is_critical(round_down(i, up.es.quantum_words)))
			rest |= up.old.word[i] & ~wanted(i) & ~cleared(i);
	return rest;
}

static void open_window(void)
{
	unsigned int i;

	up.before = read_live();
	up.fetched = up.before;
	up.window_stores = 0;
	for (i = 0; i < up.es.num_words; i++)
		up.stored[i] = false;
}

static void take_store(u64 *to, const u64 *value, unsigned int words)
{
	unsigned int i, first = to - up.es.entry;
	bool differs = false, fetch = nondet_bool();

	prove("stores are whole quanta of the entry",
	      up.writing && words == up.es.quantum_words &&
	      first < up.es.num_words && first % words == 0);
	prove("no quantum is stored twice between syncs", !up.stored[first]);
	up.stored[first] = true;

	for (i = 0; i < words; i++) {
		differs |= to[i] != value[i];
		to[i] = value[i];
		if (fetch)
			up.fetched.word[first + i] = value[i];
	}
	prove("no store of what is there already", differs);
	up.window_stores++;
	up.stores++;
}

void shim_warn(const char *fmt, ...)
{
	up.warned = true;
}

static void get_used(const u64 *entry, u64 *used)
{
	bool is_live = entry == up.es.entry;
	unsigned int i;

	prove("used bits are asked for of the old and the new entry alone",
	      is_live || entry == place(target));
	for (i = 0; i < up.es.num_words; i++) {
		prove("used bits are asked for of the old and the new entry alone",
		      entry[i] == (is_live ? up.old : up.new).word[i]);
		prove("masks come zeroed", !used[i]);
		used[i] = (is_live ? up.used_by_old : up.used_by_new).word[i];
	}
}

static void get_update_safe(const u64 *cur, const u64 *target, u64 *safe)
{
	unsigned int i;

	for (i = 0; i < up.es.num_words; i++) {
		prove("masks come zeroed", !safe[i]);
		safe[i] = up.safe.word[i];
	}
}

static void check_fetch(void)
{
	bool reads_right = reads_as_old(&up.fetched) ||
			   reads_as_new(&up.fetched);

	prove("no fetch is torn",
	      !up.kept || reads_right ||
	      (up.critical > 1 && !present(&up.fetched)));
	prove("no fetch has a bit of neither entry",
	      !has_foreign_bit(&up.fetched));
}

/* VT-d spec, section 6.5.3.3: what hardware has cached stays as it was. */
static void check_teardown(void)
{
	struct entry after = read_live();
	u64 changes = 0;
	unsigned int i;

	for (i = 0; i < up.es.num_words; i++)
		changes |= (up.before.word[i] ^ after.word[i]) &
			   up.used_by_old.word[i] & ~cleared(i) &
			   ~up.safe.word[i] &
			   ~(present(&up.new) ? 0 : wanted(i));
	prove("the present bit is cleared alone, but for what may go with it",
	      !up.kept || !present(&up.before) || present(&after) ||
	      !changes);
}

static void sync(struct entry_sync *es, bool last)
{
	prove("syncs are for the entry", es == &up.es && up.writing);
	prove("no sync without a store", up.window_stores);
	prove("the last sync, and no other, is told so", !up.last);
	check_fetch();
	check_teardown();
	up.last = last;
	up.syncs++;
	open_window();
}

/* The precondition of a write, in the words of entry_sync.h */
static bool describes_entry(const struct entry_sync *es)
{
	return es->ops && es->ops->get_used && es->ops->sync && es->entry &&
	       (es->quantum_words == 1 ||
		(es->quantum_words == 2 && has_cmpxchg128)) &&
	       es->num_words >= 1 && es->num_words <= ENTRY_SYNC_MAX_WORDS &&
	       es->num_words % es->quantum_words == 0 &&
	       (unsigned long)es->entry % (sizeof(u64) * es->quantum_words) == 0 &&
	       es->present_word < es->num_words && es->present_mask;
}

static void set_up_masks(void)
{
	up.used_by_old = any_entry();
	up.used_by_new = any_entry();
	up.safe = (struct entry){};
	if (nondet_bool()) {
		up.ops.get_update_safe = get_update_safe;
		up.safe = any_entry();
	}
}

static void set_up(void)
{
	unsigned int i;

	has_cmpxchg128 = nondet_bool();
	up.ops.get_used = get_used;
	up.ops.sync = sync;
	up.es = (struct entry_sync){
		.ops = &up.ops,
		.num_words = NUM_WORDS,
		.quantum_words = QUANTUM_WORDS,
		.present_word = nondet_uint(),
		.present_mask = nondet_u64(),
		.clear_with_present = { nondet_u64(), nondet_u64() },
	};
	for (i = 0; i < ENTRY_SYNC_MAX_WORDS; i++) {
		live[i] = nondet_u64();
		target[i] = nondet_u64();
	}
	up.es.entry = place(live);
	__CPROVER_assume(describes_entry(&up.es));

	set_up_masks();
	up.old = read_live();
	for (i = 0; i < up.es.num_words; i++)
		up.new.word[i] = place(target)[i];
	up.kept = contract_is_kept();
	up.critical = num_critical();
	open_window();
}

static void check_verdict(enum entry_sync_verdict verdict)
{
	prove("unchanged where old and new are equal, and only there",
	      (verdict == ENTRY_SYNC_UNCHANGED) == equal(&up.old, &up.new));
	prove("hitless with at most one critical quantum, else breaking",
	      verdict == ENTRY_SYNC_UNCHANGED ||
	      verdict == (up.critical <= 1 ? ENTRY_SYNC_HITLESS :
						ENTRY_SYNC_BREAKING));
}

static void check_bounds(const struct entry_sync_result *done)
{
	unsigned int num_quanta = up.es.num_words / up.es.quantum_words;
	bool goes = present(&up.old) && !present(&up.new);
	bool in_one_go = !goes || !critical_leaves_rest();

	prove("at most 3 syncs", up.syncs <= 3);
	prove("hitless: at most 2 stores per quantum, of the critical one 1",
	      done->verdict != ENTRY_SYNC_HITLESS ||
	      up.stores <= 2 * num_quanta - (up.critical == 1 && !goes));
	prove("breaking: at most one store more than there are quanta",
	      done->verdict != ENTRY_SYNC_BREAKING ||
	      up.stores <= num_quanta + present(&up.old));
	prove("a change of one quantum takes 1 store and 1 sync, a tear-down 2",
	      !up.kept || num_changes() != 1 ||
	      (up.stores == (in_one_go ? 1 : 2) && up.syncs == up.stores));
}

static void check_result(const struct entry_sync_result *done)
{
	struct entry after = read_live();

	prove("the entry ends as the target", equal(&after, &up.new));
	prove("no store is left without a sync", !up.window_stores);
	prove("the last sync, and no other, is told so", !up.syncs || up.last);
	prove("a target that sets unused bits, and no other, is warned of",
	      up.warned == sets_unused_bits());
	prove("the result says what was done",
	      done->stores == up.stores && done->syncs == up.syncs);
}

/* Every fetch, every count, for one length of entry and one quantum */
struct entry_sync_result prove_update(void)
{
	struct entry_sync_result done;

	set_up();
	up.writing = true;
	done = entry_sync_write(&up.es, place(target));
	up.writing = false;

	check_verdict(done.verdict);
	check_bounds(&done);
	check_result(&done);
	return done;
}

/* Without these, a theorem might hold because there is nothing it is about. */
void prove_reachable(void)
{
	struct entry_sync_result result = prove_update();
	bool hitless = up.kept && result.verdict == ENTRY_SYNC_HITLESS;
	bool breaking = up.kept && result.verdict == ENTRY_SYNC_BREAKING;
	bool was = present(&up.old), will_be = present(&up.new);
	unsigned int num_quanta = NUM_WORDS / QUANTUM_WORDS;

	reach("unchanged", up.kept && result.verdict == ENTRY_SYNC_UNCHANGED);
	reach("hitless in 1 step", hitless && was && will_be && up.syncs == 1);
	reach("hitless in 3 steps", hitless && was && will_be && up.syncs == 3);
	reach("hitless, set up", hitless && !was && will_be);
	reach("hitless, torn down", hitless && was && !will_be && up.syncs == 2);
	reach("breaking in 3 steps", breaking && was && will_be && up.syncs == 3);
	reach("hitless with as many stores as may be",
	      hitless && up.stores == 2 * num_quanta);
	reach("breaking with as many stores as may be",
	      breaking && up.stores == num_quanta + 1);
}

/* To ask beforehand changes nothing, and gives the right answer. */
void prove_plan(void)
{
	struct entry_sync_result planned, done;
	struct entry after;

	set_up();
	planned = entry_sync_plan(&up.es, place(target));
	after = read_live();
	prove("to plan leaves the entry alone",
	      !up.stores && !up.syncs && equal(&up.old, &after));

	up.writing = true;
	done = entry_sync_write(&up.es, place(target));
	prove("the plan says what is done",
	      done.verdict == planned.verdict &&
	      done.stores == planned.stores && done.syncs == planned.syncs);
}

/* Stands in for plan(), which goes on where a description was accepted. */
void plan_refused(const struct entry_sync *es, struct entry_sync_steps *steps,
		  const u64 *target)
{
	prove("a wrong description is refused", false);
	__CPROVER_assume(false);
}

/* Descriptions with anything in them; the right ones are for prove_update. */
void prove_refusal(void)
{
	struct entry_sync_result done;
	struct entry_sync *es = &up.es;

	has_cmpxchg128 = nondet_bool();
	up.ops.get_used = nondet_bool() ? get_used : NULL;
	up.ops.get_update_safe = nondet_bool() ? get_update_safe : NULL;
	up.ops.sync = nondet_bool() ? sync : NULL;
	es->ops = nondet_bool() ? &up.ops : NULL;
	es->entry = nondet_bool() ? (u64 *)((char *)live + nondet_uint() % 16) : NULL;
	es->num_words = nondet_uint();
	es->quantum_words = nondet_uint();
	es->present_word = nondet_uint();
	es->present_mask = nondet_u64();
	__CPROVER_assume(!describes_entry(es));

	done = nondet_bool() ? entry_sync_write(es, target) :
			       entry_sync_plan(es, target);
	prove("a wrong description is refused",
	      done.verdict == ENTRY_SYNC_INVALID && !done.stores &&
	      !done.syncs && !up.stores && !up.syncs);
	prove("a refusal comes with a warning", up.warned);
}
