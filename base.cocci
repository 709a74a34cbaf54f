// SPDX-License-Identifier: GPL-2.0
//
// What the rework takes over from the kernel's half of the driver, applied by
// scripts/stage to iommu_base.[ch], nested.c, svm.c and dmar.c. Every name below must
// be found exactly once in them, or staging fails and says which was not.

@ initialize:python @
@@
import collections, os, re, sys
found = collections.Counter()

// Superseded: attach and detach, context and PASID entries, control bits.
@ superseded @
identifier gone = {
	// iommu.c: legacy context entries
	domain_lookup_dev_info, copied_context_tear_down,
	context_present_cache_flush, domain_context_mapping_one,
	domain_context_mapping_cb, domain_context_mapping,
	domain_context_clear_one, domain_context_clear_one_cb,
	domain_context_clear, context_setup_pass_through,
	context_setup_pass_through_cb, device_setup_pass_through,
	// iommu.c: PASID entries
	__domain_setup_first_level, domain_setup_first_level,
	domain_setup_second_level, domain_setup_passthrough,
	// iommu.c: attach, replace, block
	paging_domain_compatible, dmar_domain_attach_device,
	device_block_translation, domain_add_dev_pasid,
	domain_remove_dev_pasid, intel_iommu_attach_device,
	intel_iommu_set_dev_pasid, identity_domain_attach_dev,
	identity_domain_set_dev_pasid, blocking_domain_attach_dev,
	blocking_domain_set_dev_pasid,
	// iommu.c: domain ids
	domain_attach_iommu, domain_detach_iommu,
	// iommu.c: control bits of live entries
	domain_set_dirty_tracking, parent_domain_set_dirty_tracking,
	intel_iommu_set_dirty_tracking, intel_iommu_enforce_cache_coherency_fs,
	// nested.c
	intel_nested_attach_dev, domain_setup_nested,
	intel_nested_set_dev_pasid,
	// svm.c
	intel_svm_set_dev_pasid
};
type T;
position p;
@@
- T gone@p(...) { ... }

// A place of its own for each, or two of one name would count as one.
@ script:python @
n << superseded.gone;
p << superseded.p;
@@
found[str(n)] += 1

// Their prototypes, and those of functions of the replaced files.
@@
identifier superseded.gone;
type T;
@@
- T gone(...);

@ header @
identifier proto = {
	intel_context_flush_no_pasid,
	cache_tag_assign_domain, cache_tag_unassign_domain
};
type T;
position p;
@@
- T proto@p(...);

@ script:python @
n << header.proto;
p << header.p;
@@
found["prototype " + str(n)] += 1

// Opened: called by the attach path.
@ opened @
identifier shared = {
	paging_domain_compatible_first_stage,
	paging_domain_compatible_second_stage,
	domain_support_force_snooping, iommu_set_root_entry,
	iommu_enable_pci_ats, iommu_disable_pci_ats,
	intel_iommu_sva_supported
};
type T;
position p;
@@
- static
  T shared@p(...) { ... }

@ script:python @
n << opened.shared;
p << opened.p;
@@
found[str(n)] += 1

// What a domain is on its units lives as long as the domain.
@ hook @
identifier free = {
	intel_iommu_domain_free, intel_nested_domain_free, intel_mm_free_notifier
};
expression domain;
position p;
@@
  free@p(...)
  {
	...
+	domain_free_units(domain);
	kfree(domain->qi_batch);
	...
  }

@ script:python @
n << hook.free;
p << hook.p;
@@
found["hook in " + str(n)] += 1

// Everything that the unit is told can be redirected to a model of it. The
// flush is in an inline function, which has no one address to redirect.
@ redirected @
identifier redirect = { qi_submit_sync };
identifier a, b, c, d;
type T, A, B, C, D;
position p;
@@
  T redirect@p(A a, B b, C c, D d)
  {
+	KUNIT_STATIC_STUB_REDIRECT(redirect, a, b, c, d);
	...
  }

@ script:python @
n << redirected.redirect;
p << redirected.p;
@@
found["redirect of " + str(n)] += 1

@ flushed @
identifier flush = { __iommu_flush_cache };
expression addr, size;
position p;
@@
  flush(...)
  {
	<+...
-	clflush_cache_range@p
+	intel_iommu_clflush
	(addr, size)
	...+>
  }

@ script:python @
n << flushed.flush;
p << flushed.p;
@@
found["flush in " + str(n)] += 1

// All operation tables lead to the one attach path.
@@
identifier attach_dev = {
	intel_iommu_attach_device, identity_domain_attach_dev,
	blocking_domain_attach_dev, intel_nested_attach_dev
};
@@
- attach_dev
+ intel_iommu_attach_dev

@@
identifier set_dev_pasid = {
	identity_domain_set_dev_pasid, blocking_domain_set_dev_pasid,
	intel_nested_set_dev_pasid, intel_svm_set_dev_pasid
};
@@
- set_dev_pasid
+ intel_iommu_set_dev_pasid

@ finalize:python @
@@
text = re.sub("//.*", "", open(os.environ["SP_FILE"]).read())

def named(kind, prefix=""):
    for names in re.findall(r"identifier %s = \{(.*?)\}" % kind, text, re.S):
        return [prefix + name.strip() for name in names.split(",")]

for name in named("gone") + named("shared") + named("proto", "prototype ") + named("free", "hook in ") + named("redirect", "redirect of ") + named("flush", "flush in "):
    if found[name] != 1:
        print("base.cocci: %s: found %d times, not once" % (name, found[name]),
              file=sys.stderr)
        found["errors"] += 1
if found["errors"]:
    sys.exit(1)
