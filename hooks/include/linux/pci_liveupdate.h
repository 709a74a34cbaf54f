/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PCI devices that do DMA through a live update
 */
#ifndef _LINUX_PCI_LIVEUPDATE_H
#define _LINUX_PCI_LIVEUPDATE_H

#include <linux/types.h>

struct pci_dev;

#ifdef CONFIG_INTEL_IOMMU_LIVEUPDATE
void pci_liveupdate_preserve(struct pci_dev *pdev);
void pci_liveupdate_unpreserve(struct pci_dev *pdev);
bool pci_liveupdate_is_outgoing(struct pci_dev *pdev);
void pci_liveupdate_freeze(struct pci_dev *pdev);
void pci_liveupdate_unfreeze(struct pci_dev *pdev);
int pci_liveupdate_await(u16 segment, u16 sid);
void pci_liveupdate_await_no_more(u16 segment, u16 sid);
bool pci_liveupdate_may_bind(struct pci_dev *pdev);
void pci_liveupdate_retrieve(struct pci_dev *pdev);
void pci_liveupdate_finish(struct pci_dev *pdev);
bool pci_liveupdate_is_retrieved(struct pci_dev *pdev);
#else
static inline bool pci_liveupdate_is_outgoing(struct pci_dev *pdev)
{
	return false;
}

static inline bool pci_liveupdate_may_bind(struct pci_dev *pdev)
{
	return true;
}

static inline bool pci_liveupdate_is_retrieved(struct pci_dev *pdev)
{
	return false;
}
#endif

#endif /* _LINUX_PCI_LIVEUPDATE_H */
