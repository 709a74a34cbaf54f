// SPDX-License-Identifier: GPL-2.0

#include "liveupdate_boot.h"
#include "liveupdate_out.h"

#ifdef CONFIG_INTEL_IOMMU_LIVEUPDATE
/* How many bits an index into a page full of entries has, less one */
#define IRTA_SIZE_OF_PAGE	7

/**
 * intel_irq_remapping_is_set_up - whether a unit remaps interrupts
 * @iommu: the unit
 *
 * Context: Any.
 * Return: true if it does.
 */
bool intel_irq_remapping_is_set_up(struct intel_iommu *iommu)
{
	KUNIT_STATIC_STUB_REDIRECT(intel_irq_remapping_is_set_up, iommu);

	return iommu->ir_table;
}

/**
 * intel_irq_remapping_hand_over - let no interrupt through for the time of a jump
 * @iommu: a unit
 * @table: a page that is all zero: a table in which every entry is absent
 *
 * Where the table was until now, the next kernel may have anything. Posted
 * interrupts end with it.
 *
 * Context: The last CPU, on its way to the next kernel.
 */
void intel_irq_remapping_hand_over(struct intel_iommu *iommu, phys_addr_t table)
{
	iommu_set_irta(iommu, table | IR_X2APIC_MODE(eim_mode) |
		       IRTA_SIZE_OF_PAGE);
}
#endif
