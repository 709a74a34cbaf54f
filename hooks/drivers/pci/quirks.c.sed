# What does DMA through a live update is left as its user has it.
#
# Once: if (pci_liveupdate_is_incoming(dev))
# Once: #include <linux/pci_liveupdate.h>
s/^#include <linux\/pci.h>$/&\
#include <linux\/pci_liveupdate.h>/
/^static void disable_igfx_irq\(/,/^\}/ s/^\tvoid __iomem \*regs = (pci_iomap\(dev, 0, 0\);)$/\tvoid __iomem *regs;\
\
\tif (pci_liveupdate_is_incoming(dev))\
\t\treturn;\
\
\tregs = \1/
