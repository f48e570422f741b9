# One way only: db1's reports arrive, but nothing reaches db1. It is not fresh to anybody within a lease, nor is its ask
# answered: its lease ends, and db3 takes over although db1's reports still come in.
members 3
cluster up
cut db2 db3 to db1
until nobody serves within 2 s
	   5.666 db1 gate closed
	   5.666 db1 unbind
	   5.666 db1 destroy
	   5.666 db1 MASTER -> FAULT: the lease was not renewed in time
	   5.666 db1 pg stop immediate
	   5.666 db1 faults: rejoining superseded
until db3 serves within 4 s
	   5.716 db1 PostgreSQL ends at 30863bc on timeline 1
	   5.716 db1 grants nobody any more
	   5.716 db1 releases ballot 1.1
	   5.716 db1 faults: pg_down superseded
	   5.717 db2 grants nobody any more
	   5.717 db3 grants nobody any more
	   5.723 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.723 db3 grants db3 ballot 2.3
	   5.724 db2 grants db3 ballot 2.3
	   5.725 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.725 db3 epoch 2.3
	   5.727 db3 pg promote
	   5.766 db1 pg start as standby
	   5.766 db1 faults: pg_down rejoining superseded
	   5.771 db1 PostgreSQL starts as a standby
	   5.771 db1 faults: pg_down
	   5.776 db1 faults: pg_starting
	   5.927 db3 PostgreSQL promoted to timeline 2 at 3079980
	   5.927 db3 gate open
	   5.927 db3 bind for 2 s
	   5.927 db3 announce
	   5.927 db3 PROMOTING -> MASTER: primary under the lease, address bound
	   5.927 db3 pg checkpoint
	   5.927 db3 faults: history
run 2 s
	   5.932 db3 faults: none
	   5.933 db2 pg detach
	   6.071 db1 PostgreSQL is up
	   6.510 db1 FAULT -> BACKUP: may be promoted again
	   6.510 db1 faults: none
	   6.933 db2 epoch 2.3
	   6.935 db2 pg follow
	   6.945 db2 streams from member 3 at 3079980, timeline 1
	   7.010 db2 BACKUP -> FAULT: may not be promoted any more
	   7.011 db2 FAULT -> BACKUP: may be promoted again
mend
until db1 is a standby of db3 within 20 s
	   7.934 db1 log: history has diverged from the holder's (member 3): must be rewound or cloned
	   7.934 db1 grants db3 ballot 2.3
	   7.934 db1 faults: diverged
	   7.935 db1 BACKUP -> FAULT: may not be promoted any more
	   7.938 db1 pg rewind
	   7.938 db1 PostgreSQL ends cleanly at 30863bc on timeline 1
	   7.938 db1 faults: pg_down diverged rejoining
	   8.938 db1 PostgreSQL starts as a standby
	   8.938 db1 epoch 2.3
	   8.938 db1 faults: pg_down
	   8.943 db1 faults: pg_starting
	   9.238 db1 PostgreSQL is up
	   9.435 db1 streams from member 3 at 30c3218, timeline 2
run 1 s
	   9.510 db1 faults: none
	   9.512 db1 FAULT -> BACKUP: may be promoted again
expect db3 serves
