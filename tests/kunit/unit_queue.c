// SPDX-License-Identifier: GPL-2.0
/*
 * Model of a VT-d unit: the invalidation queue
 *
 * VT-d spec, section 6.5.2 (Queued Invalidation Interface). What a unit would
 * reject, or is not defined, fails the test.
 *
 * Descriptors that no fence parts may be processed in any order. A cache that
 * is invalidated before the one that it is filled from may be filled with stale
 * data again. So the model processes the ATC first, then the IOTLB, then the
 * PASID-cache and the context-cache: what is left after another order, would
 * be left after this one, too. None of them has an effect before the fence, as
 * the fetches and walks under way end only there.
 */

#include <linux/bitfield.h>
#include <linux/mm.h>

#include "unit_model.h"

#define QI_TYPE			GENMASK_ULL(3, 0)
#define QI_GRAN			GENMASK_ULL(5, 4)
#define QI_DID			GENMASK_ULL(31, 16)
#define QI_PASID		GENMASK_ULL(51, 32)
#define QI_SID			GENMASK_ULL(47, 32)
#define QI_FM			GENMASK_ULL(49, 48)
#define QI_DRAINS		GENMASK_ULL(7, 6)
#define QI_ADDR			GENMASK_ULL(63, 12)
#define QI_AM			GENMASK_ULL(5, 0)
#define QI_IH			BIT_ULL(6)
#define QI_PFSID_LOW		GENMASK_ULL(15, 12)
#define QI_PFSID_HIGH		GENMASK_ULL(63, 52)
#define QI_QDEP			GENMASK_ULL(20, 16)
#define QI_PASID_QDEP		GENMASK_ULL(8, 4)
#define QI_PASID_SID		GENMASK_ULL(31, 16)
#define QI_WAIT_FLAGS		GENMASK_ULL(7, 4)
#define QI_WAIT_DATA		GENMASK_ULL(63, 32)
#define QI_WAIT_ADDR		GENMASK_ULL(63, 2)

/* What a descriptor of a type may say */
struct form {
	u64 type;
	const char *name;
	u64 qw0;
	u64 qw1;
	unsigned int grans;
	bool scalable;
};

static const struct form forms[] = {
	{ QI_CC_TYPE, "context-cache", QI_GRAN | QI_DID | QI_SID | QI_FM, 0,
	  BIT(1) | BIT(2) | BIT(3) },
	{ QI_IOTLB_TYPE, "IOTLB", QI_GRAN | QI_DRAINS | QI_DID,
	  QI_AM | QI_IH | QI_ADDR, BIT(1) | BIT(2) | BIT(3) },
	{ QI_DIOTLB_TYPE, "device TLB",
	  QI_PFSID_LOW | QI_PFSID_HIGH | QI_QDEP | QI_SID,
	  QI_DEV_IOTLB_SIZE | QI_ADDR, BIT(0) },
	{ QI_IEC_TYPE, "interrupt entry cache", 0, 0, BIT(0) },
	{ QI_IWD_TYPE, "wait", QI_WAIT_FLAGS | QI_WAIT_DATA, QI_WAIT_ADDR,
	  BIT(0) | BIT(1) | BIT(2) | BIT(3) },
	{ QI_EIOTLB_TYPE, "PASID-based IOTLB", QI_GRAN | QI_DID | QI_PASID,
	  QI_AM | QI_IH | QI_ADDR, BIT(2) | BIT(3), true },
	{ QI_PC_TYPE, "PASID-cache", QI_GRAN | QI_DID | QI_PASID, 0,
	  BIT(0) | BIT(1) | BIT(3), true },
	{ QI_DEIOTLB_TYPE, "PASID-based device TLB",
	  QI_PFSID_LOW | QI_PFSID_HIGH | QI_PASID_QDEP | QI_PASID_SID | QI_PASID,
	  QI_DEV_EIOTLB_SIZE | QI_ADDR, BIT(0) | BIT(1) | BIT(2) | BIT(3), true },
};

static const struct form *form_of(const struct qi_desc *desc)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(forms); i++)
		if (forms[i].type == FIELD_GET(QI_TYPE, desc->qw0))
			return &forms[i];
	return NULL;
}

static struct unit_range range_by_order(u64 addr, unsigned int order)
{
	u64 size;

	if (order + PAGE_SHIFT >= 64)
		return unit_range_all;

	size = BIT_ULL(order + PAGE_SHIFT);
	addr &= ~(size - 1);
	return (struct unit_range){ addr, addr + size - 1 };
}

/* Device TLB descriptors: the lowest clear bit of the address is the size. */
static struct unit_range range_by_address(u64 addr, bool sized)
{
	unsigned int order = 0;

	if (sized) {
		order = ffz(addr >> PAGE_SHIFT) + 1;
		if (order + PAGE_SHIFT >= 63)
			return unit_range_all;
	}

