# db1's PostgreSQL runs but answers nothing. Another member can serve, so db1 lets go: gate closed, address gone,
# PostgreSQL stopped, then released.
members 3
cluster up
postgres db1 hangs
until db3 serves within 4 s
	   5.510 db1 gate closed inwards
	   5.510 db1 destroy
	   5.510 db1 unbind
	   5.510 db1 advert priority 0
	   5.510 db1 gate closed
	   5.510 db1 MASTER -> LEAVING: not fit to serve, and another member is
	   5.510 db1 pg stop immediate
	   5.510 db1 faults: pg_down rejoining superseded pg_hung
	   5.560 db1 PostgreSQL ends at 3079bb6 on timeline 1
	   5.560 db1 LEAVING -> FAULT: PostgreSQL is gone
	   5.560 db1 grants nobody any more
	   5.560 db1 releases ballot 1.1
	   5.560 db1 faults: pg_down superseded pg_hung
	   5.561 db2 grants nobody any more
	   5.561 db3 grants nobody any more
	   5.565 db1 faults: pg_down superseded
	   5.567 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.567 db3 grants db3 ballot 2.3
	   5.568 db1 grants db3 ballot 2.3
	   5.568 db2 grants db3 ballot 2.3
	   5.569 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.569 db3 epoch 2.3
	   5.571 db3 pg promote
	   5.771 db3 PostgreSQL promoted to timeline 2 at 3079980
	   5.771 db3 gate open
	   5.771 db3 bind for 2 s
	   5.771 db3 announce
	   5.771 db3 PROMOTING -> MASTER: primary under the lease, address bound
	   5.771 db3 pg checkpoint
	   5.771 db3 faults: history
until db1 is a standby of db3 within 20 s
	   5.773 db1 pg start as standby
	   5.773 db1 faults: pg_down rejoining superseded
	   5.776 db3 faults: none
	   5.777 db2 pg detach
	   5.778 db1 PostgreSQL starts as a standby
	   5.778 db1 faults: pg_down
	   5.783 db1 faults: pg_starting
	   5.787 db2 epoch 2.3
	   5.789 db2 pg follow
	   5.799 db2 streams from member 3 at 3079980, timeline 1
	   6.010 db2 BACKUP -> FAULT: may not be promoted any more
	   6.012 db2 FAULT -> BACKUP: may be promoted again
	   6.078 db1 PostgreSQL is up
	   6.510 db1 FAULT -> BACKUP: may be promoted again
	   6.510 db1 log: history has diverged from the holder's (member 3): must be rewound or cloned
	   6.510 db1 faults: diverged
	   6.512 db1 BACKUP -> FAULT: may not be promoted any more
	   6.514 db1 pg rewind
	   6.514 db1 PostgreSQL ends cleanly at 3079bb6 on timeline 1
	   6.514 db1 faults: pg_down diverged rejoining
	   7.514 db1 PostgreSQL starts as a standby
	   7.514 db1 epoch 2.3
	   7.514 db1 faults: pg_down
	   7.519 db1 faults: pg_starting
	   7.814 db1 PostgreSQL is up
	   8.010 db1 streams from member 3 at 30a42dc, timeline 2
	   8.010 db1 faults: none
run 2 s
	   8.012 db1 FAULT -> BACKUP: may be promoted again
expect db3 serves
