// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit test of the invalidation queue: errors, and waiting later
 *
 * Registers are memory. A status bit is cleared by writing it alone; so that one
 * can see it written, another bit is set besides.
 */

#include <kunit/test.h>

#include "../inval.h"

/* In what the driver prints about it, so that nobody takes it for another one */
#define REASON		0xe
#define MODEL		0x6d6f64656cULL

#define ERROR		DMA_FSTS_IQE
#define UNWRITTEN	(DMA_FSTS_IQE | DMA_FSTS_PFO)

struct queue {
	struct intel_iommu iommu;
	struct q_inval qi;
};

static struct qi_desc *desc_at(struct queue *queue, unsigned int place)
{
	return (struct qi_desc *)queue->qi.desc + place % QI_LENGTH;
}

static struct queue *make_queue(struct kunit *test)
{
	struct queue *queue = kunit_kzalloc(test, sizeof(*queue), GFP_KERNEL);
	void *reg = kunit_kzalloc(test, SZ_4K, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, queue);
	KUNIT_ASSERT_NOT_NULL(test, reg);
	queue->iommu.qi = &queue->qi;
	queue->iommu.ecap = BIT_ULL(43);	/* scalable mode: 32-byte descriptors */
	queue->iommu.reg = (void __iomem *)reg;
	queue->qi.desc = kunit_kcalloc(test, QI_LENGTH, sizeof(struct qi_desc),
				       GFP_KERNEL);
	queue->qi.desc_status = kunit_kcalloc(test, QI_LENGTH, sizeof(int),
					      GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, queue->qi.desc);
	KUNIT_ASSERT_NOT_NULL(test, queue->qi.desc_status);

	raw_spin_lock_init(&queue->qi.q_lock);
	queue->qi.free_cnt = QI_LENGTH;
	writeq(REASON, queue->iommu.reg + DMAR_IQER_REG);
	for (i = 0; i < QI_LENGTH; i++)
		desc_at(queue, i)->qw1 = MODEL;

	return queue;
}

/* The unit stops at @bad, in front of or in a submission, or behind it. */
static void check(struct kunit *test, unsigned int index, unsigned int count,
		  int bad)
{
	struct queue *queue = make_queue(test);
	struct intel_iommu *iommu = &queue->iommu;
	unsigned int wait = (index + count) % QI_LENGTH;
	unsigned int place = index + QI_LENGTH + bad;
	bool ours = bad >= 0 && bad <= count;
	int ret;

	desc_at(queue, wait)->qw0 = QI_IWD_TYPE;
	writel(place % QI_LENGTH * sizeof(struct qi_desc),
	       iommu->reg + DMAR_IQH_REG);
	writel(UNWRITTEN, iommu->reg + DMAR_FSTS_REG);
	ret = qi_look_for_fault(iommu, index, wait);

	KUNIT_EXPECT_EQ_MSG(test, ret, ours ? -EINVAL : 0,
			    "index %u count %u bad %d", index, count, bad);
	/* Cleared, and what stopped the unit waits for nothing. */
	KUNIT_EXPECT_EQ(test, readl(iommu->reg + DMAR_FSTS_REG),
			ours ? ERROR : UNWRITTEN);
	if (ours)
		KUNIT_EXPECT_EQ(test, desc_at(queue, place)->qw0, QI_IWD_TYPE);
}

/* Whichever descriptor of a submission is wrong, its sender clears the error. */
static void error_anywhere(struct kunit *test)
{
	static const unsigned int indices[] = { 0, 1, QI_LENGTH - 2, QI_LENGTH - 1 };
	unsigned int i, count;
	int bad;

	for (i = 0; i < ARRAY_SIZE(indices); i++)
		for (count = 1; count <= 4; count++)
			for (bad = -1; bad <= (int)count + 1; bad++)
				check(test, indices[i], count, bad);
}

/* What is sent without waiting keeps its places until it is waited for. */
static void post(struct kunit *test, unsigned int index, unsigned int count,
		 int status, int expected)
{
	struct queue *queue = make_queue(test);
	struct intel_iommu *iommu = &queue->iommu;
	struct q_inval *qi = &queue->qi;
	unsigned int wait = (index + count) % QI_LENGTH;
	unsigned int end = (wait + 1) % QI_LENGTH, i;
	struct qi_desc desc[4] = {};

	qi->free_head = index;
	qi->free_tail = index;
	KUNIT_EXPECT_EQ(test, index,
			qi_submit_sync(iommu, desc, count, QI_OPT_POST));
	KUNIT_EXPECT_EQ(test, readl(iommu->reg + DMAR_IQT_REG),
			end * sizeof(struct qi_desc));
	KUNIT_EXPECT_EQ(test, desc_at(queue, wait)->qw1,
			virt_to_phys(&qi->desc_status[wait]));
	KUNIT_EXPECT_EQ(test, qi->free_cnt, QI_LENGTH - count - 1);

	/* As the unit does */
	qi->desc_status[wait] = status;
	scoped_guard(irqsave)
		KUNIT_EXPECT_EQ(test, qi_wait(iommu, index, count), expected);
	KUNIT_EXPECT_EQ(test, qi->free_cnt, QI_LENGTH);
	KUNIT_EXPECT_EQ(test, qi->free_tail, end);
	for (i = 0; i < QI_LENGTH; i++)
		KUNIT_EXPECT_EQ(test, qi->desc_status[i], QI_FREE);
}

static void waits_later(struct kunit *test)
{
	unsigned int count;

	for (count = 1; count <= 4; count++) {
		post(test, 0, count, QI_DONE, 0);
		post(test, QI_LENGTH - 2, count, QI_DONE, 0);
		post(test, QI_LENGTH - 2, count, QI_ABORT, -EAGAIN);
	}
}

static struct kunit_case queue_cases[] = {
	KUNIT_CASE(error_anywhere),
	KUNIT_CASE(waits_later),
	{}
};

static struct kunit_suite queue_suite = {
	.name = "intel_queue",
	.test_cases = queue_cases,
};

kunit_test_suite(queue_suite);
