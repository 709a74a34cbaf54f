// SPDX-License-Identifier: GPL-2.0
/*
 * Memory of a file that came in stays where it is
 *
 * A device that was preserved in the same session writes to it, by page tables
 * of the kernel before. These hold no reference, and nobody can have a device's
 * access wait while a page moves. So each folio has one more reference from the
 * time that it is restored until the session is finished: it is not migrated,
 * reclaimed, split or freed, also if there is no memory or no allowance to put
 * it into the new file. When the session is finished, its devices are attached
 * anew or blocked, before any of its files is.
 */

#include <linux/fs.h>
#include <linux/io.h>
#include <linux/kexec_handover.h>
#include <linux/liveupdate.h>
#include <linux/mm.h>
#include <linux/sched.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "memfd_luo_hold.h"

/* What is held of one file. Without a number, the folio could not be restored. */
struct memfd_luo_held {
	struct memfd_luo_folio_ser *folios;
	u64 nr_folios;
};

/**
 * memfd_luo_hold - restore all folios of a file, and hold them
 * @args: those of retrieve(): its private data are ours until finish()
 * @folios: the folios; are ours from now on, also on failure
 * @nr_folios: how many
 *
 * Context: May sleep.
 * Return: 0; -EIO if some cannot be restored, with the others held; -ENOMEM with
 * none restored, so that they stay out of use.
 */
int memfd_luo_hold(struct liveupdate_file_op_args *args,
		   struct memfd_luo_folio_ser *folios, u64 nr_folios)
{
	struct memfd_luo_held *held = kzalloc_obj(*held);
	int ret = 0;
	u64 i;

	if (!held) {
		vfree(folios);
		return -ENOMEM;
	}

	held->folios = folios;
	held->nr_folios = nr_folios;
	args->private_data = held;
	for (i = 0; i < nr_folios; i++) {
		if (folios[i].pfn &&
		    !kho_restore_folio(PFN_PHYS(folios[i].pfn))) {
			folios[i].pfn = 0;
			ret = -EIO;
		}
		cond_resched();
	}
	return ret;
}

/**
 * memfd_luo_get_folio - get a reference to a folio that is held
 * @phys: its address
 *
 * Context: Any.
 * Return: the folio.
 */
struct folio *memfd_luo_get_folio(phys_addr_t phys)
{
	struct folio *folio = pfn_folio(PHYS_PFN(phys));

	folio_get(folio);
	return folio;
}

/**
 * memfd_luo_keep_size - let a file neither grow nor shrink nor get holes, or again
 * @file: the file
 * @keep: which
 *
 * What was cut out would be written to by the device, and read by nobody.
 *
 * Context: May sleep. Takes the lock of the inode.
 */
void memfd_luo_keep_size(struct file *file, bool keep)
{
	struct inode *inode = file_inode(file);

	inode_lock(inode);
	shmem_freeze(inode, keep);
	inode_unlock(inode);
}

/**
 * memfd_luo_release - let go of what memfd_luo_hold() has held
 * @args: those of finish()
 *
 * Context: May sleep.
 */
void memfd_luo_release(struct liveupdate_file_op_args *args)
{
	struct memfd_luo_held *held = args->private_data;
	u64 i;

	if (args->retrieve_status > 0)
		memfd_luo_keep_size(args->file, false);
	if (!held)
		return;

	for (i = 0; i < held->nr_folios; i++) {
		if (held->folios[i].pfn)
			folio_put(pfn_folio(held->folios[i].pfn));
		cond_resched();
	}
	vfree(held->folios);
	kfree(held);
}
