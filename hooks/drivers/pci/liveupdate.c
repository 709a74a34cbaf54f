// SPDX-License-Identifier: GPL-2.0
/*
 * PCI devices that do DMA through a live update
 *
 * A device whose DMA must go on keeps bus mastering while a kexec is under way
 * and when its driver takes it over, and is not reset then. So do the bridges
 * above it: one that does not forward requests is as bad. In the new kernel no
 * driver gets it that was not asked for: most reset what they find.
 */

#include <linux/export.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/xarray.h>

/* Where devices are that somebody is about to take over */
static DEFINE_XARRAY(awaited);

/**
 * pci_liveupdate_keep - let a device do DMA whatever happens
 * @pdev: the device; the caller has a reference until it drops it
 *
 * Context: Any.
 */
void pci_liveupdate_keep(struct pci_dev *pdev)
{
	for (; pdev; pdev = pci_upstream_bridge(pdev))
		atomic_inc(&pdev->liveupdate_cnt);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_keep);

/**
 * pci_liveupdate_drop - undo pci_liveupdate_keep()
 * @pdev: the device
 *
 * Context: Any.
 */
void pci_liveupdate_drop(struct pci_dev *pdev)
{
	for (; pdev; pdev = pci_upstream_bridge(pdev))
		WARN_ON(!atomic_add_unless(&pdev->liveupdate_cnt, -1, 0));
}
EXPORT_SYMBOL_GPL(pci_liveupdate_drop);

/**
 * pci_liveupdate_is_kept - whether a device's DMA must go on
 * @pdev: a device or a bridge
 *
 * Context: Any.
 * Return: true if it is, or is above, a device that is kept.
 */
bool pci_liveupdate_is_kept(struct pci_dev *pdev)
{
	return atomic_read(&pdev->liveupdate_cnt);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_is_kept);

static unsigned long place_of(u16 segment, u16 sid)
{
	return segment << 16 | sid;
}

/**
 * pci_liveupdate_await - keep drivers from a device that is to be taken over
 * @segment: its PCI segment
 * @sid: its bus, device and function
 *
 * The driver that its driver_override names gets it all the same.
 *
 * Context: May sleep. At boot, before there are drivers.
 * Return: 0 or -ENOMEM.
 */
int pci_liveupdate_await(u16 segment, u16 sid)
{
	return xa_err(xa_store(&awaited, place_of(segment, sid),
			       xa_mk_value(1), GFP_KERNEL));
}

/**
 * pci_liveupdate_await_no_more - undo pci_liveupdate_await()
 * @segment: the device's PCI segment
 * @sid: its bus, device and function
 *
 * Context: May sleep.
 */
void pci_liveupdate_await_no_more(u16 segment, u16 sid)
{
	xa_erase(&awaited, place_of(segment, sid));
}

/**
 * pci_liveupdate_may_bind - whether a driver may have a device
 * @pdev: the device
 *
 * Context: Any.
 * Return: false if it is awaited and nobody said which driver it is for.
 */
bool pci_liveupdate_may_bind(struct pci_dev *pdev)
{
	return device_has_driver_override(&pdev->dev) ||
	       !xa_load(&awaited, place_of(pci_domain_nr(pdev->bus),
					   pci_dev_id(pdev)));
}
