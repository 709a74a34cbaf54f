/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A software model of a VT-d unit, for KUnit tests of the driver
 *
 * See unit_model.c for what it does and what it checks.
 */
#ifndef _INTEL_UNIT_MODEL_H_
#define _INTEL_UNIT_MODEL_H_

#include <linux/pci.h>
#include <linux/types.h>

#include "../../entry_sync.h"
#include "../iommu.h"

#define UNIT_MAX_DEVICES	3
#define UNIT_MAX_TABLES		16
#define UNIT_MAX_VALUES		8
#define UNIT_MAX_CACHED		64
#define UNIT_MAX_TLB		64
#define UNIT_MAX_QUANTA		ENTRY_SYNC_MAX_WORDS

/* The addresses that devices try */
enum unit_page {
	UNIT_PAGE_KEPT,		/* mapped by all domains all the time */
	UNIT_PAGE_VICTIM,	/* unmapped while a device changes domains */
	UNIT_PAGE_HOLE,		/* mapped by none */
	UNIT_NUM_PAGES,
};

/* Values of the PGTT field, for legacy entries too */
enum unit_type {
	UNIT_NONE	= 0,
	UNIT_FS		= 1,
	UNIT_SS		= 2,
	UNIT_NESTED	= 3,
	UNIT_PT		= 4,
};

enum unit_stage {
	UNIT_STAGE_FS,		/* first stage, host-physical */
	UNIT_STAGE_SS,		/* second stage */
	UNIT_STAGE_GUEST,	/* first stage, in addresses of a second stage */
};

/**
 * struct unit_table - a page table that entries may point to
 * @root: its address
 * @stage: what it is
 * @levels: its number of levels
 */
struct unit_table {
	u64 root;
	enum unit_stage stage;
	unsigned int levels;
};

/**
 * struct unit_grant - what a domain grants
 * @name: of the domain
 * @out: for each page the address that it is mapped to; 0 if it is not
 */
struct unit_grant {
	const char *name;
	u64 out[UNIT_NUM_PAGES];
};

/**
 * struct unit_tlb - a cached translation and its tags
 * @type: how it was obtained
 * @page: the page that is translated
 * @did: tag
 * @pasid: tag, not looked at for second-stage translations
 * @gpa: nested: what the first stage said
 * @out: host-physical address
 */
struct unit_tlb {
	enum unit_type type;
	enum unit_page page;
	u16 did;
	u32 pasid;
	u64 gpa;
	u64 out;
};

/**
 * struct unit_cache - a set of translations
 * @num: how many
 * @tlb: the translations
 */
struct unit_cache {
	unsigned int num;
	struct unit_tlb tlb[UNIT_MAX_TLB];
};

/**
 * struct unit_composite - an entry as a fetch may have found it
 * @val: its words
 * @in_flight: no longer cached, but requests that have found it before may be
 *             under way
 */
struct unit_composite {
	u64 val[ENTRY_SYNC_MAX_WORDS];
	bool in_flight;
};

/**
 * struct unit_quantum - what a fetch may find in one quantum
 * @num: number of @value
 * @value: the values since the last completed sync, the latest at the end
 * @visible: the oldest of them that may still be in memory
 */
struct unit_quantum {
	unsigned int num;
	u64 value[UNIT_MAX_VALUES][2];
	unsigned int visible;
};

/**
 * struct unit_device - a device, and the entry that translates one PASID of it
 * @info: the driver's record of it
 * @name: for messages
 * @pasid: the PASID of its requests, %IOMMU_NO_PASID for none
 * @grant: what may be granted to it: by the old and by the new domain, which
 *         are the same unless it is changing domains; NULL grants nothing
 * @live: the entry, or NULL while there is no table for it
 * @quantum: what a fetch may find there
 * @num_cached: number of @cached
 * @cached: what fetches may have left in the PASID-cache or context-cache, and
 *          what is in flight
 * @atc: what the device may have in its ATC
 * @fault: a request to a page that is always mapped may have faulted
 */
struct unit_device {
	struct device_domain_info *info;
	const char *name;
	u32 pasid;
	const struct unit_grant *grant[2];
	u64 *live;
	struct unit_quantum quantum[UNIT_MAX_QUANTA];
	unsigned int num_cached;
	struct unit_composite cached[UNIT_MAX_CACHED];
	struct unit_cache atc;
	bool fault;
};

/**
 * struct unit_counts - what the unit was asked to do
 * @stores: stores to entries
 * @submissions: to the invalidation queue
 * @descs: descriptors other than waits
 * @waits: how often software waited for the queue
 * @fences: wait descriptors that only order what is in a submission
 * @syncs: invalidations of the cache that holds the entries
 */
struct unit_counts {
	unsigned int stores;
	unsigned int submissions;
	unsigned int descs;
	unsigned int waits;
	unsigned int fences;
	unsigned int syncs;
};

/**
 * struct unit_model - a unit
 * @iommu: the driver's record of it
 * @quantum_words: words that are stored and fetched at once
 * @page: the addresses that devices try
 * @num_tables: number of @table
 * @table: the page tables there are
 * @num_devices: number of @device
 * @device: the devices behind the unit
 * @iotlb: what may be in the IOTLB
 * @counts: since the test cleared them
 * @on_event: called after everything the unit can notice, under whatever
 *            locks the driver holds; @queue_busy says that the unit is within
 *            a submission, so that nobody else's can be executed. Returns
 *            whether it did anything.
 * @in_event: @on_event is running
 * @failure: the first thing that went wrong, or empty
 */
struct unit_model {
	struct intel_iommu *iommu;
	unsigned int quantum_words;
	u64 page[UNIT_NUM_PAGES];
	unsigned int num_tables;
	struct unit_table table[UNIT_MAX_TABLES];
	unsigned int num_devices;
	struct unit_device device[UNIT_MAX_DEVICES];
	struct unit_cache iotlb;
	struct unit_counts counts;
	bool (*on_event)(struct unit_model *unit, bool queue_busy);
	bool in_event;
	char failure[192];
};

struct kunit;

void unit_start(struct kunit *test, struct unit_model *unit);
void unit_add_table(struct unit_model *unit, u64 root, enum unit_stage stage,
		    unsigned int levels);
void unit_add_device(struct unit_model *unit, struct device_domain_info *info,
		     const char *name, u32 pasid);
void unit_change_begin(struct unit_model *unit, struct unit_device *ud,
		       const struct unit_grant *old,
		       const struct unit_grant *new);
void unit_change_end(struct unit_model *unit, struct unit_device *ud,
		     const struct unit_grant *now);
void unit_observe(struct unit_model *unit);
void unit_check_tags(struct unit_model *unit);
bool unit_translates(struct unit_model *unit, struct unit_device *ud,
		     enum unit_page page, u64 out);
void unit_reset(struct unit_model *unit);

#endif /* _INTEL_UNIT_MODEL_H_ */
