// SPDX-License-Identifier: GPL-2.0
/*
 * Model of a VT-d unit: memory as the unit sees it
 *
 * A *cell* is a place that holds an entry: half a root entry, a context entry,
 * a PASID directory entry or a PASID entry. It keeps all that fetches may find
 * there. What is not written back (units that do not snoop), or is still in
 * the write buffer (units that want it flushed), may be found as it was before.
 *
 * The pages of tables are held, so that one that was freed is not used for
 * something else before the model has seen that it is still in use.
 */

#include <linux/dmar.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../entry_format.h"
#include "failing_alloc.h"
#include "unit_model.h"

static bool unit_snoops(const struct unit_model *unit)
{
	return ecap_coherent(unit->ecap);
}

/*
 * Pages
 */

static int *page_head(struct unit_machine *machine, u64 phys)
{
	return &machine->page_head[hash_64(PHYS_PFN(phys), UNIT_HASH_BITS)];
}

static struct unit_page_record *find_page(struct unit_machine *machine,
					  u64 phys)
{
	int i;

	for (i = *page_head(machine, phys); i >= 0; i = machine->record[i].next)
		if (machine->record[i].phys == (phys & PAGE_MASK))
			return &machine->record[i];
	return NULL;
}

static void hash_pages(struct unit_machine *machine)
{
	unsigned int i;
	int *head;

	memset(machine->page_head, 0xff, sizeof(machine->page_head));
	for (i = 0; i < machine->num_pages; i++) {
		head = page_head(machine, machine->record[i].phys);
		machine->record[i].next = *head;
		*head = i;
	}
}

/**
 * unit_clear_pages - begin with no pages
 * @machine: all units
 *
 * Context: Any.
 */
void unit_clear_pages(struct unit_machine *machine)
{
	machine->num_pages = 0;
	hash_pages(machine);
}

/**
 * unit_hold_page - keep a page from being used for something else
 * @unit: the unit that reads it
 * @phys: an address in it
 *
 * Context: Any. machine->lock is held.
 * Return: what is known of the page; NULL if there is none, which is a failure.
 */
struct unit_page_record *unit_hold_page(struct unit_model *unit, u64 phys)
{
	struct unit_machine *machine = unit->machine;
	struct unit_page_record *record = find_page(machine, phys);
	struct page *page;
	int *head;

	if (record)
		return record;

	page = pfn_to_online_page(PHYS_PFN(phys));
	if (!page || !folio_try_get(page_folio(page))) {
		unit_fail(unit, "nothing is at %#llx, to which a table points",
			  phys);
		return NULL;
	}
	if (machine->num_pages == UNIT_MAX_PAGES) {
		folio_put(page_folio(page));
		unit_fail(unit, "out of room for pages");
		return NULL;
	}

	head = page_head(machine, phys);
	record = &machine->record[machine->num_pages];
	*record = (struct unit_page_record){
		.phys = phys & PAGE_MASK,
		.next = *head,
	};
	*head = machine->num_pages++;
	return record;
}

/**
 * unit_page_is_freed - whether nobody but the model has a page any more
 * @machine: all units
 * @phys: an address in the page, which is held
 *
 * Context: Any. machine->lock is held.
 * Return: whether that is so.
 */
bool unit_page_is_freed(struct unit_machine *machine, u64 phys)
{
	struct folio *folio = page_folio(pfn_to_page(PHYS_PFN(phys)));
	unsigned int i;
	int held = 0;

	if (!folio_test_large(folio))
		return folio_ref_count(folio) <= 1;

	for (i = 0; i < machine->num_pages; i++)
		held += page_folio(pfn_to_page(PHYS_PFN(machine->record[i].phys))) ==
			folio;

	return folio_ref_count(folio) <= held;
}

static bool page_is_needed(struct unit_machine *machine, u64 phys)
{
	unsigned int i, j;

	for (i = 0; i < machine->num_units; i++) {
		struct unit_model *unit = machine->unit[i];

		for (j = 0; j < unit->num_cells; j++)
			if ((virt_to_phys(unit->cell[j].live) & PAGE_MASK) == phys)
				return true;
		for (j = 0; j < unit->num_structures; j++)
			if (unit->structure[j].table == phys)
				return true;
	}
	return false;
}

