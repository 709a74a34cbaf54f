/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PCI devices in a live update: what tests see of it
 */
#ifndef _PCI_LIVEUPDATE_H
#define _PCI_LIVEUPDATE_H

#include <linux/types.h>

#if IS_ENABLED(CONFIG_KUNIT)
struct pci_dev;
struct pci_dev_ser;
struct pci_ser;

const char *pci_liveupdate_check(const struct pci_ser *ser,
				 bool (*is_preserved)(phys_addr_t page));
int pci_liveupdate_start(u64 *data);
void pci_liveupdate_end(void);
const char *pci_liveupdate_check_bars(const struct pci_dev_ser *record);
struct pci_dev_ser *pci_liveupdate_get_record(u16 segment, u16 sid);
void pci_liveupdate_put_record(const struct pci_dev_ser *record);
#endif

#endif /* _PCI_LIVEUPDATE_H */
