// SPDX-License-Identifier: GPL-2.0
/*
 * Live update: devices that translate through a kexec
 *
 * The old kernel makes a root table, context tables and PASID tables just for
 * the devices that are preserved, in memory that the next kernel leaves alone.
 * They are ready before the jump, and unused. The very last thing that the
 * kernel does, with all other CPUs stopped, is to point the unit to them:
 * preserved devices are translated by the same page tables with the same
 * domain ids as before, and all other devices are blocked (liveupdate_out.c).
 *
 * The new kernel finds translation enabled and leaves it so. It puts the
 * devices' context entries into tables of its own (liveupdate_boot.c). The
 * first attachment replaces them, hitlessly, as it starts from the live entry
 * (liveupdate_in.c).
 *
 * This file is what those who own devices call. What one kernel tells the next
 * is in <linux/kho/abi/intel_iommu.h>; liveupdate_blob.c believes nothing of
 * it.
 *
 * See Documentation/driver-api/intel-iommu/live-update.rst.
 */

#define pr_fmt(fmt)	"DMAR: live update: " fmt
#define dev_fmt(fmt)	pr_fmt(fmt)

#include <linux/export.h>
#include <linux/iommu.h>
#include <linux/iommu_liveupdate.h>
#include <linux/kho/abi/intel_iommu.h>
#include <linux/liveupdate.h>
#include <linux/liveupdate_format.h>
#include <linux/module.h>
#include <linux/pci.h>

#include "liveupdate.h"
#include "liveupdate_in.h"
#include "liveupdate_out.h"

/**
 * iommu_liveupdate_preserve - let a device translate through a live update
 * @dev: a PCI device
 * @domain: a paging domain that the device is attached to. Its owner sees to it
 *          that it maps nothing but memory that is preserved, and that nothing is
 *          mapped or unmapped until the device is unpreserved.
 *
 * From now on it cannot be attached to another domain, and no PASID of it to
 * any, until it is unpreserved.
 *
 * Context: May sleep. Within the life of &iommu_liveupdate_flb.
 * Return: 0; -EOPNOTSUPP if another driver translates the device; -EBUSY with
 * a message if it cannot be preserved as it is, or is preserved already;
 * -ENOSPC if there are too many; -ENOMEM.
 */
int iommu_liveupdate_preserve(struct device *dev, struct iommu_domain *domain)
{
	struct device_domain_info *info = liveupdate_info(dev);

	return info ? liveupdate_out_preserve(info, to_dmar_domain(domain)) :
		      -EOPNOTSUPP;
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
	liveupdate_out_unpreserve(dev_iommu_priv_get(dev));
}
EXPORT_SYMBOL_GPL(iommu_liveupdate_unpreserve);

/**
 * iommu_liveupdate_freeze - record how a preserved device translates
 * @dev: the device
 *
 * If it is not attached any more it is left out, with a message, and blocked at
 * the jump.
 *
 * Context: May sleep.
 * Return: 0; -ENOEXEC with a message if nothing is handed to the kernel that was
 * loaded.
 */
int iommu_liveupdate_freeze(struct device *dev)
{
	return liveupdate_out_freeze(dev_iommu_priv_get(dev));
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
	liveupdate_out_unfreeze(dev_iommu_priv_get(dev));
}
EXPORT_SYMBOL_GPL(iommu_liveupdate_unfreeze);

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
	struct device_domain_info *info = liveupdate_info(dev);

	if (!info || liveupdate_in_claim(info)) {
		dev_err(dev, "does not translate as before, and is not handed over\n");
		return -ENODEV;
	}
	return 0;
}
EXPORT_SYMBOL_GPL(iommu_liveupdate_retrieve);

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
	/* No unit may have been found translating. */
	if (!liveupdate_get_incoming())
		liveupdate_in_settle(segment, sid);
}
EXPORT_SYMBOL_GPL(iommu_liveupdate_settle);

LIVEUPDATE_FORMAT(format, VTD_LUO_FLB_COMPATIBLE, VTD_SER_VERSION);

/* Nobody asks for the object, but there must be one. */
static int flb_preserve(struct liveupdate_flb_op_args *args)
{
	args->obj = &iommu_liveupdate_flb;

	return liveupdate_out_start(&args->data);
}

static void flb_unpreserve(struct liveupdate_flb_op_args *args)
{
	liveupdate_out_end();
}

static int flb_retrieve(struct liveupdate_flb_op_args *args)
{
	args->obj = &iommu_liveupdate_flb;
	liveupdate_in_retrieve(args->data);

	return 0;
}

static void flb_finish(struct liveupdate_flb_op_args *args)
{
	liveupdate_in_finish();
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
	.compatible = VTD_LUO_FLB_COMPATIBLE,
};
EXPORT_SYMBOL_GPL(iommu_liveupdate_flb);

/**
 * liveupdate_get_incoming - have what the kernel before has left checked
 *
 * Whoever uses it calls this first. The reference that is put is not the last:
 * each preserved file has one.
 *
 * Context: May sleep.
 * Return: 0, also if it is refused; -EOPNOTSUPP if live update is off; another
 * error if there is nothing.
 */
int liveupdate_get_incoming(void)
{
	void *obj;
	int ret = liveupdate_flb_get_incoming(&iommu_liveupdate_flb, &obj);

	if (!ret)
		liveupdate_flb_put_incoming(&iommu_liveupdate_flb);

	return ret;
}
