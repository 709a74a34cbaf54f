// SPDX-License-Identifier: GPL-2.0
/*
 * Virtual functions that do DMA through a live update
 *
 * They run while their physical function is enumerated: it is their SR-IOV
 * capability that lets them, and that is read then, and not written. How many buses
 * they could need, which it tells only while there is none of them, is known from
 * the kernel before, and so are the sizes of their BARs.
 *
 * They are enumerated as soon as the memory of their BARs has been claimed, all of
 * them, and before there is an IOMMU which would have to know them. Those that did
 * not come in are usable at once. Nobody changes how many there are before the
 * last is finished.
 */

#define dev_fmt(fmt)	"live update: " fmt

#include <linux/init.h>
#include <linux/kho/abi/pci.h>
#include <linux/log2.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>

#include "liveupdate.h"
#include "pci.h"

/**
 * pci_liveupdate_describe_vfs - read what tells whether virtual functions run
 * @record: where to
 * @pdev: a device of any kind; its size of configuration space is known
 *
 * Context: Any.
 */
void pci_liveupdate_describe_vfs(struct pci_dev_ser *record,
				 struct pci_dev *pdev)
{
	int pos = pci_find_ext_capability(pdev, PCI_EXT_CAP_ID_SRIOV);
	struct pci_sriov_ser *sriov = &record->sriov;
	unsigned int i;

	*sriov = (struct pci_sriov_ser){};
	if (pos)
		pci_read_config_word(pdev, pos + PCI_SRIOV_CTRL,
				     &sriov->control);
	if (!(sriov->control & PCI_SRIOV_CTRL_VFE)) {
		sriov->control = 0;
		return;
	}

	pci_read_config_word(pdev, pos + PCI_SRIOV_NUM_VF, &sriov->num_vfs);
	pci_read_config_word(pdev, pos + PCI_SRIOV_VF_OFFSET, &sriov->offset);
	pci_read_config_word(pdev, pos + PCI_SRIOV_VF_STRIDE, &sriov->stride);
	pci_read_config_dword(pdev, pos + PCI_SRIOV_SYS_PGSIZE,
			      &sriov->page_size);
	for (i = 0; i < PCI_SRIOV_NUM_BARS; i++)
		pci_read_config_dword(pdev, pos + PCI_SRIOV_BAR + 4 * i,
				      &record->bar[PCI_SER_VF_BARS + i]);
}

/**
 * pci_liveupdate_describe_vf_findings - tell what can only be found out while
 *					 there is no virtual function
 * @record: where to; says whether some run
 * @pdev: the device
 *
 * Context: Any.
 */
void pci_liveupdate_describe_vf_findings(struct pci_dev_ser *record,
					 struct pci_dev *pdev)
{
	unsigned int i;

	if (!pdev->is_physfn || !record->sriov.control)
		return;

	record->vf_buses = pdev->sriov->max_VF_buses;
	if (!pdev->sriov->drivers_autoprobe)
		record->flags |= PCI_SER_NO_AUTOPROBE;
	for (i = 0; i < PCI_SRIOV_NUM_BARS; i++)
		record->size[PCI_SER_VF_BARS + i] = pdev->sriov->barsz[i];
}

static bool are_pages(const struct pci_dev_ser *record)
{
	unsigned int i;

	for (i = PCI_SER_VF_BARS; i < PCI_SER_BARS; i++)
		if (record->size[i] % PAGE_SIZE)
			return false;
	return true;
}

/**
 * pci_liveupdate_check_vfs - whether what a record says of virtual functions can
 *			      be used
 * @record: the record, of which BARs have been checked
 *
 * Context: Any.
 * Return: NULL if it can be used, or says nothing, else what is wrong with it.
 */
const char *pci_liveupdate_check_vfs(const struct pci_dev_ser *record)
{
	const struct pci_sriov_ser *sriov = &record->sriov;
	u32 last = record->sid + sriov->offset;

	if (!sriov->control)
		return NULL;

	if (sriov->num_vfs)
		last += sriov->stride * (sriov->num_vfs - 1);
	if (!sriov->num_vfs || !sriov->offset ||
	    (sriov->num_vfs > 1 && !sriov->stride) ||
	    last > U16_MAX || record->vf_buses > U8_MAX ||
	    record->vf_buses < PCI_BUS_NUM(last))
		return "bad place of virtual functions";
	if (!is_power_of_2(sriov->page_size) || !are_pages(record))
		return "bad page size of virtual functions";

	return NULL;
}

/* Its record, to be put, if virtual functions of it came in */
static struct pci_dev_ser *get_record(struct pci_dev *pdev)
{
	struct pci_dev_ser *record;

	if (!pci_liveupdate_is_incoming(pdev))
		return NULL;
	record = pci_liveupdate_get_record(pci_domain_nr(pdev->bus),
					   pci_dev_id(pdev));
	if (!record || record->sriov.control)
		return record;

	pci_liveupdate_put_record(record);
	return NULL;
}

/**
 * pci_liveupdate_size_vf_bars - tell the size of BARs of virtual functions without
 *				 writing to them
 * @pdev: the physical function
 * @sizes: set to what they would read as, if all of their bits had been set
 *
 * Context: May sleep.
 * Return: true if it came in with virtual functions, and so its SR-IOV capability
 * is not to be written to.
 */
bool pci_liveupdate_size_vf_bars(struct pci_dev *pdev, u32 *sizes)
{
	struct pci_dev_ser *record = get_record(pdev);

	if (!record)
		return false;

	pci_liveupdate_tell_sizes(record, PCI_SER_VF_BARS, PCI_SRIOV_NUM_BARS,
				  sizes);
	pci_liveupdate_put_record(record);
	return true;
}

