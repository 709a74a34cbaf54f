/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _DRIVERS_PCI_H
#define _DRIVERS_PCI_H

#ifdef CONFIG_PCI_LIVEUPDATE
bool pci_liveupdate_is_outgoing(struct pci_dev *pdev);
void pci_liveupdate_setup_device(struct pci_dev *pdev);
void pci_liveupdate_await(struct pci_dev *pdev);
bool pci_liveupdate_is_unclaimed(struct pci_dev *pdev);
bool pci_liveupdate_claim(struct pci_dev *pdev);
bool pci_liveupdate_may_bind(struct pci_dev *pdev);
int pci_liveupdate_may_probe(struct pci_dev *pdev,
			     const struct pci_driver *drv);
bool pci_liveupdate_keep_buses(void);
bool pci_liveupdate_lost_buses(struct pci_dev *pdev);
bool pci_liveupdate_size_bars(struct pci_dev *pdev, unsigned int count,
			      u32 *sizes, u32 *rom);
bool pci_liveupdate_keep_ari(struct pci_dev *pdev);
bool pci_liveupdate_keep_msi(struct pci_dev *pdev, u16 flags);
bool pci_liveupdate_keep_msix(struct pci_dev *pdev);
void pci_liveupdate_setup_ats(struct pci_dev *pdev);
bool pci_liveupdate_keep_master(struct pci_dev *pdev);

/* liveupdate_iov.c */
bool pci_liveupdate_size_vf_bars(struct pci_dev *pdev, u32 *sizes);
int pci_liveupdate_adopt_vfs(struct pci_dev *pdev);
void pci_liveupdate_add_vfs(struct pci_dev *pdev);
void pci_liveupdate_remove_vfs(struct pci_dev *pdev);
bool pci_liveupdate_keep_vfs(struct pci_dev *pdev);
#else
static inline bool pci_liveupdate_is_outgoing(struct pci_dev *pdev)
{
	return false;
}

static inline void pci_liveupdate_setup_device(struct pci_dev *pdev)
{
}

static inline void pci_liveupdate_await(struct pci_dev *pdev)
{
}

static inline bool pci_liveupdate_is_unclaimed(struct pci_dev *pdev)
{
	return false;
}

static inline bool pci_liveupdate_claim(struct pci_dev *pdev)
{
	return true;
}

static inline bool pci_liveupdate_may_bind(struct pci_dev *pdev)
{
	return true;
}

static inline int pci_liveupdate_may_probe(struct pci_dev *pdev,
					   const struct pci_driver *drv)
{
	return 0;
}

static inline bool pci_liveupdate_keep_buses(void)
{
	return false;
}

static inline bool pci_liveupdate_lost_buses(struct pci_dev *pdev)
{
	return false;
}

static inline bool pci_liveupdate_size_bars(struct pci_dev *pdev,
					    unsigned int count,
					    u32 *sizes, u32 *rom)
{
	return false;
}

static inline bool pci_liveupdate_keep_ari(struct pci_dev *pdev)
{
	return false;
}

static inline bool pci_liveupdate_keep_msi(struct pci_dev *pdev, u16 flags)
{
	return false;
}

static inline bool pci_liveupdate_keep_msix(struct pci_dev *pdev)
{
	return false;
}

static inline void pci_liveupdate_setup_ats(struct pci_dev *pdev)
{
}

static inline bool pci_liveupdate_keep_master(struct pci_dev *pdev)
{
	return false;
}

static inline bool pci_liveupdate_size_vf_bars(struct pci_dev *pdev, u32 *sizes)
{
	return false;
}

static inline int pci_liveupdate_adopt_vfs(struct pci_dev *pdev)
{
	return -EIO;
}

static inline void pci_liveupdate_add_vfs(struct pci_dev *pdev)
{
}

static inline void pci_liveupdate_remove_vfs(struct pci_dev *pdev)
{
}

static inline bool pci_liveupdate_keep_vfs(struct pci_dev *pdev)
{
	return false;
}
#endif

/* Shall bus numbers be assigned anew, whatever is found? */
static inline bool pci_assign_all_busses(void)
{
	return pcibios_assign_all_busses() && !pci_liveupdate_keep_buses();
}

#endif /* _DRIVERS_PCI_H */
