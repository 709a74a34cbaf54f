// SPDX-License-Identifier: GPL-2.0
/*
 * World for tests of the driver: what the driver keeps its records in
 *
 * Everything else in the tests goes by what the driver does. Whoever changes
 * its records finds here all that knows them.
 */

#include <linux/dmar.h>
#include <linux/idr.h>
#include <linux/mmu_notifier.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "attach_world.h"
#include "../cache.h"
#include "../did.h"
#include "../pasid.h"

#define ECAP_FLTS	BIT_ULL(47)

/**
 * driver_init_unit - what the driver does when it finds a unit
 * @iommu: its record of it, with the capabilities set
 *
 * Context: Any.
 */
void driver_init_unit(struct intel_iommu *iommu)
{
	mutex_init(&iommu->did_lock);
	mutex_init(&iommu->iopf_lock);
	ida_init(&iommu->domain_ida);
	spin_lock_init(&iommu->lock);
	raw_spin_lock_init(&iommu->register_lock);
	spin_lock_init(&iommu->device_rbtree_lock);
	iommu->device_rbtree = RB_ROOT;
}

/**
 * driver_destroy_unit - what the driver does when it forgets a unit
 * @iommu: its record
 *
 * Context: Any.
 */
void driver_destroy_unit(struct intel_iommu *iommu)
{
	ida_destroy(&iommu->domain_ida);
}

/**
 * driver_hide_from_debugfs - leave no files for a device, nor for its PASIDs
 * @dev: the device, just probed
 *
 * Context: May sleep.
 */
void driver_hide_from_debugfs(struct device *dev)
{
#ifdef CONFIG_INTEL_IOMMU_DEBUGFS
	struct device_domain_info *info = dev_iommu_priv_get(dev);

	intel_iommu_debugfs_remove_dev(info);
	info->debugfs_dentry = ERR_PTR(-ENODEV);
#endif
}

/**
 * driver_did_is_free - whether the driver may give a DID to anybody
 * @iommu: the unit
 * @did: the DID
 *
 * Context: Any.
 * Return: whether it may.
 */
bool driver_did_is_free(struct intel_iommu *iommu, u16 did)
{
	return did >= IDA_START_DID && !did_is_used(iommu, did);
}

/**
 * driver_take_did - take a DID from the driver
 * @iommu: the unit
 *
 * Context: May sleep.
 * Return: the DID, or a negative error if there is none left.
 */
int driver_take_did(struct intel_iommu *iommu)
{
	guard(mutex)(&iommu->did_lock);
	return did_alloc(iommu);
}

/**
 * driver_return_did - undo driver_take_did()
 * @iommu: the unit
 * @did: the DID
 *
 * Context: Any.
 */
void driver_return_did(struct intel_iommu *iommu, unsigned int did)
{
	guard(mutex)(&iommu->did_lock);
	did_free(iommu, did);
}

/**
 * driver_dids_are_free - whether no DID of a unit is in use
 * @iommu: the unit
 *
 * Context: Any.
 * Return: whether that is so.
 */
bool driver_dids_are_free(struct intel_iommu *iommu)
{
	unsigned int did;

	for (did = 0; did < iommu->max_domain_id; did++)
		if (did_is_used(iommu, did))
			return false;
	return true;
}

static struct domain_unit *find_unit(struct iommu_domain *domain,
				     struct intel_iommu *iommu)
{
	struct domain_unit *unit;

	list_for_each_entry(unit, &to_dmar_domain(domain)->units, node)
		if (unit->did.iommu == iommu)
			return unit;
	return NULL;
}

/**
 * driver_knows_unit - whether a domain has a record of a unit
 * @domain: a paging or nested domain
 * @iommu: the unit
 *
 * Context: Any; nobody attaches or detaches.
 * Return: whether it has.
 */
bool driver_knows_unit(struct iommu_domain *domain, struct intel_iommu *iommu)
{
	return find_unit(domain, iommu);
}

/**
 * driver_is_in_transit - whether others must wait for a domain's id
 * @domain: any domain
 * @iommu: the unit
 *
 * Context: Any; nobody attaches or detaches.
 * Return: whether they must.
 */
bool driver_is_in_transit(struct iommu_domain *domain, struct intel_iommu *iommu)
{
	struct domain_unit *unit;

	if (!domain_is_tagged(domain))
		return false;
	unit = find_unit(domain, iommu);
	return unit && unit->in_transit;
}

/**
 * driver_idle_flaw - what is left over in a domain that is attached to nothing
 * @domain: a paging, nested or SVA domain
 *
 * Context: Any; nobody attaches or detaches.
 * Return: what it is, or NULL.
 */
const char *driver_idle_flaw(struct iommu_domain *domain)
{
	struct dmar_domain *dmar_domain = to_dmar_domain(domain);

	if (!list_empty(&dmar_domain->dev_pasids))
		return "an attachment";
	if (!list_empty(&dmar_domain->units))
		return "a record of a unit";
	return NULL;
}

/**
 * driver_mm_release - tell the driver that an address space ends
 * @domain: its SVA domain
 *
 * Context: May sleep.
 */
