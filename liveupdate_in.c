// SPDX-License-Identifier: GPL-2.0
/*
 * Live update: what came in
 *
 * Devices that the kernel before has handed over translate by its page tables,
 * with its domain ids, until they are attached. What has not been attached when
 * its file is finished is blocked. When the last file is finished, all that was
 * preserved is freed.
 */

#define pr_fmt(fmt)	"DMAR: live update: " fmt
#define dev_fmt(fmt)	pr_fmt(fmt)

#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/cleanup.h>
#include <linux/dmar.h>
#include <linux/gfp.h>
#include <linux/iommu.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/intel_iommu.h>
#include <linux/kho_preserved.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/slab.h>

#include "context.h"
#include "did.h"
#include "liveupdate.h"
#include "liveupdate_blob.h"
#include "liveupdate_in.h"

/*
 * A device that came from the kernel before, and was taken over
 *
 * @record: what is known of it
 * @settled: what it was translated by is not in use any more
 */
struct in_device {
	struct list_head node;
	const struct vtd_device_ser *record;
	struct intel_iommu *iommu;
	bool settled;
};

/*
 * What came from the kernel before
 *
 * @blob: NULL if there is none that can be used
 */
struct incoming {
	struct vtd_ser *blob;
	struct list_head devices;
};

/*
 * Covers all of the state below. Taken inside the mutex of a group and the
 * locks of LUO.
 */
static DEFINE_MUTEX(in_lock);
static struct incoming incoming = {
	.devices = LIST_HEAD_INIT(incoming.devices),
};

/* All that is handed over was preserved page by page. */
static bool is_preserved(void *unused, phys_addr_t page)
{
	return kho_preserved_size(page) == PAGE_SIZE;
}

/* From here on it is memory of this kernel, and no page that a table names. */
static void take_record(void *record)
{
	kho_restore_pages(virt_to_phys(record), 1);
}

static void take_records(struct vtd_ser *blob)
{
	struct vtd_device_ser *device;
	struct vtd_unit_ser *unit;

	take_record(blob);
	for (unit = liveupdate_first_unit(blob); unit;
	     unit = liveupdate_next_unit(unit)) {
		take_record(unit);
		for (device = liveupdate_first_device(unit); device;
		     device = liveupdate_next_device(device))
			take_record(device);
	}
}

/**
 * liveupdate_in_retrieve - check what the kernel before has left
 * @data: physical address of the blob
 *
 * Never fails: that the blob is refused is kept here, as translation is to be
 * handled with care all the same.
 *
 * Context: May sleep.
 */
void liveupdate_in_retrieve(phys_addr_t data)
{
	const char *error = liveupdate_blob_check(data, is_preserved, NULL);

	if (error) {
		pr_err("what the kernel before has left is refused, all devices are blocked: %s\n",
		       error);
		return;
	}

	guard(mutex)(&in_lock);
	incoming.blob = phys_to_virt(data);
	take_records(incoming.blob);
}

static bool enter_preserved(void *unused, phys_addr_t page)
{
	cond_resched();
	return is_preserved(NULL, page);
}

static void free_incoming_page(phys_addr_t page)
{
	if (page && is_preserved(NULL, page))
		kho_restore_free(phys_to_virt(page));
}

/*
 * Nobody but hardware has read the page table so far. Devices may share it:
 * then it went with the first of them.
 */
static void free_incoming_table(const struct vtd_device_ser *device)
{
	struct liveupdate_table table = liveupdate_table_of(device);

	if (!kho_preserved_size(table.top))
		return;
	if (!liveupdate_pages_check(device, enter_preserved, NULL)) {
		pr_err("a page table is not what was handed over, and its pages are left alone\n");
		return;
	}
	liveupdate_walk(&table, enter_preserved, free_incoming_page, NULL);
}

static void free_incoming_device(const struct vtd_device_ser *device)
{
	free_incoming_table(device);
	free_incoming_page(device->pasid_dir);
	free_incoming_page(device->pasid_table);
}

