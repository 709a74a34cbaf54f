// SPDX-License-Identifier: GPL-2.0
/*
 * The blob that crosses a live update: seal it, and believe nothing in it
 *
 * The kernel that wrote it may have been another one than it says, may have
 * had a bug, or may have been under somebody's control. So all that is in the
 * blob is held against its own limits, against the other fields that must
 * agree with it, and each address against what was preserved, before memory
 * at that address is read. This file knows neither units nor devices; what is
 * preserved it asks its caller, so that tests can answer.
 */

#include <linux/bitfield.h>
#include <linux/crc32.h>
#include <linux/io.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/pci.h>

#include "context.h"
#include "entry_format.h"
#include "iommu.h"
#include "liveupdate_blob.h"

#define TABLE_ENTRIES	(SZ_4K / sizeof(u64))

/* Bits that entries of page tables of both kinds have in common */
#define PTE_LARGE	BIT_ULL(7)
#define PTE_TABLE	GENMASK_ULL(51, 12)
/* What makes an entry present: the right to read or write; or P */
#define PTE_SS_PRESENT	GENMASK_ULL(1, 0)
#define PTE_FS_PRESENT	BIT_ULL(0)

/*
 * What the fields of the entries that are handed over may have set. That the
 * size of the PASID directory is not among them makes it the smallest one.
 */
#define CONTEXT_LEGACY_LO	(CONTEXT_P | CONTEXT_TT | CONTEXT_SSPTPTR)
#define CONTEXT_LEGACY_HI	(CONTEXT_AW | CONTEXT_DID)
#define CONTEXT_SCALABLE_LO	(CONTEXT_P | CONTEXT_SM_DTE | \
				 CONTEXT_SM_PASIDE | CONTEXT_SM_PASIDDIRPTR)
#define PASID_SS_LO		(PASID_PE_P | PASID_PE_AW | PASID_PE_PGTT | \
				 PASID_PE_SSADE | PASID_PE_SSPTPTR)
#define PASID_FS_LO		(PASID_PE_P | PASID_PE_AW | PASID_PE_PGTT)
#define PASID_HI		(PASID_PE_DID | PASID_PE_PWSNP | PASID_PE_PGSNP)
#define PASID_FS_TABLE		(PASID_PE_FSPM | PASID_PE_FSPTPTR)

static size_t length_of(const struct vtd_record_ser *record)
{
	const struct vtd_device_ser *device;

	switch (record->magic) {
	case VTD_SER_MAGIC:
		return sizeof(struct vtd_ser);
	case VTD_SER_UNIT_MAGIC:
		return sizeof(struct vtd_unit_ser);
	default:
		device = container_of_const(record, struct vtd_device_ser,
					    record);
		return struct_size(device, sid, device->nr_sids);
	}
}

/* The CRC is over all but itself. */
static u32 crc_of(const struct vtd_record_ser *record)
{
	const size_t after = offsetofend(struct vtd_record_ser, crc);
	const u32 none = 0;
	u32 crc;

	crc = crc32_le(~0, (const u8 *)record, after - sizeof(none));
	crc = crc32_le(crc, (const u8 *)&none, sizeof(none));

	return crc32_le(crc, (const u8 *)record + after,
			record->length - after);
}

/**
 * liveupdate_record_seal - set version, length and checksum of a record
 * @record: the record, otherwise complete
 *
 * Context: Any.
 */
void liveupdate_record_seal(struct vtd_record_ser *record)
{
	record->version = VTD_SER_VERSION;
	record->length = length_of(record);
	record->crc = crc_of(record);
}

/**
 * liveupdate_table_of - the page table that a device is translated by
 * @device: its record, with a valid entry
 *
 * VT-d spec, section 9: AW is 1 for three levels, FSPM is 0 for four.
 *
 * Context: Any.
 * Return: the table.
 */
struct liveupdate_table
liveupdate_table_of(const struct vtd_device_ser *device)
{
	const u64 *entry = device->entry;

	switch (device->kind) {
	case VTD_SER_LEGACY:
		return (struct liveupdate_table){
			.top = device->context[0] & CONTEXT_SSPTPTR,
			.present = PTE_SS_PRESENT,
			.levels = FIELD_GET(CONTEXT_AW, device->context[1]) + 2,
		};
	case VTD_SER_SECOND_STAGE:
		return (struct liveupdate_table){
			.top = entry[0] & PASID_PE_SSPTPTR,
			.present = PTE_SS_PRESENT,
			.levels = FIELD_GET(PASID_PE_AW, entry[0]) + 2,
		};
	default:
		return (struct liveupdate_table){
			.top = entry[2] & PASID_PE_FSPTPTR,
			.present = PTE_FS_PRESENT,
			.levels = FIELD_GET(PASID_PE_FSPM, entry[2]) + 4,
		};
	}
}

