/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Two units, devices behind them and domains for them, for tests of the driver
 */
#ifndef _INTEL_ATTACH_WORLD_H_
#define _INTEL_ATTACH_WORLD_H_

#include <linux/dmar.h>
#include <linux/iommu.h>
#include <linux/pci.h>

#include "../iommu.h"
#include "unit_model.h"

#define WORLD_CONFIG_SIZE	256
#define WORLD_NUM_UNITS		2
/* One more takes the place of one that was removed. */
#define WORLD_MAX_UNITS		3
#define WORLD_NUM_GUESTS	3
#define WORLD_GUEST_LEVELS	4
/* Tables of a crashed kernel: 4 levels, PASID table and directory */
#define WORLD_NUM_CRASHED	6
/* Few, so that a test can use all of them */
#define WORLD_NUM_DIDS		24

/* What a device may be attached to */
enum world_kind {
	WORLD_BLOCKED,
	WORLD_FS,
	WORLD_FS_OTHER,
	WORLD_FS_SNOOP,		/* first stage that forces snooping */
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
	WORLD_FAR_OLD,		/* behind the other unit */
	WORLD_FAR_NEW,
	WORLD_NUM_DEVICES,
};

/* Ranges of addresses that domains map, see world_domain.c */
enum world_region {
	WORLD_REGION_KEPT,
	WORLD_REGION_VICTIM,
	WORLD_REGION_RUN,
	WORLD_REGION_BIG,
	WORLD_REGION_TABLE,
	WORLD_NUM_REGIONS,
};

/* All that may be unmapped */
#define WORLD_REGIONS \
	(BIT(WORLD_REGION_VICTIM) | BIT(WORLD_REGION_RUN) | \
	 BIT(WORLD_REGION_BIG) | BIT(WORLD_REGION_TABLE))

/* What requester IDs a device has besides its own */
enum world_alias {
	WORLD_NO_ALIAS,
	WORLD_ALIAS,		/* one that nobody else has */
	WORLD_ALIAS_DEVICE,	/* that of %WORLD_OLD_SHARER */
};

/**
 * struct world_config - properties of units and devices
 * @scalable: scalable mode
 * @pasid: that requests carry
 * @ats: devices have ATS
 * @caching_mode: units cache what is not present
 * @incoherent: units do not snoop CPU caches
 * @rwbf: units want their write buffer flushed
 * @no_queue: units have registers only
 * @no_psi: the first unit invalidates no ranges; the other one never does
 * @small_ranges: it invalidates none of more than 16 pages
 * @no_snoop_control: devices may choose not to snoop
 * @same_device: %WORLD_OLD_SHARER is another PASID of %WORLD_DEVICE
 * @throttled: units want to be told of which physical function an ATC is;
 *             %WORLD_DEVICE is a virtual one where the kernel has these
 * @tell_twice: ATCs need two invalidations
 * @alias: of %WORLD_DEVICE
 * @copied: context entries are those of a crashed kernel
 * @came_in: they are of a kernel that has handed %WORLD_DEVICE over, with ATS on
 * @subdevice: %WORLD_NEW_SHARER is behind %WORLD_DEVICE, a VMD endpoint
 * @far: there is another unit
 * @quantum_words: words that CPU and units move at once
 */
struct world_config {
	bool scalable;
	u32 pasid;
	bool ats;
	bool caching_mode;
	bool incoherent;
	bool rwbf;
	bool no_queue;
	bool no_psi;
	bool small_ranges;
	bool no_snoop_control;
	bool same_device;
	bool throttled;
	bool tell_twice;
	enum world_alias alias;
	bool copied;
	bool came_in;
	bool subdevice;
	bool far;
	unsigned int quantum_words;
};

/**
 * struct world_domain - a domain
 * @domain: the domain, or NULL if the units cannot have it
 * @grant: what it grants
 * @mapped: the domain in whose table the regions are mapped; NULL if they are
 *          in none
 * @base: host-physical addresses of the regions begin here
 * @addr: at these addresses
 * @regions: which of them are mapped
 * @root: address of its page table
 */
