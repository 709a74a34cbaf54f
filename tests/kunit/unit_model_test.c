// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit tests of the model of the unit: it must notice what drivers get wrong
 *
 * By hand, and with one mistake at a time, a device is moved from one second
 * stage to another. Other devices stay on both.
 */

#include <kunit/test.h>

#include "attach_change.h"
#include "attach_world.h"
#include "../../entry_sync.h"
#include "../../iommu-pages.h"
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

/* Words of what must have gone wrong; empty if nothing must have */
static void expect_found(struct kunit *test, const struct unit_machine *machine,
			 const char *failure)
{
	if (*failure)
		KUNIT_EXPECT_NOT_NULL_MSG(test,
					  strstr(machine->failure, failure),
					  "found: '%s'", machine->failure);
	else
		KUNIT_EXPECT_STREQ(test, machine->failure, "");
}

static void store_entry(u64 *live, const u64 *words, enum mistake mistake)
{
	u64 to[2] = { words[0], words[1] };

	/* A page that is nobody's table; the one next to a table may be one. */
	if (mistake == MISTAKE_OTHER_TABLE)
		to[0] = page_to_phys(ZERO_PAGE(0)) | (to[0] & ~VTD_PAGE_MASK);

	if (mistake == MISTAKE_PLAIN_WRITE)
		memcpy(live, to, sizeof(to));
	else if (mistake == MISTAKE_HALF_A_QUANTUM)
		entry_sync_store(live, to, 1);
	else
		entry_sync_store(live, to, 2);
}

