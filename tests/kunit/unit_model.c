// SPDX-License-Identifier: GPL-2.0
/*
 * A software model of VT-d units, for KUnit tests of the driver
 */

/**
 * DOC: the units and their adversary
 *
 * The driver runs unchanged above the functions that the model replaces:
 * entry_sync_store(), through which entries are written, iommu_write_back(),
 * qi_submit_sync(), and for units without a queue the functions that write
 * invalidation registers. The model never chooses what hardware happens to do.
 * It keeps *sets*: all entries that may have been fetched, all translations and
 * all upper levels of page tables that may be cached. After each store and each
 * completed descriptor, an adversary adds whatever can be had:
 *
 * - of each entry, from the root table on, every combination of what its quanta
 *   held since the last completed sync (the fetch model of entry_sync.c);
 * - through each such entry, the translation of each page, by walking the real
 *   page tables from the root and from every cached upper level that bears the
 *   same tag, into the IOTLB under the entry's DID and the PASID;
 * - whatever is cached under these tags by other devices;
 * - all that into the ATC, if the device's ATS is enabled and served.
 *
 * An invalidation takes away exactly what the VT-d spec says that it does, so
 * what is left is what hardware may still use. An entry that is dropped from its
 * cache stays with the requests that have found it there before; these end when
 * the IOTLB is invalidated for all of the entry's DID, or DID and PASID. What a
 * device has sent as translated ends when it completes an invalidation of its
 * ATC, not when its ATS is turned off.
 *
 * **What is checked.** Each translation that a device can have must be one that
 * is granted to it: by the old or the new domain while it changes domains, else
 * by its only domain. Entries may point to tables that exist, as what they are
 * and with their number of levels, and to nothing else; nothing may be walked
 * that was freed. A DID has a type. An absent entry is the unit's until caches
 * have been invalidated. Entries must not change other than through
 * entry_sync_store(). Descriptors must be such as the unit takes.
 *
 * **What is left out.** Accessed and dirty bits, page requests, faults; page
 * tables are taken as written back where their format does that.
 */

#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <kunit/test-bug.h>
#include <linux/io.h>

#include "../../entry_sync.h"
#include "../iommu.h"
#include "unit_model.h"

/**
 * unit_fail - note the first failure
 * @unit: where it is
 * @fmt: what it is
 *
 * Context: Any.
 */
void unit_fail(struct unit_model *unit, const char *fmt, ...)
{
	char *failure = unit->machine->failure;
	va_list args;

	if (failure[0])
		return;

	va_start(args, fmt);
	vscnprintf(failure, sizeof(unit->machine->failure), fmt, args);
	va_end(args);
}

/**
 * unit_scalable - whether a unit is in scalable mode
 * @unit: the unit
 *
 * Context: Any.
 * Return: whether it is.
 */
bool unit_scalable(const struct unit_model *unit)
{
	return intel_iommu_sm && ecap_smts(unit->ecap);
}

/*
 * Observation
 */

/* A DID that is free may be somebody else's at any time. */
static void check_dids(struct unit_model *unit)
{
	struct unit_machine *machine = unit->machine;
	DECLARE_BITMAP(iotlb, UNIT_MAX_DIDS) = {};
	DECLARE_BITMAP(structures, UNIT_MAX_DIDS) = {};
	unsigned int i, did;

	if (!machine->did_is_free)
		return;
	for (i = 0; i < unit->num_tlb; i++)
		__set_bit(unit->tlb[i].did % UNIT_MAX_DIDS, iotlb);
	for (i = 0; i < unit->num_structures; i++)
		__set_bit(unit->structure[i].did % UNIT_MAX_DIDS, structures);
	for_each_set_bit(did, iotlb, UNIT_MAX_DIDS)
		if (machine->did_is_free(unit->iommu, did))
			unit_fail(unit, "IOTLB has DID %u, which is free", did);
	for_each_set_bit(did, structures, UNIT_MAX_DIDS)
		if (machine->did_is_free(unit->iommu, did))
			unit_fail(unit, "paging-structure caches have DID %u, which is free",
				  did);
}

