// SPDX-License-Identifier: GPL-2.0
/*
 * Address spaces that stay as they are through a live update
 *
 * A device that is preserved goes on to reach all that its address space maps.
 * So that must be memory which the next kernel has, too: of files that are
 * preserved in the same session, before the device. It is looked at once, under
 * the locks of the address space, and nothing is mapped or unmapped from then on
 * until the device is unpreserved.
 */

#define dev_fmt(fmt)	"live update: " fmt

#include <linux/device.h>
#include <linux/iommu.h>
#include <linux/iommufd_liveupdate.h>
#include <linux/liveupdate.h>
#include <linux/memfd.h>
#include <linux/pagemap.h>
#include <uapi/linux/fcntl.h>

#include "io_pagetable.h"
#include "iommufd_private.h"

/*
 * A hole that was punched after a page was mapped has parted it from its file:
 * the file has another page there now, if any, and that is preserved. While the
 * file is preserved, neither can happen any more.
 *
 * It is enough to look at both ends of what is mapped of a folio: it is split in
 * pieces, or made of pieces, only while nothing of it is mapped here.
 */
static bool maps_folio(struct iommu_domain *domain, struct folio *folio,
		       pgoff_t index, unsigned long iova, unsigned long last)
{
	phys_addr_t phys = PFN_PHYS(folio_pfn(folio) + index - folio->index);

	phys += offset_in_page(iova);

	return iommu_iova_to_phys(domain, iova) == phys &&
	       iommu_iova_to_phys(domain, last) == phys + (last - iova);
}

static bool maps_what_its_file_has(struct iopt_area *area,
				   struct iommu_domain *domain)
{
	struct address_space *mapping = area->pages->file->f_mapping;
	unsigned long iova, end, last = iopt_area_last_iova(area);
	struct folio *folio;
	pgoff_t index;
	bool good = true;

	for (iova = iopt_area_iova(area); good && iova <= last; iova = end + 1) {
		index = (area->pages->start +
			 iopt_area_start_byte(area, iova)) >> PAGE_SHIFT;
		folio = filemap_get_folio(mapping, index);
		if (IS_ERR(folio))
			return false;

		end = ALIGN_DOWN(iova, PAGE_SIZE) - 1 +
		      ((folio_next_index(folio) - index) << PAGE_SHIFT);
		end = min(end, last);
		good = maps_folio(domain, folio, index, iova, end);
		folio_put(folio);
		cond_resched();
	}
	return good;
}

/* What keeps an area from being handed over */
static const char *find_obstacle(struct iopt_area *area,
				 struct iommu_domain *domain,
				 struct luo_file_set *files)
{
	struct iopt_pages *pages = area->pages;

	if (!pages)
		return "is just being mapped or unmapped";
	if (pages->type != IOPT_ADDRESS_FILE)
		return "was not mapped as memory of a file";
	if (!liveupdate_file_set_has(files, pages->file))
		return "is of a file that this session has not preserved";
	if (!(memfd_get_seals(pages->file) & F_SEAL_SHRINK))
		return "is of a file that is not sealed against shrinking";
	if (!maps_what_its_file_has(area, domain))
		return "is not what its file has there now";

	return NULL;
}

static int check_areas(struct device *dev, struct iommufd_hwpt_paging *hwpt,
		       struct luo_file_set *files)
{
	struct io_pagetable *iopt = &hwpt->ioas->iopt;
	struct iopt_area *area;
	const char *why;

	for (area = iopt_area_iter_first(iopt, 0, ULONG_MAX); area;
	     area = iopt_area_iter_next(area, 0, ULONG_MAX)) {
		why = find_obstacle(area, hwpt->common.domain, files);
		if (!why)
			continue;
		dev_err(dev, "cannot be preserved: IOVA %#lx %s\n",
			iopt_area_iova(area), why);
		return -EINVAL;
	}
	return 0;
}

static int preserve(struct device *dev, struct iommufd_hw_pagetable *hwpt,
		    struct luo_file_set *files)
{
	struct io_pagetable *iopt;
	int ret;

	if (!hwpt_is_paging(hwpt)) {
		dev_err(dev, "cannot be preserved: is attached to a nested domain\n");
		return -EBUSY;
	}
	if (hwpt->fault) {
		dev_err(dev, "cannot be preserved: nobody would answer its page requests\n");
		return -EBUSY;
	}

	iopt = &to_hwpt_paging(hwpt)->ioas->iopt;
	guard(rwsem_write)(&iopt->iova_rwsem);
	ret = check_areas(dev, to_hwpt_paging(hwpt), files);
	if (!ret)
		iopt->preserved++;

	return ret;
}

/**
 * iommufd_device_preserve - have a device's address space stay as it is
 * @idev: a device that is attached
 * @files: the session that the device is being preserved in
 *
 * Context: May sleep. Once until iommufd_device_unpreserve().
 * Return: the domain that the device is attached to, which stays as well; with a
 * message that names the device, -EBUSY if it is not attached, or attached to
 * what cannot be preserved; -EINVAL if it reaches memory that is not preserved.
 */
struct iommu_domain *iommufd_device_preserve(struct iommufd_device *idev,
					     struct luo_file_set *files)
{
	struct iommufd_hw_pagetable *hwpt = iommufd_device_get_hwpt(idev);
	int ret;

	if (!hwpt) {
		dev_err(idev->dev, "cannot be preserved: is not attached\n");
		return ERR_PTR(-EBUSY);
	}

	ret = preserve(idev->dev, hwpt, files);
	if (ret) {
		iommufd_hw_pagetable_put(idev->ictx, hwpt);
		return ERR_PTR(ret);
	}
	idev->preserved = to_hwpt_paging(hwpt);
	return hwpt->domain;
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_preserve, "IOMMUFD");

/**
 * iommufd_device_unpreserve - undo iommufd_device_preserve()
 * @idev: the device
 *
 * Context: May sleep.
 */
void iommufd_device_unpreserve(struct iommufd_device *idev)
{
	struct iommufd_hwpt_paging *hwpt = idev->preserved;
	struct io_pagetable *iopt = &hwpt->ioas->iopt;

	scoped_guard(rwsem_write, &iopt->iova_rwsem)
		iopt->preserved--;
	idev->preserved = NULL;
	iommufd_hw_pagetable_put(idev->ictx, &hwpt->common);
}
EXPORT_SYMBOL_NS_GPL(iommufd_device_unpreserve, "IOMMUFD");
