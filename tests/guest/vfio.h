/* SPDX-License-Identifier: GPL-2.0 */
/* What a program in the guest needs to drive a device through VFIO */
#ifndef TESTS_VFIO_H
#define TESTS_VFIO_H

#include <linux/pci_regs.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCI_DEVICES	"/sys/bus/pci/devices"

/* QEMU's iommu-testdev */
#define TESTDEV_VENDOR	"0x1b36"
#define TESTDEV_DEVICE	"0x0005"

/* A device that is bound to an iommufd */
struct vfio {
	int fd;
	int iommufd;
	uint32_t id;
};

/* Fails with errno and the name of the program in front. */
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/* One line to or from a file of sysfs, proc or debugfs */
void write_file(const char *dir, const char *name, const char *text);
bool file_is(const char *dir, const char *name, const char *text);

/* An ioctl that must not fail */
#define DO_IOCTL(fd, request, arg) do_ioctl(fd, request, arg, #request)
int do_ioctl(int fd, unsigned long request, void *arg, const char *name);

/* Is there such a device? IDs are as sysfs writes them. */
bool pci_exists(const char *vendor, const char *device);
/* The command register of the first such device, as it is in hardware */
uint16_t pci_read_command(const char *vendor, const char *device);
/* Is MSI-X of the first such device enabled, as it is in hardware? */
bool pci_has_msix_enabled(const char *vendor, const char *device);
/* Is ATS of such a device enabled, after @skip others, as it is in hardware? */
bool pci_has_ats_enabled(const char *vendor, const char *device,
			 unsigned int skip);
/* Is the first such device powered, or asleep? */
bool pci_is_powered(const char *vendor, const char *device);
/* Set a BAR of the first such device behind the kernel's back. */
void pci_write_bar(const char *vendor, const char *device, unsigned int bar,
		   uint32_t value);
/*
 * Have the driver of the first physical function of a vendor make as many virtual
 * ones as there can be. No driver gets them unasked. Who looks for devices does not
 * find physical functions, but if @device is NULL.
 */
void pci_make_vfs(const char *vendor);
bool pci_has_vfs(const char *vendor);
/* The same with a driver that does nothing else, if there are none, and need be */
void pci_provide_vfs(const char *vendor);
/* Returns -1 with errno if they cannot be that many. */
int pci_try_set_vfs(const char *vendor, const char *count);
/*
 * Give the first such device to a driver, and take it from it. False if it has none
 * then.
 */
bool pci_give(const char *vendor, const char *device, const char *driver);
void pci_take(const char *vendor, const char *device);
/* Give a device to vfio-pci. @path gets the name of what there is to open. */
void vfio_give_slot(const char *slot, char *path, size_t size);
/*
 * Give such a device, after @skip others, to vfio-pci. False if there is no such.
 */
bool vfio_give(const char *vendor, const char *device, unsigned int skip,
	       char *path, size_t size);
/* Let vfio-pci have all such devices; says whether it took the first one. */
bool vfio_offer(const char *vendor, const char *device);
/* The name of the first such device */
void pci_read_slot(const char *vendor, const char *device, char *slot,
		   size_t size);
/* Remove the first such device, and find it again. */
void pci_remove(const char *vendor, const char *device);
void pci_rescan(const char *vendor, const char *device);
int vfio_open(const char *path);
/* Bind @fd, an open device, to an iommufd, or to one of its own. */
/*
 * The token of 16 bytes that the owner of a physical function shares with those of
 * virtual ones, if it is one of these; NULL for all other devices
 */
extern const uint8_t *vfio_token;
struct vfio vfio_bind_to(int fd, int iommufd);
struct vfio vfio_bind(int fd);
/* May fail; returns what the ioctl does. */
int vfio_try_bind(int fd);
/* Both return an ID. What an IOAS maps, all of its domains do. */
uint32_t vfio_make_ioas(const struct vfio *vfio);
uint32_t vfio_make_domain(const struct vfio *vfio, uint32_t ioas);
void vfio_destroy(const struct vfio *vfio, uint32_t id);
int vfio_try_make_domain(const struct vfio *vfio, uint32_t ioas);
void vfio_map(const struct vfio *vfio, uint32_t ioas, void *memory,
	      uint64_t iova, uint64_t length);
/* May fail; returns what the ioctl does. */
int vfio_try_map(const struct vfio *vfio, uint32_t ioas, void *memory,
		 uint64_t iova, uint64_t length);
/* The beginning of a file; may fail, and returns what the ioctl does. */
int vfio_map_file(const struct vfio *vfio, uint32_t ioas, int fd, uint64_t iova,
		  uint64_t length);
void vfio_unmap(const struct vfio *vfio, uint32_t ioas, uint64_t iova,
		uint64_t length);
/* May fail; returns what the ioctl does. */
int vfio_try_unmap(const struct vfio *vfio, uint32_t ioas, uint64_t iova,
		   uint64_t length);
void vfio_attach(const struct vfio *vfio, uint32_t domain);
/* May fail; returns what the ioctl does. */
int vfio_try_attach(const struct vfio *vfio, uint32_t domain);
void vfio_detach(const struct vfio *vfio);
void vfio_read_config(const struct vfio *vfio, unsigned int where, void *value,
		      size_t size);
volatile uint8_t *vfio_map_bar(const struct vfio *vfio, unsigned int bar);
/* The beginning of the BAR as a file, a dma-buf */
int vfio_export_bar0(const struct vfio *vfio, uint64_t length);
bool vfio_is_bus_master(const struct vfio *vfio);
void vfio_enable_bus_master(const struct vfio *vfio);
void vfio_mask_intx(const struct vfio *vfio);
/* Have the device signal by its first message; returns an eventfd. */
int vfio_make_msix(const struct vfio *vfio);
/* May fail; returns what the ioctl does. */
int vfio_reset(const struct vfio *vfio);

#endif