	return range_by_order(addr, order);
}

/**
 * unit_check_page_selective - check the range of an invalidation of the IOTLB
 * @unit: the unit
 * @addr: its address
 * @order: its size in pages, as a power of two
 *
 * Context: Any. machine->lock is held.
 * Return: whether the unit can do it; if not, that is a failure.
 */
bool unit_check_page_selective(struct unit_model *unit, u64 addr,
			       unsigned int order)
{
	if (!cap_pgsel_inv(unit->cap)) {
		unit_fail(unit, "the unit invalidates no ranges");
		return false;
	}
	if (order > cap_max_amask_val(unit->cap)) {
		unit_fail(unit, "the unit invalidates no range of order %u",
			  order);
		return false;
	}
	if (!IS_ALIGNED(addr >> PAGE_SHIFT, BIT_ULL(order))) {
		unit_fail(unit, "the range at %#llx is not aligned to order %u",
			  addr, order);
		return false;
	}
	return true;
}

/*
 * Each type
 */

/* What goes by address: a range, or all, which names none */
static void take_range(struct unit_model *unit, const struct qi_desc *desc,
		       bool is_range, struct unit_inv *inv)
{
	inv->range = unit_range_all;
	if (is_range) {
		inv->range = range_by_order(desc->qw1 & QI_ADDR,
					    FIELD_GET(QI_AM, desc->qw1));
		inv->leaf_only = desc->qw1 & QI_IH;
	} else if (desc->qw1) {
		unit_fail(unit, "a range in an invalidation of all: %#llx",
			  desc->qw1);
	}
}

static void do_iotlb(struct unit_model *unit, const struct qi_desc *desc)
{
	u64 gran = FIELD_GET(QI_GRAN, desc->qw0), addr = desc->qw1 & QI_ADDR;
	unsigned int order = FIELD_GET(QI_AM, desc->qw1);
	struct unit_inv inv = {
		.all = gran == 1,
		.did = FIELD_GET(QI_DID, desc->qw0),
	};

	if (gran == 3 && !unit_check_page_selective(unit, addr, order))
		return;
	take_range(unit, desc, gran == 3, &inv);
	unit_invalidate_iotlb(unit, &inv);
}

static void do_pasid_iotlb(struct unit_model *unit, const struct qi_desc *desc)
{
	u64 gran = FIELD_GET(QI_GRAN, desc->qw0), addr = desc->qw1 & QI_ADDR;
	unsigned int order = FIELD_GET(QI_AM, desc->qw1);
	struct unit_inv inv = {
		.pasid_based = true,
		.did = FIELD_GET(QI_DID, desc->qw0),
		.pasid = FIELD_GET(QI_PASID, desc->qw0),
	};
	bool is_range = gran == QI_GRAN_PSI_PASID;

	/* Here any mask will do, see MAMV in section 11.4.2. */
	if (is_range &&
	    (order >= 52 || !IS_ALIGNED(addr >> PAGE_SHIFT, BIT_ULL(order))))
		unit_fail(unit, "the range at %#llx is not aligned to order %u",
			  addr, order);
	take_range(unit, desc, is_range, &inv);
	unit_invalidate_iotlb(unit, &inv);
}

static struct unit_requester *requester_of(struct unit_model *unit, u16 sid)
{
	unsigned int i;

	for (i = 0; i < unit->num_requesters; i++)
		if (unit->requester[i]->function->sid == sid)
			return unit->requester[i];
	return NULL;
}

/*
 * A device without ATS need not answer, but once, when it is told to do without.
 * Who unmaps at that moment may ask it as well.
 */
static void check_ats(struct unit_model *unit, struct unit_requester *req)
{
	const struct unit_function *function = req->function;

	if (unit->machine->strict && !unit_ats_enabled(req) &&
	    req->asked_off++ > function->tell_twice)
		unit_fail(unit, "%s has ATS off, and its ATC is invalidated",
			  function->name);
}

static void do_atc(struct unit_model *unit, const struct unit_inv *inv,
		   u64 qw0, u64 qdep)
{
	struct unit_requester *req = requester_of(unit, inv->sid);
	const struct unit_function *function;
	u16 pfsid = FIELD_GET(QI_PFSID_LOW, qw0) |
		    FIELD_GET(QI_PFSID_HIGH, qw0) << 4;

	unit->counts.atcs++;
	if (!(unit->iommu->gcmd & DMA_GCMD_TE))
		unit_fail(unit, "a unit that does not translate is asked to invalidate an ATC");
	if (!req) {
		unit_fail(unit, "requester %#x, whose ATC is invalidated, is not there",
			  inv->sid);
		return;
	}
	function = req->function;
	if (function->gone)
		unit_fail(unit, "%s is gone, and its ATC is invalidated",
			  function->name);
	if (!function->ats_ctrl)
		unit_fail(unit, "%s has no ATC to invalidate", function->name);
	if (pfsid != function->pfsid)
		unit_fail(unit, "%s: PFSID %#x instead of %#x", function->name,
			  pfsid, function->pfsid);
	if (qdep != function->qdep)
		unit_fail(unit, "%s: queue depth %llu instead of %u",
			  function->name, qdep, function->qdep);
	check_ats(unit, req);
	unit_invalidate_atc(unit, inv);
}

