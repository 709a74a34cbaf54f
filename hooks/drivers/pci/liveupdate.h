/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PCI devices in a live update: what their parts, and tests, see of each other
 */
#ifndef _PCI_LIVEUPDATE_H
#define _PCI_LIVEUPDATE_H

#include <linux/types.h>

struct pci_dev;
struct pci_dev_ser;
struct pci_ser;

struct pci_dev_ser *pci_liveupdate_get_record(u16 segment, u16 sid);
void pci_liveupdate_put_record(const struct pci_dev_ser *record);
void pci_liveupdate_tell_sizes(const struct pci_dev_ser *record,
			       unsigned int first, unsigned int count,
			       u32 *sizes);

#if IS_ENABLED(CONFIG_KUNIT)
const char *pci_liveupdate_check(const struct pci_ser *ser,
				 bool (*is_preserved)(phys_addr_t page));
int pci_liveupdate_start(u64 *data);
void pci_liveupdate_end(void);
const char *pci_liveupdate_check_device(const struct pci_dev_ser *record);
#endif

/* iov.c */
int sriov_add_vfs(struct pci_dev *dev, u16 num_vfs);
void sriov_del_vfs(struct pci_dev *dev);

/* liveupdate_iov.c */
void pci_liveupdate_describe_vfs(struct pci_dev_ser *record,
				 struct pci_dev *pdev);
void pci_liveupdate_describe_vf_findings(struct pci_dev_ser *record,
					 struct pci_dev *pdev);
const char *pci_liveupdate_check_vfs(const struct pci_dev_ser *record);

#endif /* _PCI_LIVEUPDATE_H */
