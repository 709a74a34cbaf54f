// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of what is handed over in a live update, and of what is not
 *
 * A good blob with a device of each kind must be accepted, each single lie
 * refused for what it is, and no random one may crash. That nothing is read
 * which is not preserved shows in that preserved is nothing but a few pages
 * here: any other address would be a wild one.
 */

#include <kunit/static_stub.h>
#include <kunit/test.h>
#include <linux/bitfield.h>
#include <linux/mm.h>
#include <linux/prandom.h>

#include "attach_world.h"
#include "../context.h"
#include "../entry_format.h"
#include "../liveupdate_blob.h"
#include "../liveupdate_out.h"

#define NR_MUTANTS	120000
#define MAX_PAGES	400
#define NR_MANY		100
#define MAX_MESSAGES	64

/* Devices of the good blob */
enum { LEGACY, SECOND, FIRST, NR_DEVICES };

/* A second requester ID of the legacy device */
#define ALIAS		0x208

#define LEVELS_LEGACY	3
#define LEVELS_SECOND	3
#define LEVELS_FIRST	4

/* Its units: one in legacy mode with one device, one with the two others */
enum { OLD, NEW, NR_UNITS };

/*
 * All that is handed over in a test. Each chain has more than one page.
 *
 * @page: every preserved page
 * @asked: how often it was asked whether a page is
 * @table: each device's page table, from the top
 */
struct handover {
	struct vtd_ser *blob;
	struct vtd_unit_ser *unit[NR_UNITS];
	struct vtd_device_ser *device[NR_DEVICES];
	void *page[MAX_PAGES];
	unsigned int nr_pages;
	unsigned int asked;
	u64 *table[NR_DEVICES][LEVELS_FIRST];
};

static void *new_page(struct kunit *test)
{
	struct handover *h = test->priv;
	void *page = (void *)get_zeroed_page(GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, page);
	KUNIT_ASSERT_LT(test, h->nr_pages, MAX_PAGES);
	h->page[h->nr_pages++] = page;
	return page;
}

static bool is_preserved(void *arg, phys_addr_t page)
{
	struct handover *h = arg;
	unsigned int i;

	h->asked++;
	for (i = 0; i < h->nr_pages; i++)
		if (virt_to_phys(h->page[i]) == page)
			return true;
	return false;
}

static const char *check(struct handover *h)
{
	return liveupdate_blob_check(virt_to_phys(h->blob), is_preserved, h);
}

static void seal(struct handover *h)
{
	unsigned int i;

	liveupdate_record_seal(&h->blob->record);
	for (i = 0; i < NR_UNITS; i++)
		liveupdate_record_seal(&h->unit[i]->record);
	for (i = 0; i < NR_DEVICES; i++)
		liveupdate_record_seal(&h->device[i]->record);
}

/* A page table with one table per level, and a mapping or two in each */
static void make_table(struct kunit *test, unsigned int index,
		       unsigned int levels)
{
	struct handover *h = test->priv;
	struct vtd_device_ser *device = h->device[index];
	struct liveupdate_sum sum = {};
	unsigned int i;

	for (i = 0; i < levels; i++) {
		u64 *table = new_page(test);

		h->table[index][i] = table;
		liveupdate_sum_add(&sum, virt_to_phys(table));
		if (i)
			h->table[index][i - 1][i] = virt_to_phys(table) | 3;
		/* Large pages, and pages, are not followed. */
		table[511] = 0x123456789000 | 3;
		if (i < levels - 1)
			table[511] |= BIT(7);
	}
	device->nr_pages = sum.nr_pages;
	device->pages_crc = sum.crc;
	device->did = IDA_START_DID + index;
	device->nr_sids = 1;
	device->sid[0] = 0x100 + index;
	device->flags = VTD_SER_DEVICE_READY;
}

static void make_legacy(struct kunit *test)
{
	struct handover *h = test->priv;
	struct vtd_device_ser *device = h->device[LEGACY];

	make_table(test, LEGACY, LEVELS_LEGACY);
	device->kind = VTD_SER_LEGACY;
	device->nr_sids = 2;
	device->sid[1] = ALIAS;
	device->context[0] = virt_to_phys(h->table[LEGACY][0]) | CONTEXT_P |
			     FIELD_PREP(CONTEXT_TT,
					CONTEXT_TT_SECOND_STAGE_ATS);
	device->context[1] = FIELD_PREP(CONTEXT_AW, LEVELS_LEGACY - 2) |
			     FIELD_PREP(CONTEXT_DID, device->did);
}

