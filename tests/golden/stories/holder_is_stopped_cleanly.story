# systemctl stop vipd on the holder: gate closed inwards, connections destroyed, address gone, PostgreSQL stopped, lease
# released. A standby that has everything takes over without waiting for the lease's end.
members 3
cluster up
stop db1
	   5.000 db1 gate closed inwards
	   5.000 db1 destroy
	   5.000 db1 unbind
	   5.000 db1 advert priority 0
	   5.000 db1 gate closed
	   5.000 db1 MASTER -> LEAVING: a clean stop was asked for
	   5.000 db1 pg stop fast
	   5.000 db1 faults: rejoining superseded leaving
until db3 serves within 2 s
	   5.050 db1 PostgreSQL ends cleanly at 3079c80 on timeline 1
	   5.050 db1 LEAVING -> FAULT: PostgreSQL is gone
	   5.050 db1 grants nobody any more
	   5.050 db1 releases ballot 1.1
	   5.050 db1 faults: pg_down superseded leaving
	   5.051 db2 grants nobody any more
	   5.051 db3 grants nobody any more
	   5.057 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.057 db3 grants db3 ballot 2.3
	   5.058 db1 log: refuse member 3: veto
	   5.058 db1 refuses db3 ballot 2.3: veto
	   5.058 db2 grants db3 ballot 2.3
	   5.059 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.059 db3 epoch 2.3
	   5.061 db3 pg promote
	   5.100 db1 pg start as standby
	   5.100 db1 faults: pg_down rejoining superseded leaving
	   5.105 db1 PostgreSQL starts as a standby
	   5.105 db1 FAULT -> INIT: a clean stop was asked for
	   5.105 db1 faults: pg_down leaving
	   5.107 db1 exit
	   5.107 db1 daemon has left
	   5.261 db3 PostgreSQL promoted to timeline 2 at 3079c80
	   5.261 db3 gate open
	   5.261 db3 bind for 2 s
	   5.261 db3 announce
	   5.261 db3 PROMOTING -> MASTER: primary under the lease, address bound
	   5.261 db3 pg checkpoint
	   5.261 db3 faults: history
run 2 s
	   5.266 db3 faults: none
	   5.405 db1 PostgreSQL is up
	   5.510 db2 streams from member 1 at 3079c80, timeline 1
	   5.510 db2 pg detach
	   6.510 db2 epoch 2.3
	   6.512 db2 pg follow
	   6.518 db2 streams from member 3 at 3079c80, timeline 1
	   6.522 db2 BACKUP -> FAULT: may not be promoted any more
	   6.524 db2 FAULT -> BACKUP: may be promoted again
start db1
	   7.261 db1 daemon started
	   7.261 db1 faults: pg_down
until db1 is a standby of db3 within 20 s
	   7.263 db1 grants db3 ballot 2.3
	   7.266 db1 INIT -> BACKUP: started, and may be promoted
	   7.266 db1 epoch 2.3
	   7.266 db1 faults: none
	   7.268 db1 pg follow
	   7.278 db1 streams from member 3 at 3079c80, timeline 1
run 1 s
	   7.771 db1 BACKUP -> FAULT: may not be promoted any more
	   7.773 db1 FAULT -> BACKUP: may be promoted again
expect db3 serves
