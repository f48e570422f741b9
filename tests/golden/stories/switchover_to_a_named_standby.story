# An operator switches over to db2, though db3 has the higher priority. A checkpoint first, while clients are served;
# then the address is closed, connections are ended, PostgreSQL is stopped, and db2 says that it has all of it up to the
# shutdown checkpoint. The lease is released in its favour: db3 waits, and votes for it. The old primary follows.
members 3
cluster up
switch db1 over to db2
	   5.000 db1 log: switchover to member 2 begins: checkpoint
	   5.000 db1 pg checkpoint
until db2 serves within 5 s
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
	   5.422 db1 faults: pg_starting
	   5.423 db2 pg promote
	   5.623 db2 PostgreSQL promoted to timeline 2 at 307c380
	   5.623 db2 gate open
	   5.623 db2 bind for 2 s
	   5.623 db2 announce
	   5.623 db2 PROMOTING -> MASTER: primary under the lease, address bound
	   5.623 db2 pg checkpoint
	   5.623 db2 faults: history
until db1 is a standby of db2 within 5 s
	   5.628 db2 faults: none
	   5.629 db3 pg detach
	   5.639 db3 epoch 2.2
	   5.641 db3 pg follow
	   5.651 db3 streams from member 2 at 307c380, timeline 1
	   5.717 db1 PostgreSQL is up
	   6.010 db1 FAULT -> BACKUP: may be promoted again
	   6.010 db1 epoch 2.2
	   6.010 db1 faults: none
	   6.010 db3 BACKUP -> FAULT: may not be promoted any more
	   6.011 db3 FAULT -> BACKUP: may be promoted again
	   6.012 db1 pg follow
	   6.022 db1 streams from member 2 at 307c380, timeline 1
run 2 s
	   6.510 db1 BACKUP -> FAULT: may not be promoted any more
	   6.512 db1 FAULT -> BACKUP: may be promoted again
