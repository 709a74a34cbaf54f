// SPDX-License-Identifier: GPL-2.0
//
// Opened for the attach path, which checks domains by them
// Once: int paging_domain_compatible_first_stage(
// Once: bool domain_support_force_snooping(
// Once: void iommu_enable_pci_ats(
// Once: void iommu_disable_pci_ats(
// Once: void iommu_set_root_entry(
//
// Every operation table leads to the one attach path.
//
// Live update
// Once: if (!intel_liveupdate_hand_over(
// Once: intel_liveupdate_adopt(
// Once: intel_liveupdate_restore(

@@
identifier opened = {
	paging_domain_compatible_first_stage,
	paging_domain_compatible_second_stage,
	domain_support_force_snooping, iommu_set_root_entry,
	iommu_enable_pci_ats, iommu_disable_pci_ats
};
type T;
@@
- static
  T opened(...) { ... }

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

// What a domain is on its units lives as long as the domain.
@@
expression domain;
@@
  intel_iommu_domain_free(...)
  {
	...
+	domain_free_units(domain);
	kfree(domain->qi_batch);
	...
  }

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
