/^ \* @handed_down: /d
/^\tbool handed_down;$/d
/^ \* @in_transit: /,/^ \*              come to share it$/d
s/^ \* The unit's did_lock covers @did, @users and @in_transit, the domain's$/ * The unit's did_lock covers @did and @users, the domain's/
/^\tbool in_transit;$/d
/^bool did_suits\(/d
s/^\/\* True for as long as did_lock is held, or the id is in transit \*\/$/\/* True for as long as did_lock is held *\//
