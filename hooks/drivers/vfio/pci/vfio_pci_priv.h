/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _VFIO_PCI_PRIV_H
#define _VFIO_PCI_PRIV_H

extern const struct vfio_device_ops vfio_pci_ops;
extern struct pci_driver vfio_pci_driver;

#ifdef CONFIG_VFIO_PCI_LIVEUPDATE
void vfio_pci_liveupdate_init(void);
void vfio_pci_liveupdate_cleanup(void);
#else
static inline void vfio_pci_liveupdate_init(void) {}
static inline void vfio_pci_liveupdate_cleanup(void) {}
#endif

#endif /* _VFIO_PCI_PRIV_H */
