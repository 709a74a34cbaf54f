// SPDX-License-Identifier: GPL-2.0
/*
 * PCI devices that do DMA through a live update
 *
 * What is preserved goes out to the next kernel: it keeps bus mastering while a
 * kexec is under way, and so does what it depends on: the bridges above it, as
 * one that does not forward requests is as bad, and its physical function, see
 * liveupdate_iov.c. That ends with the jump. A device that came in
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
	pci_liveupdate_describe_vfs(record, pdev);
}

static u64 bar_size(struct pci_dev *pdev, unsigned int i)
{
	struct resource *res = &pdev->resource[i];

	/* It is the physical function that says where they are. */
	if (pdev->is_virtfn)
		return 0;
	/* Its size may be another one than the BAR's. */
	if (!res->flags || res->flags & IORESOURCE_PCI_FIXED)
		return 0;

	return resource_size(res);
}

/* What can only be found out by writing to it */
static void describe_findings(struct pci_dev_ser *record, struct pci_dev *pdev)
{
	unsigned int i;

	record->flags &= PCI_SER_DEVICE;
	if (pdev->broken_intx_masking)
		record->flags |= PCI_SER_INTX_STAYS;
	for (i = 0; i < nr_bars(pdev); i++)
		record->size[i] = bar_size(pdev, PCI_STD_RESOURCES + i);
	record->size[PCI_SER_ROM] = bar_size(pdev, PCI_ROM_RESOURCE);
	pci_liveupdate_describe_vf_findings(record, pdev);
}

