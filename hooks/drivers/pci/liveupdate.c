// SPDX-License-Identifier: GPL-2.0
/*
 * PCI devices that do DMA through a live update
 *
 * What is preserved goes out to the next kernel: it keeps bus mastering while a
 * kexec is under way, and so do the bridges above it, as one that does not
 * forward requests is as bad. That ends with the jump. A device that came in
 * and is not preserved anew is stopped by a kexec like any other: nobody hands
 * its translation over.
 *
 * What comes in is known when it is enumerated. It runs, so nothing is written
 * to it that is not the same as before: the size of its BARs and whether INTx
 * can be masked are known from the kernel before, and need not be found out;
 * messages, which were masked, stay enabled. The bridges above it keep their
 * bus numbers, by which it is translated, and how they route.
 *
 * Then it is awaited: it stays in D0, and no driver gets it that was not asked
 * for, as most reset what they find. Once its user has retrieved it, its driver
 * takes it over as it runs.
 */

#define dev_fmt(fmt)	"live update: " fmt
#define pr_fmt(fmt)	"PCI: live update: " fmt

#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#include <linux/cleanup.h>
#include <linux/export.h>
#include <linux/io.h>
#include <linux/irq.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/pci.h>
#include <linux/kho_block.h>
#include <linux/kho_preserved.h>
#include <linux/liveupdate.h>
#include <linux/liveupdate_format.h>
#include <linux/log2.h>
#include <linux/msi.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/pm_runtime.h>

#include "liveupdate.h"
#include "pci.h"

static unsigned int nr_bars(struct pci_dev *pdev)
{
	switch (pdev->hdr_type) {
	case PCI_HEADER_TYPE_NORMAL:
		return PCI_STD_NUM_BARS;
	case PCI_HEADER_TYPE_BRIDGE:
		return 2;
	default:
		return 0;
	}
}

static int rom_register(struct pci_dev *pdev)
{
	return pdev->hdr_type == PCI_HEADER_TYPE_BRIDGE ? PCI_ROM_ADDRESS1 :
							  PCI_ROM_ADDRESS;
}

/* What tells whether it is the same device in the same place */
static void describe(struct pci_dev_ser *record, struct pci_dev *pdev)
{
	unsigned int i;

	record->vendor = pdev->vendor;
	record->device = pdev->device;
	for (i = 0; i < nr_bars(pdev); i++)
		pci_read_config_dword(pdev, PCI_BASE_ADDRESS_0 + 4 * i,
				      &record->bar[i]);
	if (nr_bars(pdev)) {
		pci_read_config_dword(pdev, rom_register(pdev),
				      &record->bar[PCI_SER_ROM]);
		record->bar[PCI_SER_ROM] &= ~PCI_ROM_ADDRESS_ENABLE;
	}
	if (pci_is_bridge(pdev)) {
		pci_read_config_dword(pdev, PCI_PRIMARY_BUS, &record->buses);
		record->buses &= ~PCI_SEC_LATENCY_TIMER_MASK;
	}
}

static u64 bar_size(struct pci_dev *pdev, unsigned int i)
{
	struct resource *res = &pdev->resource[i];

	/* Its size may be another one than the BAR's. */
	if (!res->flags || res->flags & IORESOURCE_PCI_FIXED)
		return 0;

	return resource_size(res);
}

/* What can only be found out by writing to it */
static void describe_findings(struct pci_dev_ser *record, struct pci_dev *pdev)
{
	unsigned int i;

	record->flags = pdev->broken_intx_masking ? PCI_SER_INTX_STAYS : 0;
	for (i = 0; i < nr_bars(pdev); i++)
		record->size[i] = bar_size(pdev, PCI_STD_RESOURCES + i);
	record->size[PCI_SER_ROM] = bar_size(pdev, PCI_ROM_RESOURCE);
}

/*
 * What goes out
 */

/* Covers all of the state below. Taken inside the locks of LUO. */
static DEFINE_MUTEX(outgoing_lock);
static struct pci_ser *outgoing;
static struct kho_block_set outgoing_records =
	KHO_BLOCK_SET_INIT(outgoing_records, sizeof(struct pci_dev_ser));