/* A kernel that does not remap interrupts leaves the unit with it. */
static bool uses_irq_table(const struct vtd_unit_ser *unit)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *iommu;

	guard(rcu)();
	for_each_iommu(iommu, drhd)
		if (iommu->reg_phys == unit->reg)
			return (readq(iommu->reg + DMAR_IRTA_REG) &
				VTD_PAGE_MASK) == unit->irq_table;
	return true;
}

static void free_incoming_unit(const struct vtd_unit_ser *unit)
{
	const struct vtd_device_ser *device;

	for (device = liveupdate_first_device(unit); device;
	     device = liveupdate_next_device(device))
		if (device->flags)
			free_incoming_device(device);
	liveupdate_visit_contexts(unit, free_incoming_page);
	if (!uses_irq_table(unit))
		free_incoming_page(unit->irq_table);
}

static void free_unit_records(struct vtd_unit_ser *unit)
{
	struct vtd_device_ser *device, *next;

	for (device = liveupdate_first_device(unit); device; device = next) {
		next = liveupdate_next_device(device);
		free_page((unsigned long)device);
	}
	free_page((unsigned long)unit);
}

static void free_records(struct vtd_ser *blob)
{
	struct vtd_unit_ser *unit, *next;

	for (unit = liveupdate_first_unit(blob); unit; unit = next) {
		next = liveupdate_next_unit(unit);
		free_unit_records(unit);
	}
	free_page((unsigned long)blob);
}

/* Under the lock, where there is anybody else */
VISIBLE_IF_KUNIT void liveupdate_in_forget_devices(void)
{
	struct in_device *in, *next;

	list_for_each_entry_safe(in, next, &incoming.devices, node)
		kfree(in);
	INIT_LIST_HEAD(&incoming.devices);
}

/**
 * liveupdate_in_finish - free what the kernel before has left
 *
 * Context: May sleep. All devices are settled, and no unit uses any of it.
 */
void liveupdate_in_finish(void)
{
	const struct vtd_unit_ser *unit;

	guard(mutex)(&in_lock);
	if (!incoming.blob)
		return;

	for (unit = liveupdate_first_unit(incoming.blob); unit;
	     unit = liveupdate_next_unit(unit))
		free_incoming_unit(unit);
	liveupdate_in_forget_devices();
	free_records(incoming.blob);
	incoming.blob = NULL;
}

/**
 * liveupdate_in_blob - what the kernel before has left
 *
 * Context: Any. Valid until liveupdate_in_finish(), which cannot be called
 * before there is user space.
 * Return: the blob, NULL if there is none that can be used.
 */
const struct vtd_ser *liveupdate_in_blob(void)
{
	return incoming.blob;
}

/* Devices may share a domain, and with that its id. */
static bool shares_did(const struct in_device *in)
{
	const struct in_device *other;

	list_for_each_entry(other, &incoming.devices, node)
		if (other != in && !other->settled &&
		    other->iommu == in->iommu &&
		    other->record->did == in->record->did)
			return true;
	return false;
}

static int reserve_did(const struct in_device *in)
{
	u16 did = in->record->did;

	if (did >= in->iommu->max_domain_id)
		return -ERANGE;

	return shares_did(in) ? 0 : did_reserve(in->iommu, did);
}

static void release_did(const struct in_device *in)
{
	if (shares_did(in))
		return;

	guard(mutex)(&in->iommu->did_lock);
	did_free(in->iommu, in->record->did);
}

/* Another device there, or one that was reset, must not translate as it did. */
VISIBLE_IF_KUNIT bool
liveupdate_in_is_there(const struct vtd_device_ser *device)
{
	struct pci_dev *pdev;
	bool incoming;

	KUNIT_STATIC_STUB_REDIRECT(liveupdate_in_is_there, device);

	pdev = pci_liveupdate_find(device->segment, device->sid[0]);
	incoming = pdev && pci_liveupdate_is_incoming(pdev);
	pci_dev_put(pdev);

	return incoming;
}

/**
 * liveupdate_in_accept - take note that a device is about to be taken over
 * @record: its record in the blob
 * @iommu: its unit
 *
 * Its domain id is not allocated until it is settled.
 *
 * Context: May sleep. At boot, before any domain has an id on the unit.
 * Return: 0; -ENODEV if PCI does not know it for the device that it was; -ERANGE
 * or -ENOSPC if its domain id cannot be reserved; -ENOMEM.
 */
