/^int did_borrow\(/d
/^void did_give_back\(/d
