/^   live-update$/d