static bool is_second(enum unit_type type)
{
	return type == UNIT_SS || type == UNIT_NESTED;
}

static bool types_agree(const struct unit_decoded *a,
			const struct unit_decoded *b)
{
	if (a->did != b->did || a->type == UNIT_NONE || b->type == UNIT_NONE)
		return true;
	if (is_second(a->type) != is_second(b->type))
		return false;

	/* Second stages may take turns, but not below a first one. */
	return !is_second(a->type) || a->ss == b->ss ||
	       (a->type == UNIT_SS && b->type == UNIT_SS);
}

static void check_types_of(struct unit_model *unit,
			   const struct unit_requester *one,
			   const struct unit_decoded *dec)
{
	struct unit_decoded other;
	unsigned int i, j;

	for (i = 0; i < unit->num_requesters; i++)
		for (j = 0; j < unit->requester[i]->entry.num; j++) {
			other = unit_decode(unit,
					    &unit->requester[i]->entry.entry[j]);
			if (!types_agree(dec, &other))
				unit_fail(unit, "%s: DID %u is in use for types %u and %u at once",
					  one->function->name, dec->did,
					  dec->type, other.type);
		}
}

/* VT-d spec, section 6.2.3.1: what may share a DID */
static void check_types(struct unit_model *unit)
{
	struct unit_decoded dec;
	unsigned int i, j;

	for (i = 0; i < unit->num_requesters; i++)
		for (j = 0; j < unit->requester[i]->entry.num; j++) {
			dec = unit_decode(unit,
					  &unit->requester[i]->entry.entry[j]);
			check_types_of(unit, unit->requester[i], &dec);
		}
}

/* Software asks for the write buffer to be flushed by a register. */
static void poll_registers(struct unit_model *unit)
{
	u32 *command = unit->regs + DMAR_GCMD_REG;

	if (!(READ_ONCE(*command) & DMA_GCMD_WBF))
		return;
	*command &= ~DMA_GCMD_WBF;
	unit->counts.write_buffer++;
	unit_write_buffer_flushed(unit);
}

/* What one walk leaves behind another one may go on from. */
#define UNIT_MAX_ROUNDS	4

static void fill_all(struct unit_model *unit)
{
	unsigned int i;

	unit->refill = false;
	for (i = 0; i < unit->num_requesters; i++)
		unit_fill(unit, unit->requester[i]);
}

/**
 * unit_observe - let the adversary fetch, walk and use all that it can
 * @unit: the unit
 *
 * Context: Any. machine->lock is held.
 */
void unit_observe(struct unit_model *unit)
{
	unsigned int rounds = UNIT_MAX_ROUNDS, i;

	if (unit->gone)
		return;
	poll_registers(unit);
	unit_check_cells(unit);
	if (unit->settled)
		return;

	unit->settled = true;
	unit->observation++;
	for (i = 0; i < unit->num_requesters; i++)
		unit_fetch(unit, unit->requester[i]);
	do {
		fill_all(unit);
	} while (unit->refill && rounds--);
	for (i = 0; i < unit->num_requesters; i++)
		unit_hit(unit, unit->requester[i]);
	unit_forget_cells(unit);
	check_types(unit);
	check_dids(unit);
}

static void observe_all(struct unit_machine *machine)
{
	unsigned int i;

	for (i = 0; i < machine->num_units; i++)
		unit_observe(machine->unit[i]);
}

static void unsettle_all(struct unit_machine *machine)
{
	unsigned int i;

	for (i = 0; i < machine->num_units; i++) {
		machine->unit[i]->settled = false;
		unit_rewalk_all(machine->unit[i]);
	}
}

/* Somebody is granted something else. */
static void unsettle(struct unit_machine *machine,
		     const struct unit_requester *req)
{
	unsigned int i, j;

	for (i = 0; i < machine->num_units; i++)
		for (j = 0; j < machine->unit[i]->num_requesters; j++)
			if (machine->unit[i]->requester[j] == req)
				machine->unit[i]->settled = false;
}

