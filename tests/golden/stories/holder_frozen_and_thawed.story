# db1's daemon is frozen for three leases. Its gate closes by itself when the lease ends, db3 takes over; the thawed
# daemon finds its lease over, serves nobody and becomes a standby of db3.
members 3
cluster up
freeze db1 for 3 s
until nobody serves within 1 s
	   5.010 db1 frozen for 3000000 us, 0 actions left
until db3 serves within 2 s
	   5.773 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.773 db3 grants db3 ballot 2.3
	   5.774 db2 grants db3 ballot 2.3
	   5.775 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.775 db3 epoch 2.3
	   5.777 db3 pg promote
	   5.977 db3 PostgreSQL promoted to timeline 2 at 30862c0
	   5.977 db3 gate open
	   5.977 db3 bind for 2 s
	   5.977 db3 announce
	   5.977 db3 PROMOTING -> MASTER: primary under the lease, address bound
	   5.977 db3 pg checkpoint
	   5.977 db3 faults: history
until db1 is a standby of db3 within 10 s
	   5.982 db3 faults: none
	   5.983 db2 pg detach
	   6.983 db2 epoch 2.3
	   6.985 db2 pg follow
	   6.995 db2 streams from member 3 at 30862c0, timeline 1
	   7.010 db2 BACKUP -> FAULT: may not be promoted any more
	   7.012 db2 FAULT -> BACKUP: may be promoted again
	   8.010 db1 thawed
	   8.010 db1 log: ran 2994 ms late: nobody is believed until heard again
	   8.010 db1 gate closed
	   8.010 db1 unbind
	   8.010 db1 destroy
	   8.010 db1 MASTER -> FAULT: the lease was not renewed in time
	   8.010 db1 pg stop immediate
	   8.010 db1 faults: rejoining superseded
	   8.060 db1 PostgreSQL ends at 3086cdf on timeline 1
	   8.060 db1 grants nobody any more
	   8.060 db1 releases ballot 1.1
	   8.060 db1 faults: pg_down superseded
	   8.110 db1 pg start as standby
	   8.110 db1 faults: pg_down rejoining superseded
	   8.115 db1 PostgreSQL starts as a standby
	   8.115 db1 faults: pg_down
	   8.120 db1 faults: pg_starting
	   8.234 db1 grants db3 ballot 2.3
	   8.415 db1 PostgreSQL is up
	   8.510 db1 FAULT -> BACKUP: may be promoted again
	   8.510 db1 log: history has diverged from the holder's (member 3): must be rewound or cloned
	   8.510 db1 faults: diverged
	   8.512 db1 BACKUP -> FAULT: may not be promoted any more
	   8.514 db1 pg rewind
	   8.514 db1 PostgreSQL ends cleanly at 3086cdf on timeline 1
	   8.514 db1 faults: pg_down diverged rejoining
	   9.514 db1 PostgreSQL starts as a standby
	   9.514 db1 epoch 2.3
	   9.514 db1 faults: pg_down
	   9.519 db1 faults: pg_starting
	   9.814 db1 PostgreSQL is up
	   9.986 db1 streams from member 3 at 30dc8e4, timeline 2
run 2 s
	  10.010 db1 faults: none
	  10.012 db1 FAULT -> BACKUP: may be promoted again
expect db3 serves
