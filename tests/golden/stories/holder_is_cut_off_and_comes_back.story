# db1 is cut off from everybody, its clients included. Its lease ends, its gate closes; db3 takes over. The cable is
# mended: db1 sees another holder, stops its primary, is rewound and follows.
members 3
cluster up
cut db1
until nobody serves within 1 s
	   5.666 db1 gate closed
	   5.666 db1 unbind
	   5.666 db1 destroy
	   5.666 db1 MASTER -> FAULT: the lease was not renewed in time
	   5.666 db1 pg stop immediate
	   5.666 db1 faults: rejoining superseded
until db3 serves within 2 s
	   5.716 db1 PostgreSQL ends at 30863bc on timeline 1
	   5.716 db1 grants nobody any more
	   5.716 db1 releases ballot 1.1
	   5.716 db1 faults: pg_down superseded
	   5.766 db1 pg start as standby
	   5.766 db1 faults: pg_down rejoining superseded
	   5.771 db1 PostgreSQL starts as a standby
	   5.771 db1 faults: pg_down
	   5.773 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.773 db3 grants db3 ballot 2.3
	   5.774 db2 grants db3 ballot 2.3
	   5.775 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.775 db3 epoch 2.3
	   5.776 db1 faults: pg_starting
	   5.777 db3 pg promote
	   5.977 db3 PostgreSQL promoted to timeline 2 at 3079980
	   5.977 db3 gate open
	   5.977 db3 bind for 2 s
	   5.977 db3 announce
	   5.977 db3 PROMOTING -> MASTER: primary under the lease, address bound
	   5.977 db3 pg checkpoint
	   5.977 db3 faults: history
run 3 s
	   5.982 db3 faults: none
	   5.983 db2 pg detach
	   6.071 db1 PostgreSQL is up
	   6.510 db1 FAULT -> BACKUP: may be promoted again
	   6.510 db1 faults: none
	   6.983 db2 epoch 2.3
	   6.985 db2 pg follow
	   6.995 db2 streams from member 3 at 3079980, timeline 1
	   7.010 db2 BACKUP -> FAULT: may not be promoted any more
	   7.012 db2 FAULT -> BACKUP: may be promoted again
mend
until db1 is a standby of db3 within 20 s
	   9.234 db1 log: history has diverged from the holder's (member 3): must be rewound or cloned
	   9.234 db1 grants db3 ballot 2.3
	   9.234 db1 faults: diverged
	   9.235 db1 BACKUP -> FAULT: may not be promoted any more
	   9.238 db1 pg rewind
	   9.238 db1 PostgreSQL ends cleanly at 30863bc on timeline 1
	   9.238 db1 faults: pg_down diverged rejoining
	  10.238 db1 PostgreSQL starts as a standby
	  10.238 db1 epoch 2.3
	  10.238 db1 faults: pg_down
	  10.243 db1 faults: pg_starting
	  10.538 db1 PostgreSQL is up
	  10.736 db1 streams from member 3 at 30e1a92, timeline 2
run 2 s
	  11.010 db1 faults: none
	  11.012 db1 FAULT -> BACKUP: may be promoted again
expect db3 serves