/**
 * unit_observe_all - let the adversary do its worst, page tables may have
 *		      changed
 * @machine: all units
 *
 * Context: Any.
 */
void unit_observe_all(struct unit_machine *machine)
{
	guard(spinlock_irqsave)(&machine->lock);
	unsettle_all(machine);
	observe_all(machine);
}

/**
 * unit_event - something has happened that a unit can notice
 * @unit: the unit
 * @moment: what is going on
 *
 * Context: Any.
 */
void unit_event(struct unit_model *unit, enum unit_moment moment)
{
	struct unit_machine *machine = unit->machine;

	scoped_guard(spinlock_irqsave, &machine->lock)
		observe_all(machine);
	if (machine->on_pause && current != machine->main)
		machine->on_pause(machine);
	if (!machine->on_event || machine->in_event || current != machine->main)
		return;

	machine->in_event = true;
	machine->on_event(machine, moment);
	machine->in_event = false;
	scoped_guard(spinlock_irqsave, &machine->lock)
		observe_all(machine);
}

/**
 * unit_check_wait - check that the driver may wait for a unit where it is
 * @unit: the unit
 *
 * While something happens in the middle of something else, nobody can tell
 * whose locks are held.
 *
 * Context: Any.
 */
void unit_check_wait(struct unit_model *unit)
{
	struct unit_machine *machine = unit->machine;
	const char *flaw;

	if (!machine->wait_flaw || machine->on_event || current != machine->main)
		return;
	flaw = machine->wait_flaw(machine);
	if (flaw)
		unit_fail(unit, "a unit is waited for %s", flaw);
}

/*
 * The driver's side
 */

/* Calls the function that a stub stands in for. */
#define call_real(fn, args...)						\
({									\
	struct kunit *__test = current->kunit_test;			\
									\
	current->kunit_test = NULL;					\
	fn(args);							\
	current->kunit_test = __test;					\
})

static struct unit_machine *current_machine(void)
{
	return kunit_get_current_test()->priv;
}

static struct unit_model *unit_of(struct intel_iommu *iommu)
{
	struct unit_machine *machine = current_machine();
	unsigned int i;

	for (i = 0; i < machine->num_units; i++)
		if (machine->unit[i]->iommu == iommu)
			return machine->unit[i];
	return NULL;
}

/* Other units work on: an interrupt may have come in between. */
static int stub_submit(struct intel_iommu *iommu, struct qi_desc *desc,
		       unsigned int count, unsigned long options)
{
	struct unit_model *unit = unit_of(iommu);

	if (!unit) {
		call_real(qi_submit_sync, iommu, desc, count, options);
		return 0;
	}
	unit_submit(unit, desc, count, options);
	return unit->posted_index;
}

static int stub_wait(struct intel_iommu *iommu, int index, int count)
{
	struct unit_model *unit = unit_of(iommu);

	return !unit || unit_wait(unit, index) ? 0 : -EAGAIN;
}

static struct unit_model *find_store(struct unit_machine *machine, u64 *to,
				     struct unit_cell **cell)
{
	unsigned int i;

	for (i = 0; i < machine->num_units; i++) {
		*cell = unit_cell_of(machine->unit[i], to);
		if (*cell)
			return machine->unit[i];
	}
	return NULL;
}

static void stub_store(u64 *to, const u64 *from, unsigned int words)
{
	struct unit_machine *machine = current_machine();
	struct unit_model *unit;
	struct unit_cell *cell;

	/* The driver may just have made the table that it is in. */
	scoped_guard(spinlock_irqsave, &machine->lock) {
		observe_all(machine);
		unit = find_store(machine, to, &cell);
	}
	if (!unit) {
		call_real(entry_sync_store, to, from, words);
		return;
	}

	unit_event(unit, UNIT_BETWEEN);
	scoped_guard(spinlock_irqsave, &machine->lock) {
		/* An observation may have moved it. */
		unit = find_store(machine, to, &cell);
		call_real(entry_sync_store, to, from, words);
		if (unit)
			unit_stored(unit, cell, to, from, words);
	}
	if (unit)
		unit_event(unit, UNIT_BETWEEN);
}