/* What hardware gets to the entry by */
static void make_pasid_tables(struct kunit *test, unsigned int index)
{
	struct handover *h = test->priv;
	struct vtd_device_ser *device = h->device[index];
	struct context_words context;
	u64 *dir = new_page(test), *table = new_page(test);

	device->pasid_dir = virt_to_phys(dir);
	device->pasid_table = virt_to_phys(table);
	dir[0] = device->pasid_table | 1;
	memcpy(table, device->entry, sizeof(device->entry));
	context_entry_make_scalable(&context, device->pasid_dir, BIT(7), 0);
	memcpy(device->context, context.val, sizeof(device->context));
}

static void make_second_stage(struct kunit *test)
{
	struct handover *h = test->priv;
	struct vtd_device_ser *device = h->device[SECOND];
	struct pasid_second_stage ss = { .aw = LEVELS_SECOND - 2 };
	struct pasid_entry entry;

	make_table(test, SECOND, LEVELS_SECOND);
	device->kind = VTD_SER_SECOND_STAGE;
	ss.ssptptr = virt_to_phys(h->table[SECOND][0]);
	pasid_entry_make_second_stage(&entry, device->did, &ss);
	memcpy(device->entry, entry.val, sizeof(device->entry));
	make_pasid_tables(test, SECOND);
}

static void make_first_stage(struct kunit *test)
{
	struct handover *h = test->priv;
	struct vtd_device_ser *device = h->device[FIRST];
	struct pasid_first_stage fs = {};
	struct pasid_entry entry;

	make_table(test, FIRST, LEVELS_FIRST);
	device->kind = VTD_SER_FIRST_STAGE;
	fs.fsptptr = virt_to_phys(h->table[FIRST][0]);
	pasid_entry_make_first_stage(&entry, device->did, 2, &fs);
	memcpy(device->entry, entry.val, sizeof(device->entry));
	make_pasid_tables(test, FIRST);
}

/* The tables that hardware finds the device by */
static void put_contexts(struct kunit *test, unsigned int index)
{
	struct handover *h = test->priv;
	struct vtd_device_ser *device = h->device[index];
	u64 rtaddr = h->unit[index == LEGACY ? OLD : NEW]->rtaddr;
	unsigned int i;
	u64 *root;

	for (i = 0; i < device->nr_sids; i++) {
		root = context_root_entry(rtaddr, device->sid[i]);
		if (!*root)
			*root = virt_to_phys(new_page(test)) | 1;
		*context_entry_at(rtaddr, device->sid[i]) =
			liveupdate_context(device, i);
	}
}

static void make_records(struct kunit *test)
{
	struct handover *h = test->priv;
	unsigned int i;

	h->blob = new_page(test);
	h->blob->record.magic = VTD_SER_MAGIC;
	for (i = 0; i < NR_UNITS; i++) {
		h->unit[i] = new_page(test);
		h->unit[i]->record.magic = VTD_SER_UNIT_MAGIC;
		h->unit[i]->reg = 0xfed90000 + i * SZ_4K;
		h->unit[i]->rtaddr = virt_to_phys(new_page(test));
	}
	h->unit[NEW]->rtaddr |= DMA_RTADDR_SMT;
	for (i = 0; i < NR_DEVICES; i++) {
		h->device[i] = new_page(test);
		h->device[i]->record.magic = VTD_SER_DEVICE_MAGIC;
	}

	h->blob->record.next = virt_to_phys(h->unit[OLD]);
	h->unit[OLD]->record.next = virt_to_phys(h->unit[NEW]);
	h->unit[OLD]->devices = virt_to_phys(h->device[LEGACY]);
	h->unit[NEW]->devices = virt_to_phys(h->device[SECOND]);
	h->device[SECOND]->record.next = virt_to_phys(h->device[FIRST]);
}

static int liveupdate_test_init(struct kunit *test)
{
	struct handover *h = kunit_kzalloc(test, sizeof(*h), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, h);
	test->priv = h;
	make_records(test);
	make_legacy(test);
	make_second_stage(test);
	make_first_stage(test);
	for (i = 0; i < NR_DEVICES; i++)
		put_contexts(test, i);
	seal(h);
	return 0;
}

static void liveupdate_test_exit(struct kunit *test)
{
	struct handover *h = test->priv;

	while (h && h->nr_pages)
		free_page((unsigned long)h->page[--h->nr_pages]);
}

