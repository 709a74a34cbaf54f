// SPDX-License-Identifier: GPL-2.0
/*
 * Devices that translate through a live update
 *
 * Who owns a device has it preserved, in the kernel before, and retrieves it in
 * the next one. How hardware gets from one to the other, and what is handed over
 * for that, is the driver's; this is what does not depend on it.
 *
 * A device that came in translates by what the kernel before has left, and its
 * attachment to the default domain is deferred. Once it is retrieved, whoever
 * claims its group finds it attached to the restored domain, not to a blocking
 * one. Where that leads nobody knows but hardware: it cannot be mapped to, and
 * there is no way back to it. It ends with the first attachment to another
 * domain, or when the device is settled.
 */

#define dev_fmt(fmt)	"live update: " fmt

#include <linux/export.h>
#include <linux/iommu.h>
#include <linux/iommu_liveupdate.h>
#include <linux/kho/abi/iommu.h>
#include <linux/liveupdate.h>
#include <linux/liveupdate_format.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>

#include "iommu-priv.h"

/* How the one driver that can do it does it, or NULL */
static const struct iommu_liveupdate_ops *driver;

static bool can_translate_through(struct device *dev)
{
	return driver && dev->iommu && dev->iommu->iommu_dev &&
	       dev_iommu_ops(dev)->liveupdate == driver;
}

/*
 * Hardware has nothing to do for a device that it translates like that. All
 * others are blocked: a bridge in the group of one; one that has left it and is
 * on its way back, as after a reset or a failed attachment.
 */
static int restored_attach(struct iommu_domain *domain, struct device *dev,
			   struct iommu_domain *old)
{
	struct iommu_domain *blocked = dev_iommu_ops(dev)->blocked_domain;

	if (driver->is_restored(dev))
		return 0;

	return blocked->ops->attach_dev(blocked, dev, old);
}

static const struct iommu_domain_ops restored_ops = {
	.attach_dev = restored_attach,
};

static struct iommu_domain restored_domain = {
	.type = IOMMU_DOMAIN_PLATFORM,
	.ops = &restored_ops,
};

/**
 * iommu_liveupdate_preserve - let a device translate through a live update
 * @dev: the device
 * @domain: a paging domain that the device is attached to. Its owner sees to it
 *          that it maps nothing but memory that is preserved, and that nothing is
 *          mapped or unmapped until the device is unpreserved.
 *
 * From now on it cannot be attached to another domain, and no PASID of it to
 * any, until it is unpreserved.
 *
 * Context: May sleep. Within the life of &iommu_liveupdate_flb.
 * Return: 0; -EOPNOTSUPP if its driver cannot do it; -EBUSY with a message if it
 * cannot be preserved as it is, or is preserved already; -ENOMEM.
 */
int iommu_liveupdate_preserve(struct device *dev, struct iommu_domain *domain)
{
	return can_translate_through(dev) ? driver->preserve(dev, domain) :
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
	driver->unpreserve(dev);
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
 * loaded; -EBUSY with a message if another device would lose what it needs.
 */
int iommu_liveupdate_freeze(struct device *dev)
{
	return driver->freeze(dev);
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
	driver->unfreeze(dev);
}
EXPORT_SYMBOL_GPL(iommu_liveupdate_unfreeze);

/**
 * iommu_liveupdate_retrieve - claim a device that came from the kernel before
 * @dev: the device
 *
 * Until it is settled, whoever claims it finds it attached to the restored
 * domain. So nothing may fail afterwards that keeps it from its owner.
 *
 * Context: May sleep.
 * Return: 0; -ENODEV with a message if it does not translate as it did.
 */
int iommu_liveupdate_retrieve(struct device *dev)
{
	if (!can_translate_through(dev) || !driver->is_restored(dev)) {
		dev_err(dev, "does not translate as before, and is not handed over\n");
		return -ENODEV;
	}
	iommu_group_restore(dev->iommu_group, &restored_domain);
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
	struct pci_dev *pdev = pci_liveupdate_find(segment, sid);
	struct iommu_group *group = pdev ? iommu_group_get(&pdev->dev) : NULL;
	const struct iommu_liveupdate_ops *ops = driver;

	/* No unit may have been found translating. */
	if (iommu_liveupdate_get_incoming())
		ops = NULL;
	if (!group && ops)
		ops->settle(NULL, segment, sid);
	if (group && iommu_group_settle(group, &pdev->dev, ops, segment, sid))
		pci_warn(pdev, "finished, but not attached: blocked\n");

	iommu_group_put(group);
	pci_dev_put(pdev);
}
EXPORT_SYMBOL_GPL(iommu_liveupdate_settle);

/**
 * iommu_liveupdate_register - have a driver's devices translate through live
 *			       updates
 * @ops: the driver's, which has a blocked domain; there can be one driver
 *
 * Context: At boot, before any of its devices is there.
 */
void __init iommu_liveupdate_register(const struct iommu_ops *ops)
{
	if (!WARN_ON(driver))
		driver = ops->liveupdate;
}

LIVEUPDATE_FORMAT(format, IOMMU_LUO_FLB_COMPATIBLE, 1);

/* Nobody asks for the object, but there must be one. */
static int flb_preserve(struct liveupdate_flb_op_args *args)
{
	args->obj = &iommu_liveupdate_flb;

	return driver ? driver->start(&args->data) : -EOPNOTSUPP;
}

static void flb_unpreserve(struct liveupdate_flb_op_args *args)
{
	driver->end();
}

static int flb_retrieve(struct liveupdate_flb_op_args *args)
{
	args->obj = &iommu_liveupdate_flb;
	if (driver)
		driver->retrieve(args->data);

	return 0;
}

static void flb_finish(struct liveupdate_flb_op_args *args)
{
	if (driver)
		driver->finish();
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
	.compatible = IOMMU_LUO_FLB_COMPATIBLE,
};
EXPORT_SYMBOL_GPL(iommu_liveupdate_flb);

/**
 * iommu_liveupdate_get_incoming - have the driver look at what the kernel before
 *				   has left
 *
 * Whoever uses it calls this first. The reference that is put is not the last:
 * each preserved file has one.
 *
 * Context: May sleep.
 * Return: 0, also if it is refused; -EOPNOTSUPP if live update is off; another
 * error if there is nothing.
 */
int iommu_liveupdate_get_incoming(void)
{
	void *obj;
	int ret = liveupdate_flb_get_incoming(&iommu_liveupdate_flb, &obj);

	if (!ret)
		liveupdate_flb_put_incoming(&iommu_liveupdate_flb);

	return ret;
}
