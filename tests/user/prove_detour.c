// SPDX-License-Identifier: GPL-2.0
/*
 * Prove that a detour shows no fetch what it does not claim
 *
 * For CBMC, run by the script "prove", with detour.c, entry_format.c and
 * entry_sync.c as they are. Old and new entry are what the builders make, for
 * any two domains that may bear one id in turn. The way is by any id, theirs
 * included. QUANTUM_WORDS is what moves at once.
 *
 * What detour.c calls is stood in for: ids and tags are to be had or not, and
 * what pasid.c does to an entry is done here in the same way. A fetch is
 * followed as in prove.c: it starts with the entry as the window found it, and
 * at each store may or may not take over the quantum.
 */

#include <linux/bitfield.h>
#include <linux/iommu.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "../../entry_sync.c"
#include "../detour.h"
#include "prove_stages.h"
#include "prove_steps.h"
#include "prove_stores.h"

#define SNOOP_BITS	(PASID_PE_PWSNP | PASID_PE_PGSNP)

/* The library is shown the words that may be in use; all others stay zero. */
#define NUM_WORDS	4

static struct intel_iommu unit = { .quantum_words = QUANTUM_WORDS };
static struct domain_unit domain_unit = { .did.iommu = &unit };
static struct dev_pasid_info from = { .unit = &domain_unit };
static struct dev_pasid_info to = { .unit = &domain_unit };
static struct did_change ids = { .from = &from, .to = &to };
static struct detour detour = { .ids = &ids };

static struct pasid_entry live, target;
static struct pasid_change change = { .live = &live };

/* Would the change break, if made at once? No change of one word does. */
static bool breaks;

/* The id that is lent, and who has tags with it; what was not to be had */
static u16 lent;
static bool from_is_tagged, to_is_tagged;
static bool lacks;

/* The move under way, what a fetch has read of it, and how the change goes on */
static struct pasid_entry before, after, fetched;
static unsigned int moves;
static bool window_stores, ended;

static u64 differ(const struct pasid_entry *a, const struct pasid_entry *b,
		  const struct pasid_entry *mask)
{
	u64 bits = 0;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(a->val); i++)
		bits |= (a->val[i] ^ b->val[i]) & mask->val[i];
	return bits;
}

static struct pasid_entry used_by(const struct pasid_entry *pe)
{
	struct pasid_entry used = {};

	pasid_entry_get_used(pe->val, used.val);
	return used;
}

static void check_rest(const struct pasid_entry *pe)
{
	u64 bits = 0;
	unsigned int i;

	for (i = NUM_WORDS; i < ARRAY_SIZE(pe->val); i++)
		bits |= pe->val[i];
	prove("detour: words that nothing uses are zero", !bits);
}

static bool reads_as(const struct pasid_entry *pe)
{
	struct pasid_entry used = used_by(pe);

	return !differ(&fetched, pe, &used);
}

/* All but the id, and how the table is accessed */
static bool has_table_of(const struct pasid_entry *pe)
{
	struct pasid_entry used = used_by(pe);

	used.val[1] &= ~(PASID_PE_DID | SNOOP_BITS);
	return !differ(&fetched, pe, &used);
}

static u16 did_of(const struct pasid_entry *pe)
{
	return pe->val[1] & PASID_PE_DID;
}

static bool is_on_the_way(void)
{
	return change.via && did_of(&fetched) == change.via;
}

/* A table under its own id, or under that of the way */
static bool is_claimed(const struct pasid_entry *pe)
{
	return has_table_of(pe) &&
	       (did_of(&fetched) == did_of(pe) || is_on_the_way());
}

static bool snoops_as(const struct pasid_entry *pe)
{
	return !(pe->val[1] & ~fetched.val[1] & SNOOP_BITS);
}

static bool is_nested(const struct pasid_entry *pe)
{
	return FIELD_GET(PASID_PE_PGTT, pe->val[0]) == PASID_ENTRY_PGTT_NESTED;
}

/* Then two quanta change when one table takes the place of the other. */
static bool parent_switches_tracking(void)
{
	return is_nested(&change.old) && is_nested(&target) &&
	       (change.old.val[0] ^ target.val[0]) & PASID_PE_SSADE;
}

static void check_fetch(void)
{
	bool is_old = is_claimed(&change.old), is_new = is_claimed(&target);

	prove("detour: no fetch finds the entry absent, if a parent's dirty tracking stays",
	      fetched.val[0] & PASID_PE_P || parent_switches_tracking());
	if (!(fetched.val[0] & PASID_PE_P))
		return;

	prove("detour: a fetch reads as the entry before a move or after it",
	      reads_as(&before) || reads_as(&after));
	prove("detour: a fetch has the old table or the new one, under its id or that of the way",
	      is_old || is_new);
	prove("detour: a fetch snoops where its table asks for it, and where neither does, not",
	      (is_old ? snoops_as(&change.old) : snoops_as(&target)) &&
	      !(fetched.val[1] & ~(change.old.val[1] | target.val[1]) &
		SNOOP_BITS));
	prove("detour: both domains have tags with the id of the way",
	      !is_on_the_way() || (change.via == lent && from_is_tagged &&
				   to_is_tagged));
}

static void take_store(u64 *to, const u64 *value, unsigned int words)
{
	unsigned int i, first = to - live.val;
	bool fetch = nondet_bool();

	for (i = 0; i < words; i++) {
		to[i] = value[i];
		if (fetch)
			fetched.val[first + i] = value[i];
	}
	window_stores = true;
}

void shim_warn(const char *fmt, ...)
{
	prove("detour: no entry on the way sets bits that it does not use",
	      false);
}

static void sync(struct entry_sync *es, bool last)
{
	check_fetch();
	prove("detour: the end is told in the last sync, and in no other",
	      !ended);
	ended = last && change.final;
	window_stores = false;
	fetched = live;
}