static void test_good(struct kunit *test)
{
	struct vtd_device_ser *device;
	struct handover *h = test->priv;
	unsigned int i;

	KUNIT_EXPECT_STREQ(test, check(h) ?: "good", "good");

	/* A device that was blocked at the jump needs no more than its name. */
	device = new_page(test);
	device->record.magic = VTD_SER_DEVICE_MAGIC;
	device->nr_sids = 1;
	device->sid[0] = 0x400;
	/* What it had before that may be another one's now. */
	device->did = h->device[FIRST]->did;
	liveupdate_record_seal(&device->record);
	h->device[FIRST]->record.next = virt_to_phys(device);
	seal(h);
	KUNIT_EXPECT_STREQ(test, check(h) ?: "good", "good");

	/* All the requester IDs that there can be, and more */
	for (i = 0; i < 1000; i++)
		device->sid[i] = 0x1000 + i;
	device->nr_sids = i;
	liveupdate_record_seal(&device->record);
	KUNIT_EXPECT_STREQ(test, check(h) ?: "good", "good");
}

/*
 * As many units and devices as nobody has: a chain of each is as long as it is,
 * and what is wrong at its end is found.
 */
static void test_many(struct kunit *test)
{
	struct handover *h = test->priv;
	struct vtd_device_ser *device;
	struct vtd_unit_ser *unit;
	unsigned int i;

	for (i = 0; i < NR_MANY; i++) {
		unit = new_page(test);
		*unit = *h->unit[OLD];
		unit->reg = 0xfee00000 + i * SZ_4K;
		unit->rtaddr = virt_to_phys(new_page(test));
		unit->devices = 0;
		h->unit[OLD]->record.next = virt_to_phys(unit);
		liveupdate_record_seal(&unit->record);

		device = new_page(test);
		device->record.magic = VTD_SER_DEVICE_MAGIC;
		device->record.next = h->unit[NEW]->devices;
		device->nr_sids = 1;
		device->sid[0] = 0x4000 + i;
		h->unit[NEW]->devices = virt_to_phys(device);
		liveupdate_record_seal(&device->record);
		seal(h);
	}
	KUNIT_EXPECT_STREQ(test, check(h) ?: "good", "good");

	h->device[FIRST]->sid[0] = device->sid[0];
	seal(h);
	KUNIT_EXPECT_STREQ(test, check(h) ?: "good", "two records of one device");
}

static void lie_version(struct handover *h)
{
	/* The seal sets it; what is under test comes before the checksum. */
	h->blob->record.version++;
}

static void lie_unit_version(struct handover *h)
{
	h->unit[NEW]->record.version++;
}

static void lie_crc(struct handover *h)
{
	h->blob->record.crc ^= 1;
}

static void lie_device_crc(struct handover *h)
{
	h->device[FIRST]->record.crc ^= 1;
}

static void lie_length(struct handover *h)
{
	h->blob->record.length--;
}

static void lie_reserved(struct handover *h)
{
	h->device[SECOND]->record.reserved = 1;
	seal(h);
}

/* Where a chain goes on */
static void lie_next_unit(struct handover *h)
{
	h->unit[OLD]->record.next = SZ_1G;
	seal(h);
}

static void lie_next_device(struct handover *h)
{
	h->device[SECOND]->record.next = SZ_1G;
	seal(h);
}

static void lie_within_page(struct handover *h)
{
	h->device[SECOND]->record.next += 8;
	seal(h);
}

static void lie_unit_itself(struct handover *h)
{
	h->unit[NEW]->record.next = virt_to_phys(h->unit[NEW]);
	seal(h);
}

static void lie_unit_loop(struct handover *h)
{
	h->unit[NEW]->record.next = virt_to_phys(h->unit[OLD]);
	seal(h);
}

static void lie_device_itself(struct handover *h)
{
	h->device[FIRST]->record.next = virt_to_phys(h->device[FIRST]);
	seal(h);
}

static void lie_device_loop(struct handover *h)
{
	h->device[FIRST]->record.next = virt_to_phys(h->device[SECOND]);
	seal(h);
}

static void lie_device_of_other(struct handover *h)
{
	h->device[LEGACY]->record.next = virt_to_phys(h->device[SECOND]);
	seal(h);
}

static void lie_device_is_unit(struct handover *h)
{
	h->device[FIRST]->record.next = virt_to_phys(h->unit[OLD]);
	seal(h);
}

