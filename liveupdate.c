// SPDX-License-Identifier: GPL-2.0
/*
 * Live update: devices that translate through a kexec
 *
 * The old kernel makes a root table, context tables and PASID tables just for
 * the devices that are preserved, in memory that the next kernel leaves alone.
 * They are ready before the jump, and unused. The very last thing that the
 * kernel does, with all other CPUs stopped, is to point the unit to them:
 * preserved devices are translated by the same page tables with the same
 * domain ids as before, and all other devices are blocked.
 *
 * Page tables are walked, and their pages preserved, when the update is about
 * to happen (freeze), not before: until then user space may map and unmap as
 * it likes, which allocates and frees table pages. It may still do so after
 * that, as tasks run to the end. Hence all is compared once more when nothing
 * runs any more, and a device whose tables have come to use pages that are not
 * preserved is blocked: it loses DMA, but never reaches memory that the next
 * kernel uses for something else.
 *
 * The new kernel finds translation enabled and leaves it so. It puts the
 * devices' context entries in root and context tables of its own, marked as
 * copied, and reserves their domain ids; from there on they are treated as
 * those that a kdump kernel takes over. The first attachment replaces them,
 * hitlessly, as it starts from the live entry. What has not been attached when
 * the file is finished is blocked, and when the last file is finished, all
 * that was preserved is freed.
 *
 * Documentation: live-update.rst
 */

#define pr_fmt(fmt)	"DMAR: live update: " fmt
#define dev_fmt(fmt)	pr_fmt(fmt)

#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/bitfield.h>
#include <linux/cleanup.h>
#include <linux/dmar.h>
#include <linux/iommu.h>
#include <linux/iommu_liveupdate.h>
#include <linux/kexec.h>
#include <linux/kexec_handover.h>
#include <linux/kho_preserved.h>
#include <linux/liveupdate.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/slab.h>
#include <linux/xarray.h>

#include "context.h"
#include "did.h"
#include "entry_format.h"
#include "inval.h"
#include "liveupdate.h"
#include "pasid.h"
#include "../iommu-priv.h"

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
	u16 sid[LIVEUPDATE_MAX_SIDS];
	struct pasid_dir_entry *pasid_dir;
	struct pasid_entry *pasid_table;
	struct liveupdate_device *record;
	struct liveupdate_list *lists;
};

/*
 * What goes to the next kernel
 *
 * @unit: the units of the blob
 * @pages: page numbers of preserved pages of page tables, and how many
 *         devices each is preserved for
 */
struct outgoing {
	struct liveupdate_blob *blob;
	struct intel_iommu *unit[LIVEUPDATE_MAX_UNITS];
	struct list_head devices;
	struct xarray pages;
};

/*
 * A device that came from the kernel before
 *
 * @iommu: its unit, NULL if it is blocked since the jump
 * @claimed: its file was retrieved; blocking it has to wait for the finish
 * @settled: what it was translated by is not in use any more
 */
struct in_device {
	struct intel_iommu *iommu;
	bool claimed;
	bool settled;
};

/*
 * What came from the kernel before
 *
 * @blob: NULL if there is none that can be used
 */
struct incoming {
	const struct liveupdate_blob *blob;
	struct in_device device[LIVEUPDATE_MAX_DEVICES];
};

/*
 * Covers all of the state below. Taken inside the mutex of a group, the
 * did_lock of a unit and the locks of LUO.
 */
static DEFINE_MUTEX(liveupdate_lock);
static struct outgoing *outgoing;
static struct incoming incoming;

static struct out_device *find_outgoing(struct device_domain_info *info)
{
	struct out_device *out;

	lockdep_assert_held(&liveupdate_lock);
	if (!outgoing)
		return NULL;

	list_for_each_entry(out, &outgoing->devices, node)
		if (out->info == info)
			return out;
	return NULL;
}

/**
 * intel_liveupdate_is_preserved - whether a device shall stay as it is
 * @info: the device
 *
 * Context: May sleep.
 * Return: true from preserve to unpreserve.
 */
