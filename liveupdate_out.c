// SPDX-License-Identifier: GPL-2.0
/*
 * Live update: what goes out
 *
 * For devices that are preserved there is a second set of tables, in memory
 * that the next kernel leaves alone: a root table and context tables for each
 * unit, a PASID directory and a PASID table for each device. Freeze fills them;
 * until the last CPU points the unit to them, hardware does not use them.
 *
 * When a device is preserved, the owner of its domain has seen to it that nothing
 * is mapped or unmapped any more. So its page table is walked, and its pages are
 * preserved, then and there, once however many devices share it; and from there
 * on what is to be done for a device does not depend on how much it reaches.
 *
 * The device stays attached to that domain, but it can be detached. It is then
 * left out of the freeze, blocked at the jump, and no obstacle to others.
 */

#define pr_fmt(fmt)	"DMAR: live update: " fmt
#define dev_fmt(fmt)	pr_fmt(fmt)

#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/iommu.h>
#include <linux/kexec.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/intel_iommu.h>
#include <linux/overflow.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "context.h"
#include "entry_format.h"
#include "liveupdate_blob.h"
#include "liveupdate_out.h"
#include "pasid.h"

/*
 * A page table that is preserved
 *
 * @users: devices that are translated by it
 * @sum: which pages it consists of
 */
struct out_table {
	struct list_head node;
	struct liveupdate_table table;
	unsigned int users;
	struct liveupdate_sum sum;
};

/*
 * A unit of which a device was preserved
 *
 * @record: its record, in the blob from the first device on
 */
struct out_unit {
	struct list_head node;
	struct intel_iommu *iommu;
	struct vtd_unit_ser *record;
};

/*
 * A device that is preserved
 *
 * @table: the page table that it is to be translated by
 * @pasid_dir: scalable mode: the directory that is handed over
 * @pasid_table: scalable mode: the table that is handed over
 * @record: its record, which is that of a device to be blocked until it is frozen
 * @frozen: the record is in the blob
 */
struct out_device {
	struct list_head node;
	struct device_domain_info *info;
	struct out_unit *unit;
	struct out_table *table;
	struct pasid_dir_entry *pasid_dir;
	struct pasid_entry *pasid_table;
	struct vtd_device_ser *record;
	bool frozen;
};

/* What goes to the next kernel */
struct outgoing {
	struct vtd_ser *blob;
	struct list_head units;
	struct list_head devices;
	struct list_head tables;
};

/*
 * Covers all of the state below. Taken inside the mutex of a group, the
 * did_lock of a unit and the locks of LUO.
 */
static DEFINE_MUTEX(out_lock);
static struct outgoing *outgoing;

static struct out_device *find_outgoing(struct device_domain_info *info)
{
	struct out_device *out;

	lockdep_assert_held(&out_lock);
	if (!outgoing)
		return NULL;

	list_for_each_entry(out, &outgoing->devices, node)
		if (out->info == info)
			return out;
	return NULL;
}

/* A bridge is there for the sake of the others, and does no DMA of its own. */
static int count_device(struct device *dev, void *count)
{
	if (!dev_is_pci(dev) || !pci_is_bridge(to_pci_dev(dev)))
		++*(unsigned int *)count;
	return 0;
}

static bool shares_group(struct device *dev)
{
	struct iommu_group *group = iommu_group_get(dev);
	unsigned int count = 0;

	if (!group)
		return true;
	iommu_group_for_each_dev(group, &count, count_device);
	iommu_group_put(group);

	return count > 1;
}

/*
 * Firmware may have a device do DMA to memory that it has reserved for that, as
 * for the sake of a management controller. From the jump on that would be blocked:
 * it is none of those that are preserved, as the core gives it to no user.
 */
