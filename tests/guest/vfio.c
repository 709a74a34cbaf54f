// SPDX-License-Identifier: GPL-2.0

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/iommufd.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vfio.h"

void die(const char *fmt, ...)
{
	int err = errno;
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, fmt, args);
	fprintf(stderr, ": %s\n", strerror(err));
	va_end(args);
	exit(1);
}

int do_ioctl(int fd, unsigned long request, void *arg, const char *name)
{
	int ret = ioctl(fd, request, arg);

	if (ret < 0)
		die("%s", name);
	return ret;
}

/* Returns -1 with errno if the file does not take it. */
static int try_write_file(const char *dir, const char *name, const char *text)
{
	char path[512];
	int fd, ret, err;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY);
	if (fd < 0)
		die("%s", path);
	ret = write(fd, text, strlen(text)) < 0 ? -1 : 0;
	err = errno;
	close(fd);
	errno = err;
	return ret;
}

void write_file(const char *dir, const char *name, const char *text)
{
	if (try_write_file(dir, name, text))
		die("%s/%s", dir, name);
}

bool file_is(const char *dir, const char *name, const char *text)
{
	char path[512], line[64] = "";
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "r");
	if (!file)
		return false;
	if (!fgets(line, sizeof(line), file))
		line[0] = 0;
	fclose(file);
	line[strcspn(line, "\n")] = 0;
	return !strcmp(line, text);
}

/* Any but a physical function, or, if @device is NULL, any of these */
static bool is_wanted(const char *dir, const char *vendor, const char *device)
{
	char path[320];

	snprintf(path, sizeof(path), "%s/sriov_numvfs", dir);
	return file_is(dir, "vendor", vendor) &&
	       (device ? access(path, F_OK) && file_is(dir, "device", device) :
			 !access(path, F_OK));
}

/* Find such a device after @skip others; @dir and @slot get where it is. */
static bool find_device(const char *vendor, const char *device,
			unsigned int skip, char *dir, size_t size, char *slot,
			size_t slot_size)
{
	struct dirent *entry;
	bool found = false;
	DIR *devices;

	devices = opendir(PCI_DEVICES);
	if (!devices)
		die(PCI_DEVICES);
	while (!found && (entry = readdir(devices))) {
		snprintf(dir, size, PCI_DEVICES "/%s", entry->d_name);
		snprintf(slot, slot_size, "%s", entry->d_name);
		found = is_wanted(dir, vendor, device) && !skip--;
	}
	closedir(devices);
	return found;
}

static void find_first(const char *vendor, const char *device, char *dir,
		       size_t size, char *slot, size_t slot_size)
{
	errno = ENODEV;
	if (!find_device(vendor, device, 0, dir, size, slot, slot_size))
		die("PCI device %s:%s", vendor, device ?: "physical function");
}

bool pci_exists(const char *vendor, const char *device)
{
	char dir[300], slot[256];

	return find_device(vendor, device, 0, dir, sizeof(dir), slot,
			   sizeof(slot));
}

/* By the kernel, whoever has the device open */
static int open_config(const char *vendor, const char *device,
		       unsigned int skip)
{
	char dir[300], slot[256], path[320];

	errno = ENODEV;
	if (!find_device(vendor, device, skip, dir, sizeof(dir), slot,
			 sizeof(slot)))
		die("PCI device %s:%s", vendor, device);
	snprintf(path, sizeof(path), "%s/config", dir);
	return vfio_open(path);
}

static void read_config(const char *vendor, const char *device, uint8_t *config)
{
	int fd = open_config(vendor, device, 0);

	if (read(fd, config, PCI_CFG_SPACE_SIZE) != PCI_CFG_SPACE_SIZE)
		die("config space of %s:%s", vendor, device);
	close(fd);
}

uint16_t pci_read_command(const char *vendor, const char *device)
{
	uint8_t config[PCI_CFG_SPACE_SIZE];

	read_config(vendor, device, config);
	return config[PCI_COMMAND] | config[PCI_COMMAND + 1] << 8;
}

