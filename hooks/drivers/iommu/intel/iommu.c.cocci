// SPDX-License-Identifier: GPL-2.0

// Step: copied-ids
// Once: copied_reserve_dids(iommu, &ce);

// Of a scalable entry the ids are in the PASID tables behind it.
@@
identifier ce, did;
@@
+	if (ext)
+		copied_reserve_dids(iommu, &ce);
-	did = context_domain_id(&ce);
+	did = ext ? -1 : context_domain_id(&ce);

// Step: inval
// Once: #include <kunit/static_stub.h>
// Once: KUNIT_STATIC_STUB_REDIRECT(__iommu_flush_iotlb,

// KUnit has a unit without a queue, too.
@@
@@
+ #include <kunit/static_stub.h>
#include <linux/crash_dump.h>

@@
identifier iommu, did, addr, order, type, flag;
type I, D, A, S, T;
@@
  void __iommu_flush_iotlb(I iommu, D did, A addr, S order, T type)
  {
	...
	unsigned long flag;
+
+	KUNIT_STATIC_STUB_REDIRECT(__iommu_flush_iotlb, iommu, did, addr,
+				   order, type);
	...
  }

// Step: context

@@
identifier info;
@@
intel_iommu_probe_device(...)
{
	...
	RB_CLEAR_NODE(&info->node);
+	mutex_init(&info->entry_lock);
	...
}

@@
identifier info;
@@
intel_iommu_release_device(...)
{
	...
	intel_iommu_debugfs_remove_dev(info);
+	mutex_destroy(&info->entry_lock);
	kfree(info);
}

// Step: ids
// Once: xa_init(&info->attachments);
// Once: xa_destroy(&info->attachments);
// Once: did_drop_spare(iommu);
// Once: if (did_is_used(iommu, id))
// Gone: if (ida_exists(&iommu->domain_ida, id))

// One id may be spare.
@@
identifier iommu;
@@
disable_dmar_iommu(struct intel_iommu *iommu)
{
+	did_drop_spare(iommu);
	...
}

@@
expression iommu, id;
@@
-	ida_exists(&iommu->domain_ida, id)
+	did_is_used(iommu, id)

@@
identifier info;
@@
intel_iommu_probe_device(...)
{
	...
	RB_CLEAR_NODE(&info->node);
+	xa_init(&info->attachments);
	...
}

@@
identifier info;
@@
intel_iommu_release_device(...)
{
	...
	intel_iommu_debugfs_remove_dev(info);
+	xa_destroy(&info->attachments);
	...
}

// Step: attach
// Once: int paging_domain_compatible_first_stage(
// Once: INIT_LIST_HEAD(&domain->units);
// Once: list_for_each_entry(ap, &domain->dev_pasids, link_domain) {

// Opened for the attach path
@@
identifier opened = {
	paging_domain_compatible_first_stage,
	paging_domain_compatible_second_stage
};
type T;
@@
- static
  T opened(...) { ... }

// Every operation table leads to the one attach path.
@@
identifier attach_dev = {
	identity_domain_attach_dev, blocking_domain_attach_dev
};
@@
- attach_dev
+ intel_iommu_attach_device

@@
identifier set_dev_pasid = {
	identity_domain_set_dev_pasid, blocking_domain_set_dev_pasid
};
@@
- set_dev_pasid
+ intel_iommu_set_dev_pasid

@@
identifier enforce = {
	intel_iommu_enforce_cache_coherency_fs,
	intel_iommu_enforce_cache_coherency_ss
};
@@
- enforce
+ intel_iommu_enforce_cache_coherency

// An attachment of the requester ID is one like all others.
@@
expression domain;
@@
paging_domain_alloc(...)
{
	<...
-	INIT_LIST_HEAD(&domain->devices);
	...>
}

@@
expression domain;
@@
- INIT_LIST_HEAD(&domain->cache_tags);
+ INIT_LIST_HEAD(&domain->units);

// The list has them, too.
@@
expression domain;
@@
- xa_init(&domain->iommu_array);

@@
expression domain;
@@
intel_iommu_domain_free(...)
{
	...
-	if (WARN_ON(!list_empty(&domain->devices)))
+	if (WARN_ON(!list_empty(&domain->dev_pasids)))
		return;
	...
-	kfree(domain->qi_batch);
	...
}