static int check_firmware(struct device_domain_info *info)
{
	struct device *other = rmrr_find_device(info->iommu);

	if (!other)
		return 0;

	dev_err(info->dev, "cannot be preserved: behind its unit is %s, for which firmware has reserved memory\n",
		dev_name(other));
	put_device(other);
	return -EBUSY;
}

/* What keeps a device from being handed over, whatever it is attached to */
VISIBLE_IF_KUNIT const char *
liveupdate_find_obstacle(struct device_domain_info *info)
{
	struct device *dev = info->dev;

	KUNIT_STATIC_STUB_REDIRECT(liveupdate_find_obstacle, info);

	if (dev_is_real_dma_subdevice(dev))
		return "does DMA as another device";
	if (!info->iommu->qi)
		return "its unit has no queued invalidation";
	if (shares_group(dev))
		return "is not alone in its group";

	return NULL;
}

static const char *read_legacy(struct device_domain_info *info,
			       struct vtd_device_ser *record)
{
	u16 sid = PCI_DEVID(info->bus, info->devfn);
	struct context_words *live = context_entry_lookup(info->iommu, sid);

	if (!live || !(live->val[0] & CONTEXT_P) ||
	    context_copied(info->iommu, info->bus, info->devfn))
		return "is not attached";
	memcpy(record->context, live->val, sizeof(record->context));

	if (FIELD_GET(CONTEXT_TT, record->context[0]) >
	    CONTEXT_TT_SECOND_STAGE_ATS)
		return "is attached to an identity domain";

	record->kind = VTD_SER_LEGACY;
	record->did = FIELD_GET(CONTEXT_DID, record->context[1]);
	return NULL;
}

static const char *read_scalable(struct device_domain_info *info,
				 struct vtd_device_ser *record)
{
	struct pasid_entry *live = pasid_entry_lookup(info, IOMMU_NO_PASID);

	if (pasid_is_in_use(info))
		return "has a PASID attached";
	if (!live || !pasid_pte_is_present(live))
		return "is not attached";
	memcpy(record->entry, live->val, sizeof(record->entry));

	switch (FIELD_GET(PASID_PE_PGTT, record->entry[0])) {
	case PASID_ENTRY_PGTT_FL_ONLY:
		record->kind = VTD_SER_FIRST_STAGE;
		break;
	case PASID_ENTRY_PGTT_SL_ONLY:
		record->kind = VTD_SER_SECOND_STAGE;
		break;
	case PASID_ENTRY_PGTT_NESTED:
		return "is attached to a nested domain";
	default:
		return "is attached to an identity domain";
	}

	record->did = FIELD_GET(PASID_PE_DID, record->entry[1]);
	return NULL;
}

/*
 * How hardware translates the device now. The live entry tells all that there
 * is to know; the domain itself may go away at any time. Under its entry_lock,
 * unless nothing else runs.
 */
VISIBLE_IF_KUNIT const char *
liveupdate_read_translation(struct device_domain_info *info,
			    struct vtd_device_ser *record)
{
	return sm_supported(info->iommu) ? read_scalable(info, record) :
					   read_legacy(info, record);
}

static int refuse(struct device *dev, const char *why)
{
	dev_err(dev, "cannot be preserved: %s\n", why);
	return -EBUSY;
}

static const char *check_translation(struct device_domain_info *info,
				     struct vtd_device_ser *record)
{
	guard(mutex)(&info->entry_lock);

	return liveupdate_read_translation(info, record);
}

static phys_addr_t top_of(struct dmar_domain *domain)
{
	struct pt_iommu_vtdss_hw_info second;
	struct pt_iommu_x86_64_hw_info first;

	if (intel_domain_is_fs_paging(domain)) {
		pt_iommu_x86_64_hw_info(&domain->fspt, &first);
		return first.gcr3_pt;
	}
	pt_iommu_vtdss_hw_info(&domain->sspt, &second);
	return second.ssptptr;
}

/*
 * Page tables
 */

struct table_walk {
	struct liveupdate_sum sum;
	u64 left;
	int ret;
};

