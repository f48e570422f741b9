# systemctl stop vipd on the holder: gate closed inwards, connections destroyed, address gone, PostgreSQL stopped, lease
# released. A standby that has everything takes over without waiting for the lease's end.
members 3
cluster up
stop db1
	   5.000 db1 log: switchover to member 3 begins: checkpoint
	   5.000 db1 pg checkpoint
	   5.000 db1 faults: leaving
until db3 serves within 2 s
	   5.100 db1 gate closed inwards
	   5.100 db1 destroy
	   5.100 db1 unbind
	   5.100 db1 advert priority 0
	   5.100 db1 gate closed
	   5.100 db1 MASTER -> LEAVING: a switchover is under way
	   5.100 db1 pg stop fast
	   5.100 db1 faults: rejoining superseded leaving
	   5.150 db1 PostgreSQL ends cleanly at 307c380 on timeline 1
	   5.150 db1 faults: pg_down superseded leaving
	   5.412 db1 LEAVING -> FAULT: PostgreSQL has stopped
	   5.412 db1 pg start as standby
	   5.412 db1 grants nobody any more
	   5.412 db1 releases ballot 1.1
	   5.412 db1 faults: pg_down rejoining superseded leaving
	   5.413 db2 grants nobody any more
	   5.413 db3 grants nobody any more
	   5.417 db1 PostgreSQL starts as a standby
	   5.417 db1 FAULT -> INIT: a clean stop was asked for
	   5.417 db1 faults: pg_down leaving
	   5.419 db1 exit
	   5.419 db1 daemon has left
	   5.419 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.419 db3 grants db3 ballot 2.3
	   5.420 db2 grants db3 ballot 2.3
	   5.421 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.421 db3 epoch 2.3
	   5.423 db3 pg promote
	   5.623 db3 PostgreSQL promoted to timeline 2 at 307c380
	   5.623 db3 gate open
	   5.623 db3 bind for 2 s
	   5.623 db3 announce
	   5.623 db3 PROMOTING -> MASTER: primary under the lease, address bound
	   5.623 db3 pg checkpoint
	   5.623 db3 faults: history
run 2 s
	   5.628 db3 faults: none
	   5.629 db2 pg detach
	   5.639 db2 epoch 2.3
	   5.641 db2 pg follow
	   5.651 db2 streams from member 3 at 307c380, timeline 1
	   5.717 db1 PostgreSQL is up
	   6.010 db2 BACKUP -> FAULT: may not be promoted any more
	   6.012 db2 FAULT -> BACKUP: may be promoted again
start db1
	   7.623 db1 daemon started
	   7.623 db1 faults: pg_down
until db1 is a standby of db3 within 20 s
	   7.625 db1 grants db3 ballot 2.3
	   7.628 db1 INIT -> BACKUP: started, and may be promoted
	   7.628 db1 epoch 2.3
	   7.628 db1 faults: none
	   7.630 db1 pg follow
	   7.640 db1 streams from member 3 at 307c380, timeline 1
run 1 s
	   8.133 db1 BACKUP -> FAULT: may not be promoted any more
	   8.135 db1 FAULT -> BACKUP: may be promoted again
expect db3 serves