void driver_mm_release(struct iommu_domain *domain)
{
	struct mmu_notifier *notifier = &to_dmar_domain(domain)->notifier;

	notifier->ops->release(notifier, domain->mm);
}

/* Nobody makes a request that it could be told of. */
static int no_handler(struct iopf_group *group)
{
	return -EINVAL;
}

static bool domain_is_contended(struct iommu_domain *domain)
{
	return spin_is_contended(&to_dmar_domain(domain)->lock) ||
	       spin_is_contended(&to_dmar_domain(domain)->cache_lock);
}

/**
 * driver_is_contended - whether somebody spins for a lock that another one has
 * @world: the world
 *
 * A test that lets two tasks run against each other goes by it to know that one
 * of them has to wait. Locks that are not named here cost it a timeout.
 *
 * Context: Any.
 * Return: whether that is so.
 */
bool driver_is_contended(struct attach_world *world)
{
	struct iommu_domain *domain;
	enum world_kind kind;
	unsigned int i;

	for (i = 0; i < world->num_units; i++)
		if (spin_is_contended(&world->unit[i].iommu.lock))
			return true;
	for (kind = 0; kind < WORLD_NUM_DOMAINS; kind++) {
		domain = world_made_domain(world, kind);
		if (domain && domain_is_contended(domain))
			return true;
	}
	return false;
}

static bool is_flushed(struct iommu_domain *domain)
{
	spinlock_t *lock = &to_dmar_domain(domain)->cache_lock;
	unsigned long flags;

	if (!spin_trylock_irqsave(lock, flags))
		return true;
	spin_unlock_irqrestore(lock, flags);
	return false;
}

static bool flush_is_under_way(struct attach_world *world)
{
	struct iommu_domain *domain;
	enum world_kind kind;

	for (kind = 0; kind < WORLD_NUM_DOMAINS; kind++) {
		domain = world_made_domain(world, kind);
		if (domain && is_flushed(domain))
			return true;
	}
	return false;
}

/**
 * driver_wait_flaw - why the driver must not wait for a unit where it is
 * @machine: the units of a world, in which nobody else does anything
 *
 * &unit_machine.wait_flaw. A flush of a domain holds a lock that interrupts take
 * as well. All else sleeps, and keeps nobody from what is urgent.
 *
 * Context: Any.
 * Return: why, or NULL if it may.
 */
const char *driver_wait_flaw(struct unit_machine *machine)
{
	struct attach_world *world =
		container_of(machine, struct attach_world, machine);

	/* With one CPU a spinlock has no state that tells who holds it. */
	if (!IS_ENABLED(CONFIG_SMP))
		return NULL;
	if (flush_is_under_way(world))
		return irqs_disabled() ? NULL :
			"with interrupts on under a lock that they take";
	if (irqs_disabled())
		return "with interrupts off";
	if (IS_ENABLED(CONFIG_PREEMPT_COUNT) && !preemptible())
		return "under a lock that others spin for";
	return NULL;
}

/**
 * driver_handle_faults - have page requests of an address space handled
 * @domain: its SVA domain
 * @dev: makes page requests that the driver did not turn on
 *
 * Context: May sleep.
 * Return: 0 or a negative error.
 */
int driver_handle_faults(struct iommu_domain *domain, struct device *dev)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);
	struct intel_iommu *iommu = info->iommu;

	iommu->iopf_queue = iopf_queue_alloc(iommu->name);
	if (!iommu->iopf_queue)
		return -ENOMEM;
	mutex_init(&dev->iommu->lock);
	dev->iommu->iommu_dev = &iommu->iommu;
	domain->iopf_handler = no_handler;
	info->pri_supported = true;
	info->pri_enabled = true;
	/* The driver asserts the mutex of a group, and there is none. */
	lockdep_off();
	return 0;
}

/**
 * driver_ignore_faults - undo driver_handle_faults()
 * @domain: the SVA domain
 * @dev: the device
 *
 * Context: May sleep.
 */
void driver_ignore_faults(struct iommu_domain *domain, struct device *dev)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);
	struct intel_iommu *iommu = info->iommu;

	lockdep_on();
	domain->iopf_handler = NULL;
	info->pri_supported = false;
	info->pri_enabled = false;
	iopf_queue_free(iommu->iopf_queue);
	iommu->iopf_queue = NULL;
}

/**
 * driver_count_handled - how many attachments have their page requests handled
 * @dev: a device
 *
 * Context: Any; nobody attaches or detaches it.
 * Return: the number.
 */
unsigned int driver_count_handled(struct device *dev)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);

	return info->iopf_refcount;
}

/**
 * driver_is_live - whether page requests of a PASID are still a domain's
 * @domain: the domain
 * @dev: the device that makes them
 * @pasid: their PASID
 *
 * Context: Any; nobody else attaches or detaches it.
 * Return: whether they are.
 */
bool driver_is_live(struct iommu_domain *domain, struct device *dev,
		    ioasid_t pasid)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);
	struct dev_pasid_info *ap = xa_load(&info->attachments, pasid);

	return ap && ap->domain == to_dmar_domain(domain) && ap->live;
}