bool intel_liveupdate_is_preserved(struct device_domain_info *info)
{
	KUNIT_STATIC_STUB_REDIRECT(intel_liveupdate_is_preserved, info);

	guard(mutex)(&liveupdate_lock);

	return find_outgoing(info);
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
			       struct liveupdate_device *record)
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

	record->kind = LIVEUPDATE_LEGACY;
	record->did = FIELD_GET(CONTEXT_DID, record->context[1]);
	return NULL;
}

static const char *read_scalable(struct device_domain_info *info,
				 struct liveupdate_device *record)
{
	struct pasid_entry *live = pasid_entry_lookup(info, IOMMU_NO_PASID);

	if (pasid_is_in_use(info))
		return "has a PASID attached";
	if (!live || !pasid_pte_is_present(live))
		return "is not attached";
	memcpy(record->entry, live->val, sizeof(record->entry));

	switch (FIELD_GET(PASID_PE_PGTT, record->entry[0])) {
	case PASID_ENTRY_PGTT_FL_ONLY:
		record->kind = LIVEUPDATE_FIRST_STAGE;
		break;
	case PASID_ENTRY_PGTT_SL_ONLY:
		record->kind = LIVEUPDATE_SECOND_STAGE;
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
 * is to know; the domain itself may go away at any time. Under iommu->lock,
 * unless nothing else runs.
 */
VISIBLE_IF_KUNIT const char *
liveupdate_read_translation(struct device_domain_info *info,
			    struct liveupdate_device *record)
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
			     struct liveupdate_device *record)
{
	const char *why;

	scoped_guard(spinlock, &info->iommu->lock)
		why = liveupdate_read_translation(info, record);