static const struct entry_sync_ops ops = {
	.get_used = pasid_entry_get_used,
	.get_update_safe = pasid_entry_get_update_safe,
	.sync = sync,
};

static struct entry_sync entry_sync_of(struct pasid_entry *pe)
{
	return (struct entry_sync){
		.ops = &ops,
		.entry = pe->val,
		.num_words = NUM_WORDS,
		.quantum_words = QUANTUM_WORDS,
		.present_mask = PASID_PE_P,
	};
}

bool pasid_entry_is_hitless(struct intel_iommu *iommu,
			    struct pasid_entry *from,
			    const struct pasid_entry *to)
{
	struct entry_sync es = entry_sync_of(from);
	bool hitless;

	check_rest(from);
	check_rest(to);
	hitless = entry_sync_plan(&es, to->val).verdict != ENTRY_SYNC_BREAKING;
	if (from == &live && to == &target)
		breaks = !hitless;
	return hitless;
}

/* The bits that a domain may change while it is attached, see set_control() */
static void any_control(struct pasid_entry *pe)
{
	unsigned int type = FIELD_GET(PASID_PE_PGTT, pe->val[0]);

	if (type != PASID_ENTRY_PGTT_FL_ONLY)
		FIELD_MODIFY(PASID_PE_SSADE, &pe->val[0], nondet_bool());
	if (type != PASID_ENTRY_PGTT_SL_ONLY)
		FIELD_MODIFY(PASID_PE_PGSNP, &pe->val[1], nondet_bool());
}

void pasid_change_begin(struct pasid_change *change,
			struct pasid_entry *target, struct dmar_domain *domain)
{
	change->es = entry_sync_of(change->live);
	change->old = *change->live;
	any_control(target);
	fetched = live;
}

void pasid_change_move(struct pasid_change *change,
		       const struct pasid_entry *target, bool final)
{
	check_rest(target);
	before = live;
	after = *target;
	moves++;
	change->final = final;
	entry_sync_write(&change->es, target->val);
}

bool did_suits(struct dmar_domain *from, struct dmar_domain *to)
{
	return true;
}

int did_borrow(struct did_change *ids, struct intel_iommu *iommu)
{
	lent = nondet_uint();
	lacks = nondet_bool();
	__CPROVER_assume(lent);
	return lacks ? -1 : lent;
}

void did_give_back(struct did_change *ids, struct intel_iommu *iommu, u16 did)
{
	prove("detour: an id is given back once, when nobody has tags with it",
	      did && did == lent && !from_is_tagged && !to_is_tagged);
	lent = 0;
}

static bool *tagged(struct dev_pasid_info *ap)
{
	return ap == &from ? &from_is_tagged : &to_is_tagged;
}

int cache_tags_assign(struct dev_pasid_info *ap, u16 did)
{
	prove("detour: tags are with the id that is lent, once",
	      did == lent && !*tagged(ap));
	if (nondet_bool()) {
		lacks = true;
		return -1;
	}
	*tagged(ap) = true;
	return 0;
}

void cache_tags_unassign(struct dev_pasid_info *ap, u16 did)
{
	prove("detour: tags are with the id that is lent, once",
	      did == lent && *tagged(ap));
	*tagged(ap) = false;
}

/* A unit has one address width for all first stages. */
static void make_first_stages(void)
{
	struct pasid_first_stage fs = any_first_stage();
	u8 aw = any_aw();

	pasid_entry_make_first_stage(&live, nondet_uint(), aw, &fs);
	fs = any_first_stage();
	pasid_entry_make_first_stage(&target, nondet_uint(), aw, &fs);
}

static void make_nested_or_not(struct pasid_entry *pe, bool nested,
			       const struct pasid_second_stage *ss)
{
	struct pasid_first_stage fs = any_first_stage();

	if (nested)
		pasid_entry_make_nested(pe, nondet_uint(), &fs, ss);
	else
		pasid_entry_make_second_stage(pe, nondet_uint(), ss);
}

/* A nested domain shares an id with its parent, and with others that are on it. */
static void make_second_stages(void)
{
	bool from_nested = nondet_bool(), to_nested = nondet_bool();
	struct pasid_second_stage ss = any_second_stage();

	make_nested_or_not(&live, from_nested, &ss);
	if (!from_nested && !to_nested)
		ss = any_second_stage();
	make_nested_or_not(&target, to_nested, &ss);
}

/* As the attach path does it */
static void prove_change(void)
{
	detour_prepare(&detour, &live, &target);
	prove("detour: taken if the change would break, if there are an id and tags",
	      !detour.did == (!breaks || lacks));
	if (!detour.did) {
		prove("detour: where none is taken, nothing is kept for it",
		      !from_is_tagged && !to_is_tagged);
		return;
	}

	/* Meanwhile, before the entry's lock is taken */
	any_control(&live);
	detour_install(&detour, &change, &target, NULL);
	prove("detour: the entry ends as its target, and the end was told",
	      !memcmp(&live, &target, sizeof(live)) && !window_stores &&
	      ended);
	detour_commit(&detour);
	prove("detour: at the end nothing is kept of it",
	      !lent && !from_is_tagged && !to_is_tagged && !detour.did);
}

void prove_first_stages(void)
{
	make_first_stages();
	prove_change();
}

void prove_second_stages(void)
{
	make_second_stages();
	prove_change();
}

/* Without these, a theorem might hold because there is nothing it is about. */
void prove_reachable(void)
{
	prove_first_stages();
	reach("detour: none is needed", !moves && !lacks);
	reach("detour: no id, or no memory", !moves && lacks);
	reach("detour: in 2 moves", moves == 2);
	reach("detour: in 3 moves", moves == 3);
}