bool pci_has_msix_enabled(const char *vendor, const char *device)
{
	uint8_t config[PCI_CFG_SPACE_SIZE];
	unsigned int cap;

	read_config(vendor, device, config);
	for (cap = config[PCI_CAPABILITY_LIST]; cap; cap = config[cap + 1])
		if (config[cap] == PCI_CAP_ID_MSIX)
			return config[cap + PCI_MSIX_FLAGS + 1] &
				PCI_MSIX_FLAGS_ENABLE >> 8;
	return false;
}

/* Where an extended capability is, or 0 */
static unsigned int find_ext_cap(const uint8_t *config, uint16_t id)
{
	unsigned int cap = PCI_CFG_SPACE_SIZE;
	uint32_t header;

	do {
		memcpy(&header, config + cap, sizeof(header));
		if (PCI_EXT_CAP_ID(header) == id)
			return cap;
		cap = PCI_EXT_CAP_NEXT(header);
	} while (cap);
	return 0;
}

bool pci_has_ats_enabled(const char *vendor, const char *device,
			 unsigned int skip)
{
	uint8_t config[PCI_CFG_SPACE_EXP_SIZE] = { 0 };
	int fd = open_config(vendor, device, skip);
	unsigned int cap;

	if (read(fd, config, sizeof(config)) < 0)
		die("config space of %s:%s", vendor, device);
	close(fd);
	cap = find_ext_cap(config, PCI_EXT_CAP_ID_ATS);
	return cap && config[cap + PCI_ATS_CTRL + 1] & (PCI_ATS_CTRL_ENABLE >> 8);
}

bool pci_is_powered(const char *vendor, const char *device)
{
	char dir[300], slot[256];

	find_first(vendor, device, dir, sizeof(dir), slot, sizeof(slot));
	return file_is(dir, "power_state", "D0");
}

void pci_write_bar(const char *vendor, const char *device, unsigned int bar,
		   uint32_t value)
{
	int fd = open_config(vendor, device, 0);

	if (pwrite(fd, &value, sizeof(value),
		   PCI_BASE_ADDRESS_0 + 4 * bar) != sizeof(value))
		die("config space of %s:%s", vendor, device);
	close(fd);
}

static void give_slot(const char *slot, const char *driver)
{
	char dir[300];

	snprintf(dir, sizeof(dir), PCI_DEVICES "/%s", slot);
	write_file(dir, "driver_override", driver);
	write_file("/sys/bus/pci", "drivers_probe", slot);
}

bool pci_give(const char *vendor, const char *device, const char *driver)
{
	char dir[300], slot[256], path[320];

	find_first(vendor, device, dir, sizeof(dir), slot, sizeof(slot));
	give_slot(slot, driver);
	snprintf(path, sizeof(path), "%s/driver", dir);
	return !access(path, F_OK);
}

int pci_try_set_vfs(const char *vendor, const char *count)
{
	char dir[300], slot[256];

	find_first(vendor, NULL, dir, sizeof(dir), slot, sizeof(slot));
	return try_write_file(dir, "sriov_numvfs", count);
}

void pci_take(const char *vendor, const char *device)
{
	char dir[300], slot[256], driver[320];

	find_first(vendor, device, dir, sizeof(dir), slot, sizeof(slot));
	snprintf(driver, sizeof(driver), "%s/driver", dir);
	write_file(driver, "unbind", slot);
}

void pci_make_vfs(const char *vendor)
{
	char dir[300], slot[256], path[320], count[16];
	FILE *file;

	find_first(vendor, NULL, dir, sizeof(dir), slot, sizeof(slot));
	snprintf(path, sizeof(path), "%s/sriov_totalvfs", dir);
	file = fopen(path, "r");
	if (!file || !fgets(count, sizeof(count), file))
		die("%s", path);
	fclose(file);
	write_file(dir, "sriov_drivers_autoprobe", "0");
	write_file(dir, "sriov_numvfs", count);
}

