# fence_command is set, and must have ended with 0 between lease and epoch. The first one fails: db3 is not promoted, lets
# the lease go and stays out for fault_hold. db2's succeeds.
members 3
set fence=1
cluster up
set fence_fail_ppm=1000000
power off db1
	   5.000 db1 daemon killed
	   5.000 db1 host off
	   5.000 db1 PostgreSQL ends at 3079bb6 on timeline 1
until db3 is FAULT within 2 s
	   5.773 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.773 db3 grants db3 ballot 2.3
	   5.774 db2 grants db3 ballot 2.3
	   5.775 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.775 db3 fence
	   5.875 db3 log: fence_command failed: not promoted
	   5.875 db3 PROMOTING -> LEAVING: PostgreSQL was not promoted
	   5.875 db3 LEAVING -> FAULT: PostgreSQL has stopped
	   5.875 db3 grants nobody any more
	   5.875 db3 releases ballot 2.3
	   5.875 db3 faults: fault_hold
set fence_fail_ppm=0
until db2 serves within 5 s
	   5.876 db2 grants nobody any more
	   5.881 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.881 db2 grants db2 ballot 3.2
	   5.882 db3 grants db2 ballot 3.2
	   5.883 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.883 db2 fence
	   5.983 db2 epoch 3.2
	   5.985 db2 pg promote
	   6.185 db2 PostgreSQL promoted to timeline 2 at 3079980
	   6.185 db2 gate open
	   6.185 db2 bind for 2 s
	   6.185 db2 announce
	   6.185 db2 PROMOTING -> MASTER: primary under the lease, address bound
	   6.185 db2 pg checkpoint
	   6.185 db2 faults: history
run 1 s
	   6.190 db2 faults: none
	   6.191 db3 pg detach
expect db2 serves
