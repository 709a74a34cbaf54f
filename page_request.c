// SPDX-License-Identifier: GPL-2.0
/*
 * Page requests of a device that changes domains
 *
 * A request belongs to the domain by way of which the device did not get its
 * translation. When the new entry is live, some of the old domain may still be
 * in the device, on their way, in the queue, or with the old domain's handler.
 * The handler has been told of a request or never hears of it:
 *
 * - From the moment that the old attachment is not live any more until the core
 *   knows the new handler, requests of the PASID are answered with success and
 *   nobody is told. The device asks for the translation again, now by way of
 *   the new entry, and if there is none makes a request anew. So a request of
 *   the new domain never reaches the old handler, nor the other way round.
 * - A report that is under way when the attachment ends holds iopf_lock, so
 *   taking the lock waits for it; then the work that it has queued is waited for.
 *   What a handler in user space has not answered by then, the core ends.
 * - The unit is drained: all requests that the device made by way of the old
 *   entry are in the queue then, or the unit has answered them itself because
 *   the queue was full. When the queue has been read once, none is left.
 *
 * Each of these is bounded by what there is when it begins. A device that
 * faults all the time does not make it longer.
 */

#define dev_fmt(fmt)	"DMAR: " fmt

#include <linux/pci.h>
#include <linux/wait_bit.h>

#include "did.h"
#include "inval.h"
#include "page_request.h"
#include "../iommu-priv.h"

/* After so many overflows in a row nobody waits for an end of them. */
#define MAX_DRAINS	3

/* With the lock, as the record goes when its attachment ends */
static int judge_locked(struct device *dev, const struct dev_pasid_info *ap)
{
	struct iommu_domain *domain;

	if (!ap)
		return QI_RESP_INVALID;
	if (!READ_ONCE(ap->live))
		return QI_RESP_SUCCESS;

	domain = &ap->domain->domain;
	if (!domain->iopf_handler)
		return QI_RESP_INVALID;
	if (!iommu_handler_is_known(dev->iommu_group, ap->pasid, domain))
		return QI_RESP_SUCCESS;
	return PAGE_REQUEST_REPORT;
}

/**
 * page_request_judge - what to do with a page request
 * @dev: the device that made it
 * @pasid: its PASID, %IOMMU_NO_PASID if it has none
 *
 * Context: May sleep. The unit's iopf_lock is held until a report is made, which
 * is what page_requests_drain() waits for.
 * Return: %PAGE_REQUEST_REPORT: tell the handler; %QI_RESP_SUCCESS: the device
 * shall ask for the translation again; %QI_RESP_INVALID: nobody maps anything
 * for it.
 */
int page_request_judge(struct device *dev, u32 pasid)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);
	int code;

	lockdep_assert_held(&info->iommu->iopf_lock);
	xa_lock(&info->attachments);
	code = judge_locked(dev, attachment_of(info, pasid));
	xa_unlock(&info->attachments);
	return code;
}

/**
 * page_requests_read - tell those who wait that the queue has been read
 * @iommu: the unit; its head is where the tail was when reading began
 *
 * Context: May sleep. Called by the one thread that reads the queue.
 */
void page_requests_read(struct intel_iommu *iommu)
{
	store_release_wake_up(&iommu->prq_passes, iommu->prq_passes + 1);
}

static bool has_overflowed(struct intel_iommu *iommu)
{
	return readl(iommu->reg + DMAR_PRS_REG) & DMA_PRS_PRO;
}

static bool is_read(struct intel_iommu *iommu)
{
	return !((readq(iommu->reg + DMAR_PQH_REG) ^
		  readq(iommu->reg + DMAR_PQT_REG)) & PRQ_RING_MASK) &&
	       !has_overflowed(iommu);
}

/*
 * The pass under way may have begun before the last request was queued, the
 * next one reads it.
 */
static bool has_passed(struct intel_iommu *iommu, unsigned long passes)
{
	/* What the passes did is seen with their number: page_requests_read(). */
	return smp_load_acquire(&iommu->prq_passes) - passes >= 2;
}

static void wait_until_read(struct intel_iommu *iommu)
{
	unsigned long passes = READ_ONCE(iommu->prq_passes);

	wait_var_event(&iommu->prq_passes,
		       is_read(iommu) || has_passed(iommu, passes));
}

/*
 * VT-d spec, section 7.10: what the device and the root complex have of page
 * requests comes before their answers to the invalidations, and the wait
 * descriptor pushes it into the queue.
 */
static void drain_unit(struct device_domain_info *info,
		       const struct dev_pasid_info *from)
{
	struct intel_iommu *iommu = info->iommu;
	struct qi_batch batch;

	inv_init(&batch);
	inv_add(&batch, QI_IWD_FENCE | QI_IWD_TYPE);
	inv_translations(&batch, iommu, from->parent_unit ||
			 intel_domain_is_ss_paging(from->domain),
			 from->did, from->pasid);
	inv_devtlb(&batch, info, from->pasid);
	qi_submit_sync(iommu, batch.descs, batch.index, QI_OPT_WAIT_DRAIN);
}

/**
 * page_requests_drain - end the page requests of an attachment
 * @from: the attachment; another entry than its own is live, and nothing of
 *        its own is cached
 *
 * Afterwards nothing of @from is in the queue or on its way there, and its
 * domain's handler has nothing to do that the driver has told it of.
 *
 * While the queue overflows again and again, the unit answers requests itself,
 * and a drain is not known to be complete. After some tries that is left as it
 * is: the new domain's handler may be told of a request that was the old one's,
 * and asked for an address that it does not map.
 *
 * Context: May sleep. The group mutex is held, and no lock that a handler
 * needs.
 */
void page_requests_drain(const struct dev_pasid_info *from)
{
	struct device_domain_info *info = dev_iommu_priv_get(from->dev);
	struct intel_iommu *iommu = info->iommu;
	bool overflow = true;
	unsigned int i;

	if (!info->iopf_refcount)
		return;

	/*
	 * The last request of a group that has begun is answered without the
	 * others. Devices whose groups are none of our business ask again.
	 */
	scoped_guard(mutex, &iommu->iopf_lock)
		iopf_queue_discard_partial(iommu->iopf_queue);
	iopf_queue_flush_dev(from->dev);

	for (i = 0; overflow && i < MAX_DRAINS; i++) {
		drain_unit(info, from);
		overflow = has_overflowed(iommu);
		wait_until_read(iommu);
	}
	if (overflow)
		dev_warn_ratelimited(from->dev, "page requests overflow: the next domain may see some of the last one's\n");
}
