/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A unit, devices behind it and domains for them, for tests of the attach path
 */
#ifndef _INTEL_ATTACH_WORLD_H_
#define _INTEL_ATTACH_WORLD_H_

#include <linux/iommu.h>
#include <linux/pci.h>

#include "../iommu.h"
#include "unit_model.h"

#define WORLD_CONFIG_SIZE	256
#define WORLD_NUM_GUESTS	3
#define WORLD_GUEST_LEVELS	4

/* What a device may be attached to */
enum world_kind {
	WORLD_BLOCKED,
	WORLD_FS,
	WORLD_FS_OTHER,
	WORLD_SS,
	WORLD_PARENT,		/* second stage, the parent of the next two */
	WORLD_NESTED,
	WORLD_NESTED_SIBLING,
	WORLD_NESTED_OTHER,	/* on a parent of its own */
	WORLD_SVA,
	WORLD_IDENTITY,
	WORLD_NUM_KINDS,
	WORLD_PARENT_OTHER = WORLD_NUM_KINDS,
	WORLD_PRIVATE,		/* for devices that look on */
	WORLD_NUM_DOMAINS,
};

/* Who changes domains, and who looks on */
enum world_device {
	WORLD_DEVICE,
	WORLD_OLD_SHARER,
	WORLD_NEW_SHARER,
	WORLD_NUM_DEVICES,
};

/**
 * struct world_config - properties of a unit and its devices
 * @scalable: scalable mode
 * @pasid: that requests carry
 * @ats: devices have ATS
 * @caching_mode: the unit caches what is not present
 * @incoherent: the unit does not snoop CPU caches
 * @same_device: %WORLD_OLD_SHARER is another PASID of %WORLD_DEVICE
 * @quantum_words: words that CPU and unit move at once
 */
struct world_config {
	bool scalable;
	u32 pasid;
	bool ats;
	bool caching_mode;
	bool incoherent;
	bool same_device;
	unsigned int quantum_words;
};

/**
 * struct world_domain - a domain
 * @domain: the domain, or NULL if the unit cannot have it
 * @grant: what it grants
 * @mapped: the domain in whose table the pages are mapped; NULL if they are in
 *          none
 * @addr: at these addresses
 */
struct world_domain {
	struct iommu_domain *domain;
	struct unit_grant grant;
	struct iommu_domain *mapped;
	u64 addr[UNIT_NUM_PAGES];
};

/**
 * struct world_pci - a PCI device that exists in memory only
 * @bus: a bus of its own
 * @sysdata: of the bus
 * @pdev: the device
 * @iommu: what the iommu core knows of it
 * @info: what the driver knows of it
 * @config: configuration space
 */
struct world_pci {
	struct pci_bus bus;
	struct pci_sysdata sysdata;
	struct pci_dev pdev;
	struct dev_iommu iommu;
	struct device_domain_info info;
	u8 config[WORLD_CONFIG_SIZE];
};

/**
 * struct world_requester - one PASID of a device
 * @pci: the device
 * @pasid: the PASID
 * @kind: what it is attached to
 */
struct world_requester {
	struct world_pci *pci;
	u32 pasid;
	enum world_kind kind;
};

/**
 * struct world_result - how an attachment went
 * @ret: what the driver returned
 * @fault: requests may have faulted meanwhile
 * @served: requests that come afterwards do not fault
 * @counts: what the unit was asked to do
 */
struct world_result {
	int ret;
	bool fault;
	bool served;
	struct unit_counts counts;
};

/**
 * struct attach_world - all there is
 * @test: the test
 * @config: properties
 * @unit: the model
 * @iommu: the driver's record of the unit
 * @qi: stands for an invalidation queue
 * @pci: the devices
 * @requester: who uses them
 * @domain: the domains
 * @used_up: DIDs that the test holds
 * @guest_table: first-stage tables of the nested domains, root first
 * @unmap_in: &unit_model.on_event unmaps the victim from this domain
 * @unmap_at: at the event of this number
 * @event: number of the event
 * @failures: how often the model has found something
 * @gather: unmapped, to be invalidated when the queue is free again
 * @unmapping: @gather is in use
 */
struct attach_world {
	struct kunit *test;
	struct world_config config;
	struct unit_model unit;
	struct intel_iommu iommu;
	struct q_inval qi;
	struct world_pci pci[WORLD_NUM_DEVICES];
	struct world_requester requester[WORLD_NUM_DEVICES];
	struct world_domain domain[WORLD_NUM_DOMAINS];
	unsigned long used_up;
	u64 *guest_table[WORLD_NUM_GUESTS][WORLD_GUEST_LEVELS];
	struct world_domain *unmap_in;
	unsigned int unmap_at;
	unsigned int event;
	unsigned int failures;
	struct iommu_iotlb_gather gather;
	bool unmapping;
};

struct attach_world *attach_world_make(struct kunit *test,
				       const struct world_config *config);
bool world_has(const struct attach_world *world, enum world_kind kind);
bool world_can_attach(const struct attach_world *world,
		      enum world_device which, enum world_kind kind);
struct world_result world_attach(struct attach_world *world,
				 enum world_device which,
				 enum world_kind kind);
void world_unmap_at(struct attach_world *world, enum world_kind kind,
		    unsigned int event);
bool world_unmap_done(struct attach_world *world);
void world_unmap(struct attach_world *world, enum world_kind kind);
void world_remap(struct attach_world *world);
bool world_has_control(const struct attach_world *world, enum world_kind kind);
void world_switch_control(struct attach_world *world, enum world_kind kind,
			  bool on);
bool world_control(const struct attach_world *world, enum world_device which);
void world_use_up_dids(struct attach_world *world);
void world_release_dids(struct attach_world *world);
void world_set_capable(struct attach_world *world, bool capable);
void world_check_idle(struct attach_world *world);

#endif /* _INTEL_ATTACH_WORLD_H_ */
