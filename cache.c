// SPDX-License-Identifier: GPL-2.0
/*
 * Cache tags, and the invalidation of what they name
 *
 * A cache tag records that a unit, or a device's ATC, may hold translations
 * of a domain under some DID and PASID. The attach path assigns the tags of
 * the new domain before hardware can use it and drops those of the old one
 * after hardware has ceased to: while a device changes domains, both have
 * tags for it, and an unmap from either reaches all that may be cached.
 */

#define pr_fmt(fmt)	"DMAR: " fmt

#include <kunit/static_stub.h>
#include <linux/cacheflush.h>
#include <linux/dmar.h>
#include <linux/iommu.h>
#include <linux/pci.h>
#include <linux/slab.h>

#include "iommu.h"
#include "pasid.h"
#include "trace.h"

static bool is_devtlb(enum cache_tag_type type)
{
	return type == CACHE_TAG_DEVTLB || type == CACHE_TAG_NESTING_DEVTLB;
}

/**
 * domain_has_cache_tags - whether attaching a domain leaves cache tags
 * @domain: any domain, or NULL
 *
 * Identity and blocked domains have no mappings that could change, so nothing
 * that is cached of them needs to be found again.
 *
 * Context: Any.
 * Return: true if it does.
 */
bool domain_has_cache_tags(struct iommu_domain *domain)
{
	return domain && domain->type != IOMMU_DOMAIN_IDENTITY &&
	       domain->type != IOMMU_DOMAIN_BLOCKED;
}

/* A tag that is found by its hash: a domain may have many. */
struct hashed_tag {
	struct cache_tag tag;
	struct hlist_node hash;
};

/* Where the cache of a tag is: in the unit, or in the device */
static struct device *cache_owner(struct device *dev, enum cache_tag_type type)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);

	return is_devtlb(type) ? dev : info->iommu->iommu.dev;
}

static unsigned long cache_tag_hash(u16 did, struct device *owner,
				    ioasid_t pasid)
{
	return (unsigned long)owner + ((unsigned long)pasid << 16 | did);
}

static struct hashed_tag *cache_tag_find(struct domain_unit *unit, u16 did,
					 struct device *owner, ioasid_t pasid,
					 enum cache_tag_type type)
{
	struct hashed_tag *found;

	hash_for_each_possible(unit->tags, found, hash,
			       cache_tag_hash(did, owner, pasid))
		if (found->tag.dev == owner && found->tag.domain_id == did &&
		    found->tag.pasid == pasid && found->tag.type == type)
			return found;
	return NULL;
}

static void cache_tag_insert(struct domain_unit *unit, struct hashed_tag *new)
{
	struct cache_tag *tag = &new->tag;

	list_add_tail(&tag->node, is_devtlb(tag->type) ? &unit->devtlb :
							 &unit->iotlb);
	hash_add(unit->tags, &new->hash,
		 cache_tag_hash(tag->domain_id, tag->dev, tag->pasid));
}

/**
 * cache_tag_assign - record that a cache may hold translations of a domain
 * @domain: the domain; has a record on the unit of @dev
 * @did: the domain id that tags the translations
 * @dev: the device whose requests bring them there
 * @pasid: the PASID of the requests
 * @type: which cache
 *
 * Tags are counted: each call needs a call of cache_tags_unassign().
 *
 * Context: May sleep.
 * Return: 0 or -ENOMEM.
 */
int cache_tag_assign(struct dmar_domain *domain, u16 did, struct device *dev,
		     ioasid_t pasid, enum cache_tag_type type)
{
	struct hashed_tag *new __free(kfree) = kzalloc_obj(*new);
	struct device_domain_info *info = dev_iommu_priv_get(dev);
	struct device *owner = cache_owner(dev, type);
	struct domain_unit *unit;
	struct hashed_tag *found;

	if (!new)
		return -ENOMEM;

	guard(spinlock_irqsave)(&domain->cache_lock);
	unit = domain_unit_find(domain, info->iommu);
	found = cache_tag_find(unit, did, owner, pasid, type);
	if (!found) {
		found = no_free_ptr(new);
		found->tag.type = type;
		found->tag.iommu = info->iommu;
		found->tag.dev = owner;
		found->tag.domain_id = did;
		found->tag.pasid = pasid;
		cache_tag_insert(unit, found);
	}
	found->tag.users++;
	trace_cache_tag_assign(&found->tag);
	return 0;
}

