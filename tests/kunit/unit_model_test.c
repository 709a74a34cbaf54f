// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the model of the unit: it must notice what drivers get wrong
 *
 * By hand, and with one mistake at a time, a device is moved from one second
 * stage to another. Other devices stay on both.
 */

#include <kunit/test.h>

#include "attach_world.h"
#include "../../entry_sync.h"
#include "../inval.h"
#include "../iommu.h"
#include "../pasid.h"
#include "unit_model.h"

enum mistake {
	MISTAKE_NONE,
	MISTAKE_PLAIN_WRITE,
	MISTAKE_HALF_A_QUANTUM,
	MISTAKE_OTHER_TABLE,
	MISTAKE_NO_FLUSH,
	MISTAKE_NO_PASID_CACHE,
	MISTAKE_PASID_CACHE_BY_NEW_DID,
	MISTAKE_NO_FENCE,
	MISTAKE_NO_IOTLB,
	MISTAKE_IOTLB_BY_NEW_DID,
	MISTAKE_IOTLB_BY_PASID,
	MISTAKE_NO_ATC,
	MISTAKE_ATC_OF_OTHER_PASID,
	MISTAKE_ATC_BEFORE_IOTLB,
	MISTAKE_ATC_WITHOUT_FENCE,
};

struct unit_model_case {
	const char *name;
	enum mistake mistake;
	const char *failure;
};

static const struct unit_model_case unit_model_params[] = {
	{ "no mistake", MISTAKE_NONE, "" },
	{ "plain write", MISTAKE_PLAIN_WRITE, "not written by entry_sync" },
	{ "half a quantum", MISTAKE_HALF_A_QUANTUM, "not of one quantum" },
	{ "pointer to no table", MISTAKE_OTHER_TABLE, "torn entry" },
	{ "no flush", MISTAKE_NO_FLUSH, "IOTLB has" },
	{ "no PASID-cache", MISTAKE_NO_PASID_CACHE, "IOTLB has" },
	{ "PASID-cache by new DID", MISTAKE_PASID_CACHE_BY_NEW_DID, "IOTLB has" },
	{ "no fence", MISTAKE_NO_FENCE, "device: IOTLB has" },
	{ "no IOTLB", MISTAKE_NO_IOTLB, "IOTLB has" },
	{ "IOTLB by new DID", MISTAKE_IOTLB_BY_NEW_DID, "IOTLB has" },
	{ "IOTLB by PASID", MISTAKE_IOTLB_BY_PASID, "IOTLB has" },
	{ "no ATC", MISTAKE_NO_ATC, "device: ATC has" },
	{ "ATC of other PASID", MISTAKE_ATC_OF_OTHER_PASID, "device: ATC has" },
	{ "ATC before IOTLB", MISTAKE_ATC_BEFORE_IOTLB, "device: ATC has" },
	{ "ATC without fence", MISTAKE_ATC_WITHOUT_FENCE, "device: ATC has" },
};

KUNIT_ARRAY_PARAM_DESC(unit_model, unit_model_params, name);

static void store_entry(struct unit_device *ud, const u64 *words,
			enum mistake mistake)
{
	u64 to[2] = { words[0], words[1] };

	/* A page that is nobody's table; the one next to a table may be one. */
	if (mistake == MISTAKE_OTHER_TABLE)
		to[0] = page_to_phys(ZERO_PAGE(0)) | (to[0] & ~VTD_PAGE_MASK);

	if (mistake == MISTAKE_PLAIN_WRITE)
		memcpy(ud->live, to, sizeof(to));
	else if (mistake == MISTAKE_HALF_A_QUANTUM)
		entry_sync_store(ud->live, to, 1);
	else
		entry_sync_store(ud->live, to, 2);
}

static void add_atc(struct qi_batch *batch, struct device_domain_info *info,
		    u32 pasid, enum mistake mistake)
{
	u16 sid = PCI_DEVID(info->bus, info->devfn);

	if (mistake != MISTAKE_ATC_WITHOUT_FENCE) {
		inv_devtlb(batch, info, pasid);
		return;
	}
	qi_desc_dev_iotlb(sid, 0, 0, 0, MAX_AGAW_PFN_WIDTH,
			  &batch->descs[batch->index++]);
}

