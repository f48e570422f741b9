# C1. db3 is cut off from everybody, and its daemon frozen, while its PostgreSQL is being promoted, which takes two
# seconds. Its lease ends, db2 is elected. The promotion that has completed on db3 is nobody's: it never serves.
members 5 witnesses 2
cluster up
set promote_us=2000000
power off db1
	   5.000 db1 daemon killed
	   5.000 db1 host off
	   5.000 db1 PostgreSQL ends at 3079bb6 on timeline 1
until db3 is PROMOTING within 2 s
	   5.773 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.773 db3 grants db3 ballot 2.3
	   5.774 db2 grants db3 ballot 2.3
	   5.774 w4  grants db3 ballot 2.3
	   5.774 w5  grants db3 ballot 2.3
	   5.775 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.775 db3 epoch 2.3
run 100 ms
	   5.777 db3 pg promote
set promote_us=200000
cut db3
freeze db3 for 3 s
until db2 serves within 3 s
	   6.010 db3 frozen for 3000000 us, 0 actions left
	   6.783 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.783 db2 grants db2 ballot 3.2
	   6.784 w4  grants db2 ballot 3.2
	   6.784 w5  grants db2 ballot 3.2
	   6.785 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	   6.785 db2 epoch 3.2
	   6.787 db2 pg promote
	   6.987 db2 PostgreSQL promoted to timeline 2 at 3079980
	   6.987 db2 gate open
	   6.987 db2 bind for 2 s
	   6.987 db2 announce
	   6.987 db2 PROMOTING -> MASTER: primary under the lease, address bound
	   6.987 db2 pg checkpoint
	   6.987 db2 faults: history
run 3 s
	   6.992 db2 faults: none
	   7.777 db3 PostgreSQL promoted to timeline 2 at 3079980
	   9.010 db3 thawed
	   9.010 db3 log: ran 2983 ms late: nobody is believed until heard again
	   9.010 db3 PROMOTING -> FAULT: the lease ended before PostgreSQL was primary
	   9.010 db3 pg stop immediate
	   9.010 db3 faults: rejoining superseded
	   9.015 db3 faults: history rejoining superseded
	   9.060 db3 PostgreSQL ends at 3079f00 on timeline 2
	   9.060 db3 grants nobody any more
	   9.060 db3 releases ballot 2.3
	   9.060 db3 faults: pg_down superseded
	   9.110 db3 pg start as standby
	   9.110 db3 faults: pg_down rejoining superseded
	   9.115 db3 PostgreSQL starts as a standby
	   9.115 db3 faults: pg_down
	   9.120 db3 faults: pg_starting
	   9.415 db3 PostgreSQL is up
	   9.510 db3 faults: history
	   9.515 db3 FAULT -> BACKUP: may be promoted again
	   9.515 db3 faults: none
mend
until db3 is a standby of db2 within 20 s
	  10.244 db3 log: history has diverged from the holder's (member 2): must be rewound or cloned
	  10.244 db3 grants db2 ballot 3.2
	  10.244 db3 faults: diverged
	  10.245 db3 BACKUP -> FAULT: may not be promoted any more
	  10.246 db3 pg clone
	  10.246 db3 PostgreSQL ends at 3079f00 on timeline 2
	  10.246 db3 faults: pg_down diverged rejoining
	  11.246 db3 PostgreSQL starts as a standby
	  11.246 db3 epoch 3.2
	  11.246 db3 faults: pg_down
	  11.251 db3 faults: pg_starting
	  11.546 db3 PostgreSQL is up
	  11.746 db3 streams from member 2 at 30e19ca, timeline 2
run 2 s
	  12.010 db3 faults: none
	  12.012 db3 FAULT -> BACKUP: may be promoted again
expect db2 serves