/**
 * liveupdate_walk - visit every page of a page table
 * @table: the page table; it does not change meanwhile
 * @enter: called with the address of each page, before the page is read; false
 *         ends the walk
 * @leave: called when the walk is done with a page and all below it, and may
 *         free it; or NULL
 * @arg: handed to @enter
 *
 * Context: Any that suits @enter and @leave.
 * Return: whether @enter agreed to every page.
 */
bool liveupdate_walk(const struct liveupdate_table *table,
		     liveupdate_page_fn enter,
		     void (*leave)(phys_addr_t page), void *arg)
{
	const u64 *entry = phys_to_virt(table->top);
	struct liveupdate_table below = {
		.present = table->present,
		.levels = table->levels - 1,
	};
	unsigned int i;

	if (!enter(arg, table->top))
		return false;

	/* Entries of the last level point to no more tables. */
	for (i = 0; below.levels && i < TABLE_ENTRIES; i++) {
		if (!(entry[i] & table->present) || entry[i] & PTE_LARGE)
			continue;
		below.top = entry[i] & PTE_TABLE;
		if (!liveupdate_walk(&below, enter, leave, arg))
			return false;
	}
	if (leave)
		leave(table->top);

	return true;
}

/**
 * liveupdate_sum_add - add a page to the sum of a page table's pages
 * @sum: the sum
 * @page: address of the page
 *
 * Context: Any.
 */
void liveupdate_sum_add(struct liveupdate_sum *sum, phys_addr_t page)
{
	const u64 address = page;

	sum->crc = crc32_le(sum->crc, (const u8 *)&address, sizeof(address));
	sum->nr_pages++;
}

struct pages_check {
	const struct vtd_device_ser *device;
	liveupdate_page_fn is_preserved;
	void *arg;
	struct liveupdate_sum sum;
};

static bool check_page(void *arg, phys_addr_t page)
{
	struct pages_check *check = arg;

	if (check->sum.nr_pages == check->device->nr_pages ||
	    !check->is_preserved(check->arg, page))
		return false;

	liveupdate_sum_add(&check->sum, page);
	return true;
}

/**
 * liveupdate_pages_check - whether a page table has the pages that were preserved
 * @device: the record of a device that is translated by it; in a blob that can
 *          be used
 * @is_preserved: whether a page holds what the kernel before left in it. No
 *                page is read before it has said so.
 * @arg: handed to @is_preserved
 *
 * Context: Any that suits @is_preserved.
 * Return: true if it has, and no others.
 */
bool liveupdate_pages_check(const struct vtd_device_ser *device,
			    liveupdate_page_fn is_preserved, void *arg)
{
	struct liveupdate_table table = liveupdate_table_of(device);
	struct pages_check check = {
		.device = device,
		.is_preserved = is_preserved,
		.arg = arg,
	};

	return liveupdate_walk(&table, check_page, NULL, &check) &&
	       check.sum.nr_pages == device->nr_pages &&
	       check.sum.crc == device->pages_crc;
}

/**
 * liveupdate_visit_contexts - visit the tables of a unit down to context tables
 * @unit: its record, with valid tables
 * @visit: called for each context table, then for the root table; may free them
 *
 * Context: Any that suits @visit.
 */
void liveupdate_visit_contexts(const struct vtd_unit_ser *unit,
			       void (*visit)(phys_addr_t page))
{
	phys_addr_t root = unit->rtaddr & VTD_PAGE_MASK;
	u64 *half = phys_to_virt(root);
	unsigned int i;

	for (i = 0; i < TABLE_ENTRIES; i++)
		if (half[i])
			visit(half[i] & VTD_PAGE_MASK);
	visit(root);
}

/**
 * liveupdate_context - what a context entry of a device is
 * @device: its record
 * @index: of the requester ID
 *
 * Context: Any.
 * Return: the entry.
 */