static void lie_unit_is_device(struct handover *h)
{
	h->unit[NEW]->record.next = virt_to_phys(h->device[FIRST]);
	seal(h);
}

static void lie_record_is_table(struct handover *h)
{
	h->unit[NEW]->record.next = virt_to_phys(h->table[FIRST][0]);
	seal(h);
}

static void lie_contexts_are_record(struct handover *h)
{
	*context_root_entry(h->unit[OLD]->rtaddr, 0x300) =
		virt_to_phys(h->unit[NEW]) | 1;
}

static void lie_root_is_record(struct handover *h)
{
	h->unit[NEW]->rtaddr = virt_to_phys(h->blob) | DMA_RTADDR_SMT;
	seal(h);
}

static void lie_context_of_nobody(struct handover *h)
{
	*context_entry_at(h->unit[OLD]->rtaddr, 0x1ff) =
		liveupdate_context(h->device[LEGACY], 0);
}

static void lie_mode(struct handover *h)
{
	h->unit[OLD]->devices = virt_to_phys(h->device[SECOND]);
	h->unit[NEW]->devices = 0;
	seal(h);
}

static void lie_same_unit(struct handover *h)
{
	h->unit[NEW]->reg = h->unit[OLD]->reg;
	seal(h);
}

static void lie_root(struct handover *h)
{
	h->unit[OLD]->rtaddr += SZ_1G;
	seal(h);
}

static void lie_interrupts(struct handover *h)
{
	h->unit[NEW]->irq_table = SZ_1G;
	seal(h);
}

static void lie_same_device(struct handover *h)
{
	h->device[FIRST]->sid[0] = h->device[SECOND]->sid[0];
	seal(h);
}

static void lie_same_alias(struct handover *h)
{
	h->device[FIRST]->sid[0] = ALIAS;
	seal(h);
}

static void lie_nr_sids(struct handover *h)
{
	h->device[LEGACY]->nr_sids = 0;
	seal(h);
}

/* What the seal would read is beyond the page. */
static void lie_many_sids(struct handover *h)
{
	h->device[LEGACY]->nr_sids = U16_MAX;
	h->device[LEGACY]->record.length =
		struct_size(h->device[LEGACY], sid, U16_MAX);
}

static void lie_alias(struct handover *h)
{
	h->device[LEGACY]->sid[1]++;
	seal(h);
}

static void lie_bus(struct handover *h)
{
	h->device[SECOND]->sid[0] += 0x300;
	seal(h);
}

static void lie_context(struct handover *h)
{
	context_entry_at(h->unit[OLD]->rtaddr, ALIAS)->val[0] = 0;
}

static void lie_context_table(struct handover *h)
{
	*context_root_entry(h->unit[OLD]->rtaddr, 0x300) = 0x40000000 | 1;
}

static void lie_upper_table(struct handover *h)
{
	u64 *root = context_root_entry(h->unit[OLD]->rtaddr, ALIAS);

	root[1] = root[0];
}

static void lie_same_did(struct handover *h)
{
	h->device[FIRST]->did = h->device[SECOND]->did;
	seal(h);
}

static void lie_did(struct handover *h)
{
	h->device[FIRST]->did = 77;
	seal(h);
}

static void lie_pass_through(struct handover *h)
{
	FIELD_MODIFY(CONTEXT_TT, &h->device[LEGACY]->context[0],
		     CONTEXT_TT_PT);
	seal(h);
}

static void lie_type(struct handover *h)
{
	FIELD_MODIFY(PASID_PE_PGTT, &h->device[SECOND]->entry[0],
		     PASID_ENTRY_PGTT_PT);
	seal(h);
}

static void lie_dir(struct handover *h)
{
	*(u64 *)phys_to_virt(h->device[SECOND]->pasid_dir + 8) = 1;
}

static void lie_pasid(struct handover *h)
{
	*(u64 *)phys_to_virt(h->device[SECOND]->pasid_table + 64) = 1;
}

static void lie_table(struct handover *h)
{
	struct vtd_device_ser *device = h->device[LEGACY];
	unsigned int i;

	device->context[0] += SZ_1G;
	for (i = 0; i < device->nr_sids; i++)
		*context_entry_at(h->unit[OLD]->rtaddr, device->sid[i]) =
			liveupdate_context(device, i);
	seal(h);
}

