# Virtual functions can do DMA through a live update under this driver.
# Once: .hands_off
s/^\t\.sriov_configure\t= pci_sriov_configure_simple,$/&\n\t.hands_off\t\t= true,/
