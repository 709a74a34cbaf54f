# Memory decode has to be off while BARs are written. So they are not, if a device
# runs. It is kept awake as soon as there is runtime power management.
#
# Once: if (pci_liveupdate_size_bars(
# Once: sized:
# Once: pci_liveupdate_await(dev);
/^static __always_inline void pci_read_bases/,/^\}/ {
	/^\t\/\* No printks while decoding is disabled! \*\/$/i\
	if (pci_liveupdate_size_bars(dev, howmany, stdbars, &rombar))\
		goto sized;\

	/^\tfor \(pos = 0; pos < howmany; pos\+\+\) \{$/i\
sized:
}
/^\tpci_pm_init\(dev\);/a\
	pci_liveupdate_await(dev);	/* Live Update */
