/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PCI devices that do DMA through a live update, for their drivers
 */
#ifndef _LINUX_PCI_LIVEUPDATE_H
#define _LINUX_PCI_LIVEUPDATE_H

#include <linux/pci.h>
#include <linux/types.h>

struct liveupdate_file_handler;

/**
 * pci_liveupdate_find - find the device that a record names
 * @segment: its PCI segment
 * @sid: its bus, device and function
 *
 * Context: May sleep.
 * Return: the device with a reference, which may be another one than it was;
 * NULL if there is none.
 */
static inline struct pci_dev *pci_liveupdate_find(u16 segment, u16 sid)
{
	return pci_get_domain_bus_and_slot(segment, PCI_BUS_NUM(sid),
					   sid & 0xff);
}

#ifdef CONFIG_PCI_LIVEUPDATE
int pci_liveupdate_register_flb(struct liveupdate_file_handler *fh);
int pci_liveupdate_preserve(struct pci_dev *pdev);
void pci_liveupdate_unpreserve(struct pci_dev *pdev);
void pci_liveupdate_freeze(struct pci_dev *pdev);
void pci_liveupdate_unfreeze(struct pci_dev *pdev);
int pci_liveupdate_retrieve(struct pci_dev *pdev);
void pci_liveupdate_unretrieve(struct pci_dev *pdev);
void pci_liveupdate_finish(u16 segment, u16 sid);
bool pci_liveupdate_is_incoming(struct pci_dev *pdev);
bool pci_liveupdate_is_retrieved(struct pci_dev *pdev);
void pci_liveupdate_drop_messages(struct pci_dev *pdev);
#else
static inline bool pci_liveupdate_is_incoming(struct pci_dev *pdev)
{
	return false;
}

static inline bool pci_liveupdate_is_retrieved(struct pci_dev *pdev)
{
	return false;
}

static inline void pci_liveupdate_drop_messages(struct pci_dev *pdev)
{
}
#endif

#endif /* _LINUX_PCI_LIVEUPDATE_H */