static bool preserve_page(void *arg, phys_addr_t page)
{
	struct table_walk *walk = arg;

	walk->ret = kho_preserve_pages(pfn_to_page(PHYS_PFN(page)), 1);
	if (walk->ret)
		return false;

	liveupdate_sum_add(&walk->sum, page);
	cond_resched();
	return true;
}

/* In the same order, so that an end before the end is at the same page. */
static bool unpreserve_page(void *arg, phys_addr_t page)
{
	struct table_walk *walk = arg;

	if (!walk->left)
		return false;

	walk->left--;
	kho_unpreserve_pages(pfn_to_page(PHYS_PFN(page)), 1);
	cond_resched();
	return true;
}

static void unpreserve_pages(const struct liveupdate_table *table, u64 count)
{
	struct table_walk walk = { .left = count };

	liveupdate_walk(table, unpreserve_page, NULL, &walk);
}

static struct out_table *make_table(const struct liveupdate_table *table)
{
	struct out_table *new = kzalloc_obj(*new);
	struct table_walk walk = {};

	if (!new)
		return ERR_PTR(-ENOMEM);

	liveupdate_walk(table, preserve_page, NULL, &walk);
	if (walk.ret) {
		unpreserve_pages(table, walk.sum.nr_pages);
		kfree(new);
		return ERR_PTR(walk.ret);
	}
	new->table = *table;
	new->sum = walk.sum;
	list_add_tail(&new->node, &outgoing->tables);
	return new;
}

static struct out_table *get_table(const struct liveupdate_table *table)
{
	struct out_table *old;

	list_for_each_entry(old, &outgoing->tables, node) {
		if (old->table.top == table->top) {
			old->users++;
			return old;
		}
	}

	old = make_table(table);
	if (!IS_ERR(old))
		old->users = 1;
	return old;
}

static void put_table(struct out_table *table)
{
	if (--table->users)
		return;

	unpreserve_pages(&table->table, table->sum.nr_pages);
	list_del(&table->node);
	kfree(table);
}

static void free_page_of(void *page)
{
	if (!IS_ERR_OR_NULL(page))
		kho_unpreserve_free(page);
}

/* A page for hardware to find nothing in */
static void *alloc_empty_table(struct intel_iommu *iommu)
{
	void *table = kho_alloc_preserve(SZ_4K);

	if (!IS_ERR(table))
		__iommu_flush_cache(iommu, table, SZ_4K);

	return table;
}

static void *alloc_record(u64 magic)
{
	struct vtd_record_ser *record = kho_alloc_preserve(PAGE_SIZE);

	if (!IS_ERR(record))
		record->magic = magic;

	return record;
}

static void free_unit(struct out_unit *unit)
{
	free_page_of(unit->record);
	kfree(unit);
}

static int alloc_unit_tables(struct out_unit *unit)
{
	struct intel_iommu *iommu = unit->iommu;
	void *root = alloc_empty_table(iommu), *irq_table;

	if (IS_ERR(root))
		return PTR_ERR(root);

	irq_table = intel_irq_remapping_is_set_up(iommu) ?
		alloc_empty_table(iommu) : NULL;
	if (IS_ERR(irq_table)) {
		free_page_of(root);
		return PTR_ERR(irq_table);
	}

	unit->record->reg = iommu->reg_phys;
	unit->record->rtaddr = context_rtaddr(iommu, root);
	unit->record->irq_table = irq_table ? virt_to_phys(irq_table) : 0;
	return 0;
}

static int fill_unit(struct out_unit *unit)
{
	unit->record = alloc_record(VTD_SER_UNIT_MAGIC);

	return IS_ERR(unit->record) ? PTR_ERR(unit->record) :
				      alloc_unit_tables(unit);
}

static struct out_unit *add_unit(struct intel_iommu *iommu)
{
	struct vtd_record_ser *blob = &outgoing->blob->record;
	struct out_unit *unit = kzalloc_obj(*unit);
	int ret;