static void cache_tag_unassign(struct dmar_domain *domain, u16 did,
			       struct device *dev, ioasid_t pasid,
			       enum cache_tag_type type)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);
	struct hashed_tag *found;

	guard(spinlock_irqsave)(&domain->cache_lock);
	found = cache_tag_find(domain_unit_find(domain, info->iommu), did,
			       cache_owner(dev, type), pasid, type);
	if (!found)
		return;

	trace_cache_tag_unassign(&found->tag);
	if (--found->tag.users)
		return;

	list_del(&found->tag.node);
	hash_del(&found->hash);
	kfree(found);
}

/*
 * A device in legacy mode gets its ATS when a paging domain has been attached
 * and loses it with that, so the tag must be there beforehand. A tag of a
 * device without ATS is passed over when the domain is flushed.
 */
static bool wants_devtlb_tag(struct device_domain_info *info)
{
	return sm_supported(info->iommu) ? info->ats_enabled :
					   info->ats_supported;
}

static int assign_pair(struct dmar_domain *domain, u16 did, struct device *dev,
		       ioasid_t pasid, enum cache_tag_type iotlb,
		       enum cache_tag_type devtlb)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);
	int ret;

	ret = cache_tag_assign(domain, did, dev, pasid, iotlb);
	if (ret || !wants_devtlb_tag(info))
		return ret;

	ret = cache_tag_assign(domain, did, dev, pasid, devtlb);
	if (ret)
		cache_tag_unassign(domain, did, dev, pasid, iotlb);
	return ret;
}

static void unassign_pair(struct dmar_domain *domain, u16 did,
			  struct device *dev, ioasid_t pasid,
			  enum cache_tag_type iotlb, enum cache_tag_type devtlb)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);

	cache_tag_unassign(domain, did, dev, pasid, iotlb);
	if (info->ats_supported)
		cache_tag_unassign(domain, did, dev, pasid, devtlb);
}

/**
 * cache_tags_assign - record where a domain about to be attached may be cached
 * @domain: paging, SVA or nested
 * @did: the domain id that tags the translations on the unit of @dev
 * @dev: the device
 * @pasid: the PASID that it will be attached to
 *
 * What is cached for a nested domain depends on its parent too, so that gets
 * tags of its own, with the same DID.
 *
 * Context: May sleep. The did_lock of the unit is held.
 * Return: 0, or -ENOMEM with nothing assigned.
 */
int cache_tags_assign(struct dmar_domain *domain, u16 did, struct device *dev,
		      ioasid_t pasid)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);
	int ret;

	ret = assign_pair(domain, did, dev, pasid, CACHE_TAG_IOTLB,
			  CACHE_TAG_DEVTLB);
	if (ret || domain->domain.type != IOMMU_DOMAIN_NESTED)
		return ret;

	ret = domain_unit_get(domain->s2_domain, info->iommu) ? 0 : -ENOMEM;
	if (!ret)
		ret = assign_pair(domain->s2_domain, did, dev, pasid,
				  CACHE_TAG_NESTING_IOTLB,
				  CACHE_TAG_NESTING_DEVTLB);
	if (ret)
		unassign_pair(domain, did, dev, pasid, CACHE_TAG_IOTLB,
			      CACHE_TAG_DEVTLB);
	return ret;
}

/**
 * cache_tags_unassign - undo cache_tags_assign()
 * @domain: the domain
 * @did: the domain id
 * @dev: the device
 * @pasid: the PASID that it was attached to
 *
 * Nothing of the domain may be cached with the DID any more for this device
 * and PASID.
 *
 * Context: Any.
 */
void cache_tags_unassign(struct dmar_domain *domain, u16 did,
			 struct device *dev, ioasid_t pasid)
{
	unassign_pair(domain, did, dev, pasid, CACHE_TAG_IOTLB,
		      CACHE_TAG_DEVTLB);
	if (domain->domain.type == IOMMU_DOMAIN_NESTED)
		unassign_pair(domain->s2_domain, did, dev, pasid,
			      CACHE_TAG_NESTING_IOTLB,
			      CACHE_TAG_NESTING_DEVTLB);
}

/**
 * inv_init - start a batch of invalidations
 * @batch: the batch
 *
 * Context: Any.
 */
