# Once: op != driver->ops->init && op != driver->ops->resume);
s/^(\tVFIO_ASSERT_EQ\(driver->initialized,) op != driver->ops->init\);$/\1\n\t\t       op != driver->ops->init \&\& op != driver->ops->resume);/
