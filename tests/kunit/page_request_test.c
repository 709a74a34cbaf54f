// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit test of page requests while their device changes domains
 *
 * Group, handles and queue of the core are real, and so is the thread's
 * function that reads the unit's queue. The unit and the device are the test's:
 * a device that is told to ask again does so at once, if it is impatient.
 */

#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/delay.h>
#include <linux/dmar.h>
#include <linux/kthread.h>
#include <linux/pci.h>

#include "../iommu.h"
#include "../page_request.h"
#include "../pasid.h"
#include "../../iommu-pages.h"
#include "../../iommu-priv.h"

#define PASID		3
#define RID		0x0810
#define OLD_DID		5
#define PATIENCE	(10 * HZ)

/* VT-d spec, section 7.5.1.1 */
#define REQUEST_PASID		BIT_ULL(8)
#define REQUEST_WRITE		BIT_ULL(1)
#define REQUEST_LAST		BIT_ULL(2)

/* What a handler was told */
struct told {
	unsigned int groups;
	unsigned int pages;
	u64 addr;
};

/* A domain with a handler, which takes its time if it is slow */
struct faulting {
	struct dmar_domain domain;
	struct iommu_attach_handle handle;
	struct told told;
	bool slow;
};

/**
 * struct stage - all there is
 * @test: the test
 * @iommu: the driver's record of the unit
 * @reg: its registers
 * @info: the driver's record of the device
 * @pdev: the device
 * @dev_iommu: what the core knows of it
 * @old: what is attached first
 * @new: and then
 * @from: the attachment of @old
 * @to: the attachment of @new
 * @answers: to page requests, by response code
 * @answered_pasid: whose was the last request that was answered, 0 for none
 * @answered_group: in which group
 * @drain: the submission with which the unit was drained last
 * @drains: how often it was
 * @impatient: the device repeats a request that is answered with success
 * @overflows: and fills the queue while it is drained
 */
struct stage {
	struct kunit *test;
	struct intel_iommu iommu;
	void __iomem *reg;
	struct device_domain_info info;
	struct pci_dev pdev;
	struct dev_iommu dev_iommu;
	struct faulting old;
	struct faulting new;
	struct dev_pasid_info from;
	struct dev_pasid_info to;
	unsigned int answers[16];
	u32 answered_pasid;
	unsigned int answered_group;
	struct qi_desc drain[4];
	unsigned int drains;
	bool impatient;
	bool overflows;
};

static struct stage *stage_of(struct kunit *test)
{
	return test->priv;
}

static u64 read_ptr(struct stage *stage, unsigned int reg)
{
	return readq(stage->reg + reg) & PRQ_RING_MASK;
}

/* The device asks for a page. */
static void request(struct stage *stage, u32 pasid, unsigned int group, u64 addr,
		    bool last)
{
	u64 (*queue)[4] = (void *)stage->iommu.prq;
	u64 tail = read_ptr(stage, DMAR_PQT_REG);
	u64 *req = queue[tail / sizeof(*queue)];

	req[0] = 1 | (u64)RID << 16 | (u64)pasid << 32 |
		 (pasid ? REQUEST_PASID : 0);
	req[1] = addr | group << 3 | REQUEST_WRITE | (last ? REQUEST_LAST : 0);
	req[2] = 0;
	req[3] = 0;
	writeq((tail + sizeof(*queue)) & PRQ_RING_MASK,
	       stage->reg + DMAR_PQT_REG);
}

/* What is written to the status register clears it. */
static void read_queue(struct stage *stage)
{
	prq_read_queue(&stage->iommu);
	writel(0, stage->reg + DMAR_PRS_REG);
}

static void take_answer(struct stage *stage, const struct qi_desc *desc)
{
	unsigned int code = desc->qw0 >> 12 & 0xf;
	u32 pasid = desc->qw0 & BIT(4) ? desc->qw0 >> 32 & 0xfffff : 0;

	stage->answers[code]++;
	stage->answered_pasid = pasid;
	stage->answered_group = desc->qw1 >> 3 & 0x1ff;
	KUNIT_EXPECT_EQ(stage->test, desc->qw0 >> 16 & 0xffff, RID);
	if (stage->impatient && code == QI_RESP_SUCCESS)
		request(stage, pasid, desc->qw1 >> 3, 0x5000, true);
}