struct world_domain {
	struct iommu_domain *domain;
	struct unit_grant grant;
	struct iommu_domain *mapped;
	u64 base;
	u64 addr[WORLD_NUM_REGIONS];
	unsigned int regions;
	u64 root;
};

/**
 * struct world_unit - a unit
 * @iommu: the driver's record of it
 * @drhd: what firmware says of it
 * @qi: stands for an invalidation queue
 * @model: the model
 * @regs: its registers
 */
struct world_unit {
	struct intel_iommu iommu;
	struct dmar_drhd_unit drhd;
	struct q_inval qi;
	struct unit_model *model;
	void *regs;
};

struct attach_world;

/**
 * struct world_pci - a PCI device that exists in memory only
 * @world: what it is part of
 * @bus: a bus of its own
 * @sysdata: of the bus
 * @pdev: the device
 * @iommu: what the iommu core knows of it
 * @config: configuration space
 * @unit: the unit that it is behind
 * @function: what that sees of it
 * @probed: the driver knows it
 */
struct world_pci {
	struct attach_world *world;
	struct pci_bus bus;
	struct pci_sysdata sysdata;
	struct pci_dev pdev;
	struct dev_iommu iommu;
	u8 config[WORLD_CONFIG_SIZE] __aligned(8);
	struct world_unit *unit;
	struct unit_function function;
	bool probed;
};

/**
 * struct world_requester - one PASID of a device
 * @pci: the device
 * @pasid: the PASID
 * @kind: what it is attached to
 * @seen: requests as the unit sees them
 * @alias: those with another requester ID, or NULL
 */
struct world_requester {
	struct world_pci *pci;
	u32 pasid;
	enum world_kind kind;
	struct unit_requester *seen;
	struct unit_requester *alias;
};

/**
 * struct world_result - how an attachment went
 * @ret: what the driver returned
 * @no_memory: the allocation that was to fail has failed
 * @fault: requests may have faulted meanwhile
 * @served: requests that come afterwards do not fault
 * @counts: what the unit was asked to do
 */
struct world_result {
	int ret;
	bool no_memory;
	bool fault;
	bool served;
	struct unit_counts counts;
};

/* What an adversary may do, see world_adversary.c */
enum world_act {
	WORLD_ACT_NONE,
	WORLD_ACT_UNMAP,
	WORLD_ACT_UNMAP_LAZY,	/* all at once, and one flush of everything */
	WORLD_ACT_MAP,
	WORLD_ACT_TRACK,	/* dirty tracking on */
	WORLD_ACT_UNTRACK,	/* and off */
	WORLD_ACT_SNOOP,	/* force snooping */
	WORLD_ACT_ATTACH,	/* another requester */
	WORLD_ACT_MM_EXIT,	/* an address space ends */
	WORLD_ACT_REPROBE,	/* another device goes and comes back */
	WORLD_NUM_ACTS,
};

/**
 * struct world_action - one thing to do
 * @act: what
 * @kind: to what domain, or attach what
 * @regions: of which regions
 * @who: with which device
 */
struct world_action {
	enum world_act act;
	enum world_kind kind;
	unsigned int regions;
	enum world_device who;
};

struct world_actor;

/**
 * struct world_script - something that happens in the middle of something else
 * @action: what
 * @at: at the event of this number
 * @event: number of the event
 * @in_atc: as soon as the queue waits for a device, and it must end meanwhile
 * @slow: it stops at its own first event, until all else has ended or has to
 *        wait for it
 * @paused: it has stopped there
 * @resumed: it goes on
 * @over: all else has ended
 * @started: it has begun
 * @done: it has ended
 * @gather: unmapped, to be invalidated when the queue is free again
 */
struct world_script {
	struct world_action action;
	unsigned int at;
	unsigned int event;
	bool in_atc;
	bool slow;
	bool paused;
	bool resumed;
	bool over;
	bool started;
	bool done;
	struct iommu_iotlb_gather gather;
};

