# db1's tail has diverged; while it is being rewound its host loses power. What is half rewound is neither started nor
# rewound again: the directory is cloned.
members 3
cluster up
power off db1
	   5.000 db1 daemon killed
	   5.000 db1 host off
	   5.000 db1 PostgreSQL ends at 3079bb6 on timeline 1
until db3 serves within 3 s
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
boot db1
	   5.977 db1 host up
	   5.977 db1 PostgreSQL starts as a primary
	   5.977 db1 daemon started
	   5.977 db1 faults: pg_down
run 500 ms
	   5.979 db1 refuses db3 ballot 2.3: silent
	   5.982 db3 faults: none
	   5.982 db1 INIT -> FAULT: started, and may not be promoted yet
	   5.982 db1 faults: pg_starting
	   5.983 db2 pg detach
	   6.277 db1 PostgreSQL is up
set rejoin_us=3000000
run 1 s
	   6.487 db1 FAULT -> BACKUP: may be promoted again
	   6.487 db1 pg stop immediate
	   6.487 db1 faults: rejoining superseded
	   6.511 db1 BACKUP -> FAULT: may not be promoted any more
	   6.537 db1 PostgreSQL ends at 3079cb9 on timeline 1
	   6.537 db1 faults: pg_down superseded
	   6.587 db1 pg start as standby
	   6.587 db1 faults: pg_down rejoining superseded
	   6.592 db1 PostgreSQL starts as a standby
	   6.592 db1 faults: pg_down
	   6.597 db1 faults: pg_starting
	   6.892 db1 PostgreSQL is up
	   6.983 db2 epoch 2.3
	   6.983 db1 grants db3 ballot 2.3
	   6.985 db2 pg follow
	   6.987 db1 FAULT -> BACKUP: may be promoted again
	   6.987 db1 log: history has diverged from the holder's (member 3): must be rewound or cloned
	   6.987 db1 faults: diverged
	   6.989 db1 BACKUP -> FAULT: may not be promoted any more
	   6.991 db1 pg rewind
	   6.991 db2 streams from member 3 at 3079980, timeline 1
	   6.991 db1 PostgreSQL ends cleanly at 3079cb9 on timeline 1
	   6.991 db1 faults: pg_down diverged rejoining
	   6.995 db2 BACKUP -> FAULT: may not be promoted any more
	   6.997 db2 FAULT -> BACKUP: may be promoted again
power off db1
	   7.477 db1 daemon killed
	   7.477 db1 host off
	   7.477 db1 half rewound
run 1 s
set rejoin_us=1000000
boot db1
	   8.477 db1 host up
	   8.477 db1 daemon started
	   8.477 db1 faults: pg_down diverged
until db1 is a standby of db3 within 20 s
	   8.479 db1 refuses db3 ballot 2.3: silent
	   8.482 db1 INIT -> FAULT: started, and may not be promoted yet
	   8.482 db1 pg clone
	   8.482 db1 faults: pg_down diverged rejoining
	   9.481 db1 grants db3 ballot 2.3
	   9.482 db1 PostgreSQL starts as a standby
	   9.482 db1 epoch 2.3
	   9.482 db1 faults: pg_down
	   9.487 db1 faults: pg_starting
	   9.782 db1 PostgreSQL is up
	   9.983 db1 streams from member 3 at 30cf324, timeline 2
run 2 s
	   9.987 db1 faults: none
	   9.989 db1 FAULT -> BACKUP: may be promoted again
expect db3 serves