static void add_atc(struct qi_batch *batch, struct device_domain_info *info,
		    u32 pasid, enum mistake mistake)
{
	u16 sid = PCI_DEVID(info->bus, info->devfn);

	if (mistake != MISTAKE_ATC_WITHOUT_FENCE) {
		inv_devtlb(batch, info, pasid);
		return;
	}
	qi_desc_dev_iotlb(sid, 0, info->ats_qdep, 0, MAX_AGAW_PFN_WIDTH,
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

static void invalidate(struct world_requester *req, u16 old, u16 new,
		       enum mistake mistake)
{
	u16 entry_did = mistake == MISTAKE_PASID_CACHE_BY_NEW_DID ? new : old;
	u32 atc_pasid = mistake == MISTAKE_ATC_OF_OTHER_PASID ? 7 : req->pasid;
	u16 did = mistake == MISTAKE_IOTLB_BY_NEW_DID ? new : old;
	struct device_domain_info *info = world_info(req->pci);
	struct intel_iommu *iommu = info->iommu;
	struct qi_batch batch;

	inv_init(&batch);
	if (mistake != MISTAKE_NO_PASID_CACHE)
		inv_pasid_cache(&batch, entry_did, req->pasid, QI_PC_PASID_SEL);
	if (mistake != MISTAKE_NO_FENCE)
		inv_fence(&batch);
	if (mistake != MISTAKE_ATC_BEFORE_IOTLB)
		add_iotlb(&batch, iommu, did, mistake);
	if (mistake != MISTAKE_NO_ATC)
		add_atc(&batch, info, atc_pasid, mistake);
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
	struct attach_world *world = attach_world_make(test, &config);
	struct world_requester *req = &world->requester[WORLD_DEVICE];
	struct unit_machine *machine = &world->machine;
	struct intel_iommu *iommu = &world->unit[0].iommu;
	u64 old[2], new[2], *live;

	change_attach(world, WORLD_DEVICE, WORLD_SS);
	change_attach(world, WORLD_OLD_SHARER, WORLD_SS);
	change_attach(world, WORLD_NEW_SHARER, WORLD_PARENT);
	KUNIT_ASSERT_STREQ(test, machine->failure, "");
	live = world_entry(world, WORLD_DEVICE);
	memcpy(old, live, sizeof(old));
	memcpy(new, world_entry(world, WORLD_NEW_SHARER), sizeof(new));

	unit_grant(machine, req->seen, world_grant(world, WORLD_SS),
		   world_grant(world, WORLD_PARENT));
	store_entry(live, new, param->mistake);
	if (param->mistake != MISTAKE_NO_FLUSH)
		__iommu_flush_cache(iommu, live, sizeof(new));
	invalidate(req, FIELD_GET(PASID_PE_DID, old[1]),
		   FIELD_GET(PASID_PE_DID, new[1]), param->mistake);
	unit_granted(machine, req->pci->unit->model, req->seen,
		     world_grant(world, WORLD_PARENT));

	expect_found(test, machine, param->failure);

	/* The driver knows nothing of all this. */
	store_entry(live, old, MISTAKE_NONE);
	__iommu_flush_cache(iommu, live, sizeof(old));
	unit_reset(machine);
}

/*
 * Descriptors
 */

struct desc_case {
	const char *name;
	struct world_config config;
	u64 qw0;
	u64 qw1;
	const char *failure;
};

#define SCALABLE	{ .scalable = true, .quantum_words = 1, .ats = true }
#define LEGACY		{ .quantum_words = 1, .ats = true }
#define SMALL		{ .quantum_words = 1, .small_ranges = true }
#define NO_PSI		{ .quantum_words = 1, .no_psi = true }

#define PSI		(QI_IOTLB_GRAN(DMA_TLB_PSI_FLUSH) | QI_IOTLB_TYPE)

static const struct desc_case desc_params[] = {
	{ "unknown type", LEGACY, 0xf, 0, "unknown type" },
	{ "context-cache without granularity", LEGACY, QI_CC_TYPE, 0,
	  "unknown granularity" },
	{ "context-cache with reserved bits", LEGACY,
	  QI_CC_GRAN(DMA_CCMD_GLOBAL_INVL) | BIT_ULL(8) | QI_CC_TYPE, 0,
	  "reserved bits" },
	{ "context-cache with an address", LEGACY,
	  QI_CC_GRAN(DMA_CCMD_GLOBAL_INVL) | QI_CC_TYPE, SZ_4K,
	  "reserved bits" },
	{ "IOTLB without granularity", LEGACY, QI_IOTLB_TYPE, 0,
	  "unknown granularity" },
	{ "IOTLB draining what the unit does not", LEGACY,
	  QI_IOTLB_GRAN(DMA_TLB_GLOBAL_FLUSH) | QI_IOTLB_DW(1) | QI_IOTLB_TYPE,
	  0, "drains" },
	{ "IOTLB range that is not aligned", LEGACY, PSI, 0x13001, "aligned" },
	{ "IOTLB range that is too large", SMALL, PSI, 0x100000 | 5, "order 5" },
	{ "IOTLB range as large as can be", SMALL, PSI, 0x100000 | 4, "" },
	{ "IOTLB range that the unit cannot do", NO_PSI, PSI, SZ_4K,
	  "no ranges" },
	{ "IOTLB of a DID with a range", LEGACY,
	  QI_IOTLB_GRAN(DMA_TLB_DSI_FLUSH) | QI_IOTLB_TYPE, SZ_4K,
	  "a range in an invalidation of all" },
	{ "IOTLB with reserved bits", LEGACY, PSI, BIT_ULL(7), "reserved bits" },
	{ "PASID-cache in legacy mode", LEGACY,
	  QI_PC_GRAN(QI_PC_GLOBAL) | QI_PC_TYPE, 0, "legacy mode" },
	{ "PASID-cache of unknown granularity", SCALABLE,
	  QI_PC_GRAN(2) | QI_PC_TYPE, 0, "unknown granularity" },
	{ "PASID-based IOTLB of unknown granularity", SCALABLE,
	  QI_EIOTLB_GRAN(1) | QI_EIOTLB_TYPE, 0, "unknown granularity" },
	{ "PASID-based IOTLB that is not aligned", SCALABLE,
	  QI_EIOTLB_GRAN(QI_GRAN_PSI_PASID) | QI_EIOTLB_TYPE, 0x1000 | 1,
	  "aligned" },
	{ "PASID-based IOTLB with a PASID too large", SCALABLE,
	  QI_EIOTLB_GRAN(QI_GRAN_NONG_PASID) | BIT_ULL(52) | QI_EIOTLB_TYPE, 0,
	  "reserved bits" },
	{ "ATC of nobody", LEGACY,
	  QI_DEV_IOTLB_SID(0xffff) | QI_DEV_IOTLB_QDEP(7) | QI_DIOTLB_TYPE, 0,
	  "is not there" },
	{ "ATC with a PFSID", LEGACY,
	  QI_DEV_IOTLB_SID(0x108) | QI_DEV_IOTLB_QDEP(7) |
	  QI_DEV_IOTLB_PFSID(0x108) | QI_DIOTLB_TYPE, 0, "PFSID" },
	{ "ATC with another queue depth", LEGACY,
	  QI_DEV_IOTLB_SID(0x108) | QI_DEV_IOTLB_QDEP(8) | QI_DIOTLB_TYPE, 0,
	  "queue depth" },
	{ "ATC with reserved bits", LEGACY,
	  QI_DEV_IOTLB_SID(0x108) | QI_DEV_IOTLB_QDEP(7) | QI_DIOTLB_TYPE,
	  BIT_ULL(1), "reserved bits" },
	{ "ATC", LEGACY,
	  QI_DEV_IOTLB_SID(0x108) | QI_DEV_IOTLB_QDEP(7) | QI_DIOTLB_TYPE, 0,
	  "" },
	{ "PASID-based ATC in legacy mode", LEGACY,
	  QI_DEV_EIOTLB_SID(0x108) | QI_DEV_EIOTLB_QDEP(7) | QI_DEIOTLB_TYPE, 0,
	  "legacy mode" },
};

KUNIT_ARRAY_PARAM_DESC(desc, desc_params, name);

static void rejects(struct kunit *test)
{
	const struct desc_case *param = test->param_value;
	struct attach_world *world = attach_world_make(test, &param->config);
	struct qi_desc desc = { .qw0 = param->qw0, .qw1 = param->qw1 };

	qi_submit_sync(&world->unit[0].iommu, &desc, 1, 0);
	expect_found(test, &world->machine, param->failure);
	unit_reset(&world->machine);
}

/*
 * Flushes of a domain that are not enough
 */

enum short_flush {
	FLUSH_ALL,
	FLUSH_NOTHING,
	FLUSH_FIRST_PAGE,
	FLUSH_HALF,
	FLUSH_LEAVES,
};

struct flush_case {
	const char *name;
	enum world_region region;
	enum short_flush flush;
	const char *failure;
};

static const struct flush_case flush_params[] = {
	{ "all of a run", WORLD_REGION_RUN, FLUSH_ALL, "" },
	{ "nothing of a page", WORLD_REGION_VICTIM, FLUSH_NOTHING,
	  "page 'victim'" },
	{ "first page of a run", WORLD_REGION_RUN, FLUSH_FIRST_PAGE,
	  "page 'last of a run'" },
	{ "half of 2 MiB", WORLD_REGION_BIG, FLUSH_HALF, "page 'big'" },
	{ "leaves of 2 MiB", WORLD_REGION_BIG, FLUSH_LEAVES, "" },
	{ "leaves of a table that is freed", WORLD_REGION_TABLE, FLUSH_LEAVES,
	  "that was freed" },
	{ "all of a table that is freed", WORLD_REGION_TABLE, FLUSH_ALL, "" },
};

KUNIT_ARRAY_PARAM_DESC(flush, flush_params, name);

static void flush(struct world_domain *wd, enum world_region region,
		  struct iommu_iotlb_gather *gather, enum short_flush how)
{
	struct dmar_domain *domain = to_dmar_domain(wd->domain);
	u64 start = wd->addr[region], end = gather->end;

	switch (how) {
	case FLUSH_NOTHING:
		return;
	case FLUSH_FIRST_PAGE:
		end = start + SZ_4K - 1;
		break;
	case FLUSH_HALF:
		end = start + SZ_1M - 1;
		break;
	default:
		break;
	}
	cache_tag_flush_range(domain, start, end, how == FLUSH_LEAVES);
}

static void flushes(struct kunit *test)
{
	const struct world_config config = {
		.scalable = true,
		.quantum_words = 1,
	};
	const struct flush_case *param = test->param_value;
	struct attach_world *world = attach_world_make(test, &config);
	struct world_domain *wd = &world->domain[WORLD_SS];
	unsigned int regions = BIT(param->region);
	struct iommu_iotlb_gather gather;

	change_attach(world, WORLD_DEVICE, WORLD_SS);
	iommu_iotlb_gather_init(&gather);
	world_unmap_begin(world, wd, regions, &gather);
	flush(wd, param->region, &gather, param->flush);
	iommu_put_pages_list(&gather.freelist);
	world_unmapped(world, wd, regions);

	expect_found(test, &world->machine, param->failure);
	unit_reset(&world->machine);
}

static struct kunit_case unit_model_cases[] = {
	KUNIT_CASE_PARAM(notices, unit_model_gen_params),
	KUNIT_CASE_PARAM(rejects, desc_gen_params),
	KUNIT_CASE_PARAM(flushes, flush_gen_params),
	{}
};

static struct kunit_suite unit_model_suite = {
	.name = "intel_unit_model",
	.test_cases = unit_model_cases,
};

kunit_test_suite(unit_model_suite);
