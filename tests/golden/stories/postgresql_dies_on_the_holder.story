# The postmaster of db1 is killed. The gate closes before anything else, the lease is released at once: no lease is
# waited for. db1 rejoins as a standby.
members 3
cluster up
postgres db1 dies
	   5.000 db1 PostgreSQL ends at 3079bb6 on timeline 1
	   5.000 db1 gate closed inwards
	   5.000 db1 destroy
	   5.000 db1 unbind
	   5.000 db1 advert priority 0
	   5.000 db1 gate closed
	   5.000 db1 MASTER -> FAULT: PostgreSQL died
	   5.000 db1 grants nobody any more
	   5.000 db1 releases ballot 1.1
	   5.000 db1 faults: pg_down superseded
until db3 serves within 1 s
	   5.001 db2 grants nobody any more
	   5.001 db3 grants nobody any more
	   5.007 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.007 db3 grants db3 ballot 2.3
	   5.008 db1 grants db3 ballot 2.3
	   5.008 db2 grants db3 ballot 2.3
	   5.009 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.009 db3 epoch 2.3
	   5.011 db3 pg promote
	   5.211 db3 PostgreSQL promoted to timeline 2 at 3079980
	   5.211 db3 gate open
	   5.211 db3 bind for 2 s
	   5.211 db3 announce
	   5.211 db3 PROMOTING -> MASTER: primary under the lease, address bound
	   5.211 db3 pg checkpoint
	   5.211 db3 faults: history
until db1 is a standby of db3 within 20 s
	   5.213 db1 pg start as standby
	   5.213 db1 faults: pg_down rejoining superseded
	   5.216 db3 faults: none
	   5.217 db2 pg detach
	   5.218 db1 PostgreSQL starts as a standby
	   5.218 db1 faults: pg_down
	   5.223 db1 faults: pg_starting
	   5.227 db2 epoch 2.3
	   5.229 db2 pg follow
	   5.239 db2 streams from member 3 at 3079980, timeline 1
	   5.510 db2 BACKUP -> FAULT: may not be promoted any more
	   5.512 db2 FAULT -> BACKUP: may be promoted again
	   5.518 db1 PostgreSQL is up
	   6.010 db1 FAULT -> BACKUP: may be promoted again
	   6.010 db1 log: history has diverged from the holder's (member 3): must be rewound or cloned
	   6.010 db1 faults: diverged
	   6.012 db1 BACKUP -> FAULT: may not be promoted any more
	   6.014 db1 pg rewind
	   6.014 db1 PostgreSQL ends cleanly at 3079bb6 on timeline 1
	   6.014 db1 faults: pg_down diverged rejoining
	   7.014 db1 PostgreSQL starts as a standby
	   7.014 db1 epoch 2.3
	   7.014 db1 faults: pg_down
	   7.019 db1 faults: pg_starting
	   7.314 db1 PostgreSQL is up
	   7.469 db1 streams from member 3 at 30a5a4c, timeline 2
run 2 s
	   7.510 db1 faults: none
	   7.512 db1 FAULT -> BACKUP: may be promoted again
expect db3 serves