static void stub_flush_cache(struct intel_iommu *iommu, void *addr, int size)
{
	struct unit_model *unit = unit_of(iommu);

	call_real(iommu_write_back, iommu, addr, size);
	if (!unit)
		return;
	scoped_guard(spinlock_irqsave, &unit->machine->lock)
		unit_written_back(unit, addr, size);
	/* A whole table is made before the entry that needs it changes. */
	if (size >= SZ_4K && preemptible())
		unit_event(unit, UNIT_BETWEEN);
}

/**
 * unit_registers_context - &iommu_flush.flush_context of a unit without queue
 * @iommu: the driver's record of the unit
 * @did: of this DID
 * @sid: of this requester ID
 * @fm: for so many functions
 * @type: or of more
 *
 * Context: Any.
 */
void unit_registers_context(struct intel_iommu *iommu, u16 did, u16 sid, u8 fm,
			    u64 type)
{
	struct unit_model *unit = unit_of(iommu);
	u64 gran = type >> DMA_CCMD_INVL_GRANU_OFFSET;

	if (iommu->qi || fm || gran < 1 || gran > 3)
		unit_fail(unit, "context-cache command of type %#llx", type);
	unit_check_wait(unit);
	unit->counts.submissions++;
	unit->counts.waits++;
	unit_event(unit, UNIT_BETWEEN);
	scoped_guard(spinlock_irqsave, &unit->machine->lock) {
		unit_write_buffer_flushed(unit);
		unit_invalidate_context(unit, did, sid, gran);
		unit->settled = false;
	}
	unit_event(unit, UNIT_BETWEEN);
}

/* The register has the order in bits 5:0 and the IH flag in bit 6. */
static void set_range(struct unit_model *unit, struct unit_inv *inv, u64 iva)
{
	unsigned int order = iva & DMA_TLB_MAX_SIZE;
	u64 addr = iva & VTD_PAGE_MASK;

	if (!unit_check_page_selective(unit, addr, order))
		return;
	inv->range.first = addr;
	inv->range.last = addr + (BIT_ULL(order + VTD_PAGE_SHIFT) - 1);
	inv->leaf_only = iva & DMA_TLB_IH_NONLEAF;
}

/**
 * unit_registers_iotlb - &iommu_flush.flush_iotlb of a unit without queue
 * @iommu: the driver's record of the unit
 * @did: of this DID
 * @addr: of a range at this address, with flags in its low bits
 * @order: of so many pages, as a power of two
 * @type: or of more
 *
 * Context: Any.
 */
void unit_registers_iotlb(struct intel_iommu *iommu, u16 did, u64 addr,
			  unsigned int order, u64 type)
{
	struct unit_model *unit = unit_of(iommu);
	struct unit_inv inv = {
		.all = type == DMA_TLB_GLOBAL_FLUSH,
		.did = did,
		.range = unit_range_all,
	};

	if (!unit) {
		call_real(__iommu_flush_iotlb, iommu, did, addr, order, type);
		return;
	}
	if (unit->gone || iommu->qi || !type || type & ~DMA_TLB_PSI_FLUSH)
		unit_fail(unit, "IOTLB command of type %#llx", type);
	unit_check_wait(unit);
	unit->counts.submissions++;
	unit->counts.waits++;
	unit_event(unit, UNIT_BETWEEN);
	scoped_guard(spinlock_irqsave, &unit->machine->lock) {
		if (type == DMA_TLB_PSI_FLUSH)
			set_range(unit, &inv, order | addr);
		unit_write_buffer_flushed(unit);
		unit_invalidate_iotlb(unit, &inv);
		unit->settled = false;
	}
	unit_event(unit, UNIT_BETWEEN);
}

/*
 * The test's side
 */

/**
 * unit_machine_start - have the driver talk to the models
 * @test: the test
 * @machine: all units, with @page and @quantum_words set
 *
 * Context: May sleep.
 */
