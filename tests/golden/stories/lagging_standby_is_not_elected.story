# async. db2 was cut off and lacks more than max_lag; db3's host is off when db1 dies. db2 alone with a witness does not
# stand, and the witness would refuse it: what a failover would lose is for an operator to decide. db3 boots and is it.
members 4 witnesses 1
set max_lag_bytes=100000
set write_bytes_per_ms=100
cluster up
cut db2 from db1
run 8 s
	   5.798 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.798 db2 grants db2 ballot 2.2
	   5.799 db3 refuses db2 ballot 2.2: bound
	   5.799 w4  refuses db2 ballot 2.2: bound
	   5.923 db2 CANDIDATE -> BACKUP: no majority within a round
	   5.923 db2 grants nobody any more
	   5.923 db2 releases ballot 2.2
	   6.968 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.968 db2 grants db2 ballot 3.2
	   6.969 db3 refuses db2 ballot 3.2: bound
	   6.969 w4  refuses db2 ballot 3.2: bound
	   7.093 db2 CANDIDATE -> BACKUP: no majority within a round
	   7.093 db2 grants nobody any more
	   7.093 db2 releases ballot 3.2
	   7.974 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   7.974 db2 grants db2 ballot 4.2
	   7.975 db3 refuses db2 ballot 4.2: bound
	   7.975 w4  refuses db2 ballot 4.2: bound
	   8.099 db2 CANDIDATE -> BACKUP: no majority within a round
	   8.099 db2 grants nobody any more
	   8.099 db2 releases ballot 4.2
	   8.934 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   8.934 db2 grants db2 ballot 5.2
	   8.935 db3 refuses db2 ballot 5.2: bound
	   8.935 w4  refuses db2 ballot 5.2: bound
	   9.059 db2 CANDIDATE -> BACKUP: no majority within a round
	   9.059 db2 grants nobody any more
	   9.059 db2 releases ballot 5.2
	   9.935 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   9.935 db2 grants db2 ballot 6.2
	   9.936 db3 refuses db2 ballot 6.2: bound
	   9.936 w4  refuses db2 ballot 6.2: bound
	  10.060 db2 CANDIDATE -> BACKUP: no majority within a round
	  10.060 db2 grants nobody any more
	  10.060 db2 releases ballot 6.2
	  10.966 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  10.966 db2 grants db2 ballot 7.2
	  10.967 db3 refuses db2 ballot 7.2: bound
	  10.967 w4  refuses db2 ballot 7.2: bound
	  11.091 db2 CANDIDATE -> BACKUP: no majority within a round
	  11.091 db2 grants nobody any more
	  11.091 db2 releases ballot 7.2
	  11.973 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  11.973 db2 grants db2 ballot 8.2
	  11.974 db3 refuses db2 ballot 8.2: bound
	  11.974 w4  refuses db2 ballot 8.2: bound
	  12.098 db2 CANDIDATE -> BACKUP: no majority within a round
	  12.098 db2 grants nobody any more
	  12.098 db2 releases ballot 8.2
	  12.975 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  12.975 db2 grants db2 ballot 9.2
	  12.976 db3 refuses db2 ballot 9.2: bound
	  12.976 w4  refuses db2 ballot 9.2: bound
power off db3
	  13.000 db3 daemon killed
	  13.000 db3 host off
	  13.000 db3 PostgreSQL ends at 313ce80 on timeline 1
run 500 ms
	  13.100 db2 CANDIDATE -> BACKUP: no majority within a round
	  13.100 db2 grants nobody any more
	  13.100 db2 releases ballot 9.2
power off db1
	  13.500 db1 daemon killed
	  13.500 db1 host off
	  13.500 db1 PostgreSQL ends at 3149406 on timeline 1
mend
run 15 s
	  13.938 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  13.938 db2 grants db2 ballot 10.2
	  13.939 w4  refuses db2 ballot 10.2: bound
	  14.063 db2 CANDIDATE -> BACKUP: no majority within a round
	  14.063 db2 grants nobody any more
	  14.063 db2 releases ballot 10.2
	  15.010 db2 pg detach
expect nobody serves
boot db3
	  28.500 db3 host up
	  28.500 db3 PostgreSQL starts as a standby
	  28.500 db3 daemon started
	  28.500 db3 faults: pg_down
run 20 s
	  28.503 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  28.503 db2 grants db2 ballot 11.2
	  28.504 db3 refuses db2 ballot 11.2: silent
	  28.504 w4  log: refuse member 2: max_lag
	  28.504 w4  refuses db2 ballot 11.2: max_lag
	  28.505 db3 INIT -> FAULT: started, and may not be promoted yet
	  28.505 db3 faults: pg_starting
	  28.628 db2 CANDIDATE -> BACKUP: no majority within a round
	  28.628 db2 grants nobody any more
	  28.628 db2 releases ballot 11.2
	  28.800 db3 PostgreSQL is up
	  29.010 db3 FAULT -> BACKUP: may be promoted again
	  29.010 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  29.010 db3 faults: none
	  29.011 db2 grants db3 ballot 12.3
	  29.011 w4  grants db3 ballot 12.3
	  29.135 db3 CANDIDATE -> BACKUP: no majority within a round
	  29.135 db3 releases ballot 12.3
	  29.136 db2 grants nobody any more
	  29.136 w4  grants nobody any more
	  29.152 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  29.153 db2 grants db3 ballot 13.3
	  29.153 w4  grants db3 ballot 13.3
	  29.278 db3 CANDIDATE -> BACKUP: no majority within a round
	  29.278 db3 releases ballot 13.3
	  29.279 db2 grants nobody any more
	  29.279 w4  grants nobody any more
	  29.296 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  29.297 db2 grants db3 ballot 14.3
	  29.297 w4  grants db3 ballot 14.3
	  29.421 db3 CANDIDATE -> BACKUP: no majority within a round
	  29.421 db3 releases ballot 14.3
	  29.422 db2 grants nobody any more
	  29.422 w4  grants nobody any more
	  29.460 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  29.461 db2 grants db3 ballot 15.3
	  29.461 w4  grants db3 ballot 15.3
	  29.585 db3 CANDIDATE -> BACKUP: no majority within a round
	  29.585 db3 releases ballot 15.3
	  29.586 db2 grants nobody any more
	  29.586 w4  grants nobody any more
	  29.616 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  29.616 db3 grants db3 ballot 16.3
	  29.617 db2 grants db3 ballot 16.3
	  29.617 w4  grants db3 ballot 16.3
	  29.618 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	  29.618 db3 epoch 16.3
	  29.620 db3 pg promote
	  29.820 db3 PostgreSQL promoted to timeline 2 at 313ce80
	  29.820 db3 gate open
	  29.820 db3 bind for 2 s
	  29.820 db3 announce
	  29.820 db3 PROMOTING -> MASTER: primary under the lease, address bound
	  29.820 db3 pg checkpoint
	  29.820 db3 faults: history
	  29.825 db3 faults: none
	  29.826 db2 epoch 16.3
	  29.828 db2 pg follow
	  29.838 db2 streams from member 3 at 3079980, timeline 1
	  29.838 db2 BACKUP -> FAULT: may not be promoted any more
	  29.838 db2 faults: lag
	  30.010 db2 faults: none
	  30.012 db2 FAULT -> BACKUP: may be promoted again