	if (!unit)
		return ERR_PTR(-ENOMEM);

	unit->iommu = iommu;
	ret = fill_unit(unit);
	if (ret) {
		free_unit(unit);
		return ERR_PTR(ret);
	}

	list_add(&unit->node, &outgoing->units);
	unit->record->record.next = blob->next;
	liveupdate_record_seal(&unit->record->record);
	blob->next = virt_to_phys(unit->record);
	liveupdate_record_seal(blob);
	return unit;
}

/* It is there from its first device on. */
static struct out_unit *get_unit(struct intel_iommu *iommu)
{
	struct out_unit *unit;

	list_for_each_entry(unit, &outgoing->units, node)
		if (unit->iommu == iommu)
			return unit;

	return add_unit(iommu);
}

static u64 rtaddr_of(const struct out_device *out)
{
	return out->unit->record->rtaddr;
}

/* Entries of one table may be of several devices. */
static int alloc_context_table(struct out_device *out, u16 sid)
{
	u64 *entry = context_root_entry(rtaddr_of(out), sid);
	void *table;

	if (*entry)
		return 0;

	table = alloc_empty_table(out->info->iommu);
	if (IS_ERR(table))
		return PTR_ERR(table);

	*entry = virt_to_phys(table) | CONTEXT_ROOT_P;
	__iommu_flush_cache(out->info->iommu, entry, sizeof(*entry));
	return 0;
}

/* Context tables stay: they are freed with the root table. */
static void free_outgoing(struct out_device *out)
{
	if (!IS_ERR_OR_NULL(out->table))
		put_table(out->table);
	free_page_of(out->pasid_dir);
	free_page_of(out->pasid_table);
	free_page_of(out->record);
	kfree(out);
}

static int alloc_pasid_tables(struct out_device *out)
{
	if (!sm_supported(out->info->iommu))
		return 0;

	out->pasid_dir = kho_alloc_preserve(SZ_4K);
	if (IS_ERR(out->pasid_dir))
		return PTR_ERR(out->pasid_dir);

	out->pasid_table = kho_alloc_preserve(SZ_4K);

	return PTR_ERR_OR_ZERO(out->pasid_table);
}

static int alloc_tables(struct out_device *out)
{
	unsigned int i;
	int ret;

	out->unit = get_unit(out->info->iommu);
	if (IS_ERR(out->unit))
		return PTR_ERR(out->unit);

	for (i = 0; i < out->record->nr_sids; i++) {
		ret = alloc_context_table(out, out->record->sid[i]);
		if (ret)
			return ret;
	}
	return alloc_pasid_tables(out);
}

/*
 * The page has room for all that there can be: the functions of a device's own
 * bus, and one for each bridge above it, of which there are less than buses.
 */
static int add_sid(struct device_domain_info *info, u16 sid, void *opaque)
{
	struct vtd_device_ser *record = opaque;
	unsigned int i;

	for (i = 0; i < record->nr_sids; i++)
		if (record->sid[i] == sid)
			return 0;
	if (WARN_ON(struct_size(record, sid, i + 1) > PAGE_SIZE))
		return -ENOSPC;

	record->sid[record->nr_sids++] = sid;
	return 0;
}

static int fill_outgoing(struct out_device *out,
			 const struct liveupdate_table *table)
{
	int ret;

	out->record = alloc_record(VTD_SER_DEVICE_MAGIC);
	if (IS_ERR(out->record))
		return PTR_ERR(out->record);

	out->record->segment = out->info->segment;
	ret = context_visit_sids(out->info, add_sid, out->record) ?:
		alloc_tables(out);
	if (ret)
		return ret;

	out->table = get_table(table);

	return PTR_ERR_OR_ZERO(out->table);
}

