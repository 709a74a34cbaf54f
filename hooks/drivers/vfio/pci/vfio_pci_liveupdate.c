// SPDX-License-Identifier: GPL-2.0
/*
 * VFIO PCI devices in a live update
 *
 * What user space preserves is the file of a device that it has opened as a
 * character device and bound to iommufd. The device does DMA all the time, so
 * it is neither reset nor stopped on the way. In the new kernel the file comes
 * back as if it had just been opened: user space binds it to iommufd and
 * attaches it as ever.
 *
 * Documentation/driver-api/intel-iommu/live-update.rst
 */

#define pr_fmt(fmt)	"vfio-pci: live update: " fmt
#define dev_fmt(fmt)	"live update: " fmt

#include <linux/cleanup.h>
#include <linux/crc32.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/iommu_liveupdate.h>
#include <linux/iommufd_liveupdate.h>
#include <linux/kexec_handover.h>
#include <linux/kho/abi/vfio_pci.h>
#include <linux/kho_preserved.h>
#include <linux/liveupdate.h>
#include <linux/liveupdate_format.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/pci_liveupdate.h>
#include <linux/pm_runtime.h>
#include <linux/vfio.h>
#include <linux/vfio_pci_core.h>

#include "vfio_pci_priv.h"

static u32 crc_of(const struct vfio_pci_ser *data)
{
	size_t start = offsetof(struct vfio_pci_ser, segment);

	return crc32_le(~0, (const u8 *)data + start, sizeof(*data) - start);
}

static void describe(struct vfio_pci_ser *data, struct pci_dev *pdev, u32 flags)
{
	*data = (struct vfio_pci_ser){
		.magic = VFIO_PCI_SER_MAGIC,
		.version = VFIO_PCI_SER_VERSION,
		.length = sizeof(*data),
		.segment = pci_domain_nr(pdev->bus),
		.sid = pci_dev_id(pdev),
		.flags = flags,
	};
	data->crc = crc_of(data);
}

/* Of a file that is preserved, or is to be */
static struct pci_dev *pdev_of(struct file *file)
{
	return to_pci_dev(vfio_device_from_cdev_file(file)->dev);
}

static bool vfio_pci_liveupdate_can_preserve(struct liveupdate_file_handler *fh,
					     struct file *file)
{
	struct vfio_device *device = vfio_device_from_cdev_file(file);

	return device && device->ops == &vfio_pci_ops &&
	       vfio_cdev_file_is_bound(file);
}

/* Two files of one device are one object. */
static unsigned long vfio_pci_liveupdate_get_id(struct file *file)
{
	return (unsigned long)vfio_device_from_cdev_file(file);
}

/* What the device reaches stays as it is, and then how it is translated. */
static int preserve_translation(struct liveupdate_file_op_args *args)
{
	struct vfio_device *device = vfio_device_from_cdev_file(args->file);
	struct iommufd_device *idev = device->iommufd_device;
	struct iommu_domain *domain;
	int ret;

	domain = iommufd_device_preserve(idev, args->file_set);
	if (IS_ERR(domain))
		return PTR_ERR(domain);

	ret = iommu_liveupdate_preserve(device->dev, domain);
	if (ret)
		iommufd_device_unpreserve(idev);

	return ret;
}

static void unpreserve_translation(struct liveupdate_file_op_args *args)
{
	struct vfio_device *device = vfio_device_from_cdev_file(args->file);

	iommu_liveupdate_unpreserve(device->dev);
	iommufd_device_unpreserve(device->iommufd_device);
}

