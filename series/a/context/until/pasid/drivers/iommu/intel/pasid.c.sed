# What stood below it is in context.c.
/^ \* Interfaces to setup or teardown a pasid table to the scalable-mode$/,/^ \*\/$/d
