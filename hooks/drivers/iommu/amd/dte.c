// SPDX-License-Identifier: GPL-2.0
/*
 * AMD IOMMU: device table entries move by way of entry_sync
 */

#include <linux/container_of.h>
#include <linux/spinlock.h>

#include "../entry_sync.h"
#include "amd_iommu.h"

/* What hardware looks at even if there is no translation information */
#define DTE_DATA0_ALWAYS	(DTE_FLAG_V | DTE_FLAG_TV | DTE_FLAG_IR | DTE_FLAG_IW)
#define DTE_DATA1_ALWAYS	DTE_DATA1_SYSMGT_MASK

/* One update: what entry_sync knows of it, and whose entry is flushed */
struct dte_update {
	struct entry_sync es;
	struct amd_iommu *iommu;
	u16 devid;
};

/**
 * amd_iommu_dte_get_used - the bits of a device table entry that matter
 * @entry: the entry, four words
 * @used: gets the bits; comes zeroed
 *
 * &entry_sync_ops.get_used. What makes an entry present is TV: with V and
 * without TV it blocks, whereas without V it lets everything pass untranslated.
 * The interrupt fields do not depend on either. AMD I/O Virtualization
 * Technology specification, section 2.2.2.
 *
 * Context: Any.
 */
void amd_iommu_dte_get_used(const u64 *entry, u64 *used)
{
	used[0] = DTE_DATA0_ALWAYS;
	used[1] = DTE_DATA1_ALWAYS;
	used[2] = DTE_DATA2_INTR_MASK;
	used[3] = ~0ULL;
	if (!(entry[0] & DTE_FLAG_TV))
		return;

	used[0] |= DTE_MODE_MASK | DTE_FLAG_PPR | DTE_FLAG_GV;
	used[1] |= DTE_DOMID_MASK | DTE_FLAG_IOTLB;
	if (entry[0] & DTE_MODE_MASK)
		used[0] |= DTE_FLAG_HAD | DTE_HOST_TRP;
	if (entry[0] & DTE_FLAG_GV) {
		used[0] |= DTE_FLAG_GIOV | DTE_GLX | DTE_GCR3_14_12;
		used[1] |= DTE_GCR3_30_15 | DTE_GCR3_51_31;
		used[2] |= DTE_GPT_LEVEL_MASK;
	}
}

static void dte_sync(struct entry_sync *es, bool last)
{
	struct dte_update *update = container_of(es, struct dte_update, es);

	iommu_flush_dte_sync(update->iommu, update->devid);
}

static const struct entry_sync_ops dte_ops = {
	.get_used = amd_iommu_dte_get_used,
	.sync = dte_sync,
};

/**
 * amd_iommu_write_dte - move a device's live table entry to a new value
 * @iommu: the IOMMU
 * @dev_data: the device, or an alias of it
 * @new: the new value. Its interrupt fields do not count: the live ones stay
 *
 * Where the entry cannot change in one piece, it blocks DMA on the way.
 *
 * Context: Any. Takes the lock of the entry, and waits for the IOMMU under it.
 */
void amd_iommu_write_dte(struct amd_iommu *iommu, struct iommu_dev_data *dev_data,
			 const struct dev_table_entry *new)
{
	struct dev_table_entry *live = &get_dev_table(iommu)[dev_data->devid];
	struct dev_table_entry target = *new;
	struct dte_update update = {
		.es = {
			.ops = &dte_ops,
			.entry = live->data,
			.num_words = ARRAY_SIZE(live->data),
			.quantum_words = entry_sync_quantum_words(2),
			.present_mask = DTE_FLAG_TV,
			.clear_with_present = {
				~DTE_DATA0_ALWAYS, ~DTE_DATA1_ALWAYS,
			},
		},
		.iommu = iommu,
		.devid = dev_data->devid,
	};
	unsigned long flags;

	spin_lock_irqsave(&dev_data->dte_lock, flags);
	target.data[2] &= ~DTE_DATA2_INTR_MASK;
	target.data[2] |= live->data[2] & DTE_DATA2_INTR_MASK;
	entry_sync_write(&update.es, target.data);
	spin_unlock_irqrestore(&dev_data->dte_lock, flags);
}