@@
iterator name list_for_each_entry;
identifier info, domain;
@@
domain_support_force_snooping(struct dmar_domain *domain)
{
-	struct device_domain_info *info;
+	struct dev_pasid_info *ap;
	...
-	list_for_each_entry(info, &domain->devices, link) {
-		if (!ecap_sc_support(info->iommu->ecap)) {
+	list_for_each_entry(ap, &domain->dev_pasids, link_domain) {
+		if (!ecap_sc_support(ap->unit->did.iommu->ecap)) {
			...
		}
	}
	...
}

// The attach path has assigned the tag of the ATC.
@@
identifier info;
@@
intel_iommu_probe_finalize(...)
{
	<...
	iommu_enable_pci_ats(info);
-	if (info->ats_enabled && info->domain) { ... }
	...>
}

// Step: vtd-out
// Once: void iommu_set_root_entry(
// Once: if (!intel_liveupdate_hand_over(

// Opened for live update
@@
type T;
@@
- static
  T iommu_set_root_entry(...) { ... }

// Translation is turned off before a kexec, and when a new kernel finds it on
// and is not a crash kernel. Off means that IOVAs are taken for physical
// addresses. Units that are handed over go on to translate.
@@
identifier iommu;
@@
void intel_iommu_shutdown(...)
{
	<...
-	iommu_disable_translation(iommu);
+	if (!intel_liveupdate_hand_over(iommu))
+		iommu_disable_translation(iommu);
	...>
}

// Step: vtd-boot
// Once: intel_liveupdate_adopt(
// Once: intel_liveupdate_restore(
// Once: intel_liveupdate_probe(info);
// Once: if (disable_igfx_iommu && !intel_liveupdate_keeps(drhd->iommu))

// Nothing is inherited from a device that was in the same place.
@@
identifier info;
@@
intel_iommu_probe_device(...)
{
	...
	dev_iommu_priv_set(dev, info);
+	intel_liveupdate_probe(info);
	...
}

// A unit for graphics alone can be left off, but not turned off.
@@
expression drhd;
@@
init_no_remapping_devices(...)
{
	<...
-	if (disable_igfx_iommu)
+	if (disable_igfx_iommu && !intel_liveupdate_keeps(drhd->iommu))
		drhd->ignored = 1;
	...>
}

// A device that came in by a live update may have ATS on. If it translates as it did,
// what it has cached is invalidated when it is attached; if not, at once.
@@
identifier pdev, ret;
@@
intel_iommu_probe_device(...)
{
	<...
	ret = pci_prepare_ats(pdev, VTD_PAGE_SHIFT);
	if (ret)
		goto free;
+	info->ats_enabled = info->ats_supported && pdev->ats_enabled;
+	if (!context_copied(iommu, info->bus, info->devfn))
+		iommu_disable_pci_ats(info);
	...>
}

@@
identifier info;
@@
intel_iommu_probe_device(...)
{
	<...
free:
+	iommu_disable_pci_ats(info);
	kfree(info);
	...>
}

// Whether the driver is to run, and in which mode, is decided by now. Where
// devices translate it is not for the command line to say.
@@
@@
intel_iommu_init(...)
{
	<...
+	intel_liveupdate_adopt();
+
	if (dmar_policy_off()) { ... }
	...>
}

// A unit that is found translating
@@
expression iommu;
@@
init_dmars(...)
{
	<...
	if (translation_pre_enabled(iommu) && !is_kdump_kernel()
+	    && !intel_liveupdate_keeps(iommu)
	   ) { ... }
	...>
}

// What a crash kernel copies from the crashed one is not to be trusted to be
// all in memory that was left alone; here there is a record of what is.
@@
expression iommu, ret;
@@
init_dmars(...)
{
	<...
-	ret = copy_translation_tables(iommu);
+	ret = 0;
+	if (is_kdump_kernel())
+		ret = copy_translation_tables(iommu);
+	else
+		intel_liveupdate_restore(iommu);
	...>
}

// After a crash no device of the unit is attached to its default domain before
// its driver is there, as any may still do DMA to the crashed kernel's memory.
// After a live update, only those that were taken over wait.
@@
identifier info;
@@
intel_iommu_is_attach_deferred(...)
{
	...
-	return translation_pre_enabled(info->iommu) && !info->domain;
+	return translation_pre_enabled(info->iommu) && !info->domain &&
+	       (is_kdump_kernel() || context_copied(info->iommu, info->bus,
+						    info->devfn));
}

// Step: vtd-ops

// The core reaches live update by way of the driver's operations.
@@
@@
#include <linux/tboot.h>
+ #include <linux/util_macros.h>