/* A place that is free, or a new one */
static struct pci_dev_ser *find_place(void)
{
	struct pci_dev_ser *record;
	struct kho_block_set_it it;
	int ret;

	kho_block_set_it_init(&it, &outgoing_records);
	while ((record = kho_block_set_it_read_entry(&it)))
		if (!record->refcount)
			return record;

	ret = kho_block_set_grow(&outgoing_records, outgoing->nr_records + 1);
	if (ret)
		return ERR_PTR(ret);

	outgoing->records = kho_block_set_head_pa(&outgoing_records);
	outgoing->nr_records++;
	if (!it.block)
		kho_block_set_it_init(&it, &outgoing_records);

	return kho_block_set_it_reserve_entry(&it);
}

static int get_outgoing(struct pci_dev *pdev)
{
	struct pci_dev_ser *record = pdev->liveupdate_outgoing;

	if (!record) {
		record = find_place();
		if (IS_ERR(record))
			return PTR_ERR(record);
		*record = (struct pci_dev_ser){
			.segment = pci_domain_nr(pdev->bus),
			.sid = pci_dev_id(pdev),
		};
		WRITE_ONCE(pdev->liveupdate_outgoing, record);
	}
	record->refcount++;
	return 0;
}

static void put_outgoing(struct pci_dev *pdev)
{
	if (!--pdev->liveupdate_outgoing->refcount)
		WRITE_ONCE(pdev->liveupdate_outgoing, NULL);
}

/**
 * pci_liveupdate_preserve - let a device do DMA through a kexec
 * @pdev: the device; not a bridge
 *
 * Context: May sleep. Within preserve() of a handler for which
 * pci_liveupdate_register_flb() was called.
 * Return: 0 or -ENOMEM.
 */
int pci_liveupdate_preserve(struct pci_dev *pdev)
{
	struct pci_dev *above;
	int ret;

	guard(mutex)(&outgoing_lock);
	if (WARN_ON_ONCE(!outgoing))
		return -EINVAL;

	for (above = pdev; above; above = pci_upstream_bridge(above)) {
		ret = get_outgoing(above);
		if (ret)
			goto undo;
	}
	return 0;

undo:
	for (; pdev != above; pdev = pci_upstream_bridge(pdev))
		put_outgoing(pdev);
	return ret;
}
EXPORT_SYMBOL_GPL(pci_liveupdate_preserve);

/**
 * pci_liveupdate_unpreserve - undo pci_liveupdate_preserve()
 * @pdev: the device
 *
 * Context: May sleep.
 */
void pci_liveupdate_unpreserve(struct pci_dev *pdev)
{
	guard(mutex)(&outgoing_lock);
	for (; pdev; pdev = pci_upstream_bridge(pdev))
		put_outgoing(pdev);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_unpreserve);

/**
 * pci_liveupdate_is_outgoing - whether DMA goes on through a kexec
 * @pdev: a device or a bridge
 *
 * Context: Any.
 * Return: true if it is, or is above, a device that is preserved.
 */
bool pci_liveupdate_is_outgoing(struct pci_dev *pdev)
{
	return READ_ONCE(pdev->liveupdate_outgoing);
}

/* By another way than who uses them, who may have masked some */
static void mask_msi(struct pci_dev *pdev, bool mask)
{
	struct msi_desc *desc = irq_get_msi_desc(pdev->irq);

	if (!desc || !desc->pci.msi_attrib.can_mask)
		return;

	guard(raw_spinlock_irqsave)(&pdev->msi_lock);
	pci_write_config_dword(pdev, desc->pci.mask_pos,
			       mask ? ~0U : desc->pci.msi_mask);
}

static void mask_msix(struct pci_dev *pdev, bool mask)
{
	int place = pdev->msix_cap + PCI_MSIX_FLAGS;
	u16 flags;

	pci_read_config_word(pdev, place, &flags);
	flags &= ~PCI_MSIX_FLAGS_MASKALL;
	if (mask)
		flags |= PCI_MSIX_FLAGS_MASKALL;
	pci_write_config_word(pdev, place, flags);
}

