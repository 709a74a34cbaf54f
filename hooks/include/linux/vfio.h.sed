# Once: struct vfio_device_file *retrieved_file;
/^struct vfio_device \{/,/^\};/ s/^\tunsigned int open_count;$/&\
\tstruct vfio_device_file *retrieved_file; \/* no other one can be opened *\//