static void do_devtlb(struct unit_model *unit, const struct qi_desc *desc)
{
	struct unit_inv inv = {
		.sid = FIELD_GET(QI_SID, desc->qw0),
		.pasid = IOMMU_NO_PASID,
		.range = range_by_address(desc->qw1,
					  desc->qw1 & QI_DEV_IOTLB_SIZE),
	};

	do_atc(unit, &inv, desc->qw0, FIELD_GET(QI_QDEP, desc->qw0));
}

static void do_pasid_devtlb(struct unit_model *unit, const struct qi_desc *desc)
{
	struct unit_inv inv = {
		.sid = FIELD_GET(QI_PASID_SID, desc->qw0),
		.pasid = FIELD_GET(QI_PASID, desc->qw0),
		.range = range_by_address(desc->qw1,
					  desc->qw1 & QI_DEV_EIOTLB_SIZE),
	};

	do_atc(unit, &inv, desc->qw0, FIELD_GET(QI_PASID_QDEP, desc->qw0));
}

static void do_context(struct unit_model *unit, const struct qi_desc *desc)
{
	unit_invalidate_context(unit, FIELD_GET(QI_DID, desc->qw0),
				FIELD_GET(QI_SID, desc->qw0),
				FIELD_GET(QI_GRAN, desc->qw0));
}

static void do_pasid(struct unit_model *unit, const struct qi_desc *desc)
{
	unit_invalidate_pasid(unit, FIELD_GET(QI_DID, desc->qw0),
			      FIELD_GET(QI_PASID, desc->qw0),
			      FIELD_GET(QI_GRAN, desc->qw0));
}

static void do_interrupts(struct unit_model *unit, const struct qi_desc *desc)
{
	unit->counts.interrupt_flushes++;
}

/* In the order that leaves most behind, see above */
static const struct {
	u64 type;
	void (*process)(struct unit_model *unit, const struct qi_desc *desc);
	enum unit_moment before;
} order[] = {
	{ QI_DIOTLB_TYPE, do_devtlb, UNIT_IN_ATC },
	{ QI_DEIOTLB_TYPE, do_pasid_devtlb, UNIT_IN_ATC },
	{ QI_IOTLB_TYPE, do_iotlb, UNIT_IN_QUEUE },
	{ QI_EIOTLB_TYPE, do_pasid_iotlb, UNIT_IN_QUEUE },
	{ QI_PC_TYPE, do_pasid, UNIT_IN_QUEUE },
	{ QI_CC_TYPE, do_context, UNIT_IN_QUEUE },
	{ QI_IEC_TYPE, do_interrupts, UNIT_IN_QUEUE },
};

/*
 * The queue
 */

static void check_desc(struct unit_model *unit, const struct qi_desc *desc)
{
	const struct form *form = form_of(desc);

	if (!form) {
		unit_fail(unit, "descriptor of unknown type: %#llx", desc->qw0);
		return;
	}
	if (form->scalable && !unit_scalable(unit))
		unit_fail(unit, "%s descriptor in legacy mode", form->name);
	if (!(form->grans & BIT(FIELD_GET(QI_GRAN, desc->qw0))))
		unit_fail(unit, "%s descriptor of unknown granularity: %#llx",
			  form->name, desc->qw0);
	if ((desc->qw0 & ~(form->qw0 | QI_TYPE)) || (desc->qw1 & ~form->qw1) ||
	    desc->qw2 || desc->qw3)
		unit_fail(unit, "%s descriptor with reserved bits: %#llx %#llx %#llx %#llx",
			  form->name, desc->qw0, desc->qw1, desc->qw2, desc->qw3);
	if (form->type == QI_IOTLB_TYPE &&
	    (desc->qw0 & QI_DRAINS) !=
	    (QI_IOTLB_DR(cap_read_drain(unit->cap)) |
	     QI_IOTLB_DW(cap_write_drain(unit->cap))))
		unit_fail(unit, "IOTLB descriptor drains other than the unit can: %#llx",
			  desc->qw0);
}

