// SPDX-License-Identifier: GPL-2.0
/*
 * PCI devices that do DMA through a live update
 *
 * What is preserved goes out to the next kernel: it keeps bus mastering while a
 * kexec is under way, and so do the bridges above it, as one that does not
 * forward requests is as bad. That ends with the jump. A device that came in
 * and is not preserved anew is stopped by a kexec like any other: nobody hands
 * its translation over.
 *
 * What comes in is awaited: it stays in D0, and no driver gets it that was not
 * asked for, as most reset what they find. Once its user has retrieved it, its
 * driver takes it over as it runs.
 */

#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/irq.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/pm_runtime.h>

/**
 * pci_liveupdate_preserve - let a device do DMA through a kexec
 * @pdev: the device
 *
 * Context: Any.
 */
void pci_liveupdate_preserve(struct pci_dev *pdev)
{
	for (; pdev; pdev = pci_upstream_bridge(pdev))
		atomic_inc(&pdev->liveupdate_outgoing);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_preserve);

/**
 * pci_liveupdate_unpreserve - undo pci_liveupdate_preserve()
 * @pdev: the device
 *
 * Context: Any.
 */
void pci_liveupdate_unpreserve(struct pci_dev *pdev)
{
	for (; pdev; pdev = pci_upstream_bridge(pdev))
		WARN_ON(!atomic_add_unless(&pdev->liveupdate_outgoing, -1, 0));
}
EXPORT_SYMBOL_GPL(pci_liveupdate_unpreserve);

/**
 * pci_liveupdate_is_outgoing - whether DMA goes on through a kexec
 * @pdev: a device or a bridge
 *
 * Context: Any.
 * Return: true if it is, or is above, a device that is preserved.
 */
bool pci_liveupdate_is_outgoing(struct pci_dev *pdev)
{
	return atomic_read(&pdev->liveupdate_outgoing);
}

/* By another way than who uses them, who may have masked some */
static void mask_msi(struct pci_dev *pdev, bool mask)
{
	struct msi_desc *desc = irq_get_msi_desc(pdev->irq);

	if (!desc || !desc->pci.msi_attrib.can_mask)
		return;

	guard(raw_spinlock_irqsave)(&pdev->msi_lock);
	pci_write_config_dword(pdev, desc->pci.mask_pos,
			       mask ? ~0U : desc->pci.msi_mask);
}

static void mask_msix(struct pci_dev *pdev, bool mask)
{
	int place = pdev->msix_cap + PCI_MSIX_FLAGS;
	u16 flags;

	pci_read_config_word(pdev, place, &flags);
	flags &= ~PCI_MSIX_FLAGS_MASKALL;
	if (mask)
		flags |= PCI_MSIX_FLAGS_MASKALL;
	pci_write_config_word(pdev, place, flags);
}

static void mask_interrupts(struct pci_dev *pdev, bool mask)
{
	if (pdev->msi_enabled)
		mask_msi(pdev, mask);
	if (pdev->msix_enabled)
		mask_msix(pdev, mask);
}

/**
 * pci_liveupdate_freeze - let a preserved device send no more messages
 * @pdev: the device
 *
 * During the jump nobody knows what they would mean. What it has to signal stays
 * pending; whoever takes it over looks.
 *
 * Context: May sleep.
 */
void pci_liveupdate_freeze(struct pci_dev *pdev)
{
	mask_interrupts(pdev, true);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_freeze);

/**
 * pci_liveupdate_unfreeze - undo pci_liveupdate_freeze()
 * @pdev: the device
 *
 * Context: May sleep.
 */
void pci_liveupdate_unfreeze(struct pci_dev *pdev)
{
	mask_interrupts(pdev, false);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_unfreeze);

static struct pci_dev *find_device(u16 segment, u16 sid)
{
	return pci_get_domain_bus_and_slot(segment, PCI_BUS_NUM(sid),
					   sid & 0xff);
}

/**
 * pci_liveupdate_await - keep a device that came in as it is
 * @segment: its PCI segment
 * @sid: its bus, device and function
 *
 * No driver gets it but the one that its driver_override names, and it is not
 * put to sleep when nobody has it open.
 *
 * Context: May sleep. At boot, before there are drivers.
 * Return: 0 or -ENODEV.
 */
int pci_liveupdate_await(u16 segment, u16 sid)
{
	struct pci_dev *pdev = find_device(segment, sid);

	if (!pdev)
		return -ENODEV;

	pdev->liveupdate_awaited = true;
	pm_runtime_get_noresume(&pdev->dev);
	pci_dev_put(pdev);
	return 0;
}

/**
 * pci_liveupdate_await_no_more - undo pci_liveupdate_await()
 * @segment: the device's PCI segment
 * @sid: its bus, device and function. If another device is there now, that is
 *       not awaited.
 *
 * Context: May sleep.
 */
void pci_liveupdate_await_no_more(u16 segment, u16 sid)
{
	struct pci_dev *pdev = find_device(segment, sid);

	if (pdev && pdev->liveupdate_awaited) {
		pdev->liveupdate_awaited = false;
		pm_runtime_put(&pdev->dev);
	}
	pci_dev_put(pdev);
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
	       !pdev->liveupdate_awaited;
}

/**
 * pci_liveupdate_retrieve - let a driver take a device over as it runs
 * @pdev: the device; the caller has a reference until the finish
 *
 * Context: Any.
 */
void pci_liveupdate_retrieve(struct pci_dev *pdev)
{
	WRITE_ONCE(pdev->liveupdate_retrieved, true);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_retrieve);

/**
 * pci_liveupdate_finish - undo pci_liveupdate_retrieve()
 * @pdev: the device
 *
 * Context: Any.
 */
void pci_liveupdate_finish(struct pci_dev *pdev)
{
	WRITE_ONCE(pdev->liveupdate_retrieved, false);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_finish);

/**
 * pci_liveupdate_is_retrieved - whether a driver takes a device over as it runs
 * @pdev: the device
 *
 * Context: Any.
 * Return: true from retrieve to finish.
 */
bool pci_liveupdate_is_retrieved(struct pci_dev *pdev)
{
	return READ_ONCE(pdev->liveupdate_retrieved);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_is_retrieved);