static void mask_interrupts(struct pci_dev *pdev, bool mask)
{
	if (pdev->msi_enabled)
		mask_msi(pdev, mask);
	if (pdev->msix_enabled)
		mask_msix(pdev, mask);
}

/**
 * pci_liveupdate_freeze - hand a preserved device over as it is now
 * @pdev: the device
 *
 * It sends no more messages: during the jump nobody knows what they would mean.
 * What it has to signal stays pending; whoever takes it over looks.
 *
 * Context: May sleep.
 */
void pci_liveupdate_freeze(struct pci_dev *pdev)
{
	mask_interrupts(pdev, true);

	guard(mutex)(&outgoing_lock);
	for (; pdev; pdev = pci_upstream_bridge(pdev)) {
		describe(pdev->liveupdate_outgoing, pdev);
		describe_findings(pdev->liveupdate_outgoing, pdev);
	}
}
EXPORT_SYMBOL_GPL(pci_liveupdate_freeze);

/**
 * pci_liveupdate_unfreeze - undo pci_liveupdate_freeze()
 * @pdev: the device
 *
 * Context: May sleep.
 */
void pci_liveupdate_unfreeze(struct pci_dev *pdev)
{
	mask_interrupts(pdev, false);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_unfreeze);

/*
 * What came in
 */

/* Both change while nobody uses the FLB only. */
static struct pci_ser *incoming;
static struct kho_block_set incoming_records =
	KHO_BLOCK_SET_INIT(incoming_records, sizeof(struct pci_dev_ser));

static bool is_64bit(const struct pci_dev_ser *record, unsigned int i)
{
	return !(record->bar[i] & PCI_BASE_ADDRESS_SPACE_IO) &&
	       (record->bar[i] & PCI_BASE_ADDRESS_MEM_TYPE_MASK) ==
	       PCI_BASE_ADDRESS_MEM_TYPE_64;
}

/* @i is of a standard BAR that decodes something. */
static const char *check_bar(const struct pci_dev_ser *record, unsigned int i)
{
	u64 size = record->size[i], address = record->bar[i];

	if (address & PCI_BASE_ADDRESS_SPACE_IO)
		address &= PCI_BASE_ADDRESS_IO_MASK;
	else
		address &= PCI_BASE_ADDRESS_MEM_MASK;
	if (is_64bit(record, i)) {
		if (i + 1 == PCI_STD_NUM_BARS || record->size[i + 1])
			return "BAR without upper half";
		address |= (u64)record->bar[i + 1] << 32;
	} else if (size > SZ_2G) {
		return "BAR that is too large";
	}
	if (!is_power_of_2(size) || size < 4 || address & (size - 1))
		return "bad BAR";

	return NULL;
}

/**
 * pci_liveupdate_check_bars - whether BARs of a record can be used
 * @record: the record
 *
 * They are as the device has told them. If it was gone by then, that is no matter
 * to others.
 *
 * Context: Any.
 * Return: NULL if they can be used, else what is wrong with them.
 */
VISIBLE_IF_KUNIT const char *
pci_liveupdate_check_bars(const struct pci_dev_ser *record)
{
	u64 rom = record->size[PCI_SER_ROM];
	const char *error;
	unsigned int i;

	for (i = 0; i < PCI_STD_NUM_BARS; i++) {
		error = record->size[i] ? check_bar(record, i) : NULL;
		if (error)
			return error;
	}
	if (rom && (!is_power_of_2(rom) || rom < SZ_2K || rom > SZ_2G ||
		    record->bar[PCI_SER_ROM] & PCI_ROM_ADDRESS_MASK & (rom - 1)))
		return "bad expansion ROM";

	return NULL;
}

static const char *check_record(const struct pci_ser *ser,
				const struct pci_dev_ser *record)
{
	if (record->refcount > ser->nr_records)
		return "more devices below a bridge than there are";
	if (record->flags & ~PCI_SER_INTX_STAYS)
		return "unknown flag of a device";

	return NULL;
}