/**
 * driver_describe_table - how entries refer to a domain's page table
 * @domain: a paging or SVA domain
 * @table: filled in
 *
 * Context: Any.
 */
void driver_describe_table(struct iommu_domain *domain, struct unit_table *table)
{
	struct dmar_domain *dmar_domain = to_dmar_domain(domain);
	struct pt_iommu_x86_64_hw_info first;
	struct pt_iommu_vtdss_hw_info second;

	if (domain->type == IOMMU_DOMAIN_SVA) {
		table->root = __pa(domain->mm->pgd);
		table->stage = UNIT_STAGE_FS;
		table->levels = cpu_feature_enabled(X86_FEATURE_LA57) ? 5 : 4;
		table->snooped = true;
	} else if (intel_domain_is_fs_paging(dmar_domain)) {
		pt_iommu_x86_64_hw_info(&dmar_domain->fspt, &first);
		table->root = first.gcr3_pt;
		table->stage = UNIT_STAGE_FS;
		table->levels = first.levels;
		table->snooped = !(dmar_domain->fspt.x86_64_pt.common.features &
				   BIT(PT_FEAT_DMA_INCOHERENT));
	} else {
		pt_iommu_vtdss_hw_info(&dmar_domain->sspt, &second);
		table->root = second.ssptptr;
		table->stage = UNIT_STAGE_SS;
		table->levels = second.aw + 2;
		table->snooped = !(dmar_domain->sspt.vtdss_pt.common.features &
				   BIT(PT_FEAT_DMA_INCOHERENT));
	}
}

/**
 * driver_alloc_paging - allocate a paging domain
 * @dev: a device that it shall be for
 * @first_stage: of which stage
 * @flags: as iommufd has them
 *
 * Context: May sleep.
 * Return: the domain, an error, or NULL.
 */
struct iommu_domain *driver_alloc_paging(struct device *dev, bool first_stage,
					 u32 flags)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);
	struct intel_iommu *iommu = info->iommu;
	struct iommu_domain *domain;
	u64 ecap = iommu->ecap;

	/* The driver prefers the first stage where it can have it. */
	if (!first_stage)
		iommu->ecap &= ~ECAP_FLTS;
	domain = intel_iommu_ops.domain_alloc_paging_flags(dev, flags, NULL);
	iommu->ecap = ecap;
	if (IS_ERR_OR_NULL(domain))
		return domain;

	domain->type = IOMMU_DOMAIN_UNMANAGED;
	domain->owner = &intel_iommu_ops;
	return domain;
}

/**
 * driver_change_guest - change what a guest asks for
 * @domain: a nested domain that is attached to nothing
 * @addr_width: what it says of its table's width
 * @flags: and of accesses, as iommufd has them
 *
 * Context: Any.
 */
void driver_change_guest(struct iommu_domain *domain, u32 addr_width, u64 flags)
{
	to_dmar_domain(domain)->s1_cfg.addr_width = addr_width;
	to_dmar_domain(domain)->s1_cfg.flags = flags;
}

/* An attachment that is on no list */
static struct dev_pasid_info attachment(struct iommu_domain *domain,
					struct device *dev, ioasid_t pasid)
{
	struct device_domain_info *info = dev_iommu_priv_get(dev);

	return (struct dev_pasid_info){
		.dev = dev,
		.pasid = pasid,
		.domain = to_dmar_domain(domain),
		.unit = find_unit(domain, info->iommu),
	};
}

/**
 * driver_assign_tags - record that something may be cached
 * @domain: of this domain, not a nested one, which is attached to @dev
 * @dev: where
 * @did: with this DID
 * @pasid: and this PASID
 *
 * Context: May sleep.
 * Return: 0 or a negative error.
 */
int driver_assign_tags(struct iommu_domain *domain, struct device *dev, u16 did,
		       ioasid_t pasid)
{
	struct dev_pasid_info ap = attachment(domain, dev, pasid);

	return cache_tags_assign(&ap, did);
}

/**
 * driver_unassign_tags - undo driver_assign_tags()
 * @domain: the domain
 * @dev: where
 * @did: the DID
 * @pasid: the PASID
 *
 * Context: Any.
 */
void driver_unassign_tags(struct iommu_domain *domain, struct device *dev,
			  u16 did, ioasid_t pasid)
{
	struct dev_pasid_info ap = attachment(domain, dev, pasid);

	cache_tags_unassign(&ap, did);
}

static unsigned int count_nodes(const struct rb_root *tree)
{
	unsigned int nodes = 0;
	struct rb_node *node;

	for (node = rb_first(tree); node; node = rb_next(node))
		nodes++;
	return nodes;
}

/**
 * driver_count_tags - how many cache tags a domain has
 * @domain: the domain
 * @iommu: on this unit
 * @atc: of ATCs, not of the IOTLB
 *
 * Context: Any; nobody attaches or detaches.
 * Return: the number.
 */
unsigned int driver_count_tags(struct iommu_domain *domain,
			       struct intel_iommu *iommu, bool atc)
{
	struct domain_unit *unit = find_unit(domain, iommu);

	if (!unit)
		return 0;
	return count_nodes(atc ? &unit->devtlb : &unit->iotlb);
}