static void adopt(struct pci_sriov *iov, const struct pci_dev_ser *record)
{
	pci_read_config_word(iov->self, iov->pos + PCI_SRIOV_INITIAL_VF,
			     &iov->initial_VFs);
	iov->ctrl = record->sriov.control;
	iov->pgsz = record->sriov.page_size;
	iov->offset = record->sriov.offset;
	iov->stride = record->sriov.stride;
	iov->num_VFs = record->sriov.num_vfs;
	iov->max_VF_buses = record->vf_buses;
	iov->drivers_autoprobe = !(record->flags & PCI_SER_NO_AUTOPROBE);
}

/**
 * pci_liveupdate_adopt_vfs - go on with SR-IOV as it is
 * @pdev: the physical function, for which pci_liveupdate_size_vf_bars() was true
 *
 * Context: May sleep.
 * Return: 0; -EIO if there are more than there can be, or the kernel before is
 * finished by now.
 */
int pci_liveupdate_adopt_vfs(struct pci_dev *pdev)
{
	struct pci_dev_ser *record = get_record(pdev);
	struct pci_sriov *iov = pdev->sriov;
	int ret = -EIO;

	if (!record)
		return ret;

	/* There is no room for more in what was found out of their BARs. */
	if (record->sriov.num_vfs <= iov->total_VFs) {
		adopt(iov, record);
		ret = 0;
	}
	pci_liveupdate_put_record(record);
	return ret;
}

/* Is the memory of their BARs claimed? */
static bool have_room(struct pci_dev *pdev)
{
	unsigned int i, found = 0;

	for (i = PCI_IOV_RESOURCES; i <= PCI_IOV_RESOURCE_END; i++)
		found += !!pdev->resource[i].parent;

	return found == pdev->sriov->nres;
}

static bool is_in_place(struct pci_dev *pdev, unsigned int bar)
{
	int place = pdev->sriov->pos + PCI_SRIOV_BAR + 4 * bar;
	struct resource *res = &pdev->resource[PCI_IOV_RESOURCES + bar];
	struct pci_bus_region region;
	u32 low, high = 0;

	if (!res->parent)
		return true;

	pcibios_resource_to_bus(pdev->bus, &region, res);
	pci_read_config_dword(pdev, place, &low);
	if (res->flags & IORESOURCE_MEM_64)
		pci_read_config_dword(pdev, place + 4, &high);

	return region.start == ((u64)high << 32 |
				(low & PCI_BASE_ADDRESS_MEM_MASK));
}

/* While there are virtual functions, they cannot be told that it was moved. */
static bool are_in_place(struct pci_dev *pdev)
{
	unsigned int i;

	for (i = 0; i < PCI_SRIOV_NUM_BARS; i++) {
		if (!is_in_place(pdev, i)) {
			pci_err(pdev, "virtual functions are not enumerated: there is no room for VF BAR %u where it is\n",
				i);
			return false;
		}
	}
	return true;
}

static bool has_vf(struct pci_dev *pdev, unsigned int id)
{
	struct pci_dev *vf =
		pci_get_domain_bus_and_slot(pci_domain_nr(pdev->bus),
					    pci_iov_virtfn_bus(pdev, id),
					    pci_iov_virtfn_devfn(pdev, id));

	pci_dev_put(vf);
	return vf;
}

/**
 * pci_liveupdate_add_vfs - enumerate virtual functions that run
 * @pdev: a device of any kind
 *
 * Nothing is done before their BARs are claimed, nor twice.
 *
 * Context: May sleep. Under the lock of rescan and remove.
 */
void pci_liveupdate_add_vfs(struct pci_dev *pdev)
{
	int ret;

	if (!pdev->is_physfn || !pci_liveupdate_is_incoming(pdev) ||
	    !pdev->sriov->num_VFs || !have_room(pdev) || has_vf(pdev, 0) ||
	    !are_in_place(pdev))
		return;

	ret = sriov_add_vfs(pdev, pdev->sriov->num_VFs);
	if (ret)
		pci_err(pdev, "virtual functions cannot be enumerated: %pe\n",
			ERR_PTR(ret));
}

/**
 * pci_liveupdate_remove_vfs - remove virtual functions with their physical one
 * @pdev: a device of any kind, which has no driver any more
 *
 * A driver does that itself; but there may have been none. Those that are awaited
 * run on.
 *
 * Context: May sleep. Under the lock of rescan and remove.
 */
void pci_liveupdate_remove_vfs(struct pci_dev *pdev)
{
	if (!pdev->is_physfn || !pdev->sriov->num_VFs)
		return;

	if (pci_liveupdate_is_incoming(pdev)) {
		sriov_del_vfs(pdev);
		pdev->sriov->num_VFs = 0;
	} else {
		pci_disable_sriov(pdev);
	}
}

/**
 * pci_liveupdate_keep_vfs - whether virtual functions must stay as many as they are
 * @pdev: the physical function
 *
 * Context: May sleep. Under the lock of the device.
 * Return: true, with a message, if it is preserved, or awaited.
 */
bool pci_liveupdate_keep_vfs(struct pci_dev *pdev)
{
	if (!pci_liveupdate_is_outgoing(pdev) &&
	    !pci_liveupdate_is_incoming(pdev))
		return false;

	pci_err(pdev, "the number of virtual functions cannot change before the update is finished\n");
	return true;
}

/* At boot, BARs are claimed when devices have been enumerated. */
static int __init add_all_vfs(void)
{
	struct pci_dev *pdev = NULL;

	pci_lock_rescan_remove();
	for_each_pci_dev(pdev)
		pci_liveupdate_add_vfs(pdev);
	pci_unlock_rescan_remove();
	return 0;
}
fs_initcall_sync(add_all_vfs);