/**
 * struct attach_world - all there is
 * @test: the test
 * @config: properties
 * @machine: the models
 * @unit: the units
 * @num_units: number of them
 * @pci: the devices
 * @physical: the physical function of a virtual one
 * @requester: who uses them
 * @domain: the domains
 * @guest_table: first-stage tables of the nested domains, root first
 * @crashed: tables of a crashed kernel
 * @crashed_grant: what they grant
 * @used_up: DIDs that the test holds
 * @user: where nested domains are described to the driver
 * @mm_exited: the address space of %WORLD_SVA has ended
 * @tracking: dirty tracking of %WORLD_PARENT is on
 * @snooping: %WORLD_FS forces snooping
 * @failing: number of the allocation that fails in the next attachment, or 0
 * @script: what happens in the middle
 * @actor: who does it
 * @pages: number of IOMMU pages before there was a world
 * @forced_scalable: the test has turned on scalable mode
 * @failures: how often the model has found something
 */
struct attach_world {
	struct kunit *test;
	struct world_config config;
	struct unit_machine machine;
	struct world_unit unit[WORLD_MAX_UNITS];
	unsigned int num_units;
	struct world_pci pci[WORLD_NUM_DEVICES];
	struct world_pci physical;
	struct world_requester requester[WORLD_NUM_DEVICES];
	struct world_domain domain[WORLD_NUM_DOMAINS];
	u64 *guest_table[WORLD_NUM_GUESTS][WORLD_GUEST_LEVELS];
	u64 *crashed[WORLD_NUM_CRASHED];
	struct unit_grant crashed_grant;
	unsigned long used_up;
	unsigned long user;
	bool mm_exited;
	bool tracking;
	bool snooping;
	unsigned int failing;
	struct world_script script;
	struct world_actor *actor;
	long pages;
	bool forced_scalable;
	unsigned int failures;
};

/* attach_world.c */
struct attach_world *attach_world_make(struct kunit *test,
				       const struct world_config *config);
void attach_world_end(struct attach_world *world);
bool world_has(const struct attach_world *world, enum world_kind kind);
bool world_has_device(const struct attach_world *world, enum world_device which);
bool world_can_attach(const struct attach_world *world,
		      enum world_device which, enum world_kind kind);
struct world_result world_attach(struct attach_world *world,
				 enum world_device which,
				 enum world_kind kind);
int world_attach_quietly(struct attach_world *world, enum world_device which,
			 enum world_kind kind);
void world_block_all(struct attach_world *world);
void world_check_idle(struct attach_world *world);
long world_count_pages(enum node_stat_item item);
void world_check_pages(struct attach_world *world);
void world_use_up_dids(struct attach_world *world);
void world_release_dids(struct attach_world *world);
u64 *world_entry(const struct attach_world *world, enum world_device which);
bool world_control(const struct attach_world *world, enum world_device which);
bool world_is_left_over(const struct world_requester *req);
bool world_snoops(const struct attach_world *world, enum world_device which);
const char *world_control_flaw(const struct attach_world *world);

/* world_unit.c */
void world_unit_make(struct attach_world *world, unsigned int index);
void world_unit_free(struct attach_world *world, unsigned int index);
void world_unit_remove(struct attach_world *world, unsigned int index);
unsigned int world_unit_replug(struct attach_world *world, unsigned int index);
void world_unit_crash(struct attach_world *world);
void world_limit_levels(struct attach_world *world);
void world_add_ecap(struct attach_world *world, u64 ecap);
void world_set_capable(struct attach_world *world, bool capable);

/* world_pci.c */
const char *world_device_name(enum world_device which);
void world_pci_make(struct attach_world *world, enum world_device which);
void world_pci_split(struct world_pci *pci);
void world_pci_come_in(struct world_pci *pci);
int world_pci_probe(struct attach_world *world, struct world_pci *pci);
void world_pci_release(struct attach_world *world, struct world_pci *pci);
void world_pci_requesters(struct attach_world *world);
struct device_domain_info *world_info(const struct world_pci *pci);

/* world_domain.c */
extern const u64 world_page[UNIT_NUM_PAGES];
const char *world_kind_name(enum world_kind kind);
void world_domains_make(struct attach_world *world);
void world_domains_free(struct attach_world *world);
struct iommu_domain *world_made_domain(const struct attach_world *world,
				       enum world_kind kind);