static int vfio_pci_liveupdate_preserve(struct liveupdate_file_op_args *args)
{
	struct pci_dev *pdev = pdev_of(args->file);
	struct vfio_pci_core_device *vdev = dev_get_drvdata(&pdev->dev);
	struct vfio_pci_ser *data;
	int ret;

	/* Its user may have let it sleep. */
	ret = pm_runtime_resume_and_get(&pdev->dev);
	if (ret)
		return ret;

	data = kho_alloc_preserve(sizeof(*data));
	ret = PTR_ERR_OR_ZERO(data);
	if (ret)
		goto sleep;

	ret = pci_liveupdate_preserve(pdev);
	if (ret)
		goto free;

	ret = preserve_translation(args);
	if (ret)
		goto unpreserve;

	describe(data, pdev, vdev->reset_works ? VFIO_PCI_SER_RESET_WORKS : 0);
	args->serialized_data = virt_to_phys(data);
	return 0;

unpreserve:
	pci_liveupdate_unpreserve(pdev);
free:
	kho_unpreserve_free(data);
sleep:
	pm_runtime_put(&pdev->dev);
	return ret;
}

static void vfio_pci_liveupdate_unpreserve(struct liveupdate_file_op_args *args)
{
	struct pci_dev *pdev = pdev_of(args->file);

	unpreserve_translation(args);
	pci_liveupdate_unpreserve(pdev);
	kho_unpreserve_free(phys_to_virt(args->serialized_data));
	pm_runtime_put(&pdev->dev);
}

static int vfio_pci_liveupdate_freeze(struct liveupdate_file_op_args *args)
{
	struct pci_dev *pdev = pdev_of(args->file);
	struct vfio_pci_core_device *vdev = dev_get_drvdata(&pdev->dev);
	int ret = iommu_liveupdate_freeze(&pdev->dev);

	if (ret)
		return ret;

	/* Its user still may set up interrupts, and free them. */
	guard(mutex)(&vdev->igate);
	pci_liveupdate_freeze(pdev);
	return 0;
}

static void vfio_pci_liveupdate_unfreeze(struct liveupdate_file_op_args *args)
{
	struct pci_dev *pdev = pdev_of(args->file);
	struct vfio_pci_core_device *vdev = dev_get_drvdata(&pdev->dev);

	scoped_guard(mutex, &vdev->igate)
		pci_liveupdate_unfreeze(pdev);
	iommu_liveupdate_unfreeze(&pdev->dev);
}

/* What was handed over, or NULL if it cannot be believed */
static struct vfio_pci_ser *get_data(phys_addr_t phys)
{
	struct vfio_pci_ser *data;

	if (kho_preserved_size(phys) < sizeof(*data))
		return NULL;

	data = phys_to_virt(phys);
	if (data->magic != VFIO_PCI_SER_MAGIC ||
	    data->version != VFIO_PCI_SER_VERSION ||
	    data->length != sizeof(*data) || data->crc != crc_of(data) ||
	    data->flags & ~VFIO_PCI_SER_RESET_WORKS)
		return NULL;

	return data;
}

static int retrieve_running(struct vfio_pci_core_device *vdev,
			    struct file **file)
{
	int ret;

	/* From here on nobody else can open it. */
	*file = vfio_device_open_cdev_file(&vdev->vdev);
	if (IS_ERR(*file))
		return PTR_ERR(*file);

	ret = pci_liveupdate_retrieve(vdev->pdev);
	if (ret)
		goto close;

	/* The last thing that fails: from there on a claim finds it attached. */
	ret = iommu_liveupdate_retrieve(&vdev->pdev->dev);
	if (!ret)
		return 0;

	pci_liveupdate_unretrieve(vdev->pdev);
close:
	fput(*file);
	return ret;
}

static int retrieve_device(struct pci_dev *pdev,
			   const struct vfio_pci_ser *data,
			   struct file **file)
{
	struct vfio_pci_core_device *vdev;
	int ret;

	guard(device)(&pdev->dev);
	if (pdev->driver != &vfio_pci_driver) {
		pci_err(pdev, "not bound to vfio-pci\n");
		return -ENODEV;
	}
	vdev = dev_get_drvdata(&pdev->dev);

	ret = retrieve_running(vdev, file);
	if (ret)
		return ret;