static int submit(struct intel_iommu *iommu, struct qi_desc *desc,
		  unsigned int count, unsigned long options)
{
	struct stage *stage = container_of(iommu, struct stage, iommu);
	unsigned int i;

	for (i = 0; i < count; i++)
		if ((desc[i].qw0 & 0xf) == QI_PGRP_RESP_TYPE)
			take_answer(stage, &desc[i]);

	if (options & QI_OPT_WAIT_DRAIN) {
		KUNIT_EXPECT_LE(stage->test, count, ARRAY_SIZE(stage->drain));
		memset(stage->drain, 0, sizeof(stage->drain));
		memcpy(stage->drain, desc, min(sizeof(stage->drain),
					       count * sizeof(*desc)));
		stage->drains++;
		if (stage->overflows)
			writel(DMA_PRS_PRO, stage->reg + DMAR_PRS_REG);
	}
	return 0;
}

static struct faulting *faulting_of(struct iopf_group *group)
{
	struct iommu_domain *domain = group->attach_handle->domain;
	struct dmar_domain *dmar_domain = to_dmar_domain(domain);

	return container_of(dmar_domain, struct faulting, domain);
}

static void tell(struct iopf_group *group)
{
	struct faulting *faulting = faulting_of(group);

	faulting->told.groups++;
	faulting->told.pages += group->fault_count;
	faulting->told.addr = group->last_fault.fault.prm.addr;
	iopf_group_response(group, IOMMU_PAGE_RESP_SUCCESS);
	iopf_free_group(group);
}

static void tell_late(struct work_struct *work)
{
	msleep(100);
	tell(container_of(work, struct iopf_group, work));
}

static int handle(struct iopf_group *group)
{
	if (!faulting_of(group)->slow) {
		tell(group);
		return 0;
	}
	INIT_WORK(&group->work, tell_late);
	queue_work(group->fault_param->queue->wq, &group->work);
	return 0;
}

static void make_faulting(struct stage *stage, struct faulting *faulting,
			  struct dev_pasid_info *ap)
{
	faulting->domain.domain.type = IOMMU_DOMAIN_NESTED;
	faulting->domain.domain.ops = intel_iommu_ops.default_domain_ops;
	faulting->domain.domain.owner = &intel_iommu_ops;
	faulting->domain.domain.iopf_handler = handle;
	faulting->handle.domain = &faulting->domain.domain;
	*ap = (struct dev_pasid_info){
		.dev = &stage->pdev.dev,
		.domain = &faulting->domain,
		.did = OLD_DID,
	};
}

static void free_group(void *group)
{
	iommu_group_forget(group);
	iommu_group_put(group);
}

static void free_queue(void *queue)
{
	iopf_queue_free(queue);
}

static void destroy_attachments(void *attachments)
{
	xa_destroy(attachments);
}

static void make_device(struct stage *stage)
{
	struct kunit *test = stage->test;
	struct device *dev = &stage->pdev.dev;
	struct iommu_group *group = iommu_group_alloc();

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, group);
	kunit_add_action(test, free_group, group);

	device_initialize(dev);
	dev->init_name = "page request model";
	dev->bus = &pci_bus_type;
	dev->iommu_group = group;
	dev->iommu = &stage->dev_iommu;
	mutex_init(&stage->dev_iommu.lock);
	stage->dev_iommu.iommu_dev = &stage->iommu.iommu;
	stage->dev_iommu.priv = &stage->info;

	stage->info.dev = dev;
	stage->info.iommu = &stage->iommu;
	stage->info.bus = RID >> 8;
	stage->info.devfn = RID & 0xff;
	stage->info.iopf_refcount = 1;
	xa_init(&stage->info.attachments);
	kunit_add_action(test, destroy_attachments, &stage->info.attachments);
	rb_link_node(&stage->info.node, NULL,
		     &stage->iommu.device_rbtree.rb_node);
	rb_insert_color(&stage->info.node, &stage->iommu.device_rbtree);
	KUNIT_ASSERT_EQ(test, 0,
			iopf_queue_add_device(stage->iommu.iopf_queue, dev));
}

/* The core learns whose handler it is. */
static void tell_core(struct stage *stage, struct faulting *faulting)
{
	KUNIT_ASSERT_EQ(stage->test, 0,
			iommu_replace_group_handle(stage->pdev.dev.iommu_group,
						   &faulting->domain.domain,
						   &faulting->handle));
}

static void attach(struct stage *stage, struct dev_pasid_info *ap)
{
	ap->live = true;
	if (ap->pasid == IOMMU_NO_PASID)
		stage->info.attachment = ap;
	else
		xa_store(&stage->info.attachments, ap->pasid, ap, GFP_KERNEL);
}