struct context_words liveupdate_context(const struct vtd_device_ser *device,
					unsigned int index)
{
	struct context_words ce = {
		.val = { device->context[0], device->context[1] }
	};

	if (index && device->kind == VTD_SER_LEGACY)
		context_entry_make_alias(&ce);

	return ce;
}

/*
 * What is checked
 *
 * @nr_units: how many units are good so far
 * @nr_devices: how many devices of all of them
 */
struct check {
	const struct vtd_ser *blob;
	liveupdate_page_fn is_preserved;
	void *arg;
	unsigned int nr_units;
	unsigned int nr_devices;
};

static bool is_page(const struct check *check, u64 page)
{
	return page && PAGE_ALIGNED(page) &&
	       check->is_preserved(check->arg, page);
}

/* Is this the address of such a record? */
static const char *check_record(const struct check *check, u64 address,
				u64 magic)
{
	const struct vtd_record_ser *record;

	if (!is_page(check, address))
		return "record is not preserved";

	record = phys_to_virt(address);
	if (record->magic != magic)
		return "something else";
	if (record->version != VTD_SER_VERSION)
		return "unknown version";
	if (record->length != length_of(record) || record->length > PAGE_SIZE)
		return "bad length";
	if (record->crc != crc_of(record))
		return "bad checksum";

	return record->reserved ? "reserved field of a record" : NULL;
}

static bool is_scalable(const struct vtd_unit_ser *unit)
{
	return unit->rtaddr & DMA_RTADDR_SMT;
}

/* Each half of a root entry is 0, or the address of a table and P. */
static const char *check_root(const struct check *check, u64 rtaddr)
{
	const u64 *half = phys_to_virt(rtaddr & VTD_PAGE_MASK);
	unsigned int i;

	for (i = 0; i < TABLE_ENTRIES; i++) {
		if (!half[i])
			continue;
		if (i % 2 && !(rtaddr & DMA_RTADDR_SMT))
			return "bad root entry";
		if (!is_page(check, half[i] ^ CONTEXT_ROOT_P))
			return "context table is not preserved";
	}
	return NULL;
}

/* Whoever comes round to a unit a second time ends here. */
static const char *check_other_units(const struct check *check,
				     const struct vtd_unit_ser *unit)
{
	unsigned int before = check->nr_units;
	const struct vtd_unit_ser *other;

	for (other = liveupdate_first_unit(check->blob); other;
	     other = liveupdate_next_unit(other)) {
		if (!before--)
			break;
		if (other->reg == unit->reg)
			return "two units are one";
	}
	return NULL;
}

static const char *check_unit_tables(const struct check *check,
				     const struct vtd_unit_ser *unit)
{
	if (unit->rtaddr & ~(VTD_PAGE_MASK | DMA_RTADDR_SMT))
		return "bad mode of a unit";
	if (!is_page(check, unit->rtaddr & VTD_PAGE_MASK))
		return "root table is not preserved";
	if (unit->irq_table && !is_page(check, unit->irq_table))
		return "interrupt remapping table is not preserved";

	return check_root(check, unit->rtaddr);
}

static bool is_zero(const u64 *words, size_t count)
{
	return !memchr_inv(words, 0, count * sizeof(*words));
}

/* The pages that hardware gets to the entry by say what the record says. */
static bool has_pasid_tables(const struct vtd_device_ser *device)
{
	const u64 *dir = phys_to_virt(device->pasid_dir);
	const u64 *table = phys_to_virt(device->pasid_table);
	size_t used = ARRAY_SIZE(device->entry);

	/* Bit 0 of a directory entry is P. */
	return dir[0] == (device->pasid_table | 1) &&
	       is_zero(dir + 1, TABLE_ENTRIES - 1) &&
	       !memcmp(table, device->entry, sizeof(device->entry)) &&
	       is_zero(table + used, TABLE_ENTRIES - used);
}

static const char *check_legacy(const struct vtd_device_ser *device)
{
	u8 aw = FIELD_GET(CONTEXT_AW, device->context[1]);

	if (device->context[0] & ~CONTEXT_LEGACY_LO ||
	    device->context[1] & ~CONTEXT_LEGACY_HI ||
	    !(device->context[0] & CONTEXT_P) || aw < 1 || aw > 3)
		return "bad context entry";
	if (FIELD_GET(CONTEXT_TT, device->context[0]) >
	    CONTEXT_TT_SECOND_STAGE_ATS)
		return "context entry of a type that is not handed over";
	if (FIELD_GET(CONTEXT_DID, device->context[1]) != device->did)
		return "domain id is not that of the context entry";
	if (device->pasid_dir || device->pasid_table ||
	    !is_zero(device->entry, ARRAY_SIZE(device->entry)))
		return "PASID entry in legacy mode";

	return NULL;
}

