# Control bits are changed under a spin lock.
s/\bguard\(mutex\)\(&info->entry_lock/guard(spinlock_irqsave)(\&info->entry_lock/
