/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A software model of VT-d units, for KUnit tests of the driver
 *
 * See unit_model.c for what it does and what it checks.
 */
#ifndef _INTEL_UNIT_MODEL_H_
#define _INTEL_UNIT_MODEL_H_

#include <linux/sizes.h>
#include <linux/spinlock.h>
#include <linux/types.h>

#include "../../entry_sync.h"
#include "../iommu.h"

#define UNIT_MAX_UNITS		3
#define UNIT_MAX_REQUESTERS	12
#define UNIT_MAX_TABLES		40
#define UNIT_MAX_VALUES		8
#define UNIT_MAX_ENTRIES	64
#define UNIT_MAX_CELLS		96
#define UNIT_MAX_TLB		768
#define UNIT_MAX_STRUCTURES	768
#define UNIT_MAX_PAGES		512
#define UNIT_MAX_QUANTA		ENTRY_SYNC_MAX_WORDS
#define UNIT_MAX_OUTS		8
/* No test uses larger DIDs. */
#define UNIT_MAX_DIDS		64
#define UNIT_HASH_BITS		6

/* The addresses that devices try */
enum unit_page {
	UNIT_PAGE_KEPT,		/* mapped by all domains all the time */
	UNIT_PAGE_VICTIM,	/* one page of 4 KiB */
	UNIT_PAGE_RUN_FIRST,	/* several pages of 4 KiB: the first */
	UNIT_PAGE_RUN_LAST,	/* and the last */
	UNIT_PAGE_BIG,		/* in a page of 2 MiB */
	UNIT_PAGE_TABLE,	/* in 2 MiB of small pages with a table of its own */
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
 * @snooped: software does not write it back, so walks must snoop
 * @forced: so must what accesses the pages that it maps
 */
struct unit_table {
	u64 root;
	enum unit_stage stage;
	unsigned int levels;
	bool snooped;
	bool forced;
};

/**
 * struct unit_grant - what a domain grants
 * @name: of the domain
 * @out: for each page the address that it is mapped to; 0 if it is not
 * @settled: for each page: the mapping is complete, so that a request must not
 *           fault
 */
struct unit_grant {
	const char *name;
	u64 out[UNIT_NUM_PAGES];
	bool settled[UNIT_NUM_PAGES];
};

/**
 * struct unit_tlb - a cached translation and its tags
 * @type: how it was obtained
 * @absent: caching mode: the address is not mapped
 * @did: tag
 * @pasid: tag, not looked at for second-stage translations
 * @addr: the address that is translated
 * @gpa: nested: what the first stage said
 * @out: host-physical address
 * @next: in the hash, -1 for none
 */
struct unit_tlb {
	enum unit_type type;
	bool absent;
	u16 did;
	u32 pasid;
	u64 addr;
	u64 gpa;
	u64 out;
	int next;
};

/**
 * struct unit_structure - an entry of the paging-structure caches
 * @stage: of what kind of table. The unit does not look at it, see
 *         unit_walk.c
 * @did: tag
 * @pasid: tag of first stages
 * @level: the level of the table that it points to, 1 for the last
 * @prefix: the addresses that it is for, without the bits that the levels
 *          below translate
 * @table: address of the table; 0 in caching mode if there is none
 * @next: in the hash, -1 for none
 */
struct unit_structure {
	enum unit_stage stage;
	u16 did;
	u32 pasid;
	unsigned int level;
	u64 prefix;
	u64 table;
	int next;
};

/**
 * struct unit_atc - what a device has cached
 * @page: the page
 * @out: the address it is translated to
 * @under_way: the ATC has dropped it, but writes to it that were translated
 *             before may not have arrived yet
 * @told: the device was told to drop it, but is one that must be told twice
 */
struct unit_atc {
	enum unit_page page;
	u64 out;
	bool under_way;
	bool told;
};

/**
 * struct unit_entry - an entry as a fetch may have found it
 * @val: its words
 * @in_flight: no longer cached, but requests that have found it before may be
 *             under way
 * @ats: scalable mode: found by way of a context entry that serves ATS
 * @walked: what it leads to is in the caches
 * @absent: pages that it may not lead to, one bit each
 */
struct unit_entry {
	u64 val[ENTRY_SYNC_MAX_WORDS];
	bool in_flight;
	bool ats;
	bool walked;
	unsigned long absent;
};

/**
 * struct unit_entries - a set of entries
 * @num: how many
 * @entry: the entries
 */
struct unit_entries {
	unsigned int num;
	struct unit_entry entry[UNIT_MAX_ENTRIES];
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

enum unit_cell_kind {
	UNIT_CELL_ROOT,		/* half of a root entry */
	UNIT_CELL_CONTEXT,
	UNIT_CELL_DIRECTORY,
	UNIT_CELL_PASID,
};

/* What has to be invalidated before a non-present entry may change */
#define UNIT_OWED_ENTRY		BIT(0)
#define UNIT_OWED_IOTLB		BIT(1)
#define UNIT_OWED_ATC		BIT(2)

/**
 * struct unit_cell - a place in memory that the unit reads an entry from
 * @kind: what it is
 * @live: the memory
 * @words: its length
 * @quantum_words: words that are fetched at once
 * @quantum: what a fetch may find there
 * @sid: requester ID that last came this way
 * @pasid: PASID that last came this way
 * @owed: what is still to be invalidated of the entry that was there; of
 *        UNIT_OWED_*
 * @was: that entry
 * @reached: the number of the observation that last came this way
 */
struct unit_cell {
	enum unit_cell_kind kind;
	u64 *live;
	unsigned int words;
	unsigned int quantum_words;
	struct unit_quantum quantum[UNIT_MAX_QUANTA];
	u16 sid;
	u32 pasid;
	unsigned long owed;
	struct unit_entry was;
	unsigned int reached;
};

/**
 * struct unit_page_record - a page of memory that units read
 * @phys: its address
 * @lines: the cache lines of it that were written back
 * @memory: what memory holds where caches were written back; NULL if units snoop
 * @next: in the hash, -1 for none
 */
struct unit_page_record {
	u64 phys;
	u64 lines;
	u64 *memory;
	int next;
};

/**
 * struct unit_function - a PCI function as units see it
 * @name: for messages
 * @sid: requester ID of its requests
 * @ats_ctrl: the control register of its ATS capability; NULL if it has none
 * @pfsid: the requester ID of its physical function, 0 if that is not to be told
 * @qdep: how many invalidations it can queue
 * @tell_twice: it needs two invalidations of its ATC
 * @gone: it was unplugged, and answers no more
 */
struct unit_function {
	const char *name;
	u16 sid;
	const u16 *ats_ctrl;
	u16 pfsid;
	u8 qdep;
	bool tell_twice;
	bool gone;
};

/**
 * struct unit_requester - requests of a function with one PASID
 * @function: the function
 * @sid: requester ID; not that of @function for an alias of it
 * @pasid: the PASID, %IOMMU_NO_PASID for none
 * @grant: what may be granted: by the old and by the new domain, which are the
 *         same unless it is changing domains; NULL grants nothing
 * @context: scalable mode: context entries that may be cached
 * @entry: what fetches may have left in the PASID-cache or, in legacy mode, the
 *         context-cache, and what is in flight
 * @num_atc: number of @atc
 * @atc: what the device may use in its ATC, or may have sent on
 * @asked_off: how often the ATC was invalidated since ATS is off
 * @fault: a request may have faulted where none should
 * @why: what it was, for messages
 */
struct unit_requester {
	const struct unit_function *function;
	u16 sid;
	u32 pasid;
	const struct unit_grant *grant[2];
	struct unit_entries context;
	struct unit_entries entry;
	unsigned int num_atc;
	struct unit_atc atc[UNIT_NUM_PAGES * 6];
	unsigned int asked_off;
	bool fault;
	const char *why;
};

/**
 * struct unit_counts - what a unit was asked to do
 * @stores: stores to entries
 * @submissions: to the invalidation queue or registers
 * @descs: descriptors other than waits
 * @waits: how often software waited for the queue
 * @beside: submissions while another unit had something to do
 * @fences: wait descriptors that only order what is in a submission
 * @syncs: invalidations of the cache that holds the entries
 * @atcs: invalidations of ATCs
 * @interrupt_flushes: invalidations of the interrupt entry cache
 * @write_buffer: flushes of the write buffer
 * @drains: how often page requests were drained
 * @drained: number of stores before the last time
 * @drained_atcs: how many ATCs were asked then
 */
struct unit_counts {
	unsigned int stores;
	unsigned int submissions;
	unsigned int descs;
	unsigned int waits;
	unsigned int beside;
	unsigned int fences;
	unsigned int syncs;
	unsigned int atcs;
	unsigned int interrupt_flushes;
	unsigned int write_buffer;
	unsigned int drains;
	unsigned int drained;
	unsigned int drained_atcs;
};

struct unit_machine;

/**
 * struct unit_model - a unit
 * @machine: what it is part of
 * @iommu: the driver's record of it
 * @cap: its capabilities
 * @ecap: its extended capabilities
 * @regs: its registers, as far as software reads and writes them
 * @root: its root table, as software has set it
 * @num_requesters: number of @requester
 * @requester: whose requests come here
 * @num_cells: number of @cell
 * @cell: places that it reads entries from
 * @num_tlb: number of @tlb
 * @tlb: what may be in the IOTLB
 * @tlb_head: the hash of @tlb
 * @num_structures: number of @structure
 * @structure: what may be in the paging-structure caches
 * @structure_head: the hash of @structure
 * @refill: there are entries to walk from again
 * @counts: since the test cleared them
 * @num_posted: number of @posted
 * @posted_index: the number of the last @posted
 * @posted: descriptors that nobody has waited for yet: not executed so far
 * @gives_up: they will not be, as if a device had not answered in time
 * @map_pending: a new mapping may still be in the write buffer
 * @gone: it has been removed
 * @settled: nothing has happened since the last observation
 * @observation: its number
 */
struct unit_model {
	struct unit_machine *machine;
	struct intel_iommu *iommu;
	u64 cap;
	u64 ecap;
	void *regs;
	u64 root;
	unsigned int num_requesters;
	struct unit_requester *requester[UNIT_MAX_REQUESTERS];
	unsigned int num_cells;
	struct unit_cell cell[UNIT_MAX_CELLS];
	unsigned int num_tlb;
	struct unit_tlb tlb[UNIT_MAX_TLB];
	int tlb_head[BIT(UNIT_HASH_BITS)];
	unsigned int num_structures;
	struct unit_structure structure[UNIT_MAX_STRUCTURES];
	int structure_head[BIT(UNIT_HASH_BITS)];
	bool refill;
	struct unit_counts counts;
	unsigned int num_posted;
	int posted_index;
	struct qi_desc posted[QI_MAX_BATCHED_DESC_COUNT];
	bool gives_up;
	bool map_pending;
	bool gone;
	bool settled;
	unsigned int observation;
};

/**
 * enum unit_moment - when something happens
 * @UNIT_BETWEEN: before or after a store, or between two submissions
 * @UNIT_IN_QUEUE: the queue is busy: nobody else's submission can be executed
 * @UNIT_IN_ATC: the queue waits for a device to answer
 */
enum unit_moment {
	UNIT_BETWEEN,
	UNIT_IN_QUEUE,
	UNIT_IN_ATC,
};

/**
 * struct unit_machine - all units there are
 * @test: the test
 * @main: the task that runs it
 * @lock: covers all of this but @on_event
 * @num_units: number of @unit
 * @unit: the units
 * @quantum_words: words of an entry that are stored and fetched at once
 * @page: the addresses that devices try
 * @num_tables: number of @table
 * @table: the page tables that entries may point to
 * @num_pages: number of @record
 * @record: the pages that units read; each is held so that it is not used
 *          again before the models know that it was freed
 * @page_head: the hash of @record
 * @strict: nobody unmaps meanwhile: an absent entry must not change before caches
 *          have been invalidated, nor a device be asked that has no ATS
 * @did_is_free: says whether nobody uses a DID
 * @wait_flaw: says why the driver must not wait for a unit where it is, or NULL
 * @on_event: called after everything that a unit can notice of what @main does,
 *            under whatever locks the driver holds, but not while it runs
 * @on_pause: called likewise for what others than @main do
 * @in_event: @on_event runs
 * @failure: the first thing that went wrong, or empty
 */
struct unit_machine {
	struct kunit *test;
	struct task_struct *main;
	spinlock_t lock;	/* all but @on_event */
	unsigned int num_units;
	struct unit_model *unit[UNIT_MAX_UNITS];
	unsigned int quantum_words;
	u64 page[UNIT_NUM_PAGES];
	unsigned int num_tables;
	struct unit_table table[UNIT_MAX_TABLES];
	unsigned int num_pages;
	struct unit_page_record record[UNIT_MAX_PAGES];
	int page_head[BIT(UNIT_HASH_BITS)];
	bool strict;
	bool (*did_is_free)(struct intel_iommu *iommu, u16 did);
	const char *(*wait_flaw)(struct unit_machine *machine);
	void (*on_event)(struct unit_machine *machine, enum unit_moment moment);
	void (*on_pause)(struct unit_machine *machine);
	bool in_event;
	char failure[256];
};

/* unit_model.c: what tests call */
void unit_machine_start(struct kunit *test, struct unit_machine *machine);
void unit_machine_stop(struct unit_machine *machine);
void unit_add(struct unit_machine *machine, struct unit_model *unit);
void unit_remove(struct unit_machine *machine, struct unit_model *unit);
void unit_add_table(struct unit_machine *machine, u64 root,
		    enum unit_stage stage, unsigned int levels, bool snooped);
void unit_force_table(struct unit_machine *machine, u64 root);
void unit_remove_table(struct unit_machine *machine, u64 root);
void unit_add_requester(struct unit_model *unit, struct unit_requester *req);
void unit_remove_requester(struct unit_model *unit, struct unit_requester *req);
void unit_clear_counts(struct unit_machine *machine);
void unit_grant(struct unit_machine *machine, struct unit_requester *req,
		const struct unit_grant *old, const struct unit_grant *new);
void unit_granted(struct unit_machine *machine, struct unit_model *unit,
		  struct unit_requester *req, const struct unit_grant *now);
void unit_map_begin(struct unit_machine *machine);
void unit_map_end(struct unit_machine *machine, const struct unit_grant *grant);
void unit_observe_all(struct unit_machine *machine);
void unit_check_tags(struct unit_machine *machine);
void unit_reset(struct unit_machine *machine);
void unit_ats_changed(struct unit_machine *machine);
void unit_registers_context(struct intel_iommu *iommu, u16 did, u16 sid, u8 fm,
			    u64 type);
void unit_registers_iotlb(struct intel_iommu *iommu, u16 did, u64 addr,
			  unsigned int order, u64 type);

/* unit_model.c: for the other files of the model */
__printf(2, 3)
void unit_fail(struct unit_model *unit, const char *fmt, ...);
bool unit_scalable(const struct unit_model *unit);
void unit_event(struct unit_model *unit, enum unit_moment moment);
void unit_check_wait(struct unit_model *unit);
void unit_observe(struct unit_model *unit);

/* unit_memory.c: cells, and the pages that they are in */
struct unit_page_record *unit_hold_page(struct unit_model *unit, u64 phys);
bool unit_page_is_freed(struct unit_machine *machine, u64 phys);
void unit_release_pages(struct unit_machine *machine, bool all);
void unit_clear_pages(struct unit_machine *machine);
struct unit_cell *unit_cell(struct unit_model *unit, u64 phys,
			    enum unit_cell_kind kind);
struct unit_cell *unit_cell_of(struct unit_model *unit, const u64 *word);
void unit_cell_combine(struct unit_model *unit, struct unit_cell *cell,
		       void (*fn)(struct unit_model *unit,
				  struct unit_cell *cell,
				  const struct unit_entry *entry, void *arg),
		       void *arg);
void unit_check_cells(struct unit_model *unit);
void unit_forget_cells(struct unit_model *unit);
void unit_stored(struct unit_model *unit, struct unit_cell *cell, const u64 *to,
		 const u64 *from, unsigned int words);
void unit_written_back(struct unit_model *unit, void *addr, size_t size);
void unit_write_buffer_flushed(struct unit_model *unit);
void unit_end_window(struct unit_cell *cell);
void unit_find_present(struct unit_cell *cell);

/* unit_fetch.c: from the root table to the entry of a requester */

/**
 * struct unit_decoded - an entry as the unit understands it
 * @type: how it translates
 * @did: tag of what is cached
 * @fs: first-stage table
 * @fs_levels: its number of levels
 * @ss: second-stage table
 * @ss_levels: its number of levels
 * @ats: translation requests and translated requests are served
 * @snoops: walks snoop
 * @page_snoops: what comes out of a first stage is accessed with snooping
 */
struct unit_decoded {
	enum unit_type type;
	u16 did;
	u64 fs;
	unsigned int fs_levels;
	u64 ss;
	unsigned int ss_levels;
	bool ats;
	bool snoops;
	bool page_snoops;
};

struct unit_decoded unit_decode(const struct unit_model *unit,
				const struct unit_entry *entry);
void unit_fetch(struct unit_model *unit, struct unit_requester *req);
bool unit_entry_is_sane(struct unit_model *unit, const struct unit_entry *entry,
			const struct unit_decoded *dec);
u64 *unit_live_entry(struct unit_model *unit, const struct unit_requester *req);

/* unit_walk.c: from there to addresses */
void unit_fill(struct unit_model *unit, struct unit_requester *req);
void unit_hit(struct unit_model *unit, struct unit_requester *req);
bool unit_translates(struct unit_model *unit, struct unit_requester *req,
		     enum unit_page page, u64 out);
bool unit_ats_enabled(const struct unit_requester *req);
void unit_ats_off(struct unit_requester *req);
void unit_may_fault(struct unit_requester *req, const char *why);
void unit_page_may_fault(struct unit_requester *req, enum unit_page page,
			 const char *why);

/* unit_cache.c: what is cached, and what an invalidation takes away */

/**
 * struct unit_range - addresses that an invalidation covers
 * @first: the first of them
 * @last: the last
 */
struct unit_range {
	u64 first;
	u64 last;
};

/**
 * struct unit_inv - an invalidation of translations
 * @pasid_based: of first stages, by DID and PASID
 * @all: of everything
 * @leaf_only: paging-structure caches stay
 * @did: of this DID
 * @pasid: of this PASID
 * @sid: ATC: of this function
 * @range: of these addresses
 */
struct unit_inv {
	bool pasid_based;
	bool all;
	bool leaf_only;
	u16 did;
	u32 pasid;
	u16 sid;
	struct unit_range range;
};

extern const struct unit_range unit_range_all;

int unit_first_tlb(const struct unit_model *unit, u16 did, u64 addr);
int unit_first_structure(const struct unit_model *unit, u16 did,
			 unsigned int level, u64 addr);
void unit_cache_clear(struct unit_model *unit);
void unit_rewalk(struct unit_model *unit, const struct unit_entry *but, u16 did);
void unit_rewalk_all(struct unit_model *unit);

void unit_cache_tlb(struct unit_model *unit, const struct unit_tlb *tlb);
bool unit_cache_structure(struct unit_model *unit,
			  const struct unit_structure *entry);
void unit_cache_atc(struct unit_model *unit, struct unit_requester *req,
		    enum unit_page page, u64 out);
bool unit_cache_entry(struct unit_model *unit, struct unit_entries *entries,
		      const struct unit_entry *entry);
void unit_invalidate_iotlb(struct unit_model *unit, const struct unit_inv *inv);
void unit_invalidate_atc(struct unit_model *unit, const struct unit_inv *inv);
void unit_invalidate_context(struct unit_model *unit, u16 did, u16 sid,
			     u64 gran);
void unit_invalidate_pasid(struct unit_model *unit, u16 did, u32 pasid,
			   u64 gran);

/* unit_queue.c: descriptors */
void unit_submit(struct unit_model *unit, const struct qi_desc *desc,
		 unsigned int num, unsigned long options);
bool unit_wait(struct unit_model *unit, int index);
bool unit_check_page_selective(struct unit_model *unit, u64 addr,
			       unsigned int order);

#endif /* _INTEL_UNIT_MODEL_H_ */