/* One lie each, and what must be said of it */
static const struct lie {
	const char *name;
	void (*tell)(struct handover *h);
	const char *error;
} lies[] = {
	{ "version", lie_version, "unknown version" },
	{ "checksum", lie_crc, "bad checksum" },
	{ "length", lie_length, "bad length" },
	{ "version of a unit", lie_unit_version, "unknown version" },
	{ "checksum of a device", lie_device_crc, "bad checksum" },
	{ "reserved field", lie_reserved, "reserved field of a record" },
	{ "next unit elsewhere", lie_next_unit, "record is not preserved" },
	{ "next device elsewhere", lie_next_device, "record is not preserved" },
	{ "within a page", lie_within_page, "record is not preserved" },
	{ "unit after itself", lie_unit_itself, "two units are one" },
	{ "units in a circle", lie_unit_loop, "two units are one" },
	{ "device after itself", lie_device_itself,
	  "two records of one device" },
	{ "devices in a circle", lie_device_loop, "two records of one device" },
	{ "device of two units", lie_device_of_other,
	  "device of a kind that its unit does not know" },
	{ "unit for a device", lie_device_is_unit, "something else" },
	{ "device for a unit", lie_unit_is_device, "something else" },
	{ "page table for a unit", lie_record_is_table, "something else" },
	{ "record for a context table", lie_contexts_are_record,
	  "context entries are not those of the devices" },
	{ "record for a root table", lie_root_is_record,
	  "context table is not preserved" },
	{ "entry of nobody", lie_context_of_nobody,
	  "context entries are not those of the devices" },
	{ "unit of another mode", lie_mode,
	  "device of a kind that its unit does not know" },
	{ "unit twice", lie_same_unit, "two units are one" },
	{ "root table elsewhere", lie_root, "root table is not preserved" },
	{ "interrupt table elsewhere", lie_interrupts,
	  "interrupt remapping table is not preserved" },
	{ "device twice", lie_same_device, "two records of one device" },
	{ "alias is a device", lie_same_alias, "two records of one device" },
	{ "no requester ID", lie_nr_sids, "device without a requester ID" },
	{ "too many requester IDs", lie_many_sids, "bad length" },
	{ "other alias", lie_alias,
	  "context entry is not what the record says" },
	{ "other bus", lie_bus, "context entry is not what the record says" },
	{ "no context entry", lie_context,
	  "context entry is not what the record says" },
	{ "context table elsewhere", lie_context_table,
	  "context table is not preserved" },
	{ "second context table in legacy mode", lie_upper_table,
	  "bad root entry" },
	{ "domain id twice", lie_same_did,
	  "two page tables with one domain id" },
	{ "other domain id", lie_did,
	  "domain id is not that of the PASID entry" },
	{ "pass-through in legacy mode", lie_pass_through,
	  "context entry of a type that is not handed over" },
	{ "pass-through in scalable mode", lie_type,
	  "PASID entry of another type than the record" },
	{ "second PASID table", lie_dir,
	  "PASID table is not what the record says" },
	{ "second PASID entry", lie_pasid,
	  "PASID table is not what the record says" },
	{ "page table elsewhere", lie_table, "page table is not preserved" },
};

KUNIT_ARRAY_PARAM_DESC(lie, lies, name);

static void test_lie(struct kunit *test)
{
	const struct lie *lie = test->param_value;
	struct handover *h = test->priv;

	lie->tell(h);
	KUNIT_EXPECT_STREQ(test, check(h) ?: "good", lie->error);
}

static bool is_whole(struct handover *h, unsigned int index)
{
	return liveupdate_pages_check(h->device[index], is_preserved, h);
}

static unsigned int count_asked(struct kunit *test)
{
	struct handover *h = test->priv;

	h->asked = 0;
	KUNIT_EXPECT_STREQ(test, check(h) ?: "good", "good");
	return h->asked;
}

/* What boot does for a device does not depend on how much the device reaches. */
static void test_boot(struct kunit *test)
{
	struct handover *h = test->priv;
	unsigned int little = count_asked(test), i;

	for (i = 0; i < 500; i++)
		h->table[SECOND][0][i] = h->table[SECOND][0][1];
	kunit_info(test, "boot looks at %u pages for three devices, and at %u where one reaches 250 times as much",
		   little, count_asked(test));
	KUNIT_EXPECT_EQ(test, count_asked(test), little);
}

/*
 * Pages of a page table are freed by what the table says, so that must be what
 * it said when they were preserved.
 */