/* Descriptors that no fence parts */
static void process(struct unit_model *unit, const struct qi_desc *desc,
		    unsigned int num)
{
	struct unit_machine *machine = unit->machine;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(order); i++)
		for (j = 0; j < num; j++) {
			if (FIELD_GET(QI_TYPE, desc[j].qw0) != order[i].type)
				continue;
			if (order[i].before == UNIT_IN_ATC)
				unit_event(unit, UNIT_IN_ATC);
			scoped_guard(spinlock_irqsave, &machine->lock) {
				unit_write_buffer_flushed(unit);
				order[i].process(unit, &desc[j]);
				unit->counts.descs++;
				unit->settled = false;
			}
			unit_event(unit, UNIT_IN_QUEUE);
		}
}

static unsigned int count_atcs(const struct qi_desc *desc, unsigned int num)
{
	unsigned int i, atcs = 0;

	for (i = 0; i < num; i++) {
		u64 type = FIELD_GET(QI_TYPE, desc[i].qw0);

		atcs += type == QI_DIOTLB_TYPE || type == QI_DEIOTLB_TYPE;
	}
	return atcs;
}

static void process_all(struct unit_model *unit, const struct qi_desc *desc,
			unsigned int num)
{
	unsigned int i, first = 0;

	unit_event(unit, UNIT_BETWEEN);
	for (i = 0; i < num; i++) {
		check_desc(unit, &desc[i]);
		if (FIELD_GET(QI_TYPE, desc[i].qw0) != QI_IWD_TYPE)
			continue;
		if (desc[i].qw0 & QI_IWD_FENCE) {
			unit->counts.fences++;
			process(unit, &desc[first], i - first);
			first = i + 1;
		}
	}
	process(unit, &desc[first], num - first);
	unit_event(unit, UNIT_BETWEEN);
}

/* Takes what was posted out of the queue; returns how much it is. */
static unsigned int take_posted(struct unit_model *unit, struct qi_desc *desc)
{
	unsigned int num;

	guard(spinlock_irqsave)(&unit->machine->lock);
	num = unit->num_posted;
	memcpy(desc, unit->posted, num * sizeof(*desc));
	unit->num_posted = 0;
	return num;
}

/* The queue is processed in order. */
static void process_posted(struct unit_model *unit)
{
	struct qi_desc desc[QI_MAX_BATCHED_DESC_COUNT];
	unsigned int num = take_posted(unit, desc);

	if (num)
		process_all(unit, desc, num);
}

static void post(struct unit_model *unit, const struct qi_desc *desc,
		 unsigned int num)
{
	guard(spinlock_irqsave)(&unit->machine->lock);
	memcpy(unit->posted, desc, num * sizeof(*desc));
	unit->num_posted = num;
	unit->posted_index++;
}

static bool is_beside(struct unit_model *unit)
{
	struct unit_machine *machine = unit->machine;
	unsigned int i;

	for (i = 0; i < machine->num_units; i++)
		if (machine->unit[i] != unit && machine->unit[i]->num_posted)
			return true;
	return false;
}

/**
 * unit_submit - process what the driver has submitted
 * @unit: the unit
 * @desc: descriptors
 * @num: number of them
 * @options: of qi_submit_sync(). What shall not be waited for has no effect
 *           before it is.
 *
 * Context: Any.
 */
void unit_submit(struct unit_model *unit, const struct qi_desc *desc,
		 unsigned int num, unsigned long options)
{
	if (unit->gone) {
		unit_fail(unit, "a unit that was removed is asked for something");
		return;
	}
	if (!unit->iommu->qi || !num || num > QI_MAX_BATCHED_DESC_COUNT)
		unit_fail(unit, "a submission of %u descriptors", num);
	unit_check_wait(unit);
	process_posted(unit);
	unit->counts.submissions++;
	unit->counts.beside += is_beside(unit);
	if (options & QI_OPT_POST) {
		post(unit, desc, num);
		return;
	}
	if (options & QI_OPT_WAIT_DRAIN) {
		unit->counts.drains++;
		unit->counts.drained = unit->counts.stores;
		unit->counts.drained_atcs = count_atcs(desc, num);
	}
	/* qi_submit_sync() adds a wait of its own. */
	unit->counts.waits++;
	process_all(unit, desc, num);
}

/**
 * unit_wait - process what the driver has submitted before, and not waited for
 * @unit: the unit
 * @index: what qi_submit_sync() has returned
 *
 * Context: Any.
 * Return: false if it has given that up.
 */
bool unit_wait(struct unit_model *unit, int index)
{
	struct qi_desc desc[QI_MAX_BATCHED_DESC_COUNT];

	unit_check_wait(unit);
	unit->counts.waits++;
	if (unit->num_posted && index != unit->posted_index)
		unit_fail(unit, "waits for submission %d, not %d", index,
			  unit->posted_index);
	if (unit->gives_up) {
		take_posted(unit, desc);
		return false;
	}
	process_posted(unit);
	return true;
}