static const char *check_block(const struct pci_ser *ser,
			       const struct kho_block_header_ser *block)
{
	const struct pci_dev_ser *record = (const void *)(block + 1);
	const char *error;
	u64 i;

	if (!block->count || block->count > PCI_SER_PER_BLOCK)
		return "bad number of records in a page";

	for (i = 0; i < block->count; i++) {
		error = check_record(ser, record + i);
		if (error)
			return error;
	}
	return NULL;
}

static const char *check_chain(const struct pci_ser *ser,
			       bool (*is_preserved)(phys_addr_t page))
{
	const struct kho_block_header_ser *block;
	u64 seen = 0, pages = 0, records = 0;
	const char *error;
	phys_addr_t page;

	for (page = ser->records; page; page = block->next) {
		/* A page that comes again does so before the distance doubles. */
		if (page == seen)
			return "pages of records are a loop";
		if (is_power_of_2(++pages))
			seen = page;

		if (!is_preserved(page))
			return "a page of records is not preserved";
		block = phys_to_virt(page);
		error = check_block(ser, block);
		if (error)
			return error;
		records += block->count;
	}

	return records == ser->nr_records ? NULL : "bad number of records";
}

/**
 * pci_liveupdate_check - whether what the kernel before has left can be used
 * @ser: what it left, all of which was preserved
 * @is_preserved: whether a page holds what the kernel before left in it. No
 *                page is read before it has said so.
 *
 * Context: Any that suits @is_preserved.
 * Return: NULL if it can be used, else what is wrong with it.
 */
VISIBLE_IF_KUNIT const char *
pci_liveupdate_check(const struct pci_ser *ser,
		     bool (*is_preserved)(phys_addr_t page))
{
	if (ser->magic != PCI_SER_MAGIC)
		return "unknown format";
	if (ser->version != PCI_SER_VERSION)
		return "unknown version";
	if (ser->reserved)
		return "unknown field";

	return check_chain(ser, is_preserved);
}

/*
 * File-lifecycle-bound object: what is handed over lives as long as files of
 * devices that are preserved
 */

static struct liveupdate_flb pci_liveupdate_flb;

LIVEUPDATE_FORMAT(format, PCI_LUO_FLB_COMPATIBLE, PCI_SER_VERSION);

/**
 * pci_liveupdate_start - make what the first preserved device needs
 * @data: set to the physical address of the &struct pci_ser
 *
 * Context: May sleep.
 * Return: 0 or -ENOMEM.
 */
VISIBLE_IF_KUNIT int pci_liveupdate_start(u64 *data)
{
	struct pci_ser *ser = kho_alloc_preserve(sizeof(*ser));

	if (IS_ERR(ser))
		return PTR_ERR(ser);

	ser->magic = PCI_SER_MAGIC;
	ser->version = PCI_SER_VERSION;
	*data = virt_to_phys(ser);

	guard(mutex)(&outgoing_lock);
	outgoing = ser;
	return 0;
}

/**
 * pci_liveupdate_end - undo pci_liveupdate_start()
 *
 * Context: May sleep. No device is preserved any more.
 */
VISIBLE_IF_KUNIT void pci_liveupdate_end(void)
{
	guard(mutex)(&outgoing_lock);
	kho_block_set_destroy(&outgoing_records);
	kho_unpreserve_free(outgoing);
	outgoing = NULL;
}

/* Nobody asks for the object, but there must be one. */
static int flb_preserve(struct liveupdate_flb_op_args *args)
{
	args->obj = &pci_liveupdate_flb;

	return pci_liveupdate_start(&args->data);
}

static void flb_unpreserve(struct liveupdate_flb_op_args *args)
{
	pci_liveupdate_end();
}

static bool is_preserved(phys_addr_t page)
{
	return kho_preserved_size(page) == KHO_BLOCK_SIZE;
}

