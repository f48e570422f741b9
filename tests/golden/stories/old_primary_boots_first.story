# db1 dies, db3 takes over and writes. Then everything loses power. db1 boots first and finds its PostgreSQL primary as
# it was; with db2 it has a majority. db2 has taken over db3's epoch: it vetoes db1, and is elected when its own boot_wait
# is over. db3, which comes last, has a tail that nobody else got: it is rewound.
members 3
set boot_wait_us=2000000
cluster up
power off db1
	   5.000 db1 daemon killed
	   5.000 db1 host off
	   5.000 db1 PostgreSQL ends at 3079bb6 on timeline 1
until db2 is a standby of db3 within 5 s
	   5.773 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.773 db3 grants db3 ballot 2.3
	   5.774 db2 grants db3 ballot 2.3
	   5.775 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.775 db3 epoch 2.3
	   5.777 db3 pg promote
	   5.977 db3 PostgreSQL promoted to timeline 2 at 3079980
	   5.977 db3 gate open
	   5.977 db3 bind for 2 s
	   5.977 db3 announce
	   5.977 db3 PROMOTING -> MASTER: primary under the lease, address bound
	   5.977 db3 pg checkpoint
	   5.977 db3 faults: history
	   5.982 db3 faults: none
	   5.983 db2 pg detach
	   6.983 db2 epoch 2.3
	   6.985 db2 pg follow
	   6.995 db2 streams from member 3 at 3079980, timeline 1
run 5 s
	   7.010 db2 BACKUP -> FAULT: may not be promoted any more
	   7.012 db2 FAULT -> BACKUP: may be promoted again
power off db2 db3
	  11.995 db2 daemon killed
	  11.995 db2 host off
	  11.995 db2 PostgreSQL ends at 310c6c0 on timeline 2
	  11.995 db3 daemon killed
	  11.995 db3 host off
	  11.995 db3 PostgreSQL ends at 310c8d2 on timeline 2
run 1 s
boot db1
	  12.995 db1 host up
	  12.995 db1 PostgreSQL starts as a primary
	  12.995 db1 daemon started
	  12.995 db1 faults: pg_down
run 4 s
	  13.000 db1 INIT -> FAULT: started, and may not be promoted yet
	  13.000 db1 faults: pg_starting
	  13.295 db1 PostgreSQL is up
	  13.505 db1 FAULT -> BACKUP: may be promoted again
	  13.505 db1 faults: none
expect nobody serves
boot db2
	  16.995 db2 host up
	  16.995 db2 PostgreSQL starts as a standby
	  16.995 db2 daemon started
	  16.995 db2 faults: pg_down
until db2 serves within 20 s
	  16.998 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  16.998 db1 grants db1 ballot 3.1
	  16.999 db2 refuses db1 ballot 3.1: silent
	  17.000 db2 INIT -> FAULT: started, and may not be promoted yet
	  17.000 db2 faults: pg_starting
	  17.123 db1 CANDIDATE -> BACKUP: no majority within a round
	  17.123 db1 grants nobody any more
	  17.123 db1 releases ballot 3.1
	  17.295 db2 PostgreSQL is up
	  17.505 db2 FAULT -> BACKUP: may be promoted again
	  17.505 db2 faults: none
	  18.140 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  18.140 db1 grants db1 ballot 4.1
	  18.141 db2 log: refuse member 1: veto
	  18.141 db2 refuses db1 ballot 4.1: veto
	  18.266 db1 CANDIDATE -> BACKUP: no majority within a round
	  18.266 db1 grants nobody any more
	  18.266 db1 releases ballot 4.1
	  18.350 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  18.350 db1 grants db1 ballot 5.1
	  18.351 db2 refuses db1 ballot 5.1: veto
	  18.476 db1 CANDIDATE -> BACKUP: no majority within a round
	  18.476 db1 grants nobody any more
	  18.476 db1 releases ballot 5.1
	  18.529 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  18.529 db1 grants db1 ballot 6.1
	  18.530 db2 refuses db1 ballot 6.1: veto
	  18.655 db1 CANDIDATE -> BACKUP: no majority within a round
	  18.655 db1 grants nobody any more
	  18.655 db1 releases ballot 6.1
	  18.738 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  18.738 db1 grants db1 ballot 7.1
	  18.739 db2 refuses db1 ballot 7.1: veto
	  18.863 db1 CANDIDATE -> BACKUP: no majority within a round
	  18.863 db1 grants nobody any more
	  18.863 db1 releases ballot 7.1
	  18.901 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  18.901 db1 grants db1 ballot 8.1
	  18.902 db2 refuses db1 ballot 8.1: veto
	  18.995 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  18.995 db2 grants db2 ballot 9.2
	  18.996 db1 CANDIDATE -> BACKUP: a better candidate stands
	  18.996 db1 grants db2 ballot 9.2
	  18.996 db1 releases ballot 8.1
	  18.997 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	  18.997 db2 epoch 9.2
	  18.998 db1 pg stop immediate
	  18.998 db1 faults: rejoining superseded
	  18.999 db2 pg promote
	  19.000 db1 BACKUP -> FAULT: may not be promoted any more
	  19.048 db1 PostgreSQL ends at 307b22f on timeline 1
	  19.048 db1 faults: pg_down superseded
	  19.199 db2 PostgreSQL promoted to timeline 3 at 310c6c0
	  19.199 db2 gate open
	  19.199 db2 bind for 2 s
	  19.199 db2 announce
	  19.199 db2 PROMOTING -> MASTER: primary under the lease, address bound
	  19.199 db2 pg checkpoint
	  19.199 db2 faults: history