/**
 * unit_release_pages - let go of pages that were freed, and of which nothing
 *			is cached
 * @machine: all units
 * @all: let go of all
 *
 * Context: Any. machine->lock is held.
 */
void unit_release_pages(struct unit_machine *machine, bool all)
{
	unsigned int i = 0;

	while (i < machine->num_pages) {
		struct unit_page_record *record = &machine->record[i];

		if (!all && (!unit_page_is_freed(machine, record->phys) ||
			     page_is_needed(machine, record->phys))) {
			i++;
			continue;
		}
		kfree(record->memory);
		folio_put(page_folio(pfn_to_page(PHYS_PFN(record->phys))));
		*record = machine->record[--machine->num_pages];
	}
	hash_pages(machine);
}

/* The model has memory, also while the driver is made to have none. */
static u64 *memory_of(struct unit_page_record *record)
{
	unsigned int failing;

	if (!record->memory) {
		failing = failing_alloc_set(0);
		record->memory = kzalloc(PAGE_SIZE, GFP_ATOMIC);
		failing_alloc_set(failing);
	}
	return record->memory;
}

/* Note what is in memory from now on. */
static void write_back_page(struct unit_model *unit, u64 phys, size_t size)
{
	struct unit_page_record *record = unit_hold_page(unit, phys);
	unsigned int offset = offset_in_page(phys), first, last;

	if (!record || !memory_of(record))
		return;

	memcpy((void *)record->memory + offset, phys_to_virt(phys), size);
	first = DIV_ROUND_UP(offset, SMP_CACHE_BYTES);
	last = (offset + size) / SMP_CACHE_BYTES;
	if (last > first)
		record->lines |= GENMASK_ULL(last - 1, first);
}

/*
 * Cells
 */

static unsigned int cell_num_quanta(const struct unit_cell *cell)
{
	return cell->words / cell->quantum_words;
}

/* Entries are written by entry_sync, pointers to tables by plain stores. */
static bool cell_is_entry(const struct unit_cell *cell)
{
	return cell->kind == UNIT_CELL_CONTEXT || cell->kind == UNIT_CELL_PASID;
}

static void quantum_add(struct unit_model *unit, struct unit_quantum *quantum,
			const u64 *from, unsigned int words)
{
	if (quantum->num == UNIT_MAX_VALUES) {
		unit_fail(unit, "out of room for values");
		return;
	}

	memcpy(quantum->value[quantum->num++], from, words * sizeof(u64));
	if (unit_snoops(unit) && !cap_rwbf(unit->cap))
		quantum->visible = quantum->num - 1;
	unit->settled = false;
}

/* What is older than @from was read by nobody or has been invalidated. */
static void quantum_forget(struct unit_quantum *quantum, unsigned int from)
{
	quantum->num -= from;
	quantum->visible -= from;
	memmove(quantum->value, quantum->value[from],
		quantum->num * sizeof(quantum->value[0]));
}

/**
 * unit_end_window - all fetches from a cell that began so far have ended
 * @cell: the cell
 *
 * Context: Any. machine->lock is held.
 */
void unit_end_window(struct unit_cell *cell)
{
	unsigned int i;

	for (i = 0; i < cell_num_quanta(cell); i++)
		quantum_forget(&cell->quantum[i], cell->quantum[i].visible);
}

/**
 * unit_find_present - fetches from an entry find the quantum with P as it is now
 * @cell: where the entry is; another cell is fetched anew as a whole
 *
 * Context: Any. machine->lock is held.
 */
void unit_find_present(struct unit_cell *cell)
{
	if (cell_is_entry(cell))
		quantum_forget(&cell->quantum[0], cell->quantum[0].visible);
	else
		unit_end_window(cell);
}

