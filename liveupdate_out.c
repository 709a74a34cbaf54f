// SPDX-License-Identifier: GPL-2.0
/*
 * Live update: what goes out
 *
 * For devices that are preserved there is a second set of tables, in memory
 * that the next kernel leaves alone: a root table and context tables for each
 * unit, a PASID directory and a PASID table for each device. Freeze fills them;
 * until the last CPU points the unit to them, hardware does not use them.
 *
 * Page tables are walked, and their pages preserved, when the update is about
 * to happen (freeze), not before: until then user space may map and unmap as
 * it likes, which allocates and frees table pages. It may still do so after
 * that, as tasks run to the end. Hence all is compared once more when nothing
 * runs any more, and a device whose tables have come to use pages that are not
 * preserved is blocked: it loses DMA, but never reaches memory that the next
 * kernel uses for something else.
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
#include <linux/pci.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "context.h"
#include "entry_format.h"
#include "liveupdate_blob.h"
#include "liveupdate_out.h"
#include "pasid.h"

/*
 * A device that is preserved
 *
 * @sid: its requester IDs, its own first
 * @pasid_dir: scalable mode: the directory that is handed over
 * @pasid_table: scalable mode: the table that is handed over
 * @record: while frozen: its record in the blob
 * @lists: while frozen: the lists of its page table's pages
 */
struct out_device {
	struct list_head node;
	struct device_domain_info *info;
	unsigned int unit;
	unsigned int nr_sids;
	u16 sid[VTD_SER_MAX_SIDS];
	struct pasid_dir_entry *pasid_dir;
	struct pasid_entry *pasid_table;
	struct vtd_device_ser *record;
	struct vtd_pages_ser *lists;
};

/*
 * What goes to the next kernel
 *
 * @unit: the units of the blob
 * @pages: page numbers of preserved pages of page tables, and how many
 *         devices each is preserved for
 */