void inv_init(struct qi_batch *batch)
{
	batch->index = 0;
}

/**
 * inv_submit - send a batch of invalidations and wait for it
 * @batch: the batch; empty afterwards
 * @iommu: a unit with queued invalidation
 *
 * Context: Any. Spins until the unit has completed all.
 */
void inv_submit(struct qi_batch *batch, struct intel_iommu *iommu)
{
	if (batch->index)
		qi_submit_sync(iommu, batch->descs, batch->index, 0);
	inv_init(batch);
}

static struct qi_desc *inv_add(struct qi_batch *batch, u64 qw0)
{
	struct qi_desc *desc = &batch->descs[batch->index++];

	*desc = (struct qi_desc){ .qw0 = qw0 };
	return desc;
}

/**
 * inv_fence - nothing that follows starts before all so far has completed
 * @batch: the batch
 *
 * VT-d spec, section 6.5.2.8 (Invalidation Wait Descriptor): the fence flag.
 *
 * Context: Any.
 */
void inv_fence(struct qi_batch *batch)
{
	inv_add(batch, QI_IWD_FENCE | QI_IWD_TYPE);
}

/**
 * inv_context_cache - invalidate the context-cache
 * @batch: the batch
 * @did: the DID that the entry was cached with, unless @type is global
 * @sid: the requester ID, unless @type is global
 * @type: %DMA_CCMD_DEVICE_INVL or %DMA_CCMD_GLOBAL_INVL
 *
 * Context: Any.
 */
void inv_context_cache(struct qi_batch *batch, u16 did, u16 sid, u64 type)
{
	inv_add(batch, QI_CC_SID(sid) | QI_CC_DID(did) | QI_CC_GRAN(type) |
		       QI_CC_TYPE);
}

/**
 * inv_pasid_cache - invalidate the PASID-cache
 * @batch: the batch
 * @did: the DID that the entry was cached with, unless @gran is global
 * @pasid: the PASID, unless @gran is global
 * @gran: %QI_PC_PASID_SEL or %QI_PC_GLOBAL
 *
 * Context: Any.
 */
void inv_pasid_cache(struct qi_batch *batch, u16 did, u32 pasid, u64 gran)
{
	inv_add(batch, QI_PC_PASID(pasid) | QI_PC_DID(did) | QI_PC_GRAN(gran) |
		       QI_PC_TYPE);
}

/**
 * inv_iotlb - invalidate second-stage translations in the IOTLB
 * @batch: the batch
 * @iommu: the unit
 * @did: their tag, unless @type is global
 * @type: %DMA_TLB_DSI_FLUSH or %DMA_TLB_GLOBAL_FLUSH
 *
 * Context: Any.
 */
void inv_iotlb(struct qi_batch *batch, struct intel_iommu *iommu, u16 did,
	       u64 type)
{
	qi_desc_iotlb(iommu, did, 0, 0, type, inv_add(batch, 0));
}

/**
 * inv_piotlb - invalidate a PASID's first-stage translations in the IOTLB
 * @batch: the batch
 * @did: one part of their tag
 * @pasid: the other
 *
 * Context: Any.
 */
void inv_piotlb(struct qi_batch *batch, u16 did, u32 pasid)
{
	qi_desc_piotlb_all(did, pasid, inv_add(batch, 0));
}

/**
 * inv_all - invalidate all that a unit has cached, but for devices' ATCs
 * @batch: the batch
 * @iommu: the unit
 *
 * In the order in which one cache is refilled from the next.
 *
 * Context: Any.
 */
void inv_all(struct qi_batch *batch, struct intel_iommu *iommu)
{
	inv_context_cache(batch, 0, 0, DMA_CCMD_GLOBAL_INVL);
	inv_fence(batch);
	if (sm_supported(iommu)) {
		inv_pasid_cache(batch, 0, 0, QI_PC_GLOBAL);
		inv_fence(batch);
	}
	inv_iotlb(batch, iommu, 0, DMA_TLB_GLOBAL_FLUSH);
}