static void quantum_init(struct unit_model *unit, struct unit_quantum *quantum,
			 const u64 *live, const u64 *memory, unsigned int words)
{
	*quantum = (struct unit_quantum){ .num = 1 };
	memcpy(quantum->value[0], live, words * sizeof(u64));
	if (!memory || !memcmp(memory, live, words * sizeof(u64)))
		return;

	/* Memory holds something else, and the unit does not look in caches. */
	memcpy(quantum->value[0], memory, words * sizeof(u64));
	memcpy(quantum->value[1], live, words * sizeof(u64));
	quantum->num = 2;
}

static const char *cell_name(enum unit_cell_kind kind)
{
	static const char * const names[] = {
		[UNIT_CELL_ROOT] = "root table",
		[UNIT_CELL_CONTEXT] = "context table",
		[UNIT_CELL_DIRECTORY] = "PASID directory",
		[UNIT_CELL_PASID] = "PASID table",
	};

	return names[kind];
}

static void cell_init(struct unit_model *unit, struct unit_cell *cell,
		      struct unit_page_record *record)
{
	unsigned int i, words = cell->quantum_words;
	const u64 *memory = NULL;

	if (!unit_snoops(unit)) {
		if (record->lines != U64_MAX)
			unit_fail(unit, "a %s was not written back before it was used",
				  cell_name(cell->kind));
		memory = record->memory;
	}
	if (memory)
		memory += offset_in_page(cell->live) / sizeof(u64);

	for (i = 0; i < cell_num_quanta(cell); i++)
		quantum_init(unit, &cell->quantum[i], &cell->live[i * words],
			     memory ? &memory[i * words] : NULL, words);
}

static unsigned int cell_words(const struct unit_model *unit,
			       enum unit_cell_kind kind)
{
	switch (kind) {
	case UNIT_CELL_CONTEXT:
		return unit_scalable(unit) ? 4 : 2;
	case UNIT_CELL_PASID:
		return 8;
	default:
		return 1;
	}
}

static struct unit_cell *find_cell(struct unit_model *unit, const u64 *word)
{
	unsigned int i;

	for (i = 0; i < unit->num_cells; i++)
		if (word >= unit->cell[i].live &&
		    word < unit->cell[i].live + unit->cell[i].words)
			return &unit->cell[i];
	return NULL;
}

/**
 * unit_cell - what is at an address that the unit reads
 * @unit: the unit
 * @phys: the address
 * @kind: what it expects there
 *
 * Context: Any. machine->lock is held.
 * Return: the cell; NULL if there cannot be one, which is a failure.
 */
struct unit_cell *unit_cell(struct unit_model *unit, u64 phys,
			    enum unit_cell_kind kind)
{
	struct unit_page_record *record = unit_hold_page(unit, phys);
	struct unit_cell *cell;

	if (!record)
		return NULL;
	if (unit_page_is_freed(unit->machine, phys)) {
		unit_fail(unit, "a %s is used that was freed", cell_name(kind));
		return NULL;
	}

	cell = find_cell(unit, phys_to_virt(phys));
	if (!cell) {
		if (unit->num_cells == UNIT_MAX_CELLS) {
			unit_fail(unit, "out of room for cells");
			return NULL;
		}
		cell = &unit->cell[unit->num_cells++];
		*cell = (struct unit_cell){
			.kind = kind,
			.live = phys_to_virt(phys),
			.words = cell_words(unit, kind),
		};
		cell->quantum_words = min(unit->machine->quantum_words,
					  cell->words);
		cell_init(unit, cell, record);
	}
	if (cell->kind != kind) {
		unit_fail(unit, "a %s is used as a %s", cell_name(cell->kind),
			  cell_name(kind));
		return NULL;
	}
	cell->reached = unit->observation;
	return cell;
}

/**
 * unit_cell_of - the cell that a word is in
 * @unit: the unit
 * @word: the word
 *
 * Context: Any. machine->lock is held.
 * Return: the cell, or NULL if the unit does not read there.
 */
struct unit_cell *unit_cell_of(struct unit_model *unit, const u64 *word)
{
	return find_cell(unit, word);
}