static void test_pages(struct kunit *test)
{
	struct handover *h = test->priv;
	struct vtd_device_ser *device = h->device[SECOND];
	u64 *entry = &h->table[SECOND][1][7];
	unsigned int i;

	for (i = 0; i < NR_DEVICES; i++)
		KUNIT_EXPECT_TRUE(test, is_whole(h, i));

	/* A page that was not preserved is not even read. */
	*entry = 0x40000000 | 3;
	KUNIT_EXPECT_FALSE(test, is_whole(h, SECOND));

	/* One of somebody else's, its own once more, and itself */
	*entry = virt_to_phys(h->table[FIRST][3]) | 3;
	KUNIT_EXPECT_FALSE(test, is_whole(h, SECOND));
	*entry = virt_to_phys(h->table[SECOND][2]) | 3;
	KUNIT_EXPECT_FALSE(test, is_whole(h, SECOND));
	*entry = virt_to_phys(h->table[SECOND][1]) | 3;
	KUNIT_EXPECT_FALSE(test, is_whole(h, SECOND));

	/* Somebody else's in place of its own: there are as many. */
	*entry = 0;
	KUNIT_EXPECT_TRUE(test, is_whole(h, SECOND));
	swap(h->table[SECOND][1][2], h->table[FIRST][2][3]);
	KUNIT_EXPECT_FALSE(test, is_whole(h, SECOND));
	swap(h->table[SECOND][1][2], h->table[FIRST][2][3]);

	/* One less */
	device->nr_pages++;
	KUNIT_EXPECT_FALSE(test, is_whole(h, SECOND));
}

/* A value that some check may take for good */
static u64 pick_value(struct handover *h, struct rnd_state *rnd, u64 old)
{
	switch (prandom_u32_state(rnd) % 6) {
	case 0:
		return old ^ BIT_ULL(prandom_u32_state(rnd) % 64);
	case 1:
		return virt_to_phys(h->page[prandom_u32_state(rnd) %
					    h->nr_pages]);
	case 2:
		return virt_to_phys(h->page[prandom_u32_state(rnd) %
					    h->nr_pages]) |
		       (prandom_u32_state(rnd) & 0xfff);
	case 3:
		return prandom_u32_state(rnd) % 200;
	case 4:
		return -1ULL >> prandom_u32_state(rnd) % 64;
	default:
		return (u64)prandom_u32_state(rnd) << 32 |
		       prandom_u32_state(rnd);
	}
}

static void mutate_word(struct handover *h, struct rnd_state *rnd, void *words,
			size_t size)
{
	u64 *word = (u64 *)words + prandom_u32_state(rnd) % (size / 8);

	*word = pick_value(h, rnd, *word);
}

/*
 * The seal reads as much as the record says, so that has to be in the page. What
 * magic it has is looked at before that, see mutate_page().
 */
static void mutate_record(struct handover *h, struct rnd_state *rnd)
{
	unsigned int n = prandom_u32_state(rnd) % 8, i;
	struct vtd_device_ser *device;

	i = prandom_u32_state(rnd);
	if (!n) {
		mutate_word(h, rnd, &h->blob->record.next, 8);
	} else if (n == 1) {
		i %= NR_UNITS;
		mutate_word(h, rnd, &h->unit[i]->record.version,
			    sizeof(*h->unit[i]) - 8);
	} else {
		device = h->device[i % NR_DEVICES];
		mutate_word(h, rnd, &device->record.version,
			    struct_size(device, sid, 4) - 8);
		device->nr_sids = min(device->nr_sids, 1000);
	}
	seal(h);
}

/* Every page is saved, and brought back, as any of them may be hit. */
static void mutate_page(struct handover *h, struct rnd_state *rnd)
{
	mutate_word(h, rnd, h->page[prandom_u32_state(rnd) % h->nr_pages], 128);
}

struct fuzz {
	void *pages;
	const char *message[MAX_MESSAGES];
	unsigned int nr_messages;
	unsigned int accepted;
};

static void save(struct handover *h, struct fuzz *fuzz)
{
	unsigned int i;

	for (i = 0; i < h->nr_pages; i++)
		memcpy(fuzz->pages + i * 128, h->page[i], 128);
}

static void bring_back(struct handover *h, struct fuzz *fuzz)
{
	unsigned int i;

	for (i = 0; i < h->nr_pages; i++)
		memcpy(h->page[i], fuzz->pages + i * 128, 128);
}

