// SPDX-License-Identifier: GPL-2.0

/* Step: inval */
#include "../entry_sync.h"
#include "inval.h"

/* Step: qi-fault */
/* A submission is all from its first descriptor to its wait descriptor. */
static bool qi_is_within(int place, int index, int wait_index)
{
	int count = (wait_index - index + QI_LENGTH) % QI_LENGTH;

	return (place - index + QI_LENGTH) % QI_LENGTH <= count;
}

/* Step: inval */
/*
 * The second half of qi_submit_sync(), under the queue's lock; interrupts are off
 * since the first. One that sent something in between could wait for ever for a
 * place that only this call makes free.
 */
static inline int qi_complete(struct intel_iommu *iommu, int index, int count)
{
	int rc = 0, last = (index + count) % QI_LENGTH;
	struct q_inval *qi = iommu->qi;

	while (READ_ONCE(qi->desc_status[last]) != QI_DONE) {
		rc = qi_check_fault(iommu, index, last);
		if (rc)
			break;
		raw_spin_unlock(&qi->q_lock);
		cpu_relax();
		raw_spin_lock(&qi->q_lock);
	}

	for (; count >= 0; count--)
		qi->desc_status[(index + count) % QI_LENGTH] = QI_FREE;
	reclaim_free_desc(qi);
	return rc;
}

/**
 * qi_wait - wait for what was submitted with %QI_OPT_POST
 * @iommu: the unit
 * @index: what qi_submit_sync() returned
 * @count: number of descriptors
 *
 * Context: Any, with interrupts off since then. Spins until the unit has
 * completed them.
 * Return: 0; -EAGAIN if a device's answer to somebody's request has timed out,
 * which has aborted all: submit them again; -EINVAL for a descriptor that the
 * unit rejects; -ETIMEDOUT if the device is gone.
 */
int qi_wait(struct intel_iommu *iommu, int index, int count)
{
	KUNIT_STATIC_STUB_REDIRECT(qi_wait, iommu, index, count);

	lockdep_assert_irqs_disabled();
	guard(raw_spinlock)(&iommu->qi->q_lock);
	return qi_complete(iommu, index, count);
}

#if IS_ENABLED(CONFIG_INTEL_IOMMU_KUNIT_TEST)
int qi_look_for_fault(struct intel_iommu *iommu, int index, int wait_index)
{
	return qi_check_fault(iommu, index, wait_index);
}
#endif