/**
 * unit_cell_combine - go through all that a fetch may find in a cell
 * @unit: the unit
 * @cell: the cell
 * @fn: is told each combination of what the quanta may hold
 * @arg: for @fn
 *
 * Context: Any. machine->lock is held.
 */
void unit_cell_combine(struct unit_model *unit, struct unit_cell *cell,
		       void (*fn)(struct unit_model *unit,
				  struct unit_cell *cell,
				  const struct unit_entry *entry, void *arg),
		       void *arg)
{
	unsigned int words = cell->quantum_words, num = cell_num_quanta(cell);
	unsigned int choice[UNIT_MAX_QUANTA] = {};
	struct unit_entry entry = {};
	unsigned int i;

	/* As an odometer counts */
	do {
		for (i = 0; i < num; i++)
			memcpy(&entry.val[i * words],
			       cell->quantum[i].value[choice[i]],
			       words * sizeof(u64));
		fn(unit, cell, &entry, arg);

		for (i = 0; i < num; i++) {
			if (++choice[i] < cell->quantum[i].num)
				break;
			choice[i] = 0;
		}
	} while (i < num);
}

static void check_cell(struct unit_model *unit, struct unit_cell *cell)
{
	unsigned int i, words = cell->quantum_words;

	for (i = 0; i < cell_num_quanta(cell); i++) {
		struct unit_quantum *quantum = &cell->quantum[i];
		const u64 *live = &cell->live[i * words];

		if (!memcmp(quantum->value[quantum->num - 1], live,
			    words * sizeof(u64)))
			continue;
		if (cell_is_entry(cell))
			unit_fail(unit, "an entry of a %s was not written by entry_sync",
				  cell_name(cell->kind));
		else
			quantum_add(unit, quantum, live, words);
	}
}

/**
 * unit_check_cells - see what has changed without the model being told
 * @unit: the unit
 *
 * Context: Any. machine->lock is held.
 */
void unit_check_cells(struct unit_model *unit)
{
	unsigned int i;

	for (i = 0; i < unit->num_cells; i++)
		check_cell(unit, &unit->cell[i]);
}

/**
 * unit_forget_cells - forget the cells that nothing leads to any more
 * @unit: the unit, all of whose requesters have just been looked at
 *
 * Context: Any. machine->lock is held.
 */
void unit_forget_cells(struct unit_model *unit)
{
	unsigned int i, num = 0;

	for (i = 0; i < unit->num_cells; i++) {
		if (unit->cell[i].reached != unit->observation)
			continue;
		if (i != num)
			unit->cell[num] = unit->cell[i];
		num++;
	}
	unit->num_cells = num;
}

/*
 * Stores
 */

static void latest(const struct unit_cell *cell, u64 *val)
{
	unsigned int i, words = cell->quantum_words;

	for (i = 0; i < cell_num_quanta(cell); i++)
		memcpy(&val[i * words],
		       cell->quantum[i].value[cell->quantum[i].num - 1],
		       words * sizeof(u64));
}

static bool is_cleared(const u64 *val, unsigned int words)
{
	unsigned int i;

	if (val[0] & ~CONTEXT_FPD)
		return false;
	for (i = 1; i < words; i++)
		if (val[i])
			return false;
	return true;
}

static bool fills_atc(const struct unit_model *unit,
		      const struct unit_cell *cell)
{
	const struct unit_requester *req;
	unsigned int i;

	for (i = 0; i < unit->num_requesters; i++) {
		req = unit->requester[i];
		if (req->sid == cell->sid && req->pasid == cell->pasid &&
		    (req->num_atc || unit_ats_enabled(req)))
			return true;
	}
	return false;
}

/* What a present entry has brought to caches, an absent one owes. */
static unsigned long owed_by(const struct unit_model *unit,
			     const struct unit_cell *cell)
{
	unsigned long owed = UNIT_OWED_ENTRY | UNIT_OWED_IOTLB;

	if (cell->kind == UNIT_CELL_CONTEXT && unit_scalable(unit))
		return UNIT_OWED_ENTRY;
	/* ATS that was off before has left nothing in an ATC. */
	return fills_atc(unit, cell) ? owed | UNIT_OWED_ATC : owed;
}