static const char *accept(phys_addr_t data)
{
	struct pci_ser *ser;
	const char *error;

	if (!is_preserved(data))
		return "not preserved";

	ser = phys_to_virt(data);
	error = pci_liveupdate_check(ser, is_preserved);
	if (error)
		return error;
	if (kho_block_set_restore(&incoming_records, ser->records))
		return "no memory";

	incoming = ser;
	return NULL;
}

/* Never fails: who finishes the last file has to find an object. */
static int flb_retrieve(struct liveupdate_flb_op_args *args)
{
	const char *error = accept(args->data);

	if (error)
		pr_err("what the kernel before has left is refused, its devices are treated like any other: %s\n",
		       error);
	args->obj = &pci_liveupdate_flb;
	return 0;
}

static void end_incoming(struct pci_dev *pdev)
{
	if (!pci_is_bridge(pdev))
		pm_runtime_put(&pdev->dev);
	WRITE_ONCE(pdev->liveupdate_retrieved, false);
	WRITE_ONCE(pdev->liveupdate_lost_buses, false);
	WRITE_ONCE(pdev->liveupdate_incoming, 0);
}

/* Covers changes of what is incoming */
static DEFINE_MUTEX(incoming_lock);

static void flb_finish(struct liveupdate_flb_op_args *args)
{
	struct pci_dev *pdev = NULL;

	/* Those whose file nobody knew, and bridges above them */
	scoped_guard(mutex, &incoming_lock)
		for_each_pci_dev(pdev)
			if (pdev->liveupdate_incoming)
				end_incoming(pdev);

	if (!incoming)
		return;

	kho_block_set_destroy(&incoming_records);
	kho_restore_free(incoming);
	incoming = NULL;
}

static const struct liveupdate_flb_ops flb_ops = {
	.preserve = flb_preserve,
	.unpreserve = flb_unpreserve,
	.retrieve = flb_retrieve,
	.finish = flb_finish,
	.owner = THIS_MODULE,
};

static struct liveupdate_flb pci_liveupdate_flb = {
	.ops = &flb_ops,
	.compatible = PCI_LUO_FLB_COMPATIBLE,
};

/**
 * pci_liveupdate_register_flb - let a handler's files be of PCI devices
 * @fh: the handler, which is registered. Unregistering it undoes this.
 *
 * Context: May sleep.
 * Return: 0, or an error of liveupdate_register_flb().
 */
int pci_liveupdate_register_flb(struct liveupdate_file_handler *fh)
{
	return liveupdate_register_flb(fh, &pci_liveupdate_flb);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_register_flb);

static struct pci_dev_ser *find_record(u16 segment, u16 sid)
{
	struct pci_dev_ser *record;
	struct kho_block_set_it it;

	kho_block_set_it_init(&it, &incoming_records);
	while ((record = kho_block_set_it_read_entry(&it)))
		if (record->refcount && record->segment == segment &&
		    record->sid == sid)
			return record;
	return NULL;
}

/**
 * pci_liveupdate_get_record - what the kernel before has said of a device
 * @segment: its PCI segment
 * @sid: its bus, device and function
 *
 * Context: May sleep.
 * Return: its record, to be put by pci_liveupdate_put_record(); NULL if there is
 * none.
 */
VISIBLE_IF_KUNIT struct pci_dev_ser *
pci_liveupdate_get_record(u16 segment, u16 sid)
{
	struct pci_dev_ser *record;
	void *obj;

	KUNIT_STATIC_STUB_REDIRECT(pci_liveupdate_get_record, segment, sid);

	if (liveupdate_flb_get_incoming(&pci_liveupdate_flb, &obj))
		return NULL;

	record = find_record(segment, sid);
	if (!record)
		liveupdate_flb_put_incoming(&pci_liveupdate_flb);

	return record;
}

/**
 * pci_liveupdate_put_record - undo pci_liveupdate_get_record()
 * @record: what it returned
 *
 * Context: May sleep.
 */
VISIBLE_IF_KUNIT void
pci_liveupdate_put_record(const struct pci_dev_ser *record)
{
	KUNIT_STATIC_STUB_REDIRECT(pci_liveupdate_put_record, record);

	liveupdate_flb_put_incoming(&pci_liveupdate_flb);
}