static void note(struct fuzz *fuzz, const char *message)
{
	unsigned int i;

	if (!message) {
		fuzz->accepted++;
		return;
	}
	for (i = 0; i < fuzz->nr_messages; i++)
		if (fuzz->message[i] == message)
			return;
	if (i < MAX_MESSAGES)
		fuzz->message[fuzz->nr_messages++] = message;
}

static void fuzz_once(struct kunit *test, struct fuzz *fuzz,
		      struct rnd_state *rnd)
{
	struct handover *h = test->priv;
	unsigned int bit, n;

	switch (prandom_u32_state(rnd) % 8) {
	case 0:
		n = prandom_u32_state(rnd) % NR_DEVICES;
		bit = prandom_u32_state(rnd) % (h->device[n]->record.length * 8);
		((u8 *)h->device[n])[bit / 8] ^= BIT(bit % 8);
		KUNIT_EXPECT_NOT_NULL(test, check(h));
		return;
	case 1:
	case 2:
		mutate_page(h, rnd);
		break;
	default:
		for (n = prandom_u32_state(rnd) % 3; n < 3; n++)
			mutate_record(h, rnd);
	}
	note(fuzz, check(h));
}

static void test_fuzz(struct kunit *test)
{
	struct handover *h = test->priv;
	struct fuzz *fuzz = kunit_kzalloc(test, sizeof(*fuzz), GFP_KERNEL);
	struct rnd_state rnd;
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, fuzz);
	fuzz->pages = kunit_kcalloc(test, MAX_PAGES, 128, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, fuzz->pages);
	save(h, fuzz);

	prandom_seed_state(&rnd, 1);
	for (i = 0; i < NR_MUTANTS; i++) {
		fuzz_once(test, fuzz, &rnd);
		bring_back(h, fuzz);
		if (i % 1024 == 0)
			cond_resched();
	}

	kunit_info(test, "%u mutants, %u of them harmless, %u reasons to refuse others",
		   NR_MUTANTS, fuzz->accepted, fuzz->nr_messages);
	/* Deep checks are reached, and what was brought back is good. */
	KUNIT_EXPECT_GE(test, fuzz->nr_messages, 30);
	/*
	 * Harmless is what page tables say, as nobody looks at them yet, what the
	 * seal sets anew, and what is behind the last requester ID.
	 */
	KUNIT_EXPECT_LT(test, fuzz->accepted, NR_MUTANTS / 4);
	KUNIT_EXPECT_STREQ(test, check(h) ?: "good", "good");
}

static struct kunit_case liveupdate_test_cases[] = {
	KUNIT_CASE(test_good),
	KUNIT_CASE(test_many),
	KUNIT_CASE_PARAM(test_lie, lie_gen_params),
	KUNIT_CASE(test_boot),
	KUNIT_CASE(test_pages),
	KUNIT_CASE_SLOW(test_fuzz),
	{}
};

/*
 * What a device is attached to, and what is said when it is to be preserved.
 * Stores of 8 bytes are what any CPU has.
 */
static const struct refusal {
	const char *name;
	struct world_config config;
	enum world_kind kind;
	const char *why;
	enum vtd_ser_kind record;
} refusals[] = {
	{ "legacy, second stage", { .quantum_words = 1 }, WORLD_SS, "fine",
	  VTD_SER_LEGACY },
	{ "legacy, blocked", { .quantum_words = 1 }, WORLD_BLOCKED,
	  "is not attached" },
	{ "legacy, identity", { .quantum_words = 1 }, WORLD_IDENTITY,
	  "is attached to an identity domain" },
	{ "second stage", { .scalable = true, .quantum_words = 1 }, WORLD_SS,
	  "fine", VTD_SER_SECOND_STAGE },
	{ "first stage", { .scalable = true, .quantum_words = 1 }, WORLD_FS,
	  "fine", VTD_SER_FIRST_STAGE },
	{ "blocked", { .scalable = true, .quantum_words = 1 }, WORLD_BLOCKED,
	  "is not attached" },
	{ "identity", { .scalable = true, .quantum_words = 1 }, WORLD_IDENTITY,
	  "is attached to an identity domain" },
	{ "nested", { .scalable = true, .quantum_words = 1 }, WORLD_NESTED,
	  "is attached to a nested domain" },
	{ "PASID", { .scalable = true, .pasid = 5, .quantum_words = 1 },
	  WORLD_SS, "has a PASID attached" },
	{ "SVA", { .scalable = true, .pasid = 5, .ats = true,
		   .quantum_words = 1 }, WORLD_SVA, "has a PASID attached" },
};