static void add_iotlb(struct qi_batch *batch, struct intel_iommu *iommu,
		      u16 did, enum mistake mistake)
{
	if (mistake == MISTAKE_IOTLB_BY_PASID)
		inv_piotlb(batch, did, IOMMU_NO_PASID);
	else if (mistake != MISTAKE_NO_IOTLB)
		inv_iotlb(batch, iommu, did, DMA_TLB_DSI_FLUSH);
}

static void invalidate(struct unit_device *ud, u16 old, u16 new,
		       enum mistake mistake)
{
	u16 entry_did = mistake == MISTAKE_PASID_CACHE_BY_NEW_DID ? new : old;
	u32 atc_pasid = mistake == MISTAKE_ATC_OF_OTHER_PASID ? 7 : ud->pasid;
	u16 did = mistake == MISTAKE_IOTLB_BY_NEW_DID ? new : old;
	struct intel_iommu *iommu = ud->info->iommu;
	struct qi_batch batch;

	inv_init(&batch);
	if (mistake != MISTAKE_NO_PASID_CACHE)
		inv_pasid_cache(&batch, entry_did, ud->pasid, QI_PC_PASID_SEL);
	if (mistake != MISTAKE_NO_FENCE)
		inv_fence(&batch);
	if (mistake != MISTAKE_ATC_BEFORE_IOTLB)
		add_iotlb(&batch, iommu, did, mistake);
	if (mistake != MISTAKE_NO_ATC)
		add_atc(&batch, ud->info, atc_pasid, mistake);
	if (mistake == MISTAKE_ATC_BEFORE_IOTLB) {
		inv_fence(&batch);
		add_iotlb(&batch, iommu, did, mistake);
	}
	inv_submit(&batch, iommu);
}

static void notices(struct kunit *test)
{
	const struct world_config config = {
		.scalable = true,
		.ats = true,
		.incoherent = true,
		.quantum_words = 2,
	};
	const struct unit_model_case *param = test->param_value;
	struct attach_world *world;
	struct unit_device *ud;
	u64 old[2], new[2];
	const char *found;

	world = attach_world_make(test, &config);
	ud = &world->unit.device[WORLD_DEVICE];
	KUNIT_ASSERT_EQ(test, world_attach(world, WORLD_DEVICE, WORLD_SS).ret, 0);
	KUNIT_ASSERT_EQ(test, world_attach(world, WORLD_OLD_SHARER, WORLD_SS).ret,
			0);
	KUNIT_ASSERT_EQ(test,
			world_attach(world, WORLD_NEW_SHARER, WORLD_PARENT).ret, 0);
	KUNIT_ASSERT_STREQ(test, world->unit.failure, "");
	memcpy(old, ud->live, sizeof(old));
	memcpy(new, world->unit.device[WORLD_NEW_SHARER].live, sizeof(new));

	unit_change_begin(&world->unit, ud, &world->domain[WORLD_SS].grant,
			  &world->domain[WORLD_PARENT].grant);
	store_entry(ud, new, param->mistake);
	if (param->mistake != MISTAKE_NO_FLUSH)
		__iommu_flush_cache(&world->iommu, ud->live, sizeof(new));
	invalidate(ud, FIELD_GET(PASID_PE_DID, old[1]),
		   FIELD_GET(PASID_PE_DID, new[1]), param->mistake);
	unit_change_end(&world->unit, ud, &world->domain[WORLD_PARENT].grant);

	found = strstr(world->unit.failure, param->failure);
	KUNIT_EXPECT_TRUE_MSG(test, found && (*found || !*param->failure),
			      "found: '%s'", world->unit.failure);

	/* The driver knows nothing of all this. */
	store_entry(ud, old, MISTAKE_NONE);
	__iommu_flush_cache(&world->iommu, ud->live, sizeof(old));
	unit_reset(&world->unit);
}

static struct kunit_case unit_model_cases[] = {
	KUNIT_CASE_PARAM(notices, unit_model_gen_params),
	{}
};

static struct kunit_suite unit_model_suite = {
	.name = "intel_unit_model",
	.test_cases = unit_model_cases,
};

kunit_test_suite(unit_model_suite);