void unit_machine_start(struct kunit *test, struct unit_machine *machine)
{
	machine->test = test;
	machine->main = current;
	spin_lock_init(&machine->lock);
	unit_clear_pages(machine);
	test->priv = machine;
	kunit_activate_static_stub(test, qi_submit_sync, stub_submit);
	kunit_activate_static_stub(test, qi_wait, stub_wait);
	kunit_activate_static_stub(test, entry_sync_store, stub_store);
	kunit_activate_static_stub(test, iommu_write_back,
				   stub_flush_cache);
	kunit_activate_static_stub(test, __iommu_flush_iotlb,
				   unit_registers_iotlb);
}

/**
 * unit_machine_stop - have the driver talk to the models no more
 * @machine: all units
 *
 * Context: May sleep.
 */
void unit_machine_stop(struct unit_machine *machine)
{
	struct kunit *test = machine->test;

	kunit_deactivate_static_stub(test, qi_submit_sync);
	kunit_deactivate_static_stub(test, qi_wait);
	kunit_deactivate_static_stub(test, entry_sync_store);
	kunit_deactivate_static_stub(test, iommu_write_back);
	kunit_deactivate_static_stub(test, __iommu_flush_iotlb);
	scoped_guard(spinlock_irqsave, &machine->lock)
		unit_release_pages(machine, true);
}

/**
 * unit_add - add a unit
 * @machine: all units
 * @unit: with @iommu, @regs and @root set
 *
 * Context: Any.
 */
void unit_add(struct unit_machine *machine, struct unit_model *unit)
{
	unit->machine = machine;
	unit->cap = unit->iommu->cap;
	unit->ecap = unit->iommu->ecap;
	unit_cache_clear(unit);
	guard(spinlock_irqsave)(&machine->lock);
	if (machine->num_units == UNIT_MAX_UNITS)
		unit_fail(unit, "out of room for units");
	else
		machine->unit[machine->num_units++] = unit;
}

/**
 * unit_remove - take a unit away
 * @machine: all units
 * @unit: the unit; nobody must ask it for anything any more
 *
 * Context: Any.
 */
void unit_remove(struct unit_machine *machine, struct unit_model *unit)
{
	guard(spinlock_irqsave)(&machine->lock);
	unit->gone = true;
	unit->num_requesters = 0;
	unit->num_cells = 0;
	unit_cache_clear(unit);
}

/**
 * unit_add_table - make a page table known
 * @machine: all units
 * @root: its address
 * @stage: what it is
 * @levels: its number of levels
 * @snooped: software does not write it back
 *
 * Context: Any.
 */
void unit_add_table(struct unit_machine *machine, u64 root,
		    enum unit_stage stage, unsigned int levels, bool snooped)
{
	guard(spinlock_irqsave)(&machine->lock);
	if (machine->num_tables == UNIT_MAX_TABLES) {
		unit_fail(machine->unit[0], "out of room for tables");
		return;
	}
	machine->table[machine->num_tables++] = (struct unit_table){
		.root = root,
		.stage = stage,
		.levels = levels,
		.snooped = snooped,
	};
}

/**
 * unit_force_table - accesses by way of a page table must snoop
 * @machine: all units
 * @root: its address
 *
 * Context: Any.
 */
void unit_force_table(struct unit_machine *machine, u64 root)
{
	unsigned int i;

	guard(spinlock_irqsave)(&machine->lock);
	for (i = 0; i < machine->num_tables; i++)
		if (machine->table[i].root == root)
			machine->table[i].forced = true;
	unsettle_all(machine);
}

/**
 * unit_remove_table - a page table is no more
 * @machine: all units
 * @root: its address
 *
 * Context: Any.
 */
void unit_remove_table(struct unit_machine *machine, u64 root)
{
	unsigned int i;

	guard(spinlock_irqsave)(&machine->lock);
	for (i = 0; i < machine->num_tables; i++)
		if (machine->table[i].root == root)
			machine->table[i--] =
				machine->table[--machine->num_tables];
}

/**
 * unit_add_requester - put requests behind a unit
 * @unit: the unit
 * @req: whose requests
 *
 * Context: Any.
 */
