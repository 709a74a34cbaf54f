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

#include <linux/cleanup.h>
#include <linux/dmar.h>
#include <linux/iommu.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/intel_iommu.h>
#include <linux/kho_preserved.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>

#include "context.h"
#include "did.h"
#include "liveupdate.h"
#include "liveupdate_blob.h"
#include "liveupdate_in.h"

/*
 * A device that came from the kernel before
 *
 * @iommu: its unit, NULL if it is blocked since the jump
 * @settled: what it was translated by is not in use any more
 */
struct in_device {
	struct intel_iommu *iommu;
	bool settled;
};

/*
 * What came from the kernel before
 *
 * @blob: NULL if there is none that can be used
 */
struct incoming {
	const struct vtd_ser *blob;
	struct in_device device[VTD_SER_MAX_DEVICES];
};

/*
 * Covers all of the state below. Taken inside the mutex of a group and the
 * locks of LUO.
 */
static DEFINE_MUTEX(in_lock);
static struct incoming incoming;

static bool is_preserved(void *arg, phys_addr_t page)
{
	return kho_preserved_size(page);
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
	const struct vtd_ser *blob = NULL;
	size_t size = kho_preserved_size(data);
	const char *error = "not preserved";

	if (size) {
		blob = phys_to_virt(data);
		error = liveupdate_blob_check(blob, size, is_preserved, NULL);
	}
	if (error) {
		pr_err("what the kernel before has left is refused, all devices are blocked: %s\n",
		       error);
		return;
	}

	guard(mutex)(&in_lock);
	incoming.blob = blob;
}

static bool enter_preserved(void *unused, phys_addr_t page)
{
	cond_resched();
	return kho_preserved_size(page) == PAGE_SIZE;
}

static void free_incoming_page(phys_addr_t page)
{
	if (page && kho_preserved_size(page))
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
	liveupdate_visit_contexts(unit, free_incoming_page);
	if (!uses_irq_table(unit))
		free_incoming_page(unit->irq_table);
}

/**
 * liveupdate_in_finish - free what the kernel before has left
 *
 * Context: May sleep. All devices are settled, and no unit uses any of it.
 */
void liveupdate_in_finish(void)
{
	const struct vtd_ser *blob;
	unsigned int i;

	guard(mutex)(&in_lock);
	blob = incoming.blob;
	if (!blob)
		return;

	for (i = 0; i < blob->nr_devices; i++)
		if (blob->device[i].flags)
			free_incoming_device(&blob->device[i]);
	for (i = 0; i < blob->nr_units; i++)
		free_incoming_unit(&blob->unit[i]);
	free_incoming_page(__pa(blob));
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

static int reserve_did(unsigned int index, struct intel_iommu *iommu)
{
	const struct vtd_device_ser *device = incoming.blob->device;
	unsigned int i;

	if (device[index].did >= iommu->max_domain_id)
		return -ERANGE;

	/* Devices may share a domain, and with that its id. */
	for (i = 0; i < index; i++)
		if (incoming.device[i].iommu == iommu &&
		    device[i].did == device[index].did)
			return 0;

	return did_reserve(iommu, device[index].did);
}

static void release_did(unsigned int index, struct intel_iommu *iommu)
{
	const struct vtd_device_ser *device = incoming.blob->device;
	unsigned int i;

	for (i = 0; i < incoming.blob->nr_devices; i++)
		if (i != index && incoming.device[i].iommu == iommu &&
		    !incoming.device[i].settled &&
		    device[i].did == device[index].did)
			return;

	guard(mutex)(&iommu->did_lock);
	did_free(iommu, device[index].did);
}

/* Another device there, or one that was reset, must not translate as it did. */
static bool is_there(const struct vtd_device_ser *device)
{
	u16 sid = device->sid[0];
	struct pci_dev *pdev;
	bool incoming;

	pdev = pci_get_domain_bus_and_slot(device->segment, PCI_BUS_NUM(sid),
					   sid & 0xff);
	incoming = pdev && pci_liveupdate_is_incoming(pdev);
	pci_dev_put(pdev);

	return incoming;
}

/**
 * liveupdate_in_accept - take note that a device is about to be taken over
 * @index: of the device in the blob
 * @iommu: its unit
 *
 * Its domain id is not allocated until it is settled.
 *
 * Context: May sleep. At boot, before any domain has an id on the unit.
 * Return: 0; -ENODEV if PCI does not know it for the device that it was; -ERANGE
 * or -ENOSPC if its domain id cannot be reserved; -ENOMEM.
 */
int liveupdate_in_accept(unsigned int index, struct intel_iommu *iommu)
{
	int ret;

	if (!is_there(&incoming.blob->device[index]))
		return -ENODEV;

	guard(mutex)(&in_lock);
	ret = reserve_did(index, iommu);
	if (ret)
		return ret;

	incoming.device[index].iommu = iommu;
	return 0;
}

static struct in_device *find_incoming(u16 segment, u16 sid)
{
	unsigned int i;

	lockdep_assert_held(&in_lock);
	for (i = 0; incoming.blob && i < incoming.blob->nr_devices; i++)
		if (incoming.blob->device[i].segment == segment &&
		    incoming.blob->device[i].sid[0] == sid)
			return &incoming.device[i];
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
	       context_copied(info->iommu, info->bus, info->devfn);
}

/* The device is gone, and nobody knows it but its record. */
static void block_record(struct intel_iommu *iommu,
			 const struct vtd_device_ser *device)
{
	unsigned int i;

	for (i = 0; i < device->nr_sids; i++)
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

static void block(struct intel_iommu *iommu, struct pci_dev *pdev,
		  const struct vtd_device_ser *device)
{
	struct device_domain_info *info = NULL;
	u16 sid = device->sid[0];

	if (pdev)
		info = liveupdate_info(&pdev->dev);
	if (!info || info->iommu != iommu) {
		if (context_copied(iommu, PCI_BUS_NUM(sid), sid & 0xff))
			block_record(iommu, device);
		return;
	}

	/* Keeps attachments away; one that has been there left no mark. */
	guard(mutex)(&info->entry_lock);
	if (context_copied(iommu, PCI_BUS_NUM(sid), sid & 0xff))
		block_device(info);
}

/**
 * liveupdate_in_settle - make sure that a device uses nothing of the old
 * @segment: its PCI segment
 * @sid: its requester ID; it need not be there any more
 *
 * If it was not attached, it is blocked.
 *
 * Context: May sleep.
 */
void liveupdate_in_settle(u16 segment, u16 sid)
{
	struct intel_iommu *iommu = NULL;
	struct in_device *in;
	struct pci_dev *pdev;

	scoped_guard(mutex, &in_lock) {
		in = find_incoming(segment, sid);
		if (in && !in->settled)
			iommu = in->iommu;
	}
	if (!iommu)
		return;

	pdev = pci_get_domain_bus_and_slot(segment, PCI_BUS_NUM(sid),
					   sid & 0xff);
	block(iommu, pdev, &incoming.blob->device[in - incoming.device]);
	pci_dev_put(pdev);

	guard(mutex)(&in_lock);
	if (in->settled)
		return;
	in->settled = true;
	release_did(in - incoming.device, iommu);
}