void world_unmap_begin(struct attach_world *world, struct world_domain *wd,
		       unsigned int regions, struct iommu_iotlb_gather *gather);
void world_unmap_end(struct attach_world *world, struct world_domain *wd,
		     unsigned int regions, struct iommu_iotlb_gather *gather);
void world_unmapped(struct attach_world *world, struct world_domain *wd,
		    unsigned int regions);
void world_unmap(struct attach_world *world, enum world_kind kind,
		 unsigned int regions);
void world_unmap_lazily(struct attach_world *world, enum world_kind kind,
			unsigned int regions);
void world_map(struct attach_world *world, enum world_kind kind,
	       unsigned int regions, gfp_t gfp);
void world_remap(struct attach_world *world);
u64 world_leaf(struct attach_world *world, enum world_kind kind,
	       enum unit_page page);
bool world_guest_unmap(struct attach_world *world, enum world_kind kind,
		       bool leaf_only);
void world_guest_remap(struct attach_world *world, enum world_kind kind);
bool world_has_control(const struct attach_world *world, enum world_kind kind);
void world_switch_control(struct attach_world *world, enum world_kind kind,
			  bool on);
bool world_force_snooping(struct attach_world *world, enum world_kind kind);
void world_mm_exit(struct attach_world *world);
void world_mm_revive(struct attach_world *world);
const struct unit_grant *world_grant(struct attach_world *world,
				     enum world_kind kind);

/* world_adversary.c */
void world_adversary_make(struct attach_world *world);
void world_adversary_free(struct attach_world *world);
void world_act(struct attach_world *world, const struct world_action *action);
void world_act_at(struct attach_world *world, const struct world_action *action,
		  unsigned int event);
void world_act_slowly(struct attach_world *world,
		      const struct world_action *action, unsigned int event);
void world_act_in_atc(struct attach_world *world,
		      const struct world_action *action);
bool world_act_done(struct attach_world *world);
bool world_act_while_read(struct attach_world *world,
			  const struct world_action *action);

/* world_driver.c: all that knows what the driver keeps its records in */
void driver_init_unit(struct intel_iommu *iommu);
void driver_hide_from_debugfs(struct device *dev);
void driver_destroy_unit(struct intel_iommu *iommu);
bool driver_did_is_free(struct intel_iommu *iommu, u16 did);
int driver_take_did(struct intel_iommu *iommu);
void driver_return_did(struct intel_iommu *iommu, unsigned int did);
bool driver_knows_unit(struct iommu_domain *domain, struct intel_iommu *iommu);
bool driver_is_in_transit(struct iommu_domain *domain, struct intel_iommu *iommu);
const char *driver_idle_flaw(struct iommu_domain *domain);
bool driver_dids_are_free(struct intel_iommu *iommu);
void driver_mm_release(struct iommu_domain *domain);
bool driver_is_contended(struct attach_world *world);
const char *driver_wait_flaw(struct unit_machine *machine);
int driver_handle_faults(struct iommu_domain *domain, struct device *dev);
void driver_ignore_faults(struct iommu_domain *domain, struct device *dev);
unsigned int driver_count_handled(struct device *dev);
bool driver_is_live(struct iommu_domain *domain, struct device *dev,
		    ioasid_t pasid);
void driver_describe_table(struct iommu_domain *domain, struct unit_table *table);
struct iommu_domain *driver_alloc_paging(struct device *dev, bool first_stage,
					 u32 flags);
void driver_change_guest(struct iommu_domain *domain, u32 addr_width,
			 u64 flags);
int driver_assign_tags(struct iommu_domain *domain, struct device *dev, u16 did,
		       ioasid_t pasid);
void driver_unassign_tags(struct iommu_domain *domain, struct device *dev,
			  u16 did, ioasid_t pasid);
unsigned int driver_count_tags(struct iommu_domain *domain,
			       struct intel_iommu *iommu, bool atc);

#endif /* _INTEL_ATTACH_WORLD_H_ */