bool pci_has_vfs(const char *vendor)
{
	char dir[300], slot[256];

	find_first(vendor, NULL, dir, sizeof(dir), slot, sizeof(slot));
	return !file_is(dir, "sriov_numvfs", "0");
}

void pci_provide_vfs(const char *vendor)
{
	char dir[300], slot[256], path[320];

	if (!find_device(vendor, NULL, 0, dir, sizeof(dir), slot, sizeof(slot)) ||
	    !file_is(dir, "sriov_numvfs", "0"))
		return;
	/* A driver that was there at boot */
	snprintf(path, sizeof(path), "%s/driver", dir);
	if (!access(path, F_OK))
		pci_take(vendor, NULL);
	give_slot(slot, "pci-pf-stub");
	pci_make_vfs(vendor);
}

void vfio_give_slot(const char *slot, char *path, size_t size)
{
	char dir[300], cdevs[320];
	struct dirent *entry;
	bool found = false;
	DIR *devices;

	give_slot(slot, "vfio-pci");
	snprintf(dir, sizeof(dir), PCI_DEVICES "/%s", slot);
	snprintf(cdevs, sizeof(cdevs), "%s/vfio-dev", dir);
	devices = opendir(cdevs);
	if (!devices)
		die("%s", cdevs);
	while (!found && (entry = readdir(devices))) {
		found = !strncmp(entry->d_name, "vfio", 4);
		snprintf(path, size, "/dev/vfio/devices/%s", entry->d_name);
	}
	closedir(devices);
	errno = ENODEV;
	if (!found)
		die("%s", cdevs);
}

bool vfio_give(const char *vendor, const char *device, unsigned int skip,
	       char *path, size_t size)
{
	char dir[300], slot[256];

	if (!find_device(vendor, device, skip, dir, sizeof(dir), slot,
			 sizeof(slot)))
		return false;
	vfio_give_slot(slot, path, size);
	return true;
}

bool vfio_offer(const char *vendor, const char *device)
{
	char dir[300], slot[256], ids[32], driver[320];

	find_first(vendor, device, dir, sizeof(dir), slot, sizeof(slot));
	/* Without the 0x */
	snprintf(ids, sizeof(ids), "%s %s", vendor + 2, device + 2);
	write_file("/sys/bus/pci/drivers/vfio-pci", "new_id", ids);
	snprintf(driver, sizeof(driver), "%s/driver", dir);
	return !access(driver, F_OK);
}

void pci_read_slot(const char *vendor, const char *device, char *slot,
		   size_t size)
{
	char dir[300];

	find_first(vendor, device, dir, sizeof(dir), slot, size);
}

void pci_remove(const char *vendor, const char *device)
{
	char dir[300], slot[256];

	find_first(vendor, device, dir, sizeof(dir), slot, sizeof(slot));
	write_file(dir, "remove", "1");
	errno = EBUSY;
	if (file_is(dir, "vendor", vendor))
		die("%s after its removal", slot);
}

void pci_rescan(const char *vendor, const char *device)
{
	write_file("/sys/bus/pci", "rescan", "1");
	errno = ENODEV;
	if (!pci_exists(vendor, device))
		die("%s:%s after the rescan", vendor, device);
}

int vfio_open(const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		die("%s", path);
	return fd;
}

const uint8_t *vfio_token;

static int try_bind(struct vfio *vfio)
{
	struct vfio_device_bind_iommufd bind = {
		.argsz = sizeof(bind),
		.flags = vfio_token ? VFIO_DEVICE_BIND_FLAG_TOKEN : 0,
		.iommufd = vfio->iommufd,
		.token_uuid_ptr = (uintptr_t)vfio_token,
	};
	int ret = ioctl(vfio->fd, VFIO_DEVICE_BIND_IOMMUFD, &bind);

	vfio->id = bind.out_devid;
	return ret;
}

struct vfio vfio_bind_to(int fd, int iommufd)
{
	struct vfio vfio = { .fd = fd, .iommufd = iommufd };

	if (try_bind(&vfio))
		die("VFIO_DEVICE_BIND_IOMMUFD");
	return vfio;
}

