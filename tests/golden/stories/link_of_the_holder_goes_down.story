# The carrier of db1's interface goes. db1 hears nobody and cannot be elected elsewhere by anybody it hears: its lease
# ends by itself, and db3 takes over within the lease.
members 3
cluster up
carrier db1 down
	   5.000 db1 gate closed inwards
	   5.000 db1 destroy
	   5.000 db1 unbind
	   5.000 db1 advert priority 0
	   5.000 db1 gate closed
	   5.000 db1 MASTER -> LEAVING: not fit to serve, and another member is
	   5.000 db1 pg stop immediate
	   5.000 db1 faults: link rejoining superseded
until db3 serves within 3 s
	   5.050 db1 PostgreSQL ends at 3079be8 on timeline 1
	   5.050 db1 LEAVING -> FAULT: PostgreSQL is gone
	   5.050 db1 grants nobody any more
	   5.050 db1 releases ballot 1.1
	   5.050 db1 faults: pg_down link superseded
	   5.100 db1 pg start as standby
	   5.100 db1 faults: pg_down link rejoining superseded
	   5.105 db1 PostgreSQL starts as a standby
	   5.105 db1 faults: pg_down link
	   5.110 db1 faults: pg_starting link
	   5.405 db1 PostgreSQL is up
	   5.510 db1 faults: link
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
run 1 s
	   5.982 db3 faults: none
	   5.983 db2 pg detach
carrier db1 up
	   6.977 db1 FAULT -> BACKUP: may be promoted again
	   6.977 db1 faults: none
until db1 is a standby of db3 within 20 s
	   6.983 db2 epoch 2.3
	   6.983 db1 log: history has diverged from the holder's (member 3): must be rewound or cloned
	   6.983 db1 grants db3 ballot 2.3
	   6.983 db1 faults: diverged
	   6.984 db1 BACKUP -> FAULT: may not be promoted any more
	   6.985 db2 pg follow
	   6.987 db1 pg rewind
	   6.987 db1 PostgreSQL ends cleanly at 3079be8 on timeline 1
	   6.987 db1 faults: pg_down diverged rejoining
	   6.995 db2 streams from member 3 at 3079980, timeline 1
	   7.010 db2 BACKUP -> FAULT: may not be promoted any more
	   7.012 db2 FAULT -> BACKUP: may be promoted again
	   7.987 db1 PostgreSQL starts as a standby
	   7.987 db1 epoch 2.3
	   7.987 db1 faults: pg_down
	   7.992 db1 faults: pg_starting
	   8.287 db1 PostgreSQL is up
	   8.485 db1 streams from member 3 at 30aab50, timeline 2
run 1 s
	   8.510 db1 faults: none
	   8.512 db1 FAULT -> BACKUP: may be promoted again
expect db3 serves
