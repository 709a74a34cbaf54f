# Step: selftest
# Once: TEST_GEN_PROGS += vfio_hitless_replace_test
s/^TEST_GEN_PROGS \+= vfio_iommufd_setup_test$/TEST_GEN_PROGS += vfio_hitless_replace_test\n&/
# Step: live-selftest
# It runs in two kernels, with a kexec in between.
# Once: TEST_GEN_PROGS_EXTENDED += vfio_liveupdate_test
s/^TEST_FILES \+= scripts\/cleanup.sh$/TEST_GEN_PROGS_EXTENDED += vfio_liveupdate_test\n\n&/
s/\$\(LIBVFIO_O\)/$(LIBS_O)/
# Once: include ../liveupdate/lib/libliveupdate.mk
# Once: LIBS_O := $(LIBVFIO_O) $(LIBLIVEUPDATE_O)
s/^include lib\/libvfio.mk$/&\ninclude ..\/liveupdate\/lib\/libliveupdate.mk\n\nLIBS_O := $(LIBVFIO_O) $(LIBLIVEUPDATE_O)/
# Once: $(TEST_GEN_PROGS) $(TEST_GEN_PROGS_EXTENDED): $(OUTPUT)/%: $(OUTPUT)/%.o $(LIBS_O)
s/^\$\(TEST_GEN_PROGS\): /$(TEST_GEN_PROGS) $(TEST_GEN_PROGS_EXTENDED): /
# Once: TEST_GEN_PROGS_O += $(patsubst %, %.o, $(TEST_GEN_PROGS_EXTENDED))
s/^TEST_GEN_PROGS_O = .*$/&\nTEST_GEN_PROGS_O += $(patsubst %, %.o, $(TEST_GEN_PROGS_EXTENDED))/
