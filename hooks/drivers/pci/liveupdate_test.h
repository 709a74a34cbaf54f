/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What models of PCI devices in a live update have in common
 */
#ifndef _PCI_LIVEUPDATE_TEST_H
#define _PCI_LIVEUPDATE_TEST_H

#include <linux/pci.h>
#include <linux/string.h>
#include <linux/types.h>

static inline void set_word(u8 *config, int where, u16 val)
{
	memcpy(config + where, &val, sizeof(val));
}

static inline void set_dword(u8 *config, int where, u32 val)
{
	memcpy(config + where, &val, sizeof(val));
}

static inline u16 get_word(const u8 *config, int where)
{
	u16 val;

	memcpy(&val, config + where, sizeof(val));
	return val;
}

/* @config is NULL where there is no device. */
static inline int read_config(const u8 *config, int where, int size, u32 *val)
{
	*val = ~0;
	if (!config)
		return PCIBIOS_DEVICE_NOT_FOUND;

	*val = 0;
	memcpy(val, config + where, size);
	return PCIBIOS_SUCCESSFUL;
}

/* Records are the model's. */
static inline void stub_put_record(const struct pci_dev_ser *record)
{
}

/* Whoever makes a bus has the bridge that is made for it. */
static inline void remove_root(void *root)
{
	struct device *bridge = ((struct pci_bus *)root)->bridge;

	pci_lock_rescan_remove();
	pci_stop_root_bus(root);
	pci_remove_root_bus(root);
	pci_unlock_rescan_remove();
	put_device(bridge);
}

/* Its bus holds it until the end of the test. */
static inline struct pci_dev *find_device(int domain, unsigned int bus,
					  unsigned int devfn)
{
	struct pci_dev *pdev = pci_get_domain_bus_and_slot(domain, bus, devfn);

	pci_dev_put(pdev);

	return pdev;
}

static inline void remove_device(struct pci_dev *pdev)
{
	pci_lock_rescan_remove();
	pci_stop_and_remove_bus_device(pdev);
	pci_unlock_rescan_remove();
}

#endif /* _PCI_LIVEUPDATE_TEST_H */