int liveupdate_in_accept(const struct vtd_device_ser *record,
			 struct intel_iommu *iommu)
{
	struct in_device *in;
	int ret;

	if (!liveupdate_in_is_there(record))
		return -ENODEV;

	in = kzalloc_obj(*in);
	if (!in)
		return -ENOMEM;

	in->record = record;
	in->iommu = iommu;
	guard(mutex)(&in_lock);
	ret = reserve_did(in);
	if (ret) {
		kfree(in);
		return ret;
	}
	list_add_tail(&in->node, &incoming.devices);
	return 0;
}

static bool is_copied(struct intel_iommu *iommu, u16 sid)
{
	return context_copied(iommu, PCI_BUS_NUM(sid), sid & 0xff);
}

static struct in_device *find_incoming(u16 segment, u16 sid)
{
	struct in_device *in;

	lockdep_assert_held(&in_lock);
	list_for_each_entry(in, &incoming.devices, node)
		if (in->record->segment == segment &&
		    in->record->sid[0] == sid)
			return in;
	return NULL;
}

/**
 * liveupdate_in_is_restored - whether a device translates as the kernel before
 *			       has left it
 * @info: the device
 *
 * Context: May sleep.
 * Return: true until it is attached anew, blocked, or settled.
 */
bool liveupdate_in_is_restored(struct device_domain_info *info)
{
	struct in_device *in;

	guard(mutex)(&in_lock);
	in = find_incoming(info->segment, PCI_DEVID(info->bus, info->devfn));

	return in && info->iommu == in->iommu && !in->settled &&
	       is_copied(info->iommu, in->record->sid[0]);
}

/* Requester IDs of which nobody knows but the record, as the device is gone */
static void block_record(struct intel_iommu *iommu,
			 const struct vtd_device_ser *device)
{
	unsigned int i;

	for (i = 0; i < device->nr_sids; i++)
		if (is_copied(iommu, device->sid[i]))
			context_entry_block(iommu, device->sid[i]);
}

static void block_device(struct device_domain_info *info)
{
	if (sm_supported(info->iommu))
		context_entries_install_directory(info);
	else
		context_entries_install(info, intel_iommu_ops.blocked_domain, 0);
	dev_warn(info->dev, "finished, but not attached: blocked\n");
}

/*
 * An attachment that has been there left no mark, and none comes meanwhile. The
 * device may have had more requester IDs in the kernel before, or be another one.
 */
static void block(const struct in_device *in, struct device_domain_info *info)
{
	if (info && info->iommu == in->iommu) {
		guard(mutex)(&info->entry_lock);
		if (is_copied(in->iommu, in->record->sid[0]))
			block_device(info);
	}
	block_record(in->iommu, in->record);
}

/**
 * liveupdate_in_settle - make sure that a device uses nothing of the old
 * @info: the device, NULL if it is not there any more
 * @segment: its PCI segment
 * @sid: its requester ID
 *
 * If it was not attached, it is blocked.
 *
 * Context: May sleep. Under the mutex of the device's group, if it has one.
 */
void liveupdate_in_settle(struct device_domain_info *info, u16 segment,
			  u16 sid)
{
	struct in_device *in;

	guard(mutex)(&in_lock);
	in = find_incoming(segment, sid);
	if (!in || in->settled)
		return;

	block(in, info);
	in->settled = true;
	release_did(in);
}

static bool has_sid(const struct in_device *in, u16 sid)
{
	unsigned int i;

	for (i = 0; i < in->record->nr_sids; i++)
		if (in->record->sid[i] == sid)
			return true;
	return false;
}

/**
 * liveupdate_in_evict - block whatever translates by a requester ID
 * @iommu: the unit
 * @sid: the requester ID, of a device that has left its place to another one
 *
 * Its domain id is not free before it is settled.
 *
 * Context: May sleep.
 */
void liveupdate_in_evict(struct intel_iommu *iommu, u16 sid)
{
	struct in_device *in;

	guard(mutex)(&in_lock);
	list_for_each_entry(in, &incoming.devices, node)
		if (in->iommu == iommu && has_sid(in, sid))
			block_record(iommu, in->record);
}
