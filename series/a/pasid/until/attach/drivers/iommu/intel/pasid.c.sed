# Control bits are changed under a spin lock.
s/\bguard\(mutex\)\(&info->entry_lock/guard(spinlock_irqsave)(\&info->entry_lock/
s/^ \* Context: May sleep\. (The device's entry_lock is held)/ * Context: \1/
s/^ \* Context: May sleep\. (Takes the device's entry_lock\.)$/ * Context: Any. \1/