void unit_add_requester(struct unit_model *unit, struct unit_requester *req)
{
	guard(spinlock_irqsave)(&unit->machine->lock);
	if (unit->num_requesters == UNIT_MAX_REQUESTERS) {
		unit_fail(unit, "out of room for requesters");
		return;
	}
	unit->requester[unit->num_requesters++] = req;
	unit->settled = false;
}

/**
 * unit_remove_requester - no requests come any more, but what is cached stays
 * @unit: the unit
 * @req: whose requests
 *
 * Context: Any.
 */
void unit_remove_requester(struct unit_model *unit, struct unit_requester *req)
{
	unsigned int i;

	guard(spinlock_irqsave)(&unit->machine->lock);
	for (i = 0; i < unit->num_requesters; i++)
		if (unit->requester[i] == req)
			unit->requester[i] =
				unit->requester[--unit->num_requesters];
	unit->settled = false;
}

/**
 * unit_clear_counts - count from here, and forget what may have faulted
 * @machine: all units
 *
 * Context: Any.
 */
void unit_clear_counts(struct unit_machine *machine)
{
	unsigned int i, j;

	guard(spinlock_irqsave)(&machine->lock);
	for (i = 0; i < machine->num_units; i++) {
		struct unit_model *unit = machine->unit[i];

		unit->counts = (struct unit_counts){};
		for (j = 0; j < unit->num_requesters; j++)
			unit->requester[j]->fault = false;
		unit->settled = false;
	}
}

/**
 * unit_grant - a requester is about to change domains
 * @machine: all units
 * @req: the requester
 * @old: what it is granted so far
 * @new: what it will be granted
 *
 * Context: Any.
 */
void unit_grant(struct unit_machine *machine, struct unit_requester *req,
		const struct unit_grant *old, const struct unit_grant *new)
{
	guard(spinlock_irqsave)(&machine->lock);
	req->grant[0] = old;
	req->grant[1] = new;
	req->fault = false;
	unsettle(machine, req);
	observe_all(machine);
}

static void end_windows(struct unit_model *unit, struct unit_requester *req)
{
	unsigned int i;

	for (i = 0; i < unit->num_cells; i++) {
		struct unit_cell *cell = &unit->cell[i];

		if ((cell->kind == UNIT_CELL_PASID && cell->pasid != req->pasid) ||
		    (cell->kind == UNIT_CELL_CONTEXT && cell->sid != req->sid))
			continue;
		unit_find_present(cell);
	}
}

/**
 * unit_granted - a requester has changed domains, or failed to
 * @machine: all units
 * @unit: the requester's
 * @req: the requester
 * @now: what it is granted from now on, and nothing else
 *
 * Requests that come from now on cause new fetches, even where no invalidation
 * has waited for the old ones, as none is asked for without caching mode. They
 * find a present entry; what they find of its rest may still be old.
 * @req->fault says if they may fault.
 *
 * Context: Any.
 */
void unit_granted(struct unit_machine *machine, struct unit_model *unit,
		  struct unit_requester *req, const struct unit_grant *now)
{
	unsigned int i;

	guard(spinlock_irqsave)(&machine->lock);
	req->grant[0] = now;
	req->grant[1] = now;
	unsettle(machine, req);
	observe_all(machine);

	end_windows(unit, req);
	for (i = 0; i < unit->num_requesters; i++)
		if (unit->requester[i]->sid == req->sid)
			unit->requester[i]->fault = false;
	unsettle(machine, req);
	observe_all(machine);
	unit_release_pages(machine, false);
}

/**
 * unit_map_begin - a domain is about to get new mappings
 * @machine: all units
 *
 * Context: Any.
 */
void unit_map_begin(struct unit_machine *machine)
{
	unsigned int i;

	guard(spinlock_irqsave)(&machine->lock);
	for (i = 0; i < machine->num_units; i++)
		machine->unit[i]->map_pending =
			cap_rwbf(machine->unit[i]->cap);
}