static int add_device(struct device_domain_info *info,
		      struct iommu_domain *domain,
		      const struct liveupdate_table *table)
{
	struct out_device *out = kzalloc_obj(*out);
	int ret;

	if (!out)
		return -ENOMEM;

	out->info = info;
	ret = fill_outgoing(out, table);
	if (ret) {
		free_outgoing(out);
		return ret;
	}
	list_add_tail(&out->node, &outgoing->devices);
	WRITE_ONCE(info->preserved, domain);
	return 0;
}

/**
 * liveupdate_out_preserve - let a device translate through a live update
 * @info: a PCI device
 * @domain: a paging domain that the device is attached to. Nothing is mapped or
 *          unmapped in it until the device is unpreserved.
 *
 * From now on it cannot be attached to another domain, and no PASID of it to
 * any, until it is unpreserved.
 *
 * Context: May sleep. Between liveupdate_out_start() and liveupdate_out_end().
 * Return: 0; -EBUSY with a message if the device cannot be preserved as it is,
 * or is preserved already; -ENOMEM.
 */
int liveupdate_out_preserve(struct device_domain_info *info,
			    struct dmar_domain *domain)
{
	struct vtd_device_ser record = {};
	struct liveupdate_table table;
	const char *why;
	int ret;

	/* Takes the group's mutex, in which attachments take the lock below. */
	why = liveupdate_find_obstacle(info);
	if (why)
		return refuse(info->dev, why);
	ret = check_firmware(info);
	if (ret)
		return ret;

	guard(mutex)(&out_lock);
	if (WARN_ON_ONCE(!outgoing))
		return -EINVAL;
	if (find_outgoing(info))
		return refuse(info->dev, "is preserved already");

	why = check_translation(info, &record);
	if (why)
		return refuse(info->dev, why);

	table = liveupdate_table_of(&record);
	if (table.top != top_of(domain))
		return refuse(info->dev, "is just being attached");

	return add_device(info, &domain->domain, &table);
}

/**
 * liveupdate_out_unpreserve - undo liveupdate_out_preserve()
 * @info: a device that is preserved and not frozen
 *
 * Context: May sleep.
 */
void liveupdate_out_unpreserve(struct device_domain_info *info)
{
	struct out_device *out;

	guard(mutex)(&out_lock);
	out = find_outgoing(info);
	if (WARN_ON(!out || out->frozen))
		return;

	WRITE_ONCE(info->preserved, NULL);
	list_del(&out->node);
	free_outgoing(out);
}

static void write_tables(struct out_device *out)
{
	struct vtd_device_ser *record = out->record;
	struct device_domain_info *info = out->info;
	struct intel_iommu *iommu = info->iommu;
	struct context_words context, *entry;
	unsigned int i;

	if (sm_supported(iommu)) {
		memcpy(out->pasid_table, record->entry, sizeof(record->entry));
		out->pasid_dir->val = virt_to_phys(out->pasid_table) |
				      PASID_PDE_P;
		__iommu_flush_cache(iommu, out->pasid_table, SZ_4K);
		__iommu_flush_cache(iommu, out->pasid_dir, SZ_4K);
		record->pasid_dir = virt_to_phys(out->pasid_dir);
		record->pasid_table = virt_to_phys(out->pasid_table);

		/* Nobody answers page requests at the jump. */
		context_entry_make_directory(&context, info, record->pasid_dir,
					     BIT(7), false);
		memcpy(record->context, context.val, sizeof(record->context));
	}

	for (i = 0; i < record->nr_sids; i++) {
		entry = context_entry_at(rtaddr_of(out), record->sid[i]);
		*entry = liveupdate_context(record, i);
		__iommu_flush_cache(iommu, entry, sizeof(*entry));
	}
}

static void clear_context(struct out_device *out)
{
	struct context_words *entry;
	unsigned int i;

	for (i = 0; i < out->record->nr_sids; i++) {
		entry = context_entry_at(rtaddr_of(out), out->record->sid[i]);
		*entry = (struct context_words){};
		__iommu_flush_cache(out->info->iommu, entry, sizeof(*entry));
	}
}

