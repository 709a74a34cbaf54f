// SPDX-License-Identifier: GPL-2.0
/*
 * Live update: what happens at boot, and when a device is found later
 *
 * A unit that the kernel before has left translating goes on to do so. The
 * context entries of the devices that were handed over are put into root and
 * context tables of this kernel, marked as copied; from there on they are
 * treated as those that a kdump kernel takes over.
 */

#define pr_fmt(fmt)	"DMAR: live update: " fmt
#define dev_fmt(fmt)	pr_fmt(fmt)

#include <linux/bitmap.h>
#include <linux/crash_dump.h>
#include <linux/dmar.h>
#include <linux/iommu.h>
#include <linux/iommu_liveupdate.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/intel_iommu.h>
#include <linux/liveupdate.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>

#include "context.h"
#include "iommu.h"
#include "liveupdate.h"
#include "liveupdate_blob.h"
#include "liveupdate_boot.h"
#include "liveupdate_in.h"

/**
 * intel_liveupdate_was_left_on - whether the kernel before has handed a unit over
 * @iommu: a unit, before this kernel sets it up
 *
 * Firmware may leave units on, too; then there is no kernel to go on with.
 *
 * Context: Any. At boot.
 * Return: true if it is found translating for that.
 */
bool intel_liveupdate_was_left_on(struct intel_iommu *iommu)
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
 * unit's mode changes only while it is off. Devices can be preserved from here on.
 *
 * Context: At boot, before units are set up. Under dmar_global_lock.
 */
void __init intel_liveupdate_adopt(void)
{
	struct dmar_drhd_unit *drhd;
	struct intel_iommu *iommu;

	iommu_liveupdate_register(&intel_iommu_ops);
	for_each_iommu(iommu, drhd) {
		if (drhd->ignored || !intel_liveupdate_was_left_on(iommu))
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
	return intel_liveupdate_was_left_on(iommu) &&
	       was_left_scalable(iommu) == sm_supported(iommu);
}

/* All of them, or the device is not taken over at all */
static int alloc_contexts(const struct vtd_device_ser *device,
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

static void restore_contexts(const struct vtd_device_ser *device,
			     struct intel_iommu *iommu)
{
	struct context_words ce;
	unsigned int i;

	for (i = 0; i < device->nr_sids; i++) {
		ce = liveupdate_context(device, i);
		context_entry_restore(iommu, device->sid[i], &ce);
	}
}

static int restore_device(const struct vtd_device_ser *device,
			  struct intel_iommu *iommu)
{
	int ret;

	if (device->segment != iommu->segment)
		return -EINVAL;
	ret = alloc_contexts(device, iommu);
	if (ret)
		return ret;
	ret = liveupdate_in_accept(device, iommu);
	if (ret)
		return ret;

	restore_contexts(device, iommu);
	return 0;
}

static void restore_devices(const struct vtd_unit_ser *unit,
			    struct intel_iommu *iommu)
{
	const struct vtd_device_ser *device;
	int ret;

	for (device = liveupdate_first_device(unit); device;
	     device = liveupdate_next_device(device)) {
		if (!device->flags)
			continue;
		ret = restore_device(device, iommu);
		if (ret)
			pr_err("%s: device %04x:%02x:%02x.%d cannot be taken over and is blocked: %pe\n",
			       iommu->name, device->segment,
			       PCI_BUS_NUM(device->sid[0]),
			       PCI_SLOT(device->sid[0] & 0xff),
			       PCI_FUNC(device->sid[0] & 0xff), ERR_PTR(ret));
	}
}

static void restore_unit(const struct vtd_ser *blob, struct intel_iommu *iommu)
{
	u64 rtaddr = readq(iommu->reg + DMAR_RTADDR_REG);
	const struct vtd_unit_ser *unit;

	iommu->copied_tables = bitmap_zalloc(BIT(16), GFP_KERNEL);
	if (!iommu->copied_tables) {
		pr_err("%s: no memory, all devices are blocked\n", iommu->name);
		return;
	}

	for (unit = liveupdate_first_unit(blob); unit;
	     unit = liveupdate_next_unit(unit)) {
		if (unit->reg != iommu->reg_phys)
			continue;
		if (unit->rtaddr == rtaddr)
			restore_devices(unit, iommu);
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
	int ret = iommu_liveupdate_get_incoming();

	if (ret)
		pr_err("%s: what was handed over cannot be had (%pe), all devices are blocked%s\n",
		       iommu->name, ERR_PTR(ret), liveupdate_enabled() ? "" :
		       ": boot with kho=on liveupdate=on");
	else if (liveupdate_in_blob())
		restore_unit(liveupdate_in_blob(), iommu);
}

/**
 * intel_liveupdate_probe - see that a device inherits nothing
 * @info: a device that its unit does not know yet
 *
 * Another one may have been unplugged from the same place while it was awaited.
 *
 * Context: May sleep.
 */
void intel_liveupdate_probe(const struct device_domain_info *info)
{
	if (is_kdump_kernel() || !dev_is_pci(info->dev) ||
	    dev_is_real_dma_subdevice(info->dev) ||
	    !context_copied(info->iommu, info->bus, info->devfn) ||
	    pci_liveupdate_is_incoming(to_pci_dev(info->dev)))
		return;

	pci_warn(to_pci_dev(info->dev), "is where another device is awaited, which is blocked\n");
	liveupdate_in_evict(info->iommu, PCI_DEVID(info->bus, info->devfn));
}