static void check_write_buffer(struct unit_model *unit,
			       const struct unit_grant *grant)
{
	unsigned int i;

	for (i = 0; i < unit->num_requesters; i++)
		if (unit->requester[i]->grant[0] == grant &&
		    unit->requester[i]->grant[1] == grant)
			unit_fail(unit, "a new mapping of %s may stay in the write buffer",
				  grant->name);
}

/**
 * unit_map_end - a domain has got new mappings
 * @machine: all units
 * @grant: what it grants, the new mappings included
 *
 * From now on requests to them must not fault.
 *
 * Context: Any.
 */
void unit_map_end(struct unit_machine *machine, const struct unit_grant *grant)
{
	unsigned int i;

	guard(spinlock_irqsave)(&machine->lock);
	for (i = 0; i < machine->num_units; i++) {
		poll_registers(machine->unit[i]);
		if (machine->unit[i]->map_pending)
			check_write_buffer(machine->unit[i], grant);
	}
	unsettle_all(machine);
	observe_all(machine);
	unit_release_pages(machine, false);
}

/* Is there an entry with this DID, so that there may be translations? */
static bool did_is_used(const struct unit_model *unit, u16 did)
{
	const struct unit_entries *entries;
	unsigned int i, j;

	for (i = 0; i < unit->num_requesters; i++) {
		entries = &unit->requester[i]->entry;
		for (j = 0; j < entries->num; j++)
			if (!entries->entry[j].in_flight &&
			    unit_decode(unit, &entries->entry[j]).did == did)
				return true;
	}
	return false;
}

/**
 * unit_check_tags - check that nothing is cached under a DID out of use
 * @machine: all units
 *
 * Such a DID may be given to another domain at any time.
 *
 * Context: Any.
 */
void unit_check_tags(struct unit_machine *machine)
{
	unsigned int i, j;

	guard(spinlock_irqsave)(&machine->lock);
	for (i = 0; i < machine->num_units; i++) {
		struct unit_model *unit = machine->unit[i];

		for (j = 0; j < unit->num_tlb; j++)
			if (!did_is_used(unit, unit->tlb[j].did))
				unit_fail(unit, "IOTLB still has DID %u (type %u)",
					  unit->tlb[j].did, unit->tlb[j].type);
		for (j = 0; j < unit->num_structures; j++)
			if (!did_is_used(unit, unit->structure[j].did))
				unit_fail(unit, "paging-structure caches still have DID %u",
					  unit->structure[j].did);
	}
}

static void ats_changed(struct unit_model *unit)
{
	unsigned int i;

	for (i = 0; i < unit->num_requesters; i++)
		if (unit_ats_enabled(unit->requester[i]))
			unit->requester[i]->asked_off = 0;
		else
			unit_ats_off(unit->requester[i]);
	unit->settled = false;
}

/**
 * unit_ats_changed - ATS of some function may have been enabled or disabled
 * @machine: all units
 *
 * Context: Any.
 */
void unit_ats_changed(struct unit_machine *machine)
{
	unsigned int i;

	scoped_guard(spinlock_irqsave, &machine->lock)
		for (i = 0; i < machine->num_units; i++)
			ats_changed(machine->unit[i]);
	if (machine->num_units)
		unit_event(machine->unit[0], UNIT_BETWEEN);
}

static void reset(struct unit_model *unit)
{
	unsigned int i;

	unit_cache_clear(unit);
	/* Start afresh with what is in memory. */
	unit->num_cells = 0;
	unit->settled = false;
	for (i = 0; i < unit->num_requesters; i++) {
		unit->requester[i]->context.num = 0;
		unit->requester[i]->entry.num = 0;
		unit->requester[i]->num_atc = 0;
	}
}

/**
 * unit_reset - forget all that is cached, and what went wrong
 * @machine: all units
 *
 * Context: Any.
 */
void unit_reset(struct unit_machine *machine)
{
	unsigned int i;

	guard(spinlock_irqsave)(&machine->lock);
	for (i = 0; i < machine->num_units; i++)
		reset(machine->unit[i]);
	machine->failure[0] = '\0';
}