static int stage_init(struct kunit *test)
{
	struct stage *stage = kunit_kzalloc(test, sizeof(*stage), GFP_KERNEL);
	void *reg = kunit_kzalloc(test, SZ_4K, GFP_KERNEL);
	struct intel_iommu *iommu;

	KUNIT_ASSERT_NOT_NULL(test, stage);
	KUNIT_ASSERT_NOT_NULL(test, reg);
	test->priv = stage;
	stage->test = test;
	stage->reg = (void __iomem *)reg;

	iommu = &stage->iommu;
	iommu->reg = stage->reg;
	strscpy(iommu->name, "model");
	iommu->prq = kunit_kzalloc(test, PRQ_SIZE, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, iommu->prq);
	iommu->iommu.ops = &intel_iommu_ops;
	mutex_init(&iommu->iopf_lock);
	spin_lock_init(&iommu->device_rbtree_lock);
	iommu->iopf_queue = iopf_queue_alloc("model");
	KUNIT_ASSERT_NOT_NULL(test, iommu->iopf_queue);
	kunit_add_action(test, free_queue, iommu->iopf_queue);

	kunit_activate_static_stub(test, qi_submit_sync, submit);
	make_device(stage);
	make_faulting(stage, &stage->old, &stage->from);
	make_faulting(stage, &stage->new, &stage->to);
	attach(stage, &stage->from);
	tell_core(stage, &stage->old);
	return 0;
}

static void expect_told(struct kunit *test, struct faulting *faulting,
			unsigned int groups)
{
	KUNIT_EXPECT_EQ(test, faulting->told.groups, groups);
}

/* A request reaches the handler of the domain that it is about, or none. */
static void handlers(struct kunit *test)
{
	struct stage *stage = stage_of(test);

	request(stage, 0, 1, 0x1000, true);
	read_queue(stage);
	expect_told(test, &stage->old, 1);
	KUNIT_EXPECT_EQ(test, stage->old.told.addr, 0x1000);

	/* The new entry is live; the record is still that of the old one. */
	stage->from.live = false;
	request(stage, 0, 2, 0x2000, false);
	request(stage, 0, 2, 0x3000, true);
	read_queue(stage);
	expect_told(test, &stage->old, 1);
	KUNIT_EXPECT_EQ(test, stage->answers[QI_RESP_SUCCESS], 2);

	/* The core still has the old handle. */
	attach(stage, &stage->to);
	request(stage, 0, 3, 0x4000, true);
	read_queue(stage);
	expect_told(test, &stage->old, 1);
	expect_told(test, &stage->new, 0);
	KUNIT_EXPECT_EQ(test, stage->answers[QI_RESP_SUCCESS], 3);

	tell_core(stage, &stage->new);
	request(stage, 0, 4, 0x5000, true);
	read_queue(stage);
	expect_told(test, &stage->old, 1);
	expect_told(test, &stage->new, 1);
	KUNIT_EXPECT_EQ(test, stage->new.told.addr, 0x5000);
	KUNIT_EXPECT_EQ(test, stage->answers[QI_RESP_INVALID], 0);
}

/* Where nobody would map anything, the device need not ask again. */
static void nobody(struct kunit *test)
{
	struct stage *stage = stage_of(test);

	request(stage, PASID, 1, 0x1000, true);
	read_queue(stage);
	KUNIT_EXPECT_EQ(test, stage->answers[QI_RESP_INVALID], 1);
	KUNIT_EXPECT_EQ(test, stage->answered_pasid, PASID);
	KUNIT_EXPECT_EQ(test, stage->answered_group, 1);

	/* Detached, and the core is about to forget the handle. */
	stage->info.attachment = NULL;
	request(stage, 0, 2, 0x1000, true);
	read_queue(stage);
	KUNIT_EXPECT_EQ(test, stage->answers[QI_RESP_INVALID], 2);

	/* The new domain has no handler. */
	stage->new.domain.domain.iopf_handler = NULL;
	attach(stage, &stage->to);
	request(stage, 0, 3, 0x1000, true);
	read_queue(stage);
	KUNIT_EXPECT_EQ(test, stage->answers[QI_RESP_INVALID], 3);
	expect_told(test, &stage->old, 0);
	KUNIT_EXPECT_EQ(test, stage->answers[QI_RESP_SUCCESS], 0);
}