/* First in its chain, so that no other device's record changes */
static void link_record(struct out_device *out)
{
	struct vtd_unit_ser *unit = out->unit->record;

	out->record->record.next = unit->devices;
	liveupdate_record_seal(&out->record->record);
	unit->devices = virt_to_phys(out->record);
	liveupdate_record_seal(&unit->record);
}

static void unlink_record(struct out_device *out)
{
	struct vtd_unit_ser *unit = out->unit->record;
	u64 self = virt_to_phys(out->record);
	struct vtd_device_ser *before;

	if (unit->devices == self) {
		unit->devices = out->record->record.next;
		liveupdate_record_seal(&unit->record);
		return;
	}
	for (before = liveupdate_first_device(unit); before;
	     before = liveupdate_next_device(before)) {
		if (before->record.next == self) {
			before->record.next = out->record->record.next;
			liveupdate_record_seal(&before->record);
		}
	}
}

/* How hardware translates a device may change until here, as by what is not. */
static const char *fill_record(struct out_device *out)
{
	struct liveupdate_table table;
	const char *why;

	why = check_translation(out->info, out->record);
	if (why)
		return why;

	table = liveupdate_table_of(out->record);
	if (memcmp(&table, &out->table->table, sizeof(table)))
		return "is attached to another domain";

	write_tables(out);
	out->record->nr_pages = out->table->sum.nr_pages;
	out->record->pages_crc = out->table->sum.crc;
	out->record->flags = VTD_SER_DEVICE_READY;
	return NULL;
}

/* Translation would be off before the next kernel knew anything of it. */
VISIBLE_IF_KUNIT bool liveupdate_image_takes_over(void)
{
	KUNIT_STATIC_STUB_REDIRECT(liveupdate_image_takes_over);

	return kexec_image && kexec_image->kho.fdt;
}

/**
 * liveupdate_out_freeze - record how a preserved device translates
 * @info: the device
 *
 * If it is not attached any more it is left out, with a message, and blocked at
 * the jump.
 *
 * Context: May sleep.
 * Return: 0; -ENOEXEC with a message if nothing is handed to the kernel that was
 * loaded; -EBUSY with a message if a region of firmware's would be lost.
 */
int liveupdate_out_freeze(struct device_domain_info *info)
{
	struct out_device *out;
	const char *why;
	int ret;

	if (!liveupdate_image_takes_over()) {
		dev_err(info->dev, "cannot be handed over: load the next kernel with kexec_file_load(), and kho=on in this one\n");
		return -ENOEXEC;
	}

	/* Devices may have come since. This takes the group's mutex, too. */
	ret = check_firmware(info);
	if (ret)
		return ret;
	why = liveupdate_find_obstacle(info);

	guard(mutex)(&out_lock);
	out = find_outgoing(info);
	if (WARN_ON(!out || out->frozen))
		return -EINVAL;

	if (!why)
		why = fill_record(out);
	if (why)
		dev_err(info->dev, "left out, and blocked at the jump: %s\n",
			why);
	link_record(out);
	out->frozen = true;
	return 0;
}

/**
 * liveupdate_out_unfreeze - undo liveupdate_out_freeze()
 * @info: the device
 *
 * Context: May sleep.
 */
void liveupdate_out_unfreeze(struct device_domain_info *info)
{
	struct out_device *out;

	guard(mutex)(&out_lock);
	out = find_outgoing(info);
	if (WARN_ON(!out || !out->frozen))
		return;

	clear_context(out);
	unlink_record(out);
	out->record->flags = 0;
	out->frozen = false;
}

