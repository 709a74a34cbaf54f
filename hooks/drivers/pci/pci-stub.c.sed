# Virtual functions can do DMA through a live update under this driver.
# Once: .hands_off
s/^\t\.driver_managed_dma = true,$/&\n\t.hands_off\t= true,/
