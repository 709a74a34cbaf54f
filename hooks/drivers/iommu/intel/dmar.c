// SPDX-License-Identifier: GPL-2.0

#include "../entry_sync.h"
#include "inval.h"

/* A submission is all from its first descriptor to its wait descriptor. */
static bool qi_is_within(int place, int index, int wait_index)
{
	int count = (wait_index - index + QI_LENGTH) % QI_LENGTH;

	return (place - index + QI_LENGTH) % QI_LENGTH <= count;
}

#if IS_ENABLED(CONFIG_INTEL_IOMMU_KUNIT_TEST)
int qi_look_for_fault(struct intel_iommu *iommu, int index, int wait_index)
{
	return qi_check_fault(iommu, index, wait_index);
}
#endif