struct vfio vfio_bind(int fd)
{
	return vfio_bind_to(fd, vfio_open("/dev/iommu"));
}

int vfio_try_bind(int fd)
{
	struct vfio vfio = { .fd = fd, .iommufd = vfio_open("/dev/iommu") };

	return try_bind(&vfio);
}

uint32_t vfio_make_ioas(const struct vfio *vfio)
{
	struct iommu_ioas_alloc ioas = { .size = sizeof(ioas) };

	DO_IOCTL(vfio->iommufd, IOMMU_IOAS_ALLOC, &ioas);
	return ioas.out_ioas_id;
}

int vfio_try_map(const struct vfio *vfio, uint32_t ioas, void *memory,
		 uint64_t iova, uint64_t length)
{
	struct iommu_ioas_map map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_WRITEABLE |
			 IOMMU_IOAS_MAP_READABLE,
		.ioas_id = ioas,
		.user_va = (uintptr_t)memory,
		.length = length,
		.iova = iova,
	};

	return ioctl(vfio->iommufd, IOMMU_IOAS_MAP, &map);
}

void vfio_map(const struct vfio *vfio, uint32_t ioas, void *memory,
	      uint64_t iova, uint64_t length)
{
	if (vfio_try_map(vfio, ioas, memory, iova, length))
		die("IOMMU_IOAS_MAP");
}

int vfio_map_file(const struct vfio *vfio, uint32_t ioas, int fd, uint64_t iova,
		  uint64_t length)
{
	struct iommu_ioas_map_file map = {
		.size = sizeof(map),
		.flags = IOMMU_IOAS_MAP_FIXED_IOVA | IOMMU_IOAS_MAP_WRITEABLE |
			 IOMMU_IOAS_MAP_READABLE,
		.ioas_id = ioas,
		.fd = fd,
		.length = length,
		.iova = iova,
	};

	return ioctl(vfio->iommufd, IOMMU_IOAS_MAP_FILE, &map);
}

int vfio_try_unmap(const struct vfio *vfio, uint32_t ioas, uint64_t iova,
		   uint64_t length)
{
	struct iommu_ioas_unmap unmap = {
		.size = sizeof(unmap),
		.ioas_id = ioas,
		.iova = iova,
		.length = length,
	};

	return ioctl(vfio->iommufd, IOMMU_IOAS_UNMAP, &unmap);
}

void vfio_unmap(const struct vfio *vfio, uint32_t ioas, uint64_t iova,
		uint64_t length)
{
	if (vfio_try_unmap(vfio, ioas, iova, length))
		die("IOMMU_IOAS_UNMAP");
}

int vfio_try_make_domain(const struct vfio *vfio, uint32_t ioas)
{
	struct iommu_hwpt_alloc hwpt = {
		.size = sizeof(hwpt),
		.dev_id = vfio->id,
		.pt_id = ioas,
	};

	if (ioctl(vfio->iommufd, IOMMU_HWPT_ALLOC, &hwpt))
		return -1;
	return hwpt.out_hwpt_id;
}

void vfio_destroy(const struct vfio *vfio, uint32_t id)
{
	struct iommu_destroy destroy = {
		.size = sizeof(destroy),
		.id = id,
	};

	DO_IOCTL(vfio->iommufd, IOMMU_DESTROY, &destroy);
}

uint32_t vfio_make_domain(const struct vfio *vfio, uint32_t ioas)
{
	int domain = vfio_try_make_domain(vfio, ioas);

	if (domain < 0)
		die("IOMMU_HWPT_ALLOC");
	return domain;
}

int vfio_try_attach(const struct vfio *vfio, uint32_t domain)
{
	struct vfio_device_attach_iommufd_pt attach = {
		.argsz = sizeof(attach),
		.pt_id = domain,
	};

	return ioctl(vfio->fd, VFIO_DEVICE_ATTACH_IOMMUFD_PT, &attach);
}