/*
 * Enumeration
 */

static struct pci_dev_ser *get_record(struct pci_dev *pdev)
{
	return pci_liveupdate_get_record(pci_domain_nr(pdev->bus),
					 pci_dev_id(pdev));
}

static bool is_same(const struct pci_dev_ser *record,
		    const struct pci_dev_ser *now)
{
	return now->vendor == record->vendor && now->device == record->device &&
	       !memcmp(now->bar, record->bar, sizeof(now->bar));
}

static void accept_device(const struct pci_dev_ser *record,
			  struct pci_dev *pdev)
{
	struct pci_dev_ser now = {};

	guard(mutex)(&incoming_lock);

	describe(&now, pdev);
	if (!is_same(record, &now) || pci_liveupdate_check_bars(record)) {
		pci_err(pdev, "not the device that it was, or its BARs have moved: treated like any other\n");
		return;
	}

	pdev->liveupdate_incoming = record->refcount;
	pdev->broken_intx_masking = record->flags & PCI_SER_INTX_STAYS;
	if (now.buses == record->buses)
		return;

	/* It was reset, and so are those below it, if they are the same. */
	pci_err(pdev, "has lost its bus numbers, and nothing below it is enumerated\n");
	pdev->liveupdate_lost_buses = true;
}

/**
 * pci_liveupdate_setup_device - find out whether a device came in
 * @pdev: a device or a bridge of which the header is known, and no more
 *
 * Context: May sleep.
 */
void pci_liveupdate_setup_device(struct pci_dev *pdev)
{
	const struct pci_dev_ser *record = get_record(pdev);

	if (!record)
		return;

	accept_device(record, pdev);
	pci_liveupdate_put_record(record);
}

/**
 * pci_liveupdate_await - keep a device that came in awake
 * @pdev: a device or a bridge
 *
 * Also if nobody has it open. That ends with the finish.
 *
 * Context: May sleep. Once, when runtime power management of the device is known.
 */
void pci_liveupdate_await(struct pci_dev *pdev)
{
	if (pdev->liveupdate_incoming && !pci_is_bridge(pdev))
		pm_runtime_get_noresume(&pdev->dev);
}

/**
 * pci_liveupdate_is_incoming - whether a device is awaited
 * @pdev: a device or a bridge
 *
 * Context: Any.
 * Return: true if it came from the kernel before, or is above one that did, until
 * that is finished.
 */
bool pci_liveupdate_is_incoming(struct pci_dev *pdev)
{
	return READ_ONCE(pdev->liveupdate_incoming);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_is_incoming);

/**
 * pci_liveupdate_is_unclaimed - whether a device runs as it was left
 * @pdev: a device or a bridge
 *
 * Context: Any.
 * Return: true if it is awaited, and no driver has enabled it yet.
 */
bool pci_liveupdate_is_unclaimed(struct pci_dev *pdev)
{
	return pci_liveupdate_is_incoming(pdev) && !pdev->liveupdate_claimed;
}

/**
 * pci_liveupdate_claim - note that a device is enabled
 * @pdev: a device or a bridge
 *
 * There are fixups that enable what they look at, and disable it again. What a
 * driver has enabled is its own from there on.
 *
 * Context: May sleep.
 * Return: false if it is awaited, and whoever enables it is no driver.
 */
bool pci_liveupdate_claim(struct pci_dev *pdev)
{
	if (pdev->driver)
		pdev->liveupdate_claimed = true;

	return !pci_liveupdate_is_unclaimed(pdev);
}

/**
 * pci_liveupdate_may_bind - whether a driver may have a device
 * @pdev: the device
 *
 * Context: Any.
 * Return: false if it is awaited and nobody said which driver it is for.
 */
bool pci_liveupdate_may_bind(struct pci_dev *pdev)
{
	return device_has_driver_override(&pdev->dev) || pci_is_bridge(pdev) ||
	       !pci_liveupdate_is_incoming(pdev);
}