	return why ? refuse(info->dev, why) : 0;
}

/* The unit's place in the blob, which it gets with its first device */
static int get_unit(struct intel_iommu *iommu)
{
	struct liveupdate_blob *blob = outgoing->blob;
	unsigned int i;
	void *root;

	for (i = 0; i < blob->nr_units; i++)
		if (outgoing->unit[i] == iommu)
			return i;
	if (i == LIVEUPDATE_MAX_UNITS)
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
	if (i == LIVEUPDATE_MAX_SIDS)
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

/* The driver's record of a device, if it is one of ours on PCI */
static struct device_domain_info *pci_info_of(struct device *dev)
{
	if (!dev_is_pci(dev) || !dev->iommu ||
	    dev_iommu_ops(dev) != &intel_iommu_ops)
		return NULL;

	return dev_iommu_priv_get(dev);
}

/**
 * iommu_liveupdate_preserve - let a device translate through a live update
 * @dev: a PCI device that is attached to a paging domain
 *
 * From now on it cannot be attached to another domain, and no PASID of it to
 * any, until it is unpreserved. Its domain can be changed as ever.
 *
 * Context: May sleep. Within the life of &iommu_liveupdate_flb.
 * Return: 0; -EOPNOTSUPP if another driver translates the device; -EBUSY with
 * a message if it cannot be preserved as it is, or is preserved already;
 * -ENOSPC if there are too many; -ENOMEM.
 */
int iommu_liveupdate_preserve(struct device *dev)
{
	struct device_domain_info *info = pci_info_of(dev);
	struct liveupdate_device record;
	struct out_device *out;
	const char *why;
	int ret;

	if (!info)
		return -EOPNOTSUPP;

	/* Takes the group's mutex, in which attachments take the lock below. */
	why = liveupdate_find_obstacle(info);
	if (why)
		return refuse(dev, why);

	guard(mutex)(&liveupdate_lock);
	if (WARN_ON_ONCE(!outgoing))
		return -EINVAL;
	if (find_outgoing(info))
		return refuse(dev, "is preserved already");
	if (list_count_nodes(&outgoing->devices) == LIVEUPDATE_MAX_DEVICES)
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
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_liveupdate_preserve);

/**
 * iommu_liveupdate_unpreserve - undo iommu_liveupdate_preserve()
 * @dev: a device that is preserved and not frozen
 *
 * Context: May sleep.
 */
void iommu_liveupdate_unpreserve(struct device *dev)
{
	struct out_device *out;

	guard(mutex)(&liveupdate_lock);
	out = find_outgoing(dev_iommu_priv_get(dev));
	if (WARN_ON(!out || out->record))
		return;

	list_del(&out->node);
	free_outgoing(out);
}
EXPORT_SYMBOL_GPL(iommu_liveupdate_unpreserve);

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
	struct liveupdate_list *list = out->lists, *next;
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
	struct liveupdate_list *list = out->lists;
	int ret;

	if (!list || list->nr == LIVEUPDATE_LIST_PAGES) {
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
	struct liveupdate_list *list;

	liveupdate_walk_table(out->record, freeze_page, &walk);
	for (list = out->lists; list;
	     list = list->next ? phys_to_virt(list->next) : NULL)
		liveupdate_list_seal(list);

	return walk.ret;
}

static void write_tables(struct out_device *out)
{
	struct liveupdate_device *record = out->record;
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
	struct liveupdate_blob *blob = outgoing->blob;
	struct liveupdate_device *last = &blob->device[blob->nr_devices - 1];
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
	struct liveupdate_blob *blob = outgoing->blob;
	struct device_domain_info *info = out->info;
	int ret;

	out->record = &blob->device[blob->nr_devices++];
	*out->record = (struct liveupdate_device){
		.unit = out->unit,
		.segment = info->segment,
		.nr_sids = out->nr_sids,
	};
	memcpy(out->record->sid, out->sid, sizeof(out->sid));
	ret = check_translation(info, out->record);

	return ret ?: freeze_table(out);
}

/**
 * iommu_liveupdate_freeze - record how a preserved device translates
 * @dev: the device
 *
 * Changes of its domain that take effect from now on, and need pages for it,
 * have the device blocked at the jump.
 *
 * Context: May sleep.
 * Return: 0; -EBUSY with a message if the device is attached no more; -EAGAIN
 * if the page table changes just now; -ENOMEM.
 */
int iommu_liveupdate_freeze(struct device *dev)
{
	struct out_device *out;
	int ret;

	guard(mutex)(&liveupdate_lock);
	out = find_outgoing(dev_iommu_priv_get(dev));
	if (WARN_ON(!out || out->record))
		return -EINVAL;

	ret = add_record(out);
	if (ret) {
		free_lists(out);
		drop_record(out);
		dev_err(dev, "cannot be handed over: error %d\n", ret);
		return ret;
	}

	write_tables(out);
	out->record->flags = LIVEUPDATE_DEVICE_READY;
	liveupdate_blob_seal(outgoing->blob);
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_liveupdate_freeze);

/**
 * iommu_liveupdate_unfreeze - undo iommu_liveupdate_freeze()
 * @dev: the device
 *
 * Context: May sleep.
 */
void iommu_liveupdate_unfreeze(struct device *dev)
{
	struct out_device *out;

	guard(mutex)(&liveupdate_lock);
	out = find_outgoing(dev_iommu_priv_get(dev));
	if (WARN_ON(!out || !out->record))
		return;

	clear_context(out);
	free_lists(out);
	drop_record(out);
}
EXPORT_SYMBOL_GPL(iommu_liveupdate_unfreeze);

static bool is_handed_over(void *arg, phys_addr_t page)
{
	return xa_load(&outgoing->pages, PHYS_PFN(page));
}

/* Does the device translate as it did when it was frozen? */
static bool is_unchanged(struct out_device *out)
{
	struct liveupdate_device now = {};

	if (liveupdate_read_translation(out->info, &now) ||
	    now.kind != out->record->kind)
		return false;
	if (memcmp(now.entry, out->record->entry, sizeof(now.entry)))
		return false;
	if (now.kind == LIVEUPDATE_LEGACY &&
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

static int flb_preserve(struct liveupdate_flb_op_args *args)
{
	struct outgoing *new = kzalloc_obj(*new);

	if (!new)
		return -ENOMEM;

	new->blob = kho_alloc_preserve(sizeof(*new->blob));
	if (IS_ERR(new->blob)) {
		int ret = PTR_ERR(new->blob);

		kfree(new);
		return ret;
	}
	INIT_LIST_HEAD(&new->devices);
	xa_init(&new->pages);
	liveupdate_blob_seal(new->blob);

	args->data = virt_to_phys(new->blob);
	args->obj = new;
	guard(mutex)(&liveupdate_lock);
	outgoing = new;
	return 0;
}

/* The root table and the context tables below it */
static void free_unit_tables(const struct liveupdate_unit *unit,
			     void (*free)(phys_addr_t page))
{
	phys_addr_t root = unit->rtaddr & VTD_PAGE_MASK;
	u64 *half = phys_to_virt(root);
	unsigned int i;

	for (i = 0; i < SZ_4K / sizeof(*half); i++)
		if (half[i])
			free(half[i] & VTD_PAGE_MASK);
	free(root);
}

static void free_outgoing_page(phys_addr_t page)
{
	kho_unpreserve_free(phys_to_virt(page));
}

static void flb_unpreserve(struct liveupdate_flb_op_args *args)
{
	struct outgoing *old = args->obj;
	unsigned int i;

	scoped_guard(mutex, &liveupdate_lock)
		outgoing = NULL;

	for (i = 0; i < old->blob->nr_units; i++)
		free_unit_tables(&old->blob->unit[i], free_outgoing_page);
	kho_unpreserve_free(old->blob);
	xa_destroy(&old->pages);
	kfree(old);
}

static bool is_preserved(void *arg, phys_addr_t page)
{
	return kho_preserved_size(page);
}

/*
 * Never fails: that the blob is refused is kept here, as translation is to
 * be handled with care all the same.
 */
static int flb_retrieve(struct liveupdate_flb_op_args *args)
{
	const struct liveupdate_blob *blob = NULL;
	size_t size = kho_preserved_size(args->data);
	const char *error = "not preserved";

	args->obj = &incoming;
	if (size) {
		blob = phys_to_virt(args->data);
		error = liveupdate_blob_check(blob, size, is_preserved, NULL);
	}
	if (error) {
		pr_err("what the kernel before has left is refused, all devices are blocked: %s\n",
		       error);
		return 0;
	}
	incoming.blob = blob;
	return 0;
}

/* A page may be on several lists; it is freed with the first. */
static void free_incoming_page(phys_addr_t page)
{
	if (page && kho_preserved_size(page))
		kho_restore_free(phys_to_virt(page));
}

static void free_incoming_device(const struct liveupdate_device *device)
{
	const struct liveupdate_list *list;
	phys_addr_t page = device->list;
	unsigned int i;
	u64 next;

	for (; page; page = next) {
		list = phys_to_virt(page);
		next = list->next;
		for (i = 0; i < list->nr; i++)
			free_incoming_page(list->page[i]);
		free_incoming_page(page);
	}
	free_incoming_page(device->pasid_dir);
	free_incoming_page(device->pasid_table);
}

/* All devices are settled, and no unit uses any of this. */
static void flb_finish(struct liveupdate_flb_op_args *args)
{
	const struct liveupdate_blob *blob;
	unsigned int i;

	guard(mutex)(&liveupdate_lock);
	blob = incoming.blob;
	if (!blob)
		return;

	for (i = 0; i < blob->nr_devices; i++)
		if (blob->device[i].flags)
			free_incoming_device(&blob->device[i]);
	for (i = 0; i < blob->nr_units; i++)
		free_unit_tables(&blob->unit[i], free_incoming_page);
	free_incoming_page(__pa(blob));
	incoming.blob = NULL;
}

static const struct liveupdate_flb_ops flb_ops = {
	.preserve = flb_preserve,
	.unpreserve = flb_unpreserve,
	.retrieve = flb_retrieve,
	.finish = flb_finish,
	.owner = THIS_MODULE,
};

/* What is handed over lives as long as files of preserved devices do. */
struct liveupdate_flb iommu_liveupdate_flb = {
	.ops = &flb_ops,
	.compatible = "intel-iommu-v1",
};
EXPORT_SYMBOL_GPL(iommu_liveupdate_flb);

/* Firmware may leave units on, too; then there is no kernel to go on with. */
static bool was_left_on(struct intel_iommu *iommu)
{
	return is_kho_boot() && readl(iommu->reg + DMAR_GSTS_REG) & DMA_GSTS_TES;
}

static bool was_left_scalable(struct intel_iommu *iommu)
{
	return readq(iommu->reg + DMAR_RTADDR_REG) & DMA_RTADDR_SMT;
}

static void adopt_mode(bool scalable)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *iommu;

	intel_iommu_sm = scalable;
	for_each_iommu(iommu, drhd) {
		iommu->agaw = iommu_calculate_agaw(iommu);
		iommu->msagaw = iommu_calculate_max_sagaw(iommu);
	}
}

/**
 * intel_liveupdate_adopt - take units over as the kernel before has left them
 *
 * A unit that is found translating goes on to do so, whatever this kernel was
 * told: where translation is off, IOVAs are taken for physical addresses, and a
 * unit's mode changes only while it is off.
 *
 * Context: At boot, before units are set up. Under dmar_global_lock.
 */
void __init intel_liveupdate_adopt(void)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *iommu;

	for_each_iommu(iommu, drhd) {
		if (drhd->ignored || !was_left_on(iommu))
			continue;
		if (dmar_policy_off()) {
			pr_warn("%s: was handed over translating, and stays on: intel_iommu=on is assumed\n",
				iommu->name);
			dmar_policy = DMAR_ON;
			/* For the other devices, as near to off as can be */
			iommu_set_default_passthrough(false);
		}
		if (was_left_scalable(iommu) != sm_supported(iommu)) {
			pr_warn("%s: was handed over in %s mode, and stays in it\n",
				iommu->name, sm_supported(iommu) ?
				"legacy" : "scalable");
			adopt_mode(was_left_scalable(iommu));
		}
	}
}

/**
 * intel_liveupdate_keeps - whether a unit's translation is to stay on at boot
 * @iommu: a unit that is found translating
 *
 * Also if what was handed over is refused, or cannot be had: then devices are
 * blocked by an empty root table, and at no moment is DMA untranslated.
 *
 * Context: Any. At boot, after intel_liveupdate_adopt().
 * Return: true if the kernel before left it on for this one.
 */
bool intel_liveupdate_keeps(struct intel_iommu *iommu)
{
	return was_left_on(iommu) &&
	       was_left_scalable(iommu) == sm_supported(iommu);
}

static int reserve_did(unsigned int index, struct intel_iommu *iommu)
{
	const struct liveupdate_device *device = incoming.blob->device;
	unsigned int i;
	int ret;

	if (device[index].did >= iommu->max_domain_id)
		return -ERANGE;

	/* Devices may share a domain, and with that its id. */
	for (i = 0; i < index; i++)
		if (incoming.device[i].iommu == iommu &&
		    device[i].did == device[index].did)
			return 0;

	ret = ida_alloc_range(&iommu->domain_ida, device[index].did,
			      device[index].did, GFP_KERNEL);

	return ret < 0 ? ret : 0;
}

static void release_did(unsigned int index)
{
	const struct liveupdate_device *device = incoming.blob->device;
	struct intel_iommu *iommu = incoming.device[index].iommu;
	unsigned int i;

	for (i = 0; i < incoming.blob->nr_devices; i++)
		if (i != index && incoming.device[i].iommu == iommu &&
		    !incoming.device[i].settled &&
		    device[i].did == device[index].did)
			return;

	did_free(iommu, device[index].did);
}

/* All of them, or the device is not taken over at all */
static int alloc_contexts(const struct liveupdate_device *device,
			  struct intel_iommu *iommu)
{
	unsigned int i;
	int ret;

	for (i = 0; i < device->nr_sids; i++) {
		ret = context_entry_alloc(iommu, device->sid[i]);
		if (ret)
			return ret;
	}
	return 0;
}

static void restore_contexts(const struct liveupdate_device *device,
			     struct intel_iommu *iommu)
{
	struct context_words ce;
	unsigned int i;

	for (i = 0; i < device->nr_sids; i++) {
		ce = liveupdate_context(device, i);
		context_entry_restore(iommu, device->sid[i], &ce);
	}
}

static int restore_device(unsigned int index, struct intel_iommu *iommu)
{
	const struct liveupdate_device *device = &incoming.blob->device[index];
	int ret;

	if (device->segment != iommu->segment)
		return -EINVAL;
	ret = alloc_contexts(device, iommu);
	if (ret)
		return ret;
	ret = reserve_did(index, iommu);
	if (ret)
		return ret;
	ret = pci_liveupdate_await(device->segment, device->sid[0]);
	if (ret)
		return ret;

	restore_contexts(device, iommu);
	incoming.device[index].iommu = iommu;
	return 0;
}

static void restore_devices(struct intel_iommu *iommu, unsigned int unit)
{
	const struct liveupdate_blob *blob = incoming.blob;
	unsigned int i;
	int ret;

	for (i = 0; i < blob->nr_devices; i++) {
		const struct liveupdate_device *device = &blob->device[i];

		if (device->unit != unit || !device->flags)
			continue;
		ret = restore_device(i, iommu);
		if (ret)
			pr_err("%s: device %04x:%02x:%02x.%d cannot be taken over and is blocked: error %d\n",
			       iommu->name, device->segment,
			       PCI_BUS_NUM(device->sid[0]),
			       PCI_SLOT(device->sid[0] & 0xff),
			       PCI_FUNC(device->sid[0] & 0xff), ret);
	}
}

/*
 * Whoever uses what came from the kernel before has it checked first. The
 * reference is not the last: each preserved file has one, which LUO knows of
 * only from here on.
 */
static int get_incoming(void)
{
	void *obj;
	int ret = liveupdate_flb_get_incoming(&iommu_liveupdate_flb, &obj);

	if (!ret)
		liveupdate_flb_put_incoming(&iommu_liveupdate_flb);

	return ret;
}

static void restore_unit(struct intel_iommu *iommu)
{
	u64 rtaddr = readq(iommu->reg + DMAR_RTADDR_REG);
	const struct liveupdate_blob *blob = incoming.blob;
	unsigned int i;

	iommu->copied_tables = bitmap_zalloc(BIT(16), GFP_KERNEL);
	if (!iommu->copied_tables) {
		pr_err("%s: no memory, all devices are blocked\n", iommu->name);
		return;
	}

	for (i = 0; i < blob->nr_units; i++) {
		if (blob->unit[i].reg != iommu->reg_phys)
			continue;
		if (blob->unit[i].rtaddr == rtaddr)
			restore_devices(iommu, i);
		else
			pr_err("%s: uses other tables than it should, all devices are blocked\n",
			       iommu->name);
	}
}

/**
 * intel_liveupdate_restore - take over the devices of a unit
 * @iommu: a unit that translates, by the tables of the kernel before. Its own
 *         root table is empty, and not in use yet.
 *
 * A device that is not taken over is blocked once the root table is in use.
 *
 * Context: May sleep. At boot, before any domain has an id on the unit.
 */
void intel_liveupdate_restore(struct intel_iommu *iommu)
{
	int ret = get_incoming();

	if (ret) {
		pr_err("%s: what was handed over cannot be had (%pe), all devices are blocked%s\n",
		       iommu->name, ERR_PTR(ret), liveupdate_enabled() ? "" :
		       ": boot with kho=on liveupdate=on");
		return;
	}

	guard(mutex)(&liveupdate_lock);
	if (incoming.blob)
		restore_unit(iommu);
}

static struct in_device *find_incoming(u16 segment, u16 sid)
{
	unsigned int i;

	lockdep_assert_held(&liveupdate_lock);
	for (i = 0; incoming.blob && i < incoming.blob->nr_devices; i++)
		if (incoming.blob->device[i].segment == segment &&
		    incoming.blob->device[i].sid[0] == sid)
			return &incoming.device[i];
	return NULL;
}

/**
 * iommu_liveupdate_retrieve - claim a device that came from the kernel before
 * @dev: the device
 *
 * Until it is attached or settled, attaching the blocked domain, as is done to
 * whatever comes to a new owner, does nothing.
 *
 * Context: May sleep.
 * Return: 0; -ENODEV with a message if it does not translate as it did.
 */
int iommu_liveupdate_retrieve(struct device *dev)
{
	struct device_domain_info *info = pci_info_of(dev);
	struct in_device *in;

	guard(mutex)(&liveupdate_lock);
	in = find_incoming(pci_domain_nr(to_pci_dev(dev)->bus),
			   pci_dev_id(to_pci_dev(dev)));
	if (!in || !in->iommu || !info || info->iommu != in->iommu ||
	    !context_copied(info->iommu, info->bus, info->devfn)) {
		dev_err(dev, "does not translate as before, and is not handed over\n");
		return -ENODEV;
	}
	in->claimed = true;
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_liveupdate_retrieve);

/**
 * intel_liveupdate_is_claimed - whether blocking a device has to wait
 * @info: the device
 *
 * The iommu core blocks a device when it is bound to iommufd. One that was
 * retrieved goes on to translate as before; user space is about to attach it.
 *
 * Context: May sleep.
 * Return: true from retrieve to the first attachment or the finish.
 */
bool intel_liveupdate_is_claimed(struct device_domain_info *info)
{
	struct in_device *in;

	if (!context_copied(info->iommu, info->bus, info->devfn))
		return false;

	guard(mutex)(&liveupdate_lock);
	in = find_incoming(info->segment, PCI_DEVID(info->bus, info->devfn));

	return in && in->claimed && !in->settled;
}

/* The device is gone, and nobody knows it but its record. */
static void block_record(struct intel_iommu *iommu,
			 const struct liveupdate_device *device)
{
	unsigned int i;

	for (i = 0; i < device->nr_sids; i++)
		context_entry_block(iommu, device->sid[i]);
}

static void block_device(struct intel_iommu *iommu, struct pci_dev *pdev,
			 const struct liveupdate_device *device)
{
	struct device_domain_info *info = NULL;
	u16 sid = device->sid[0];

	/* Keeps attachments away; one that has been there left no mark. */
	guard(mutex)(&iommu->did_lock);
	if (!context_copied(iommu, PCI_BUS_NUM(sid), sid & 0xff))
		return;

	if (pdev)
		info = pci_info_of(&pdev->dev);
	if (!info || info->iommu != iommu) {
		block_record(iommu, device);
		return;
	}

	pci_warn(pdev, "finished, but not attached: blocked\n");
	if (sm_supported(iommu))
		intel_pasid_setup_sm_context(&pdev->dev);
	else
		context_entries_install(info, intel_iommu_ops.blocked_domain);
}

/**
 * iommu_liveupdate_settle - make sure that a device uses nothing of the old
 * @segment: its PCI segment
 * @sid: its requester ID; it need not be there any more
 *
 * If it was not attached, it is blocked. Memory that was preserved for it can
 * be freed afterwards.
 *
 * Context: May sleep.
 */
void iommu_liveupdate_settle(u16 segment, u16 sid)
{
	struct intel_iommu *iommu = NULL;
	struct in_device *in;
	struct pci_dev *pdev;

	/* No unit may have been found translating. */
	if (get_incoming())
		return;

	scoped_guard(mutex, &liveupdate_lock) {
		in = find_incoming(segment, sid);
		if (in && !in->settled)
			iommu = in->iommu;
	}
	if (!iommu)
		return;

	pdev = pci_get_domain_bus_and_slot(segment, PCI_BUS_NUM(sid),
					   sid & 0xff);
	block_device(iommu, pdev,
		     &incoming.blob->device[in - incoming.device]);
	pci_dev_put(pdev);

	guard(mutex)(&liveupdate_lock);
	if (in->settled)
		return;
	in->settled = true;
	release_did(in - incoming.device);
	pci_liveupdate_await_no_more(segment, sid);
}
EXPORT_SYMBOL_GPL(iommu_liveupdate_settle);
