# The bus of a device that nobody has open, and that runs all the same, is not reset.
#
# Once: if (!cur->vdev.open_count &&
/^static bool vfio_pci_dev_set_needs_reset\(/,/^\}/ {
	s/^\tlist_for_each_entry\(cur, .*\)$/& {\
\t\tif (!cur->vdev.open_count \&\&\
\t\t    pci_liveupdate_is_incoming(cur->pdev))\
\t\t\treturn false;/
	s/^\t\tneeds_reset \|= cur->needs_reset;$/&\
\t}/
}
