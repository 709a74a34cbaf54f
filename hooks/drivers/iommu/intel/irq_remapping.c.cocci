// SPDX-License-Identifier: GPL-2.0
//
//
// A unit that is handed over is given a table of its own for the jump, by the
// same steps.

// Step: vtd-out
// Once: static void iommu_set_irta(struct intel_iommu *iommu, u64 irta)
// Once: #include <kunit/static_stub.h>
// Once: static u64 own_irta(

@@
@@
+ #include <kunit/static_stub.h>
#include <linux/interrupt.h>

@@
identifier iommu, mode, addr, flags, sts;
typedef u64, u32;
@@
-static void iommu_set_irq_remapping(struct intel_iommu *iommu, int mode)
+static void iommu_set_irta(struct intel_iommu *iommu, u64 irta)
 {
	unsigned long flags;
-	u64 addr;
	u32 sts;

-	addr = virt_to_phys((void *)iommu->ir_table->base);
-
	raw_spin_lock_irqsave(&iommu->register_lock, flags);

-	writeq((addr) | IR_X2APIC_MODE(mode) | INTR_REMAP_TABLE_REG_SIZE,
-	       iommu->reg + DMAR_IRTA_REG);
+	writeq(irta, iommu->reg + DMAR_IRTA_REG);
	...
 }

@@
@@
+static u64 own_irta(struct intel_iommu *iommu, int mode)
+{
+	u64 base = virt_to_phys(iommu->ir_table->base);
+
+	return base | IR_X2APIC_MODE(mode) | INTR_REMAP_TABLE_REG_SIZE;
+}
+
intel_setup_irq_remapping(...)
{
	...
}

@@
expression iommu, mode;
@@
- iommu_set_irq_remapping(iommu, mode);
+ iommu_set_irta(iommu, own_irta(iommu, mode));

// Step: vtd-boot
// Once: if (!intel_liveupdate_was_left_on(iommu))

// A unit that the kernel before has left on has a table that lets nothing
// through. While devices do DMA, off would be worse: any write to the addresses
// of interrupts would be one.
@@
expression iommu;
@@
intel_setup_irq_remapping(...)
{
	<...
	clear_ir_pre_enabled(iommu);
-	iommu_disable_irq_remapping(iommu);
+	if (!intel_liveupdate_was_left_on(iommu))
+		iommu_disable_irq_remapping(iommu);
	...>
}