/* What the old handler was told of, it has had when the attach returns. */
static void handler_ends(struct kunit *test)
{
	struct stage *stage = stage_of(test);

	stage->old.slow = true;
	request(stage, 0, 1, 0x1000, true);
	read_queue(stage);
	expect_told(test, &stage->old, 0);
	stage->from.live = false;
	page_requests_drain(&stage->from);
	expect_told(test, &stage->old, 1);
}

/* A group that the old domain has begun is not the new one's to end. */
static void groups(struct kunit *test)
{
	struct stage *stage = stage_of(test);

	request(stage, 0, 7, 0x1000, false);
	read_queue(stage);
	stage->from.live = false;
	page_requests_drain(&stage->from);

	attach(stage, &stage->to);
	tell_core(stage, &stage->new);
	request(stage, 0, 7, 0x2000, true);
	read_queue(stage);
	expect_told(test, &stage->old, 0);
	expect_told(test, &stage->new, 1);
	KUNIT_EXPECT_EQ(test, stage->new.told.pages, 1);
}

static void expect_drain(struct stage *stage, u64 type, unsigned int did,
			 unsigned int did_shift)
{
	struct kunit *test = stage->test;

	page_requests_drain(&stage->from);
	KUNIT_EXPECT_EQ(test, stage->drain[0].qw0,
			QI_IWD_FENCE | QI_IWD_TYPE);
	KUNIT_EXPECT_EQ(test, stage->drain[1].qw0 & 0xf, type);
	KUNIT_EXPECT_EQ(test, stage->drain[1].qw0 >> did_shift & 0xffff, did);
}

/* The unit is drained of what was replaced, whatever there is now. */
static void tags(struct kunit *test)
{
	struct stage *stage = stage_of(test);
	struct domain_unit *parent = kunit_kzalloc(test, 1, GFP_KERNEL);

	stage->from.live = false;
	stage->from.pasid = PASID;
	stage->old.domain.domain.type = IOMMU_DOMAIN_SVA;
	expect_drain(stage, QI_EIOTLB_TYPE, OLD_DID, 16);
	KUNIT_EXPECT_EQ(test, stage->drain[1].qw0 >> 32 & 0xfffff, PASID);

	stage->from.parent_unit = parent;
	expect_drain(stage, QI_IOTLB_TYPE, OLD_DID, 16);
	stage->from.parent_unit = NULL;

	/* Nor is it the DID of what else the device has. */
	stage->from.did = OLD_DID + 1;
	expect_drain(stage, QI_EIOTLB_TYPE, OLD_DID + 1, 16);
	KUNIT_EXPECT_EQ(test, stage->drains, 3);
}

static int read_all_the_time(void *data)
{
	struct stage *stage = data;

	current->kunit_test = stage->test;
	while (!kthread_should_stop()) {
		read_queue(stage);
		usleep_range(50, 100);
	}
	return 0;
}

/* A queue that is full again each time that it was read */
static int overflow_all_the_time(void *data)
{
	struct stage *stage = data;

	while (!kthread_should_stop()) {
		page_requests_read(&stage->iommu);
		usleep_range(50, 100);
	}
	return 0;
}

struct drainer {
	struct stage *stage;
	struct completion done;
};

static int drain(void *data)
{
	struct drainer *drainer = data;

	current->kunit_test = drainer->stage->test;
	page_requests_drain(&drainer->stage->from);
	complete(&drainer->done);
	return 0;
}

/* Drains in threads of their own: a test that fails shall not hang. */
static void expect_end(struct stage *stage, struct drainer *drainers,
		       unsigned int num)
{
	unsigned int i;

	for (i = 0; i < num; i++) {
		drainers[i].stage = stage;
		init_completion(&drainers[i].done);
		kthread_run(drain, &drainers[i], "drain");
	}
	for (i = 0; i < num; i++)
		KUNIT_ASSERT_NE(stage->test, 0,
				wait_for_completion_timeout(&drainers[i].done,
							    PATIENCE));
}

static struct drainer *make_drainers(struct kunit *test, unsigned int num)
{
	/* A drain without end outlives the test. */
	struct drainer *drainers = kcalloc(num, sizeof(*drainers), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, drainers);
	return drainers;
}