struct outgoing {
	struct vtd_ser *blob;
	struct intel_iommu *unit[VTD_SER_MAX_UNITS];
	struct list_head devices;
	struct xarray pages;
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

/* What keeps a device from being handed over, whatever it is attached to */
VISIBLE_IF_KUNIT const char *
liveupdate_find_obstacle(struct device_domain_info *info)
{
	struct device *dev = info->dev;

	if (dev_is_real_dma_subdevice(dev))
		return "does DMA as another device";
	if (to_pci_dev(dev)->is_virtfn)
		return "is a virtual function";
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

static int check_translation(struct device_domain_info *info,
			     struct vtd_device_ser *record)
{
	const char *why;

	scoped_guard(mutex, &info->entry_lock)
		why = liveupdate_read_translation(info, record);

	return why ? refuse(info->dev, why) : 0;
}

/* The unit's place in the blob, which it gets with its first device */
static int get_unit(struct intel_iommu *iommu)
{
	struct vtd_ser *blob = outgoing->blob;
	unsigned int i;
	void *root;

	for (i = 0; i < blob->nr_units; i++)
		if (outgoing->unit[i] == iommu)
			return i;
	if (i == VTD_SER_MAX_UNITS)
		return -ENOSPC;

	root = kho_alloc_preserve(SZ_4K);
	if (IS_ERR(root))
		return PTR_ERR(root);

	__iommu_flush_cache(iommu, root, SZ_4K);
	outgoing->unit[i] = iommu;
	blob->unit[i].reg = iommu->reg_phys;
	blob->unit[i].rtaddr = context_rtaddr(iommu, root);
	blob->nr_units++;
	return i;
}

static u64 rtaddr_of(const struct out_device *out)
{
	return outgoing->blob->unit[out->unit].rtaddr;
}

/* Entries of one table may be of several devices. */
static int alloc_context_table(struct out_device *out, u16 sid)
{
	u64 *entry = context_root_entry(rtaddr_of(out), sid);
	void *table;

	if (*entry)
		return 0;

	table = kho_alloc_preserve(SZ_4K);
	if (IS_ERR(table))
		return PTR_ERR(table);

	__iommu_flush_cache(out->info->iommu, table, SZ_4K);
	*entry = virt_to_phys(table) | CONTEXT_ROOT_P;
	__iommu_flush_cache(out->info->iommu, entry, sizeof(*entry));
	return 0;
}

static void free_page_of(void *page)
{
	if (!IS_ERR_OR_NULL(page))
		kho_unpreserve_free(page);
}

/* Context tables stay: they are freed with the root table. */
static void free_outgoing(struct out_device *out)
{
	free_page_of(out->pasid_dir);
	free_page_of(out->pasid_table);
	kfree(out);
}

static int alloc_tables(struct out_device *out)
{
	int unit = get_unit(out->info->iommu);
	unsigned int i;
	int ret;

	if (unit < 0)
		return unit;

	out->unit = unit;
	for (i = 0; i < out->nr_sids; i++) {
		ret = alloc_context_table(out, out->sid[i]);
		if (ret)
			return ret;
	}
	if (!sm_supported(out->info->iommu))
		return 0;

	out->pasid_dir = kho_alloc_preserve(SZ_4K);
	if (IS_ERR(out->pasid_dir))
		return PTR_ERR(out->pasid_dir);

	out->pasid_table = kho_alloc_preserve(SZ_4K);

	return PTR_ERR_OR_ZERO(out->pasid_table);
}

static int add_sid(struct device_domain_info *info, u16 sid, void *opaque)
{
	struct out_device *out = opaque;
	unsigned int i;

	for (i = 0; i < out->nr_sids; i++)
		if (out->sid[i] == sid)
			return 0;
	if (i == VTD_SER_MAX_SIDS)
		return -ENOSPC;

	out->sid[out->nr_sids++] = sid;
	return 0;
}

static int fill_outgoing(struct out_device *out)
{
	if (context_visit_sids(out->info, add_sid, out))
		return refuse(out->info->dev, "has too many DMA aliases");

	return alloc_tables(out);
}

/**
 * liveupdate_out_preserve - let a device translate through a live update
 * @info: a PCI device that is attached to a paging domain
 *
 * From now on it cannot be attached to another domain, and no PASID of it to
 * any, until it is unpreserved. Its domain can be changed as ever.
 *
 * Context: May sleep. Between liveupdate_out_start() and liveupdate_out_end().
 * Return: 0; -EBUSY with a message if the device cannot be preserved as it is,
 * or is preserved already; -ENOSPC if there are too many; -ENOMEM.
 */
int liveupdate_out_preserve(struct device_domain_info *info)
{
	struct vtd_device_ser record;
	struct out_device *out;
	const char *why;
	int ret;

	/* Takes the group's mutex, in which attachments take the lock below. */
	why = liveupdate_find_obstacle(info);
	if (why)
		return refuse(info->dev, why);

	guard(mutex)(&out_lock);
	if (WARN_ON_ONCE(!outgoing))
		return -EINVAL;
	if (find_outgoing(info))
		return refuse(info->dev, "is preserved already");
	if (list_count_nodes(&outgoing->devices) == VTD_SER_MAX_DEVICES)
		return -ENOSPC;

	ret = check_translation(info, &record);
	if (ret)
		return ret;

	out = kzalloc_obj(*out);
	if (!out)
		return -ENOMEM;
	out->info = info;
	ret = fill_outgoing(out);
	if (ret) {
		free_outgoing(out);
		return ret;
	}
	list_add_tail(&out->node, &outgoing->devices);
	WRITE_ONCE(info->preserved, true);
	return 0;
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
	if (WARN_ON(!out || out->record))
		return;

	WRITE_ONCE(info->preserved, false);
	list_del(&out->node);
	free_outgoing(out);
}

/* Devices may share a page table, and KHO does not count. */
static int preserve_table_page(phys_addr_t page)
{
	unsigned long pfn = PHYS_PFN(page);
	void *users = xa_load(&outgoing->pages, pfn);
	int ret;

	if (users)
		return xa_err(xa_store(&outgoing->pages, pfn,
				       xa_mk_value(xa_to_value(users) + 1),
				       GFP_KERNEL));

	ret = kho_preserve_pages(pfn_to_page(pfn), 1);
	if (ret)
		return ret;

	ret = xa_err(xa_store(&outgoing->pages, pfn, xa_mk_value(1),
			      GFP_KERNEL));
	if (ret)
		kho_unpreserve_pages(pfn_to_page(pfn), 1);
	return ret;
}

static void unpreserve_table_page(phys_addr_t page)
{
	unsigned long pfn = PHYS_PFN(page);
	unsigned long users = xa_to_value(xa_load(&outgoing->pages, pfn));

	if (users > 1) {
		/* Replaces an entry, for which no memory is needed. */
		xa_store(&outgoing->pages, pfn, xa_mk_value(users - 1),
			 GFP_KERNEL);
		return;
	}
	xa_erase(&outgoing->pages, pfn);
	kho_unpreserve_pages(pfn_to_page(pfn), 1);
}

static void free_lists(struct out_device *out)
{
	struct vtd_pages_ser *list = out->lists, *next;
	unsigned int i;

	for (; list; list = next) {
		next = list->next ? phys_to_virt(list->next) : NULL;
		for (i = 0; i < list->nr; i++)
			unpreserve_table_page(list->page[i]);
		kho_unpreserve_free(list);
	}
	out->lists = NULL;
}

static int list_page(struct out_device *out, phys_addr_t page)
{
	struct vtd_pages_ser *list = out->lists;
	int ret;

	if (!list || list->nr == VTD_SER_LIST_PAGES) {
		list = kho_alloc_preserve(sizeof(*list));
		if (IS_ERR(list))
			return PTR_ERR(list);
		list->next = out->lists ? virt_to_phys(out->lists) : 0;
		out->lists = list;
	}

	ret = preserve_table_page(page);
	if (ret)
		return ret;

	list->page[list->nr++] = page;
	out->record->nr_pages++;
	return 0;
}

/* An entry that was read while its table was freed may be anything. */
static bool is_memory(phys_addr_t page)
{
	return pfn_valid(PHYS_PFN(page)) &&
	       pfn_to_online_page(PHYS_PFN(page));
}

struct walk_freeze {
	struct out_device *out;
	int ret;
};

static bool freeze_page(void *arg, phys_addr_t page)
{
	struct walk_freeze *walk = arg;

	walk->ret = is_memory(page) ? list_page(walk->out, page) : -EAGAIN;

	return !walk->ret;
}

static int freeze_table(struct out_device *out)
{
	struct walk_freeze walk = { .out = out };
	struct vtd_pages_ser *list;

	liveupdate_walk_table(out->record, freeze_page, &walk);
	for (list = out->lists; list;
	     list = list->next ? phys_to_virt(list->next) : NULL)
		liveupdate_list_seal(list);

	return walk.ret;
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

	record->list = virt_to_phys(out->lists);
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

	for (i = 0; i < out->nr_sids; i++) {
		entry = context_entry_at(rtaddr_of(out), out->sid[i]);
		*entry = (struct context_words){};
		__iommu_flush_cache(out->info->iommu, entry, sizeof(*entry));
	}
}

/* Records have no holes: the last one takes the place of the one that goes. */
static void drop_record(struct out_device *out)
{
	struct vtd_ser *blob = outgoing->blob;
	struct vtd_device_ser *last = &blob->device[blob->nr_devices - 1];
	struct out_device *other;

	list_for_each_entry(other, &outgoing->devices, node)
		if (other->record == last)
			other->record = out->record;
	*out->record = *last;
	out->record = NULL;
	blob->nr_devices--;
	liveupdate_blob_seal(blob);
}

static int add_record(struct out_device *out)
{
	struct vtd_ser *blob = outgoing->blob;
	struct device_domain_info *info = out->info;
	int ret;

	out->record = &blob->device[blob->nr_devices++];
	*out->record = (struct vtd_device_ser){
		.unit = out->unit,
		.segment = info->segment,
		.nr_sids = out->nr_sids,
	};
	memcpy(out->record->sid, out->sid, sizeof(out->sid));
	ret = check_translation(info, out->record);

	return ret ?: freeze_table(out);
}

/**
 * liveupdate_out_freeze - record how a preserved device translates
 * @info: the device
 *
 * Changes of its domain that take effect from now on, and need pages for it,
 * have the device blocked at the jump.
 *
 * Context: May sleep.
 * Return: 0; -EBUSY with a message if the device is attached no more; -EAGAIN
 * if the page table changes just now; -ENOMEM.
 */
int liveupdate_out_freeze(struct device_domain_info *info)
{
	struct out_device *out;
	int ret;

	guard(mutex)(&out_lock);
	out = find_outgoing(info);
	if (WARN_ON(!out || out->record))
		return -EINVAL;

	ret = add_record(out);
	if (ret) {
		free_lists(out);
		drop_record(out);
		dev_err(info->dev, "cannot be handed over: %pe%s\n",
			ERR_PTR(ret), ret == -EAGAIN ?
			", its domain changes: stop that and try again" : "");
		return ret;
	}

	write_tables(out);
	out->record->flags = VTD_SER_DEVICE_READY;
	liveupdate_blob_seal(outgoing->blob);
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
	if (WARN_ON(!out || !out->record))
		return;

	clear_context(out);
	free_lists(out);
	drop_record(out);
}

static bool is_handed_over(void *arg, phys_addr_t page)
{
	return xa_load(&outgoing->pages, PHYS_PFN(page));
}

/* Does the device translate as it did when it was frozen? */
static bool is_unchanged(struct out_device *out)
{
	struct vtd_device_ser now = {};

	if (liveupdate_read_translation(out->info, &now) ||
	    now.kind != out->record->kind)
		return false;
	if (memcmp(now.entry, out->record->entry, sizeof(now.entry)))
		return false;
	if (now.kind == VTD_SER_LEGACY &&
	    memcmp(now.context, out->record->context, sizeof(now.context)))
		return false;

	return liveupdate_walk_table(&now, is_handed_over, NULL);
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
 * interrupts off only.
 * Return: true if the unit is handed over; false if nothing on it was
 * preserved. Where nothing is as it was, it is handed over, too: devices keep
 * bus mastering, and with translation off, IOVAs would be physical addresses.
 */
bool intel_liveupdate_hand_over(struct intel_iommu *iommu)
{
	struct out_device *out;
	bool any = false;

	if (!outgoing || !kexec_in_progress)
		return false;

	list_for_each_entry(out, &outgoing->devices, node) {
		if (out->info->iommu != iommu || !out->record)
			continue;
		any = true;
		iommu->root_entry = phys_to_virt(rtaddr_of(out) &
						 VTD_PAGE_MASK);
		if (is_unchanged(out))
			continue;
		dev_err(out->info->dev,
			"blocked: its domain has changed since the freeze\n");
		out->record->flags = 0;
		clear_context(out);
	}

	if (any) {
		liveupdate_blob_seal(outgoing->blob);
		/* The next fault waits for a handler: if lost, it is the last. */
		writel(DMA_FECTL_IM, iommu->reg + DMAR_FECTL_REG);
		iommu_set_root_entry(iommu);
	}
	return any;
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

	new->blob = kho_alloc_preserve(sizeof(*new->blob));
	if (IS_ERR(new->blob)) {
		ret = PTR_ERR(new->blob);
		kfree(new);
		return ret;
	}
	INIT_LIST_HEAD(&new->devices);
	xa_init(&new->pages);
	liveupdate_blob_seal(new->blob);
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
	struct outgoing *old;
	unsigned int i;

	scoped_guard(mutex, &out_lock) {
		old = outgoing;
		outgoing = NULL;
	}

	for (i = 0; i < old->blob->nr_units; i++)
		liveupdate_visit_contexts(&old->blob->unit[i],
					  free_outgoing_page);
	kho_unpreserve_free(old->blob);
	xa_destroy(&old->pages);
	kfree(old);
}
