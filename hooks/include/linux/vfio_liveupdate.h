/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Hand VFIO devices over in a live update, for VFIO alone
 */
#ifndef _LINUX_VFIO_LIVEUPDATE_H
#define _LINUX_VFIO_LIVEUPDATE_H

#ifdef CONFIG_INTEL_IOMMU_LIVEUPDATE
void vfio_liveupdate_init(void);
void vfio_liveupdate_exit(void);
#else
static inline void vfio_liveupdate_init(void) {}
static inline void vfio_liveupdate_exit(void) {}
#endif

#endif /* _LINUX_VFIO_LIVEUPDATE_H */