static const char *check_pasid_entry(const struct vtd_device_ser *device)
{
	bool first = device->kind == VTD_SER_FIRST_STAGE;
	u8 pgtt = FIELD_GET(PASID_PE_PGTT, device->entry[0]);
	u8 aw = FIELD_GET(PASID_PE_AW, device->entry[0]);

	if (!(device->entry[0] & PASID_PE_P) || device->entry[1] & ~PASID_HI)
		return "bad PASID entry";
	if (first ? pgtt != PASID_ENTRY_PGTT_FL_ONLY :
		    pgtt != PASID_ENTRY_PGTT_SL_ONLY)
		return "PASID entry of another type than the record";
	if (first && (device->entry[0] & ~PASID_FS_LO ||
		      device->entry[2] & ~PASID_FS_TABLE ||
		      FIELD_GET(PASID_PE_FSPM, device->entry[2]) > 1))
		return "bad first-stage entry";
	if (!first && (device->entry[0] & ~PASID_SS_LO || device->entry[2] ||
		       aw < 1 || aw > 3))
		return "bad second-stage entry";
	if (FIELD_GET(PASID_PE_DID, device->entry[1]) != device->did)
		return "domain id is not that of the PASID entry";

	return NULL;
}

static const char *check_scalable(const struct check *check,
				  const struct vtd_device_ser *device)
{
	const char *error = check_pasid_entry(device);

	if (error)
		return error;
	if (!(device->context[0] & CONTEXT_P) || device->context[1] ||
	    device->context[0] & ~CONTEXT_SCALABLE_LO ||
	    (device->context[0] & CONTEXT_SM_PASIDDIRPTR) != device->pasid_dir)
		return "bad context entry";
	if (!is_page(check, device->pasid_dir) ||
	    !is_page(check, device->pasid_table))
		return "PASID table is not preserved";
	if (!has_pasid_tables(device))
		return "PASID table is not what the record says";

	return NULL;
}

/* Do the tables say of the device what its record says? */
static bool has_context(u64 rtaddr, const struct vtd_device_ser *device)
{
	const struct context_words *entry;
	struct context_words want;
	unsigned int i;

	for (i = 0; i < device->nr_sids; i++) {
		want = liveupdate_context(device, i);
		entry = context_entry_at(rtaddr, device->sid[i]);
		if (!entry || memcmp(entry, &want, sizeof(want)))
			return false;
		if (rtaddr & DMA_RTADDR_SMT &&
		    !is_zero(entry[1].val, ARRAY_SIZE(entry[1].val)))
			return false;
	}
	return true;
}

static bool has_sid(const struct vtd_device_ser *device, u16 sid)
{
	unsigned int i;

	for (i = 0; i < device->nr_sids; i++)
		if (device->sid[i] == sid)
			return true;
	return false;
}

static bool share_sid(const struct vtd_device_ser *device,
		      const struct vtd_device_ser *other)
{
	unsigned int i;

	for (i = 0; i < device->nr_sids; i++)
		if (has_sid(other, device->sid[i]))
			return true;
	return false;
}

/*
 * Is there another record before that this one contradicts? If the chain leads
 * back, it is the same one.
 */
static const char *check_other_devices(const struct check *check,
				       const struct vtd_unit_ser *unit,
				       const struct vtd_device_ser *device)
{
	unsigned int before = check->nr_devices;
	const struct vtd_device_ser *other;
	const struct vtd_unit_ser *owner;

	for (owner = liveupdate_first_unit(check->blob); owner;
	     owner = liveupdate_next_unit(owner)) {
		for (other = liveupdate_first_device(owner); other;
		     other = liveupdate_next_device(other)) {
			if (!before--)
				return NULL;
			if (other->segment == device->segment &&
			    share_sid(device, other))
				return "two records of one device";
			if (device->flags && other->flags && owner == unit &&
			    other->did == device->did &&
			    liveupdate_table_of(other).top !=
			    liveupdate_table_of(device).top)
				return "two page tables with one domain id";
		}
	}
	return NULL;
}

