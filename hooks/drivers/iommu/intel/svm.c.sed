# Step: attach
# Without a lock that another address space needs
# Once: attachments_visit(domain, pasid_entry_tear_down);
/^static void intel_mm_release\(/,/^\}$/{
/^\tstruct dev_pasid_info \*dev_pasid;$/d
/^\tstruct device_domain_info \*info;$/d
/^\tunsigned long flags;$/d
/^\tspin_lock_irqsave\(/,/^$/c\
	attachments_visit(domain, pasid_entry_tear_down);
}
/^static void intel_mm_free_notifier\(/,/^\}$/s/^\tkfree\(domain\);$/\n&/