static void add_devtlb(struct qi_batch *batch, struct device_domain_info *info,
		       u32 pasid, u64 addr, unsigned int order)
{
	u16 sid = PCI_DEVID(info->bus, info->devfn);
	unsigned int i;

	/* Some devices need to be told twice. */
	for (i = 0; i <= info->dtlb_extra_inval; i++) {
		if (pasid == IOMMU_NO_PASID)
			qi_desc_dev_iotlb(sid, info->pfsid, info->ats_qdep,
					  addr, order, inv_add(batch, 0));
		else
			qi_desc_dev_iotlb_pasid(sid, info->pfsid, pasid,
						info->ats_qdep, addr, order,
						inv_add(batch, 0));
	}
}

/* A unit that does not translate must not be asked to invalidate an ATC. */
static bool has_devtlb(struct device_domain_info *info)
{
	return info->ats_enabled && (info->iommu->gcmd & DMA_GCMD_TE);
}

/**
 * inv_devtlb - after a fence, invalidate all of a device's ATC
 * @batch: the batch
 * @info: the device; nothing is added if it has no ATC, or is gone
 * @pasid: its PASID
 *
 * VT-d spec, sections 6.5.2.5 and 6.5.2.6: the IOTLB must be done before.
 *
 * Context: Any.
 */
void inv_devtlb(struct qi_batch *batch, struct device_domain_info *info,
		u32 pasid)
{
	/* The unit would wait for the answer of a device that is gone. */
	if (!has_devtlb(info) || !pci_device_is_present(to_pci_dev(info->dev)))
		return;

	inv_fence(batch);
	add_devtlb(batch, info, pasid, 0, MAX_AGAW_PFN_WIDTH);
}

/* A naturally aligned range, as invalidation descriptors describe it */
struct inv_range {
	u64 addr;
	unsigned int order;
};

/* The smallest aligned power of two that holds @start to @last */
static struct inv_range inv_range(unsigned long start, unsigned long last)
{
	unsigned int bits = fls_long(start ^ last);

	if (bits <= VTD_PAGE_SHIFT)
		bits = VTD_PAGE_SHIFT;
	if (bits >= BITS_PER_LONG)
		return (struct inv_range){ 0, MAX_AGAW_PFN_WIDTH };

	return (struct inv_range){
		.addr = start & GENMASK(BITS_PER_LONG - 1, bits),
		.order = bits - VTD_PAGE_SHIFT,
	};
}

static void flush_first_stage(struct domain_unit *unit,
			      const struct cache_tag *tag,
			      struct inv_range range, bool leaf_only)
{
	if (range.order >= MAX_AGAW_PFN_WIDTH)
		inv_piotlb(&unit->batch, tag->domain_id, tag->pasid);
	else
		qi_desc_piotlb(tag->domain_id, tag->pasid, range.addr,
			       range.order, leaf_only,
			       inv_add(&unit->batch, 0));
}

static void flush_second_stage(struct domain_unit *unit,
			       const struct cache_tag *tag,
			       struct inv_range range, bool leaf_only)
{
	struct intel_iommu *iommu = tag->iommu;
	u64 type = DMA_TLB_PSI_FLUSH;
	u64 addr = range.addr | leaf_only;

	if (!cap_pgsel_inv(iommu->cap) ||
	    range.order > cap_max_amask_val(iommu->cap)) {
		type = DMA_TLB_DSI_FLUSH;
		range.order = 0;
		addr = 0;
	}

	if (iommu->qi)
		qi_desc_iotlb(iommu, tag->domain_id, addr, range.order, type,
			      inv_add(&unit->batch, 0));
	else
		__iommu_flush_iotlb(iommu, tag->domain_id, addr, range.order,
				    type);
}

static void flush_iotlb(struct dmar_domain *domain, struct domain_unit *unit,
			const struct cache_tag *tag, struct inv_range range,
			bool leaf_only)
{
	/* Page table changes of a first stage are seen by PASID. */
	if (intel_domain_is_ss_paging(domain))
		flush_second_stage(unit, tag, range, leaf_only);
	else
		flush_first_stage(unit, tag, range, leaf_only);
}

/*
 * An ATC knows the addresses that went into the user's first stage; which of
 * them end in a range of the second stage is not to be found out.
 */
static void flush_devtlb(struct domain_unit *unit, const struct cache_tag *tag,
			 struct inv_range range)
{
	struct device_domain_info *info = dev_iommu_priv_get(tag->dev);

	if (tag->type == CACHE_TAG_NESTING_DEVTLB)
		range = (struct inv_range){ .order = MAX_AGAW_PFN_WIDTH };
	if (has_devtlb(info))
		add_devtlb(&unit->batch, info, tag->pasid, range.addr,
			   range.order);
}