static const char *check_translation(const struct check *check,
				     const struct vtd_unit_ser *unit,
				     const struct vtd_device_ser *device)
{
	bool legacy = device->kind == VTD_SER_LEGACY;
	const char *error;

	if (!device->kind || device->kind > VTD_SER_FIRST_STAGE ||
	    legacy == is_scalable(unit))
		return "device of a kind that its unit does not know";
	if (device->did < IDA_START_DID)
		return "reserved domain id";
	error = legacy ? check_legacy(device) : check_scalable(check, device);
	if (error)
		return error;

	if (!has_context(unit->rtaddr, device))
		return "context entry is not what the record says";
	if (!is_page(check, liveupdate_table_of(device).top))
		return "page table is not preserved";

	return NULL;
}

static const char *check_device(const struct check *check,
				const struct vtd_unit_ser *unit, u64 address)
{
	const struct vtd_device_ser *device;
	const char *error;

	error = check_record(check, address, VTD_SER_DEVICE_MAGIC);
	if (error)
		return error;

	device = phys_to_virt(address);
	if (device->flags & ~VTD_SER_DEVICE_READY)
		return "unknown flag of a device";
	if (!device->nr_sids)
		return "device without a requester ID";
	error = check_other_devices(check, unit, device);
	if (error || !device->flags)
		return error;

	return check_translation(check, unit, device);
}

static unsigned int count_entries(const struct vtd_unit_ser *unit, u64 table)
{
	unsigned int size = is_scalable(unit) ? 4 : 2, count = 0, i;
	const u64 *entry = phys_to_virt(table & VTD_PAGE_MASK);

	for (i = 0; i < TABLE_ENTRIES; i += size)
		count += !is_zero(entry + i, size);

	return count;
}

/* Each device has its entries; are there more? */
static const char *check_contexts(const struct vtd_unit_ser *unit)
{
	const u64 *half = phys_to_virt(unit->rtaddr & VTD_PAGE_MASK);
	const struct vtd_device_ser *device;
	unsigned int count = 0, i;

	for (i = 0; i < TABLE_ENTRIES; i++)
		if (half[i])
			count += count_entries(unit, half[i]);
	for (device = liveupdate_first_device(unit); device;
	     device = liveupdate_next_device(device))
		if (device->flags)
			count -= device->nr_sids;

	return count ? "context entries are not those of the devices" : NULL;
}

static const char *check_unit(struct check *check, u64 address)
{
	const struct vtd_device_ser *device;
	const struct vtd_unit_ser *unit;
	const char *error;
	u64 next;

	error = check_record(check, address, VTD_SER_UNIT_MAGIC);
	if (error)
		return error;

	unit = phys_to_virt(address);
	if (!unit->reg || !PAGE_ALIGNED(unit->reg))
		return "bad address of a unit";
	error = check_other_units(check, unit) ?:
		check_unit_tables(check, unit);
	if (error)
		return error;

	for (next = unit->devices; next; next = device->record.next) {
		error = check_device(check, unit, next);
		if (error)
			return error;
		device = phys_to_virt(next);
		check->nr_devices++;
	}
	return check_contexts(unit);
}

/**
 * liveupdate_blob_check - find what is wrong with a blob
 * @blob: physical address of the blob
 * @is_preserved: whether a page holds what the kernel before left in it. No
 *                page is read before it has said so.
 * @arg: handed to @is_preserved
 *
 * A chain ends here where it leads back, as each record is held against those
 * before it.
 *
 * Context: Any that suits @is_preserved.
 * Return: NULL if the blob can be used, else what is wrong with it.
 */
const char *liveupdate_blob_check(phys_addr_t blob,
				  liveupdate_page_fn is_preserved, void *arg)
{
	struct check check = {
		.is_preserved = is_preserved,
		.arg = arg,
	};
	const struct vtd_unit_ser *unit;
	const char *error;
	u64 next;

	error = check_record(&check, blob, VTD_SER_MAGIC);
	if (error)
		return error;

	check.blob = phys_to_virt(blob);
	for (next = check.blob->record.next; next; next = unit->record.next) {
		error = check_unit(&check, next);
		if (error)
			return error;
		unit = phys_to_virt(next);
		check.nr_units++;
	}
	return NULL;
}