/**
 * pci_liveupdate_keep_buses - whether all bridges keep their bus numbers
 *
 * Those above devices that came in must, and others have no room to move.
 *
 * Context: May sleep.
 * Return: true if anything came in, which the log is told.
 */
bool pci_liveupdate_keep_buses(void)
{
	bool found;
	void *obj;

	if (liveupdate_flb_get_incoming(&pci_liveupdate_flb, &obj))
		return false;

	found = incoming;
	liveupdate_flb_put_incoming(&pci_liveupdate_flb);
	if (found)
		pr_info_once("bus numbers are not assigned anew: devices that came in are known by them\n");

	return found;
}

/**
 * pci_liveupdate_lost_buses - whether nothing below a bridge is to be touched
 * @pdev: a bridge
 *
 * Its devices would have the requester IDs of others.
 *
 * Context: Any.
 * Return: true if it was reset since it was handed over, until the finish.
 */
bool pci_liveupdate_lost_buses(struct pci_dev *pdev)
{
	return READ_ONCE(pdev->liveupdate_lost_buses);
}

/**
 * pci_liveupdate_size_bars - tell the size of BARs without writing to them
 * @pdev: a device or a bridge
 * @count: how many standard BARs it has
 * @sizes: set to what they would read as, if all of their bits had been set
 * @rom: the same, for the expansion ROM
 *
 * Context: May sleep.
 * Return: true if it came in.
 */
bool pci_liveupdate_size_bars(struct pci_dev *pdev, unsigned int count,
			      u32 *sizes, u32 *rom)
{
	const struct pci_dev_ser *record;
	unsigned int i;

	if (!pdev->liveupdate_incoming || count != nr_bars(pdev))
		return false;
	record = get_record(pdev);
	if (!record)
		return false;

	for (i = 0; i < count; i++) {
		sizes[i] = lower_32_bits(-record->size[i]);
		if (i && record->size[i - 1] && is_64bit(record, i - 1))
			sizes[i] = upper_32_bits(-record->size[i - 1]);
	}
	*rom = lower_32_bits(-record->size[PCI_SER_ROM]);

	pci_liveupdate_put_record(record);
	return true;
}

/**
 * pci_liveupdate_keep_ari - whether a bridge routes as it does
 * @pdev: the first device below a bridge, or one that has none above
 *
 * Context: Any.
 * Return: true if the bridge came in.
 */
bool pci_liveupdate_keep_ari(struct pci_dev *pdev)
{
	struct pci_dev *bridge = pdev->bus->self;
	u16 control;

	if (!bridge || !pci_liveupdate_is_incoming(bridge))
		return false;

	pcie_capability_read_word(bridge, PCI_EXP_DEVCTL2, &control);
	bridge->ari_enabled = !!(control & PCI_EXP_DEVCTL2_ARI);
	return true;
}

/* The bridge is this kernel's, and its messages were not masked. */
static bool keep_messages(struct pci_dev *pdev)
{
	pdev->liveupdate_messages = pci_liveupdate_is_incoming(pdev) &&
				    !pci_is_bridge(pdev);

	return pdev->liveupdate_messages;
}

/**
 * pci_liveupdate_keep_msi - whether MSI of a device stays enabled
 * @pdev: the device
 * @flags: the flags of its capability
 *
 * Context: Any.
 * Return: true if it came in, with messages masked.
 */
bool pci_liveupdate_keep_msi(struct pci_dev *pdev, u16 flags)
{
	return flags & PCI_MSI_FLAGS_MASKBIT && keep_messages(pdev);
}

/**
 * pci_liveupdate_keep_msix - whether MSI-X of a device stays enabled
 * @pdev: the device
 *
 * Context: Any.
 * Return: true if it came in, with messages masked.
 */
bool pci_liveupdate_keep_msix(struct pci_dev *pdev)
{
	return keep_messages(pdev);
}

/*
 * What drivers are told
 */

static void clear_flag(struct pci_dev *pdev, int place, u16 flag)
{
	u16 flags;

	pci_read_config_word(pdev, place, &flags);
	if (flags & flag)
		pci_write_config_word(pdev, place, flags & ~flag);
}

