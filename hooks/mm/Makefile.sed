# Once: obj-$(CONFIG_LIVEUPDATE_MEMFD) += memfd_luo.o memfd_luo_hold.o
s/^(obj-\$\(CONFIG_LIVEUPDATE_MEMFD\) \+= memfd_luo\.o)$/\1 memfd_luo_hold.o/