/*
 * VT-d spec, section 6.5.3.3: the present bit is cleared alone, and the rest of
 * the entry is the unit's until the caches have been invalidated.
 */
static void check_order(struct unit_model *unit, struct unit_cell *cell,
			const u64 *before, const u64 *after)
{
	unsigned long block = UNIT_OWED_ENTRY | UNIT_OWED_IOTLB;
	bool was_present = before[0] & PASID_PE_P;
	bool is_present = after[0] & PASID_PE_P;

	if (!unit->machine->strict)
		return;
	if (was_present && !is_present) {
		if (((before[0] ^ after[0]) & ~(PASID_PE_P | PASID_PE_FPD)) ||
		    memcmp(before + 1, after + 1,
			   (cell->words - 1) * sizeof(u64)))
			unit_fail(unit, "the present bit of an entry is not cleared alone");
		cell->owed = owed_by(unit, cell);
		memcpy(cell->was.val, before, cell->words * sizeof(u64));
		return;
	}
	if (is_cleared(after, cell->words))
		block |= UNIT_OWED_ATC;
	if (cell->owed & block)
		unit_fail(unit, "an absent entry changes before %s was invalidated",
			  cell->owed & UNIT_OWED_ENTRY ? "it" :
			  cell->owed & UNIT_OWED_IOTLB ? "the IOTLB" : "the ATC");
	cell->owed = 0;
}

/**
 * unit_stored - an entry was stored to by entry_sync
 * @unit: the unit
 * @cell: the entry
 * @to: where
 * @from: what
 * @words: number of words
 *
 * Context: Any. machine->lock is held.
 */
void unit_stored(struct unit_model *unit, struct unit_cell *cell, const u64 *to,
		 const u64 *from, unsigned int words)
{
	u64 before[ENTRY_SYNC_MAX_WORDS] = {}, after[ENTRY_SYNC_MAX_WORDS] = {};

	if (words != cell->quantum_words) {
		unit_fail(unit, "a store is not of one quantum");
		return;
	}

	latest(cell, before);
	quantum_add(unit, &cell->quantum[(to - cell->live) / words], from, words);
	latest(cell, after);
	check_order(unit, cell, before, after);
	unit->counts.stores++;
}

/**
 * unit_written_back - the driver has written back caches for a unit
 * @unit: the unit
 * @addr: from here
 * @size: number of bytes
 *
 * Context: Any. machine->lock is held.
 */
void unit_written_back(struct unit_model *unit, void *addr, size_t size)
{
	unsigned int i, j;
	size_t done, step;

	if (unit_snoops(unit))
		return;

	for (done = 0; done < size; done += step) {
		step = min(size - done, PAGE_SIZE - offset_in_page(addr + done));
		write_back_page(unit, virt_to_phys(addr + done), step);
	}

	unit_check_cells(unit);
	for (i = 0; i < unit->num_cells; i++) {
		struct unit_cell *cell = &unit->cell[i];

		for (j = 0; j < cell_num_quanta(cell); j++) {
			u64 *first = &cell->live[j * cell->quantum_words];

			if ((void *)first >= addr &&
			    (void *)(first + cell->quantum_words) <= addr + size)
				cell->quantum[j].visible =
					cell->quantum[j].num - 1;
		}
	}
	unit->settled = false;
}

/**
 * unit_write_buffer_flushed - what was stored is in memory now
 * @unit: the unit
 *
 * VT-d spec, section 6.8: done on demand, and before each invalidation.
 *
 * Context: Any. machine->lock is held.
 */
void unit_write_buffer_flushed(struct unit_model *unit)
{
	unsigned int i, j;

	unit->map_pending = false;
	if (!cap_rwbf(unit->cap) || !unit_snoops(unit))
		return;

	unit_check_cells(unit);
	for (i = 0; i < unit->num_cells; i++)
		for (j = 0; j < cell_num_quanta(&unit->cell[i]); j++)
			unit->cell[i].quantum[j].visible =
				unit->cell[i].quantum[j].num - 1;
	unit->settled = false;
}
