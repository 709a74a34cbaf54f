# What makes and removes all virtual functions does so after a live update, too.
#
# Once: int sriov_add_vfs(
# Once: void sriov_del_vfs(
s/^static (int sriov_add_vfs\()/\1/
s/^static (void sriov_del_vfs\()/\1/
