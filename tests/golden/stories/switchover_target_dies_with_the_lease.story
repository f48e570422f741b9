# The target has said that it has everything and is promoted, under the lease that was released for it, when its host
# loses power. The old primary was left as a standby; it and db3 have the same WAL, and one of them takes over.
members 3
cluster up
switch db1 over to db2
	   5.000 db1 log: switchover to member 2 begins: checkpoint
	   5.000 db1 pg checkpoint
until db2 is PROMOTING within 5 s
	   5.100 db1 gate closed inwards
	   5.100 db1 destroy
	   5.100 db1 unbind
	   5.100 db1 advert priority 0
	   5.100 db1 gate closed
	   5.100 db1 MASTER -> LEAVING: a switchover is under way
	   5.100 db1 pg stop fast
	   5.100 db1 faults: rejoining superseded
	   5.150 db1 PostgreSQL ends cleanly at 307c380 on timeline 1
	   5.150 db1 faults: pg_down superseded
	   5.412 db1 LEAVING -> FAULT: PostgreSQL has stopped
	   5.412 db1 pg start as standby
	   5.412 db1 grants nobody any more
	   5.412 db1 releases ballot 1.1
	   5.412 db1 faults: pg_down rejoining superseded
	   5.413 db2 grants nobody any more
	   5.413 db3 grants nobody any more
	   5.417 db1 PostgreSQL starts as a standby
	   5.417 db1 faults: pg_down
	   5.419 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.419 db2 grants db2 ballot 2.2
	   5.420 db1 grants db2 ballot 2.2
	   5.420 db3 grants db2 ballot 2.2
	   5.421 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.421 db2 epoch 2.2
power off db2
	   5.421 db2 daemon killed
	   5.421 db2 host off
	   5.421 db2 PostgreSQL ends at 307c380 on timeline 1
until db3 serves within 10 s
	   5.422 db1 faults: pg_starting
	   5.717 db1 PostgreSQL is up
	   6.010 db3 streams from member 1 at 307c380, timeline 1
	   6.010 db1 FAULT -> BACKUP: may be promoted again
	   6.010 db1 faults: none
	   6.428 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.428 db3 grants db3 ballot 3.3
	   6.429 db1 grants db3 ballot 3.3
	   6.430 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   6.430 db3 epoch 3.3
	   6.432 db3 pg promote
	   6.632 db3 PostgreSQL promoted to timeline 2 at 307c380
	   6.632 db3 gate open
	   6.632 db3 bind for 2 s
	   6.632 db3 announce
	   6.632 db3 PROMOTING -> MASTER: primary under the lease, address bound
	   6.632 db3 pg checkpoint
	   6.632 db3 faults: history
until db1 is a standby of db3 within 10 s
	   6.637 db3 faults: none
	   6.638 db1 epoch 3.3
	   6.640 db1 pg follow
	   6.650 db1 streams from member 3 at 307c380, timeline 1
run 1 s
	   7.010 db1 BACKUP -> FAULT: may not be promoted any more
	   7.012 db1 FAULT -> BACKUP: may be promoted again