/* What must go on for a device to go on */
static struct pci_dev *depends_on(struct pci_dev *pdev)
{
	return pdev->is_virtfn ? pci_physfn(pdev) : pci_upstream_bridge(pdev);
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

static bool is_outgoing_device(struct pci_dev *pdev)
{
	return pdev->liveupdate_outgoing &&
	       pdev->liveupdate_outgoing->flags & PCI_SER_DEVICE;
}

static int get_all_outgoing(struct pci_dev *pdev)
{
	struct pci_dev *above;
	int ret;

	for (above = pdev; above; above = depends_on(above)) {
		ret = get_outgoing(above);
		if (ret)
			goto undo;
	}
	pdev->liveupdate_outgoing->flags |= PCI_SER_DEVICE;
	return 0;

undo:
	for (; pdev != above; pdev = depends_on(pdev))
		put_outgoing(pdev);
	return ret;
}

/*
 * A driver may do anything to a physical function, and its virtual ones would
 * notice. Either its user goes on with it, or the driver leaves it alone.
 */
static bool goes_on(struct pci_dev *pf)
{
	return !pf->driver || pf->driver->hands_off || is_outgoing_device(pf);
}

static int get_outgoing_vf(struct pci_dev *pdev)
{
	struct pci_dev *pf = pci_physfn(pdev);
	int ret = -EBUSY;

	/* Whoever has the lock may wait for this one to be let go of. */
	if (!device_trylock(&pf->dev)) {
		pci_err(pdev, "cannot be preserved while its physical function %s is being changed\n",
			pci_name(pf));
		return ret;
	}

	if (goes_on(pf))
		ret = get_all_outgoing(pdev);
	else
		pci_err(pdev, "cannot be preserved: its physical function %s has the driver %s, and is not preserved itself\n",
			pci_name(pf), pf->driver->name);
	device_unlock(&pf->dev);
	return ret;
}

/**
 * pci_liveupdate_preserve - let a device do DMA through a kexec
 * @pdev: the device; not a bridge
 *
 * If it is a virtual function, its physical one goes on, too. Nobody may change
 * how many there are until it is unpreserved, and no driver gets it that may do
 * anything to it.
 *
 * Context: May sleep. Within preserve() of a handler for which
 * pci_liveupdate_register_flb() was called.
 * Return: 0; -ENOMEM; -EBUSY with a message if a driver may do anything to its
 * physical function.
 */
int pci_liveupdate_preserve(struct pci_dev *pdev)
{
	guard(mutex)(&outgoing_lock);
	if (WARN_ON_ONCE(!outgoing))
		return -EINVAL;

	return pdev->is_virtfn ? get_outgoing_vf(pdev) : get_all_outgoing(pdev);
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
	pdev->liveupdate_outgoing->flags &= ~PCI_SER_DEVICE;
	for (; pdev; pdev = depends_on(pdev))
		put_outgoing(pdev);
}
EXPORT_SYMBOL_GPL(pci_liveupdate_unpreserve);

/**
 * pci_liveupdate_is_outgoing - whether DMA goes on through a kexec
 * @pdev: a device or a bridge
 *
 * Context: Any.
 * Return: true if it is preserved, or what is preserved depends on it.
 */
bool pci_liveupdate_is_outgoing(struct pci_dev *pdev)
{
	return READ_ONCE(pdev->liveupdate_outgoing);
}

/**
 * pci_liveupdate_keep_master - whether a device stays bus master through a kexec
 * @pdev: a device or a bridge
 *
 * A physical function need not be, for the sake of virtual ones: nobody hands its
 * own translation over.
 *
 * Context: May sleep.
 * Return: true if it is preserved itself, or is a bridge above one that is.
 */
bool pci_liveupdate_keep_master(struct pci_dev *pdev)
{
	guard(mutex)(&outgoing_lock);

	return pci_is_bridge(pdev) ? pci_liveupdate_is_outgoing(pdev) :
				     is_outgoing_device(pdev);
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
	for (; pdev; pdev = depends_on(pdev)) {
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

/* The last one of those, of the device or of its virtual functions */
static bool is_last_bar(unsigned int i)
{
	return i + 1 == PCI_STD_NUM_BARS || i + 1 == PCI_SER_BARS;
}

/* @i is of a BAR that decodes something. */
static const char *check_bar(const struct pci_dev_ser *record, unsigned int i)
{
	u64 size = record->size[i], address = record->bar[i];

	if (address & PCI_BASE_ADDRESS_SPACE_IO)
		address &= PCI_BASE_ADDRESS_IO_MASK;
	else
		address &= PCI_BASE_ADDRESS_MEM_MASK;
	if (is_64bit(record, i)) {
		if (is_last_bar(i) || record->size[i + 1])
			return "BAR without upper half";
		address |= (u64)record->bar[i + 1] << 32;
	} else if (size > SZ_2G) {
		return "BAR that is too large";
	}
	if (!is_power_of_2(size) || size < 4 || address & (size - 1))
		return "bad BAR";

	return NULL;
}

static const char *check_rom(const struct pci_dev_ser *record)
{
	u64 size = record->size[PCI_SER_ROM];

	if (size && (!is_power_of_2(size) || size < SZ_2K || size > SZ_2G ||
		     record->bar[PCI_SER_ROM] & PCI_ROM_ADDRESS_MASK & (size - 1)))
		return "bad expansion ROM";

	return NULL;
}

/**
 * pci_liveupdate_check_device - whether what a record says can be used
 * @record: the record
 *
 * It is as the device has told it. If it was gone by then, that is no matter to
 * others.
 *
 * Context: Any.
 * Return: NULL if it can be used, else what is wrong with it.
 */
VISIBLE_IF_KUNIT const char *
pci_liveupdate_check_device(const struct pci_dev_ser *record)
{
	const char *error = check_rom(record);
	unsigned int i;

	for (i = 0; !error && i < PCI_SER_BARS; i++)
		if (i != PCI_SER_ROM && record->size[i])
			error = check_bar(record, i);

	return error ?: pci_liveupdate_check_vfs(record);
}

static const char *check_record(const struct pci_ser *ser,
				const struct pci_dev_ser *record)
{
	if (record->refcount > ser->nr_records)
		return "more devices depend on one than there are";
	if (record->flags & ~(PCI_SER_INTX_STAYS | PCI_SER_DEVICE |
			      PCI_SER_NO_AUTOPROBE))
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
	WRITE_ONCE(pdev->liveupdate_for_vfs, false);
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
struct pci_dev_ser *pci_liveupdate_get_record(u16 segment, u16 sid)
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
void pci_liveupdate_put_record(const struct pci_dev_ser *record)
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
	       !memcmp(now->bar, record->bar, sizeof(now->bar)) &&
	       !memcmp(&now->sriov, &record->sriov, sizeof(now->sriov));
}

static void accept_device(const struct pci_dev_ser *record,
			  struct pci_dev *pdev)
{
	struct pci_dev_ser now = {};

	guard(mutex)(&incoming_lock);

	describe(&now, pdev);
	if (!is_same(record, &now) || pci_liveupdate_check_device(record)) {
		pci_err(pdev, "not the device that it was, or its BARs have moved: treated like any other\n");
		return;
	}

	pdev->liveupdate_incoming = record->refcount;
	pdev->liveupdate_for_vfs = record->sriov.num_vfs &&
				   !(record->flags & PCI_SER_DEVICE);
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
 * Return: true if it came from the kernel before, or what did depends on it,
 * until that is finished.
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

static bool is_outgoing_for_vfs(struct pci_dev *pdev)
{
	if (!pdev->is_physfn)
		return false;

	guard(mutex)(&outgoing_lock);
	return pdev->liveupdate_outgoing && !is_outgoing_device(pdev);
}

/* Its owner comes first: whoever has it may do anything to virtual functions. */
static bool waits_for_physfn(struct pci_dev *pdev)
{
	struct pci_dev *pf = pci_physfn(pdev);

	return pf != pdev && pci_liveupdate_is_incoming(pf) &&
	       !pf->liveupdate_for_vfs && !pci_liveupdate_is_retrieved(pf);
}

/**
 * pci_liveupdate_may_probe - whether a driver does no harm to virtual functions
 * @pdev: the device
 * @drv: the driver
 *
 * Context: May sleep. Under the lock of the device.
 * Return: 0; -ENODEV with a message if virtual functions go on, and the driver may
 * do anything to their physical function, or that belongs to somebody who has not
 * retrieved it yet.
 */
int pci_liveupdate_may_probe(struct pci_dev *pdev, const struct pci_driver *drv)
{
	if (!drv->hands_off && (pdev->liveupdate_for_vfs ||
				is_outgoing_for_vfs(pdev))) {
		pci_err(pdev, "its virtual functions go on, and so it is not for the driver %s\n",
			drv->name);
		return -ENODEV;
	}
	if (waits_for_physfn(pdev)) {
		pci_err(pdev, "its physical function %s has to be retrieved before a driver gets this one\n",
			pci_name(pci_physfn(pdev)));
		return -ENODEV;
	}
	return 0;
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
 * pci_liveupdate_tell_sizes - what BARs would read as with all of their bits set
 * @record: the record of their device
 * @first: the first of them in the record
 * @count: how many there are
 * @sizes: set to that
 *
 * Context: Any.
 */
void pci_liveupdate_tell_sizes(const struct pci_dev_ser *record,
			       unsigned int first, unsigned int count,
			       u32 *sizes)
{
	const u64 *size = record->size + first;
	unsigned int i;

	for (i = 0; i < count; i++) {
		sizes[i] = lower_32_bits(-size[i]);
		if (i && size[i - 1] && is_64bit(record, first + i - 1))
			sizes[i] = upper_32_bits(-size[i - 1]);
	}
}

/**
 * pci_liveupdate_size_bars - tell the size of BARs without writing to them
 * @pdev: a device or a bridge
 * @count: how many standard BARs it has
 * @sizes: see pci_liveupdate_tell_sizes()
 * @rom: the same, for the expansion ROM
 *
 * Context: May sleep.
 * Return: true if it came in.
 */
bool pci_liveupdate_size_bars(struct pci_dev *pdev, unsigned int count,
			      u32 *sizes, u32 *rom)
{
	const struct pci_dev_ser *record;

	if (!pdev->liveupdate_incoming || count != nr_bars(pdev))
		return false;
	record = get_record(pdev);
	if (!record)
		return false;

	pci_liveupdate_tell_sizes(record, 0, count, sizes);
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

static void clear_flag(struct pci_dev *pdev, int place, u16 flag)
{
	u16 flags;

	pci_read_config_word(pdev, place, &flags);
	if (flags & flag)
		pci_write_config_word(pdev, place, flags & ~flag);
}

/**
 * pci_liveupdate_setup_ats - find out whether a device has ATS on
 * @pdev: a device of any kind
 *
 * If it is awaited, ATS stays on: it may use what it has cached as long as it is
 * translated as it was; the IOMMU's driver invalidates that. A virtual function that
 * was stopped has nothing under way, and nothing cached when ATS is enabled again.
 * PCIe Base spec, section 10.3 (ATS Invalidation) and 10.5.1.3 (ATS Control Register).
 *
 * Context: May sleep.
 */
void pci_liveupdate_setup_ats(struct pci_dev *pdev)
{
	int cap = pci_find_ext_capability(pdev, PCI_EXT_CAP_ID_ATS);
	bool awaited = pci_liveupdate_is_incoming(pdev);
	u16 control = 0;

	if (cap)
		pci_read_config_word(pdev, cap + PCI_ATS_CTRL, &control);
	if (!(control & PCI_ATS_CTRL_ENABLE))
		return;

	if (awaited && !pci_ats_disabled()) {
		pdev->ats_enabled = 1;
		pdev->ats_stu = PCI_ATS_CTRL_STU(control) + PCI_ATS_MIN_STU;
	} else if (awaited || pdev->is_virtfn) {
		clear_flag(pdev, cap + PCI_ATS_CTRL, PCI_ATS_CTRL_ENABLE);
	}
}

/*
 * What drivers are told
 */

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

/* What depends on it is all that it is awaited for from here on. */
static void finish_own(struct pci_dev *pdev)
{
	guard(mutex)(&incoming_lock);
	if (!pdev->liveupdate_incoming)
		return;

	WRITE_ONCE(pdev->liveupdate_retrieved, false);
	WRITE_ONCE(pdev->liveupdate_for_vfs, true);
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
 * It may be retrieved or not, and need not be there any more. Then what it depends
 * on is awaited until the last device is finished.
 *
 * Context: May sleep.
 */
void pci_liveupdate_finish(u16 segment, u16 sid)
{
	struct pci_dev *pdev = pci_liveupdate_find(segment, sid), *above;

	if (pdev && pci_liveupdate_is_incoming(pdev))
		for (above = pdev; above; above = depends_on(above))
			finish_one(above);
	else
		count_down(segment, sid);
	if (pdev)
		finish_own(pdev);
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
