# db1 holds the address; its host loses power. A standby is promoted and takes the address, the other one follows it.
# When db1 comes back, Debian has started its PostgreSQL as the primary that it was: it is stopped and rejoins.
members 3
cluster up
power off db1
	   5.000 db1 daemon killed
	   5.000 db1 host off
	   5.000 db1 PostgreSQL ends at 3079bb6 on timeline 1
until db3 serves within 5 s
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
until db2 is a standby of db3 within 5 s
	   5.982 db3 faults: none
	   5.983 db2 pg detach
	   6.983 db2 epoch 2.3
	   6.985 db2 pg follow
	   6.995 db2 streams from member 3 at 3079980, timeline 1
run 3 s
	   7.010 db2 BACKUP -> FAULT: may not be promoted any more
	   7.012 db2 FAULT -> BACKUP: may be promoted again
boot db1
	   9.995 db1 host up
	   9.995 db1 PostgreSQL starts as a primary
	   9.995 db1 daemon started
	   9.995 db1 faults: pg_down
until db1 is a standby of db3 within 20 s
	   9.997 db1 refuses db3 ballot 2.3: silent
	  10.000 db1 INIT -> FAULT: started, and may not be promoted yet
	  10.000 db1 faults: pg_starting
	  10.295 db1 PostgreSQL is up
	  10.505 db1 FAULT -> BACKUP: may be promoted again
	  10.505 db1 pg stop immediate
	  10.505 db1 faults: rejoining superseded
	  10.555 db1 PostgreSQL ends at 3079cb8 on timeline 1
	  10.555 db1 BACKUP -> FAULT: may not be promoted any more
	  10.555 db1 faults: pg_down superseded
	  10.605 db1 pg start as standby
	  10.605 db1 faults: pg_down rejoining superseded
	  10.610 db1 PostgreSQL starts as a standby
	  10.610 db1 faults: pg_down
	  10.615 db1 faults: pg_starting
	  10.910 db1 PostgreSQL is up
	  10.999 db1 grants db3 ballot 2.3
	  11.005 db1 FAULT -> BACKUP: may be promoted again
	  11.005 db1 log: history has diverged from the holder's (member 3): must be rewound or cloned
	  11.005 db1 faults: diverged
	  11.007 db1 BACKUP -> FAULT: may not be promoted any more
	  11.009 db1 pg rewind
	  11.009 db1 PostgreSQL ends cleanly at 3079cb8 on timeline 1
	  11.009 db1 faults: pg_down diverged rejoining
	  12.009 db1 PostgreSQL starts as a standby
	  12.009 db1 epoch 2.3
	  12.009 db1 faults: pg_down
	  12.014 db1 faults: pg_starting
	  12.309 db1 PostgreSQL is up
	  12.501 db1 streams from member 3 at 310ce4a, timeline 2
run 3 s
	  12.505 db1 faults: none
	  12.507 db1 FAULT -> BACKUP: may be promoted again
expect db3 serves
