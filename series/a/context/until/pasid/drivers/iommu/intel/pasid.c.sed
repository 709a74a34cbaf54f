# What stood below it is in context.c.
/^\/\*$/{
N
/\n \* Interfaces to setup or teardown a pasid table to the scalable-mode$/{
N
N
d
}
}