/* Make room for one tag: an ATC takes up to two descriptors and a fence. */
static void batch_make_room(struct qi_batch *batch, struct intel_iommu *iommu)
{
	if (batch->index > QI_MAX_BATCHED_DESC_COUNT - 3)
		inv_submit(batch, iommu);
}

static void flush_unit(struct dmar_domain *domain, struct domain_unit *unit,
		       unsigned long start, unsigned long end, bool leaf_only)
{
	struct inv_range range = inv_range(start, end);
	struct cache_tag *tag;

	list_for_each_entry(tag, &unit->iotlb, node) {
		batch_make_room(&unit->batch, unit->did.iommu);
		flush_iotlb(domain, unit, tag, range, leaf_only);
		trace_cache_tag_flush_range(tag, start, end, range.addr,
					    range.order);
	}

	/* An ATC is refilled from the IOTLB: that must be done. */
	if (!list_empty(&unit->devtlb) && unit->batch.index)
		inv_fence(&unit->batch);

	list_for_each_entry(tag, &unit->devtlb, node) {
		batch_make_room(&unit->batch, unit->did.iommu);
		flush_devtlb(unit, tag, range);
		trace_cache_tag_flush_range(tag, start, end, range.addr,
					    range.order);
	}
	inv_submit(&unit->batch, unit->did.iommu);
}

/**
 * cache_tag_flush_range - drop a range of a domain from all caches
 * @domain: the domain
 * @start: first address
 * @end: last address, inclusive
 * @ih: true if only leaf entries of the page table have changed
 *
 * Called when mappings have been taken away or changed.
 *
 * Context: Any, interrupts included. Takes the domain's cache_lock, and spins
 * until the units have completed all.
 */
void cache_tag_flush_range(struct dmar_domain *domain, unsigned long start,
			   unsigned long end, int ih)
{
	struct domain_unit *unit;

	guard(spinlock_irqsave)(&domain->cache_lock);
	list_for_each_entry(unit, &domain->cache_tags, node)
		flush_unit(domain, unit, start, end, ih);
}

/**
 * cache_tag_flush_all - drop everything of a domain from all caches
 * @domain: the domain
 *
 * Context: As cache_tag_flush_range().
 */
void cache_tag_flush_all(struct dmar_domain *domain)
{
	cache_tag_flush_range(domain, 0, ULONG_MAX, 0);
}

/**
 * cache_tag_flush_range_np - make units see new mappings of a domain
 * @domain: the domain
 * @start: first address
 * @end: last address, inclusive
 *
 * VT-d spec, section 6.1 (Caching Mode): such a unit caches that a second-
 * stage translation is not present. Section 6.8 (Write Buffer Flushing): all
 * others may need their write buffer flushed.
 *
 * Context: As cache_tag_flush_range().
 */
void cache_tag_flush_range_np(struct dmar_domain *domain, unsigned long start,
			      unsigned long end)
{
	struct inv_range range = inv_range(start, end);
	struct domain_unit *unit;
	struct cache_tag *tag;

	guard(spinlock_irqsave)(&domain->cache_lock);
	list_for_each_entry(unit, &domain->cache_tags, node) {
		if (!cap_caching_mode(unit->did.iommu->cap) ||
		    intel_domain_is_fs_paging(domain)) {
			iommu_flush_write_buffer(unit->did.iommu);
			continue;
		}
		list_for_each_entry(tag, &unit->iotlb, node) {
			batch_make_room(&unit->batch, unit->did.iommu);
			flush_iotlb(domain, unit, tag, range, false);
			trace_cache_tag_flush_range_np(tag, start, end,
						       range.addr, range.order);
		}
		inv_submit(&unit->batch, unit->did.iommu);
	}
}

/**
 * __iommu_flush_cache - make memory visible to a unit that does not snoop
 * @iommu: the unit; nothing is done if it snoops
 * @addr: start
 * @size: length in bytes
 *
 * Context: Any.
 */
void __iommu_flush_cache(struct intel_iommu *iommu, void *addr, int size)
{
	KUNIT_STATIC_STUB_REDIRECT(__iommu_flush_cache, iommu, addr, size);

	if (!ecap_coherent(iommu->ecap))
		clflush_cache_range(addr, size);
}