KUNIT_ARRAY_PARAM_DESC(refusal, refusals, name);

static void test_refusal(struct kunit *test)
{
	const struct refusal *refusal = test->param_value;
	struct vtd_device_ser record = {};
	struct attach_world *world;
	const char *why;

	world = attach_world_make(test, &refusal->config);
	if (!world_can_attach(world, WORLD_DEVICE, refusal->kind))
		kunit_skip(test, "cannot be had here");
	world_attach(world, WORLD_DEVICE, refusal->kind);

	why = liveupdate_read_translation(world_info(&world->pci[0]), &record);
	KUNIT_EXPECT_STREQ(test, why ?: "fine", refusal->why);
	KUNIT_EXPECT_EQ(test, record.kind, refusal->record);
}

static void test_obstacles(struct kunit *test)
{
	const struct world_config config = { .quantum_words = 1 };
	struct attach_world *world = attach_world_make(test, &config);
	struct device_domain_info *info = world_info(&world->pci[0]);
	struct q_inval *qi = world->unit[0].iommu.qi;

	world->unit[0].iommu.qi = NULL;
	KUNIT_EXPECT_STREQ(test, liveupdate_find_obstacle(info),
			   "its unit has no queued invalidation");
	world->unit[0].iommu.qi = qi;

	KUNIT_EXPECT_STREQ(test, liveupdate_find_obstacle(info),
			   "is not alone in its group");
}

/* Where a preserved device is attached to a domain, RID and PASID */
static const struct world_config preserved_params[] = {
	{ .quantum_words = 1 },
	{ .scalable = true, .quantum_words = 1 },
	{ .scalable = true, .pasid = 5, .quantum_words = 1 },
};

static void preserved_desc(const struct world_config *config, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s pasid=%u",
		 config->scalable ? "scalable" : "legacy", config->pasid);
}

KUNIT_ARRAY_PARAM(preserved, preserved_params, preserved_desc);

static void test_preserved(struct kunit *test)
{
	struct attach_world *world = attach_world_make(test, test->param_value);
	struct device_domain_info *info;
	struct world_result result;

	world_attach(world, WORLD_DEVICE, WORLD_SS);
	info = dev_iommu_priv_get(&world->pci[WORLD_DEVICE].pdev.dev);
	info->preserved = world->domain[WORLD_SS].domain;

	result = world_attach(world, WORLD_DEVICE, WORLD_PARENT);
	KUNIT_EXPECT_EQ(test, result.ret, -EBUSY);
	KUNIT_EXPECT_FALSE(test, result.fault);
	KUNIT_EXPECT_EQ(test, result.counts.submissions, 0);
	KUNIT_EXPECT_EQ(test, world->requester[0].kind, WORLD_SS);

	/* Detaching does not fail, ever. */
	result = world_attach(world, WORLD_DEVICE, WORLD_BLOCKED);
	KUNIT_EXPECT_EQ(test, result.ret, 0);
	result = world_attach(world, WORLD_DEVICE, WORLD_PARENT);
	KUNIT_EXPECT_EQ(test, result.ret, -EBUSY);

	/* A reset detaches it for a while. No PASID was attached before. */
	result = world_attach(world, WORLD_DEVICE, WORLD_SS);
	KUNIT_EXPECT_EQ(test, result.ret, world->config.pasid ? -EBUSY : 0);
	KUNIT_EXPECT_EQ(test, result.served, !world->config.pasid);
}

static struct kunit_case liveupdate_refusal_cases[] = {
	KUNIT_CASE_PARAM(test_refusal, refusal_gen_params),
	KUNIT_CASE(test_obstacles),
	KUNIT_CASE_PARAM(test_preserved, preserved_gen_params),
	{}
};

static struct kunit_suite liveupdate_refusal_suite = {
	.name = "intel_liveupdate_refusals",
	.test_cases = liveupdate_refusal_cases,
};

static struct kunit_suite liveupdate_test_suite = {
	.name = "intel_liveupdate",
	.init = liveupdate_test_init,
	.exit = liveupdate_test_exit,
	.test_cases = liveupdate_test_cases,
};

kunit_test_suites(&liveupdate_test_suite, &liveupdate_refusal_suite);
