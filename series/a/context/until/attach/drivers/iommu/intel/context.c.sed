# Control bits are changed under a spin lock.
s/\b(scoped_guard|guard)\(mutex(\)\(|, )&info->entry_lock/\1(spinlock_irqsave\2\&info->entry_lock/
s/^ \* Context: May sleep\. (The device's entry_lock is held)/ * Context: \1/