	vdev->interrupts_lost = true;
	vdev->reset_works = data->flags & VFIO_PCI_SER_RESET_WORKS;
	return 0;
}

static int vfio_pci_liveupdate_retrieve(struct liveupdate_file_op_args *args)
{
	struct vfio_pci_ser *data = get_data(args->serialized_data);
	struct pci_dev *pdev;
	int ret;

	if (!data) {
		pr_err("what the kernel before has left of a device is refused\n");
		return -EINVAL;
	}

	pdev = pci_liveupdate_find(data->segment, data->sid);
	if (!pdev)
		return -ENODEV;

	ret = retrieve_device(pdev, data, &args->file);
	pci_dev_put(pdev);

	return ret;
}

/*
 * Not to be put off: other files of the session may hold the memory that an
 * unclaimed device still writes to, and it is freed when they are finished.
 */
static bool vfio_pci_liveupdate_can_finish(struct liveupdate_file_op_args *args)
{
	struct vfio_pci_ser *data = get_data(args->serialized_data);

	if (data)
		iommu_liveupdate_settle(data->segment, data->sid);

	return true;
}

static void vfio_pci_liveupdate_finish(struct liveupdate_file_op_args *args)
{
	struct vfio_pci_ser *data = get_data(args->serialized_data);

	if (!data)
		return;

	pci_liveupdate_finish(data->segment, data->sid);
	kho_restore_free(data);
}

static const struct liveupdate_file_ops vfio_pci_liveupdate_file_ops = {
	.can_preserve = vfio_pci_liveupdate_can_preserve,
	.get_id = vfio_pci_liveupdate_get_id,
	.preserve = vfio_pci_liveupdate_preserve,
	.unpreserve = vfio_pci_liveupdate_unpreserve,
	.freeze = vfio_pci_liveupdate_freeze,
	.unfreeze = vfio_pci_liveupdate_unfreeze,
	.retrieve = vfio_pci_liveupdate_retrieve,
	.can_finish = vfio_pci_liveupdate_can_finish,
	.finish = vfio_pci_liveupdate_finish,
	.owner = THIS_MODULE,
};

LIVEUPDATE_FORMAT(format, VFIO_PCI_LUO_FH_COMPATIBLE, VFIO_PCI_SER_VERSION);

static struct liveupdate_file_handler vfio_pci_liveupdate_handler = {
	.ops = &vfio_pci_liveupdate_file_ops,
	.compatible = VFIO_PCI_LUO_FH_COMPATIBLE,
};

/* Is there anything to unregister? */
static bool registered;

static int register_handler(void)
{
	int ret = liveupdate_register_file_handler(&vfio_pci_liveupdate_handler);

	if (ret)
		return ret;

	ret = pci_liveupdate_register_flb(&vfio_pci_liveupdate_handler);
	if (!ret)
		ret = liveupdate_register_flb(&vfio_pci_liveupdate_handler,
					      &iommu_liveupdate_flb);
	if (ret)
		liveupdate_unregister_file_handler(&vfio_pci_liveupdate_handler);

	return ret;
}

/**
 * vfio_pci_liveupdate_init - let files of devices be handed over
 *
 * If that cannot be had, the driver is of use without it.
 *
 * Context: Before a device is bound to the driver.
 */
void vfio_pci_liveupdate_init(void)
{
	int ret = register_handler();

	registered = !ret;
	if (ret && ret != -EOPNOTSUPP)
		pr_err("cannot be had: %pe\n", ERR_PTR(ret));
}

/**
 * vfio_pci_liveupdate_cleanup - undo vfio_pci_liveupdate_init()
 *
 * The orchestrator holds the module while it has a file that was preserved or
 * handed over, so there is none.
 *
 * Context: May sleep. No device is bound to the driver any more.
 */
void vfio_pci_liveupdate_cleanup(void)
{
	if (registered)
		liveupdate_unregister_file_handler(&vfio_pci_liveupdate_handler);
}

MODULE_IMPORT_NS("IOMMUFD");
