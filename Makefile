# SPDX-License-Identifier: GPL-2.0
# For people; the kernel's build reads Kbuild.

SHELL := /bin/bash
.DELETE_ON_ERROR:
.PHONY: help demo bench check check-long coverage prove live-update kernels tree patch \
	series check-series deb shell clean FORCE

REPLACES ?= 20000
export KERNEL_TREE

toolbox := scripts/in-toolbox
driver  := $(wildcard *.[ch] tests/kunit/*) $(shell find hooks Documentation -type f) \
	   Kconfig Kbuild
stock   := tests/host/kernel.config
rework  := $(stock) tests/host/rework.config
debug   := $(rework) tests/host/debug.config
kcsan   := $(rework) tests/host/kcsan.config
coverage := $(rework) tests/host/coverage.config
amd     := tests/host/amd.config
peers   := tests/host/peers.config

help:
	@echo "make demo     replace domains under a device that does DMA, stock against rework"
	@echo "              (REPLACES=$(REPLACES) times)"
	@echo "make live-update  replace the kernel under a NIC that receives all the time"
	@echo "make bench    what operations cost, in instructions, stock against rework"
	@echo "make check    every capability tested"
	@echo "make check-long  what repeats or explores (BUDGET= seconds, CHANGES=)"
	@echo "make coverage  which lines of the driver never run in a test"
	@echo "make prove    entry_sync, for every entry and every fetch, with CBMC"
	@echo "make deb      packages for a machine, in build/deb (CONFIG=/boot/config-...)"
	@echo "make shell    an interactive guest on the rework kernel"
	@echo "make kernels  build/bzImage-stock and build/bzImage-rework"
	@echo "make tree     build/linux, the patched source, for your own .config"
	@echo "make patch    build/rework.patch, for git am on a clean 7.3 tree"
	@echo "make series   the same as patches one by one, with cover letters, in build/series"
	@echo "make check-series  build and try each of these (STEPS=)"
	@echo "make clean    remove build/"
	@echo
	@echo "KERNEL_TREE=/path/to/linux-7.3 takes your own unmodified tree instead of Debian's"

demo: kernels build/initramfs.gz
	@scripts/demo $(REPLACES)

bench: kernels build/initramfs.gz
	@scripts/bench

# Since when, so that the end can tell how long all has taken
check check-long: export BEGIN := $(shell date +%s)

check: kernels build/initramfs.gz build/initramfs-kexec-rework.gz \
       build/rework.patch build/series/table build/fetches
	@tests/host/check short

check-long: kernels build/initramfs.gz build/initramfs-kexec-rework.gz \
	    build/fetches
	@tests/host/check long

coverage: build/bzImage-coverage build/initramfs.gz build/initramfs-kexec-coverage.gz
	@$(toolbox) --bind build/linux /usr/src/linux --bind build/obj-coverage /usr/src/obj \
		tests/host/coverage

live-update: kernels build/initramfs-kexec-stock.gz build/initramfs-kexec-rework.gz
	@mkdir -p Documentation/images
	@scripts/live-update --plot Documentation/images/live-update.svg stock rework

kernels: build/bzImage-stock build/bzImage-rework

tree: build/linux.stamp
	@echo "build/linux: ready for your .config"

patch: build/rework.patch
	@cat build/rework.stat
	@echo "build/rework.patch: git am takes it on a clean tree"

ifdef KERNEL_TREE
# For another release: it need not be the one that the rest is built from.
series: build/toolbox.stamp
	@$(toolbox) --bind $(KERNEL_TREE) /usr/src/linux \
		scripts/series.py /usr/src/linux build/series-other; \
		status=$$?; cat build/series-other/table; exit $$status
else
series: build/series/table
	@cat $<
endif

# Goes on where it was: what was found in the same tree is not looked for again.
check-series: build/series/table build/linux-series.stamp build/initramfs.gz
	@$(toolbox) --bind build/linux-series /usr/src/linux \
		--bind build/obj-series /usr/src/obj scripts/check_series.py $(STEPS)

packages := build/$(if $(CONFIG),own-)deb/hitless
deb: $(packages).stamp build/deb/hitless-vtd.stamp
	@echo "apt install ./$(packages)/*.deb ./build/deb/hitless-vtd/*.deb"

shell: build/bzImage-rework build/initramfs.gz
	scripts/guest --interactive build/bzImage-rework scalable-ss

clean:
	rm -rf build

# Steps tell what they do; make only says when one took long.
define step
	@start=$$SECONDS; $(1) || exit; t=$$((SECONDS - start)); \
	[ $$t -lt 5 ] || echo "$@: done in $$t s"
endef

build:
	@mkdir -p build

# Holds the KERNEL_TREE that the build is from, so that another one is noticed.
build/kernel-tree: FORCE | build
	@echo '$(KERNEL_TREE)' | cmp -s - $@ || echo '$(KERNEL_TREE)' > $@

build/toolbox.stamp: scripts/toolbox | build
	$(call step,scripts/toolbox)
	@touch $@

build/linux-stock.stamp: scripts/stock scripts/stock.sha256 build/kernel-tree \
			 build/toolbox.stamp
	$(call step,scripts/stock)
	@touch $@

build/linux.stamp: build/linux-stock.stamp scripts/tree scripts/stage.py $(driver)
	$(call step,$(toolbox) scripts/tree)
	@touch $@

build/rework.patch: build/linux.stamp scripts/patch
	$(call step,$(toolbox) scripts/patch)

build/series/table: build/linux.stamp scripts/series.py scripts/checkpatch \
		    $(shell find series/*)
	$(call step,$(toolbox) scripts/series.py build/linux-stock build/series build/linux)

build/linux-series.stamp: build/linux-stock.stamp
	@rm -rf build/linux-series build/linux-series.files
	@cp -a build/linux-stock build/linux-series
	@mkdir -p build/obj-series
	@touch $@

build := scripts/kernel scripts/configure scripts/progress
kernel = $(toolbox) --bind build/$(1) /usr/src/linux \
		    --bind build/obj-$(2) /usr/src/obj scripts/kernel $(2)

build/bzImage-stock: build/linux-stock.stamp $(build) $(stock)
	@echo "$@: building, about 5 minutes"; mkdir -p build/obj-stock
	$(call step,$(call kernel,linux-stock,stock) $(stock))

# The rework starts from stock's objects: only the driver is compiled again.
build/bzImage-rework: build/linux.stamp $(build) $(rework) | build/bzImage-stock
	@[ -d build/obj-rework ] || cp -a build/obj-stock build/obj-rework
	$(call step,$(call kernel,linux,rework) $(rework))

# What a live update to it meets: a blob of another version
build/bzImage-next: build/bzImage-rework tests/host/next-version
	@[ -d build/obj-next ] || cp -a build/obj-rework build/obj-next
	$(call step,$(toolbox) --bind build/linux /usr/src/linux \
		--bind build/obj-next /usr/src/obj tests/host/next-version $(rework))

build/bzImage-debug: build/linux.stamp $(build) $(debug)
	@echo "$@: building, about 8 minutes the first time"; mkdir -p build/obj-debug
	$(call step,$(call kernel,linux,debug) $(debug))

build/bzImage-kcsan: build/linux.stamp $(build) $(kcsan)
	@echo "$@: building, about 8 minutes the first time"; mkdir -p build/obj-kcsan
	$(call step,$(call kernel,linux,kcsan) $(kcsan))

# Only what is ours counts, which the kernel's makefiles need not know.
build/bzImage-coverage: build/bzImage-rework $(coverage)
	@echo "$@: building, about 5 minutes the first time"
	@[ -d build/obj-coverage ] || cp -a build/obj-rework build/obj-coverage
	$(call step,$(call kernel,linux,coverage) \
		$(patsubst %.c,GCOV_PROFILE_%.o=y,$(wildcard *.c)) $(coverage))

# The rework starts from stock's objects: what differs must be newer.
from_stock = [ -d build/obj-$(1)-rework ] || { \
	cp -a build/obj-$(1)-stock build/obj-$(1)-rework && \
	(cd build/linux && xargs touch -c < ../linux.files); }

arm64 = $(toolbox) --bind build/$(1) /usr/src/linux \
		   --bind build/obj-arm64-$(2) /usr/src/obj tests/host/kernel-arm64 $(2) build

build/Image-stock: build/linux-stock.stamp tests/host/kernel-arm64 tests/host/arm64.config
	@echo "$@: building, about 3 minutes"; mkdir -p build/obj-arm64-stock
	$(call step,$(call arm64,linux-stock,stock))

build/Image-rework: build/linux.stamp tests/host/kernel-arm64 tests/host/arm64.config \
		    | build/Image-stock
	@$(call from_stock,arm64)
	$(call step,$(call arm64,linux,rework))

# With AMD's driver
build/bzImage-amd-stock: build/bzImage-stock $(amd)
	@[ -d build/obj-amd-stock ] || cp -a build/obj-stock build/obj-amd-stock
	$(call step,$(call kernel,linux-stock,amd-stock) $(stock) $(amd))

build/bzImage-amd-rework: build/bzImage-rework $(amd)
	@[ -d build/obj-amd-rework ] || cp -a build/obj-rework build/obj-amd-rework
	$(call step,$(call kernel,linux,amd-rework) $(rework) $(amd) \
		hooks/drivers/iommu/amd/.kunitconfig)

# With what the kernel's own suites need, and these
build/bzImage-peers-stock: build/bzImage-stock $(peers)
	@[ -d build/obj-peers-stock ] || cp -a build/obj-stock build/obj-peers-stock
	$(call step,$(call kernel,linux-stock,peers-stock) $(stock) $(peers))

build/bzImage-peers-rework: build/bzImage-rework $(peers) | build/bzImage-peers-stock
	@$(call from_stock,peers)
	$(call step,$(call kernel,linux,peers-rework) $(rework) $(peers))

selftests = $(toolbox) --bind build/$(1) /usr/src/linux \
		       --bind build/obj-$(2) /usr/src/obj tests/host/selftests

build/selftests.stamp: tests/host/selftests build/bzImage-peers-stock
	$(call step,$(call selftests,linux-stock,peers-stock) build/selftests \
		vfio iommu liveupdate)
	@touch $@

# Our own, which are in the staged tree
build/selftests-rework.stamp: tests/host/selftests scripts/stage.py build/linux-stock.stamp \
			      $(shell find hooks/tools -type f) | build/linux.stamp
	@mkdir -p build/obj-headers
	$(call step,$(call selftests,linux,headers) build/selftests-rework vfio)
	@touch $@

# What packages are made by, and from what. Those from a person's configuration have
# their own place.
package := scripts/deb scripts/configure scripts/progress build/linux-stock.stamp \
	   $(wildcard packages/*.config)
machine := build/linux-stock/arch/x86/configs/x86_64_defconfig \
	   packages/machines.config packages/linux.config
# kernel_deb TREE NAME OUT ARGUMENT...
kernel_deb = $(toolbox) --bind build/$(1) /usr/src/linux \
			--bind build/obj-$(3) /usr/src/obj scripts/deb $(2) build/$(3) $(4)

build/deb/hitless.stamp: build/linux.stamp $(package)
	@echo "build/deb/hitless: building, about 40 minutes the first time"
	@mkdir -p build/obj-deb/hitless
	$(call step,$(call kernel_deb,linux,hitless,deb/hitless,$(machine) packages/rework.config))
	@touch $@

build/own-deb/hitless.stamp: build/linux.stamp build/own-deb/base.config $(package)
	@echo "build/own-deb/hitless: building from $(CONFIG)"
	@mkdir -p build/obj-own-deb/hitless
	$(call step,$(call kernel_deb,linux,own-hitless,own-deb/hitless,build/own-deb/base.config \
		packages/linux.config packages/rework.config))
	@touch $@

build/own-deb/base.config: FORCE
	@mkdir -p build/own-deb
	@cmp -s $(CONFIG) $@ || cp $(CONFIG) $@

# What it is measured against, from the same objects: what differs must be newer.
build/deb/stock.stamp: $(package) | build/deb/hitless.stamp
	@[ -d build/obj-deb/stock ] || { \
		rm -rf build/obj-deb/new && cp -a build/obj-deb/hitless build/obj-deb/new && \
		(cd build/linux-stock && xargs touch -c < ../linux.files) && \
		mv build/obj-deb/new build/obj-deb/stock; }
	$(call step,$(call kernel_deb,linux-stock,stock,deb/stock,$(machine)))
	@touch $@

build/image/base.stamp: scripts/image build/toolbox.stamp
	@mkdir -p build/image build/logs
	$(call step,scripts/image base)
	@touch $@

build/image/disk.raw: scripts/image build/image/base.stamp $(shell find tests/image -type f) \
		      $(addprefix build/deb/,hitless.stamp stock.stamp hitless-vtd.stamp)
	$(call step,scripts/image disk)

build/deb/hitless-vtd.stamp: build/selftests-rework.stamp scripts/deb-hitless-vtd \
			     $(shell find packages/hitless-vtd -type f)
	$(call step,$(toolbox) scripts/deb-hitless-vtd)
	@touch $@

build/initramfs-peers-stock.gz build/initramfs-peers-rework.gz: build/selftests.stamp

guest_gcc = $(toolbox) gcc -std=gnu11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror \
	-static -pthread -o $@ $(filter %.c,$^)

build/vmm: $(addprefix tests/guest/,vmm.c vfio.c vfio.h) build/toolbox.stamp
	@$(guest_gcc)

updates := $(addprefix tests/guest/,luo.c luo.h memory.c memory.h vfio.c vfio.h)

build/nic: $(addprefix tests/guest/,nic.c nic_driver.h e1000.c virtio.c stream.c stream.h) \
	   $(updates) build/toolbox.stamp
	@$(guest_gcc)

build/reach: tests/guest/reach.c $(updates) build/toolbox.stamp
	@$(guest_gcc)

build/bench: $(addprefix tests/guest/,bench.c vfio.c vfio.h) build/toolbox.stamp
	@$(guest_gcc)

# entry_sync.c as it is staged, in user space with what checks it
staged := build/linux/drivers/iommu

build/fetches.o: tests/user/fetches.c $(wildcard tests/user/shim/*/*.h) scripts/user-space \
		 build/linux.stamp
	@$(toolbox) scripts/user-space -r -o $@ $< $(staged)/entry_sync_check.c \
		$(staged)/entry_sync_layout.c $(staged)/intel/entry_format.c \
		$(staged)/intel/tests/entry_format_layout.c \
		$(staged)/arm/arm-smmu-v3/arm-smmu-v3-layout.c $(staged)/amd/dte_layout.c \
		build/linux-stock/tools/lib/vsprintf.c

build/fetches: build/linux.stamp build/fetches.o
	@$(toolbox) scripts/user-space -o $@ $(staged)/entry_sync.c build/fetches.o

# Takes nothing of the kernel tree but the headers of its tools.
prove: build/linux.stamp
	@$(toolbox) tests/host/prove

build/initramfs.gz: build/vmm build/nic build/reach build/bench scripts/initramfs \
			build/selftests-rework.stamp \
			$(addprefix tests/guest/,init trace follow net coverage peers selftest)
	@$(toolbox) scripts/initramfs $@

build/initramfs-%.gz: build/initramfs.gz build/bzImage-%
	@$(toolbox) scripts/initramfs $@ $*

.SECONDARY: $(patsubst %,build/initramfs-%.gz,stock rework next peers-stock peers-rework)

build/initramfs-kexec-%.gz: build/initramfs-%.gz tests/guest/kdump tests/guest/live-update
	@$(toolbox) scripts/initramfs $@ $* $<