/**
 * pci_liveupdate_drop_messages - disable what the kernel before had enabled
 * @pdev: a device
 *
 * For those who do not go on with messages where they were left: as long as they
 * are enabled, there is no INTx.
 *
 * Context: May sleep.
 */
void pci_liveupdate_drop_messages(struct pci_dev *pdev)
{
	if (!pdev->liveupdate_messages)
		return;

	pdev->liveupdate_messages = false;
	if (pdev->msi_cap && !pdev->msi_enabled)
		clear_flag(pdev, pdev->msi_cap + PCI_MSI_FLAGS,
			   PCI_MSI_FLAGS_ENABLE);
	if (pdev->msix_cap && !pdev->msix_enabled)
		clear_flag(pdev, pdev->msix_cap + PCI_MSIX_FLAGS,
			   PCI_MSIX_FLAGS_ENABLE);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_drop_messages);

/**
 * pci_liveupdate_retrieve - let a driver take a device over as it runs
 * @pdev: the device; the caller has a reference until the finish
 *
 * Context: May sleep.
 * Return: 0; -ENXIO with a message if it is not what was handed over.
 */
int pci_liveupdate_retrieve(struct pci_dev *pdev)
{
	const struct pci_dev_ser *record = get_record(pdev);
	struct pci_dev_ser now = {};
	bool same = false;

	if (record) {
		describe(&now, pdev);
		same = is_same(record, &now);
		pci_liveupdate_put_record(record);
	}
	if (!same || !pci_liveupdate_is_incoming(pdev)) {
		pci_err(pdev, "not the device that it was, or its BARs have moved\n");
		return -ENXIO;
	}

	WRITE_ONCE(pdev->liveupdate_retrieved, true);
	return 0;
}
EXPORT_SYMBOL_GPL(pci_liveupdate_retrieve);

/**
 * pci_liveupdate_unretrieve - undo pci_liveupdate_retrieve()
 * @pdev: the device
 *
 * It is still awaited.
 *
 * Context: Any.
 */
void pci_liveupdate_unretrieve(struct pci_dev *pdev)
{
	WRITE_ONCE(pdev->liveupdate_retrieved, false);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_unretrieve);

/* What is found there later is not awaited, even if others still are. */
static void count_down(u16 segment, u16 sid)
{
	struct pci_dev_ser *record = pci_liveupdate_get_record(segment, sid);

	if (!record)
		return;
	scoped_guard(mutex, &incoming_lock)
		if (record->refcount)
			record->refcount--;
	pci_liveupdate_put_record(record);
}

static void finish_one(struct pci_dev *pdev)
{
	count_down(pci_domain_nr(pdev->bus), pci_dev_id(pdev));
	scoped_guard(mutex, &incoming_lock) {
		if (pdev->liveupdate_incoming == 1)
			end_incoming(pdev);
		else if (pdev->liveupdate_incoming)
			WRITE_ONCE(pdev->liveupdate_incoming,
				   pdev->liveupdate_incoming - 1);
	}
}

/**
 * pci_liveupdate_finish - do not await a device any more
 * @segment: its PCI segment
 * @sid: its bus, device and function
 *
 * It may be retrieved or not, and need not be there any more. Then bridges above
 * it are awaited until the last device is finished.
 *
 * Context: May sleep.
 */
void pci_liveupdate_finish(u16 segment, u16 sid)
{
	struct pci_dev *pdev = pci_liveupdate_find(segment, sid), *above;

	if (pdev && pci_liveupdate_is_incoming(pdev))
		for (above = pdev; above; above = pci_upstream_bridge(above))
			finish_one(above);
	else
		count_down(segment, sid);
	pci_dev_put(pdev);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_finish);

/**
 * pci_liveupdate_is_retrieved - whether a driver takes a device over as it runs
 * @pdev: the device
 *
 * Context: Any.
 * Return: true from retrieve to finish.
 */
bool pci_liveupdate_is_retrieved(struct pci_dev *pdev)
{
	return READ_ONCE(pdev->liveupdate_retrieved);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_is_retrieved);