until db1 is a standby of db2 within 20 s
	  19.203 db1 pg start as standby
	  19.203 db1 faults: pg_down rejoining superseded
	  19.204 db2 faults: none
	  19.209 db1 PostgreSQL starts as a standby
	  19.209 db1 faults: pg_down
	  19.213 db1 faults: pg_starting
	  19.509 db1 PostgreSQL is up
	  20.005 db1 FAULT -> BACKUP: may be promoted again
	  20.005 db1 log: history has diverged from the holder's (member 2): must be rewound or cloned
	  20.005 db1 faults: diverged
	  20.007 db1 BACKUP -> FAULT: may not be promoted any more
	  20.009 db1 pg rewind
	  20.009 db1 PostgreSQL ends cleanly at 307b22f on timeline 1
	  20.009 db1 faults: pg_down diverged rejoining
	  21.009 db1 PostgreSQL starts as a standby
	  21.009 db1 epoch 9.2
	  21.009 db1 faults: pg_down
	  21.014 db1 faults: pg_starting
	  21.309 db1 PostgreSQL is up
	  21.457 db1 streams from member 2 at 3138a3e, timeline 3
run 1 s
	  21.505 db1 faults: none
	  21.507 db1 FAULT -> BACKUP: may be promoted again
boot db3
	  22.457 db3 host up
	  22.457 db3 PostgreSQL starts as a primary
	  22.457 db3 daemon started
	  22.457 db3 faults: pg_down
until db3 is a standby of db2 within 20 s
	  22.459 db3 refuses db2 ballot 9.2: silent
	  22.462 db3 INIT -> FAULT: started, and may not be promoted yet
	  22.462 db3 faults: pg_starting
	  22.757 db3 PostgreSQL is up
	  22.967 db3 FAULT -> BACKUP: may be promoted again
	  22.967 db3 pg stop immediate
	  22.967 db3 faults: rejoining superseded
	  23.017 db3 PostgreSQL ends at 310c9d5 on timeline 2
	  23.017 db3 BACKUP -> FAULT: may not be promoted any more
	  23.017 db3 faults: pg_down superseded
	  23.067 db3 pg start as standby
	  23.067 db3 faults: pg_down rejoining superseded
	  23.072 db3 PostgreSQL starts as a standby
	  23.072 db3 faults: pg_down
	  23.077 db3 faults: pg_starting
	  23.372 db3 PostgreSQL is up
	  23.462 db3 grants db2 ballot 9.2
	  23.467 db3 FAULT -> BACKUP: may be promoted again
	  23.467 db3 log: history has diverged from the holder's (member 2): must be rewound or cloned
	  23.467 db3 faults: diverged
	  23.469 db3 BACKUP -> FAULT: may not be promoted any more
	  23.471 db3 pg rewind
	  23.471 db3 PostgreSQL ends cleanly at 310c9d5 on timeline 2
	  23.471 db3 faults: pg_down diverged rejoining
	  24.471 db3 PostgreSQL starts as a standby
	  24.471 db3 epoch 9.2
	  24.471 db3 faults: pg_down
	  24.476 db3 faults: pg_starting
	  24.771 db3 PostgreSQL is up
	  24.963 db3 streams from member 2 at 318d296, timeline 3
run 1 s
	  24.967 db3 faults: none
	  24.969 db3 FAULT -> BACKUP: may be promoted again
expect db2 serves
