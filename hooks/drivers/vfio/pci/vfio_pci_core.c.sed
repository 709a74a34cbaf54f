# The bus of a device that nobody has open, and that runs all the same, is not reset.
#
# A virtual function that was there before its physical one had this driver is noticed
# as one that comes later is.
#
# Once: if (!cur->vdev.open_count &&
# Once: static int vfio_pci_notice_device(
/^static bool vfio_pci_dev_set_needs_reset\(/,/^\}/ {
	s/^\tlist_for_each_entry\(cur, .*\)$/& {\
\t\tif (!cur->vdev.open_count \&\&\
\t\t    pci_liveupdate_is_incoming(cur->pdev))\
\t\t\treturn false;/
	s/^\t\tneeds_reset \|= cur->needs_reset;$/&\
\t}/
}
/^static int vfio_pci_vf_init\(/i\
/* One that was there before its physical function had this driver */\
static int vfio_pci_notice_device(struct device *dev, void *data)\
{\
	struct vfio_pci_core_device *vdev = data;\
\
	return vfio_pci_bus_notifier(&vdev->nb, BUS_NOTIFY_ADD_DEVICE, dev);\
}\

