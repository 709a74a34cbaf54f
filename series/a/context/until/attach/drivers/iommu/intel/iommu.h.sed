s/struct mutex entry_lock;/spinlock_t entry_lock;/