void vfio_attach(const struct vfio *vfio, uint32_t domain)
{
	if (vfio_try_attach(vfio, domain))
		die("VFIO_DEVICE_ATTACH_IOMMUFD_PT");
}

void vfio_detach(const struct vfio *vfio)
{
	struct vfio_device_detach_iommufd_pt detach = {
		.argsz = sizeof(detach),
	};

	DO_IOCTL(vfio->fd, VFIO_DEVICE_DETACH_IOMMUFD_PT, &detach);
}

static struct vfio_region_info region_info(int fd, uint32_t index)
{
	struct vfio_region_info info = {
		.argsz = sizeof(info),
		.index = index,
	};

	DO_IOCTL(fd, VFIO_DEVICE_GET_REGION_INFO, &info);
	return info;
}

volatile uint8_t *vfio_map_bar(const struct vfio *vfio, unsigned int index)
{
	struct vfio_region_info bar = region_info(vfio->fd, index);
	void *registers;

	registers = mmap(NULL, bar.size, PROT_READ | PROT_WRITE, MAP_SHARED,
			 vfio->fd, bar.offset);
	if (registers == MAP_FAILED)
		die("mmap of BAR %u", index);
	return registers;
}

int vfio_export_bar0(const struct vfio *vfio, uint64_t length)
{
	struct {
		struct vfio_device_feature feature;
		struct vfio_device_feature_dma_buf dma_buf;
		struct vfio_region_dma_range range;
	} export = {
		.feature = {
			.argsz = sizeof(export),
			.flags = VFIO_DEVICE_FEATURE_GET |
				 VFIO_DEVICE_FEATURE_DMA_BUF,
		},
		.dma_buf = {
			.region_index = VFIO_PCI_BAR0_REGION_INDEX,
			.open_flags = O_RDWR | O_CLOEXEC,
			.nr_ranges = 1,
		},
		.range = { .length = length },
	};

	return DO_IOCTL(vfio->fd, VFIO_DEVICE_FEATURE, &export);
}

static off_t config_offset(const struct vfio *vfio)
{
	return region_info(vfio->fd, VFIO_PCI_CONFIG_REGION_INDEX).offset;
}

void vfio_read_config(const struct vfio *vfio, unsigned int where, void *value,
		      size_t size)
{
	if (pread(vfio->fd, value, size, config_offset(vfio) + where) !=
	    (ssize_t)size)
		die("read of configuration space");
}

static uint16_t read_command(const struct vfio *vfio)
{
	uint16_t command;

	vfio_read_config(vfio, PCI_COMMAND, &command, sizeof(command));
	return command;
}

bool vfio_is_bus_master(const struct vfio *vfio)
{
	return read_command(vfio) & PCI_COMMAND_MASTER;
}

static void set_command(const struct vfio *vfio, uint16_t bits)
{
	uint16_t command = read_command(vfio) | bits;

	if (pwrite(vfio->fd, &command, sizeof(command),
		   config_offset(vfio) + PCI_COMMAND) < 0)
		die("write of the PCI command register");
}

void vfio_enable_bus_master(const struct vfio *vfio)
{
	set_command(vfio, PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER);
}

void vfio_mask_intx(const struct vfio *vfio)
{
	set_command(vfio, PCI_COMMAND_INTX_DISABLE);
}

int vfio_reset(const struct vfio *vfio)
{
	return ioctl(vfio->fd, VFIO_DEVICE_RESET);
}

int vfio_make_msix(const struct vfio *vfio)
{
	struct {
		struct vfio_irq_set set;
		int32_t fd;
	} irqs = {
		.set = {
			.argsz = sizeof(irqs),
			.flags = VFIO_IRQ_SET_DATA_EVENTFD |
				 VFIO_IRQ_SET_ACTION_TRIGGER,
			.index = VFIO_PCI_MSIX_IRQ_INDEX,
			.count = 1,
		},
		.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};

	if (irqs.fd < 0)
		die("eventfd");
	DO_IOCTL(vfio->fd, VFIO_DEVICE_SET_IRQS, &irqs);
	return irqs.fd;
}