/* Does the device translate as it did when it was frozen? */
static bool is_unchanged(struct out_device *out)
{
	struct vtd_device_ser now = {};

	if (liveupdate_read_translation(out->info, &now) ||
	    now.kind != out->record->kind)
		return false;
	if (now.kind == VTD_SER_LEGACY)
		return !memcmp(now.context, out->record->context,
			       sizeof(now.context));

	return !memcmp(now.entry, out->record->entry, sizeof(now.entry));
}

/**
 * intel_liveupdate_hand_over - leave a unit translating for the next kernel
 * @iommu: the unit
 *
 * Nothing else runs, so that what is compared now stays so. The unit walks the
 * tables for the next kernel from here on.
 *
 * Context: The last CPU, on its way to the next kernel. Takes no lock that
 * one that was stopped may hold; those of queue and registers are held with
 * interrupts off only. A CPU may be stopped by an NMI all the same if it has
 * waited there for a device for longer than a shutdown waits for CPUs.
 * Return: true if the unit is handed over; false if nothing on it was
 * preserved. Where nothing is as it was, it is handed over, too: devices keep
 * bus mastering, and with translation off, IOVAs would be physical addresses.
 */
bool intel_liveupdate_hand_over(struct intel_iommu *iommu)
{
	const struct vtd_unit_ser *unit = NULL;
	struct out_device *out;

	if (!outgoing || !kexec_in_progress)
		return false;

	list_for_each_entry(out, &outgoing->devices, node) {
		if (out->info->iommu != iommu || !out->frozen)
			continue;
		unit = out->unit->record;
		if (!out->record->flags || is_unchanged(out))
			continue;
		dev_err(out->info->dev,
			"blocked: its translation has changed since the freeze\n");
		out->record->flags = 0;
		liveupdate_record_seal(&out->record->record);
		clear_context(out);
	}

	if (!unit)
		return false;

	/* The next fault waits for a handler: if lost, it is the last. */
	writel(DMA_FECTL_IM, iommu->reg + DMAR_FECTL_REG);
	iommu->root_entry = phys_to_virt(unit->rtaddr & VTD_PAGE_MASK);
	iommu_set_root_entry(iommu);
	if (unit->irq_table)
		intel_irq_remapping_hand_over(iommu, unit->irq_table);
	return true;
}

/**
 * liveupdate_out_start - make what the first preserved device needs
 * @data: set to the physical address of the blob
 *
 * Context: May sleep.
 * Return: 0 or -ENOMEM.
 */
int liveupdate_out_start(u64 *data)
{
	struct outgoing *new = kzalloc_obj(*new);
	int ret;

	if (!new)
		return -ENOMEM;

	new->blob = alloc_record(VTD_SER_MAGIC);
	if (IS_ERR(new->blob)) {
		ret = PTR_ERR(new->blob);
		kfree(new);
		return ret;
	}
	INIT_LIST_HEAD(&new->units);
	INIT_LIST_HEAD(&new->devices);
	INIT_LIST_HEAD(&new->tables);
	liveupdate_record_seal(&new->blob->record);
	*data = virt_to_phys(new->blob);

	guard(mutex)(&out_lock);
	outgoing = new;
	return 0;
}

static void free_outgoing_page(phys_addr_t page)
{
	kho_unpreserve_free(phys_to_virt(page));
}

/**
 * liveupdate_out_end - undo liveupdate_out_start()
 *
 * Context: May sleep. No device is preserved any more.
 */
void liveupdate_out_end(void)
{
	struct out_unit *unit, *next;
	struct outgoing *old;

	scoped_guard(mutex, &out_lock) {
		old = outgoing;
		outgoing = NULL;
	}

	list_for_each_entry_safe(unit, next, &old->units, node) {
		liveupdate_visit_contexts(unit->record, free_outgoing_page);
		if (unit->record->irq_table)
			free_outgoing_page(unit->record->irq_table);
		free_unit(unit);
	}
	kho_unpreserve_free(old->blob);
	kfree(old);
}