/* A device that faults all the time does not keep an attach from its end. */
static void steady_faults(struct kunit *test)
{
	struct stage *stage = stage_of(test);
	struct drainer *drainers = make_drainers(test, 1);
	struct task_struct *reader;

	stage->impatient = true;
	stage->from.live = false;
	request(stage, 0, 1, 0x1000, true);
	reader = kthread_run(read_all_the_time, stage, "read");
	KUNIT_ASSERT_FALSE(test, IS_ERR(reader));
	expect_end(stage, drainers, 1);
	kthread_stop(reader);
	KUNIT_EXPECT_EQ(test, stage->drains, 1);
	expect_told(test, &stage->old, 0);
	kfree(drainers);
}

/* Nor does a queue that is always full. */
static void steady_overflow(struct kunit *test)
{
	struct stage *stage = stage_of(test);
	struct drainer *drainers = make_drainers(test, 1);
	struct task_struct *reader;

	stage->overflows = true;
	stage->from.live = false;
	reader = kthread_run(overflow_all_the_time, stage, "read");
	KUNIT_ASSERT_FALSE(test, IS_ERR(reader));
	expect_end(stage, drainers, 1);
	kthread_stop(reader);
	KUNIT_EXPECT_EQ(test, stage->drains, 3);
	kfree(drainers);
}

/* Whoever waits for the queue goes on when it was read. */
static void many_wait(struct kunit *test)
{
	struct stage *stage = stage_of(test);
	struct drainer *drainers = make_drainers(test, 3);
	struct task_struct *reader;

	stage->from.live = false;
	request(stage, 0, 1, 0x1000, true);
	reader = kthread_run(read_all_the_time, stage, "read");
	KUNIT_ASSERT_FALSE(test, IS_ERR(reader));
	expect_end(stage, drainers, 3);
	kthread_stop(reader);
	KUNIT_EXPECT_EQ(test, stage->answers[QI_RESP_SUCCESS], 1);
	kfree(drainers);
}

static struct drainer *begin_drain(struct stage *stage)
{
	struct drainer *drainer = make_drainers(stage->test, 1);

	drainer->stage = stage;
	init_completion(&drainer->done);
	kthread_run(drain, drainer, "drain");
	return drainer;
}

static void expect_waiting(struct kunit *test, struct drainer *drainer)
{
	KUNIT_EXPECT_EQ(test, 0,
			wait_for_completion_timeout(&drainer->done, HZ / 5));
}

static void end_drain(struct kunit *test, struct drainer *drainer)
{
	KUNIT_ASSERT_NE(test, 0,
			wait_for_completion_timeout(&drainer->done, PATIENCE));
	kfree(drainer);
}

/* A drain does not return before what was queued has been read. */
static void queue_is_read(struct kunit *test)
{
	struct stage *stage = stage_of(test);
	struct drainer *drainer;

	stage->from.live = false;
	request(stage, 0, 1, 0x1000, true);
	drainer = begin_drain(stage);
	expect_waiting(test, drainer);
	read_queue(stage);
	end_drain(test, drainer);
}

/* A pass that is under way may have begun before what was queued last. */
static void pass_has_begun(struct kunit *test)
{
	struct stage *stage = stage_of(test);
	struct drainer *drainer;

	stage->from.live = false;
	request(stage, 0, 1, 0x1000, true);
	drainer = begin_drain(stage);
	expect_waiting(test, drainer);
	page_requests_read(&stage->iommu);
	expect_waiting(test, drainer);
	page_requests_read(&stage->iommu);
	end_drain(test, drainer);
}

/* Nor before a report that is under way has been made. */
static void report_is_made(struct kunit *test)
{
	struct stage *stage = stage_of(test);
	struct drainer *drainer;

	scoped_guard(mutex, &stage->iommu.iopf_lock) {
		drainer = begin_drain(stage);
		expect_waiting(test, drainer);
	}
	end_drain(test, drainer);
}

static struct kunit_case page_request_cases[] = {
	KUNIT_CASE(handlers),
	KUNIT_CASE(nobody),
	KUNIT_CASE(handler_ends),
	KUNIT_CASE(groups),
	KUNIT_CASE(tags),
	KUNIT_CASE(queue_is_read),
	KUNIT_CASE(pass_has_begun),
	KUNIT_CASE(report_is_made),
	KUNIT_CASE(steady_faults),
	KUNIT_CASE(steady_overflow),
	KUNIT_CASE(many_wait),
	{}
};

static struct kunit_suite page_request_suite = {
	.name = "intel_page_request",
	.init = stage_init,
	.test_cases = page_request_cases,
};

kunit_test_suite(page_request_suite);
