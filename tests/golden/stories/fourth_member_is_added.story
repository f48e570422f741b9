# db4 is added, the holder last. Each daemon is restarted with the list of four; it neither votes nor stands until two of
# the three that the list in force names run with the new one: db4 does not count for that. The holder's lease is renewed
# across the difference meanwhile. Then it hands over to one that has the new list, and is restarted itself. db4 is told
# of no holder until then; what it asks for is refused by those who are bound.
members 4
configure db1 db2 db3 members 3
cluster up
start db4
	   5.000 db4 daemon started
	   5.000 db4 faults: pg_down
run 1 s
	   5.005 db4 INIT -> FAULT: started, and may not be promoted yet
	   5.005 db4 faults: history
	   5.010 db4 FAULT -> BACKUP: may be promoted again
	   5.010 db4 faults: none
configure db2 members 4
stop db2
	   6.000 db2 BACKUP -> INIT: a clean stop was asked for
	   6.000 db2 faults: leaving
run 100 ms
	   6.002 db2 exit
	   6.002 db2 daemon has left
start db2
	   6.100 db2 daemon started
	   6.100 db2 log: config_jump: the member list differs in one member from the one in force: neither votes nor stands until a majority of those runs with this configuration
	   6.100 db2 grants db1 ballot 1.1
	   6.100 db2 faults: pg_down config_jump
run 3 s
	   6.105 db2 INIT -> FAULT: started, and may not be promoted yet
	   6.105 db2 faults: config_jump
expect db1 serves
configure db3 members 4
stop db3
	   9.100 db3 BACKUP -> INIT: a clean stop was asked for
	   9.100 db3 faults: leaving
run 100 ms
	   9.102 db3 exit
	   9.102 db3 daemon has left
start db3
	   9.200 db3 daemon started
	   9.200 db3 log: config_jump: the member list differs in one member from the one in force: neither votes nor stands until a majority of those runs with this configuration
	   9.200 db3 grants db1 ballot 1.1
	   9.200 db3 faults: pg_down config_jump
run 2 s
	   9.202 db3 log: the new member list is in force: a majority of the old one runs with it
	   9.202 db3 faults: pg_down
	   9.203 db2 log: the new member list is in force: a majority of the old one runs with it
	   9.203 db2 FAULT -> BACKUP: may be promoted again
	   9.203 db2 faults: none
	   9.203 db4 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   9.203 db4 grants db4 ballot 2.4
	   9.204 db2 refuses db4 ballot 2.4: bound
	   9.204 db3 refuses db4 ballot 2.4: bound
	   9.205 db3 INIT -> BACKUP: started, and may be promoted
	   9.205 db3 faults: none
	   9.328 db4 CANDIDATE -> BACKUP: no majority within a round
	   9.328 db4 grants nobody any more
	   9.328 db4 releases ballot 2.4
	  10.382 db4 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  10.382 db4 grants db4 ballot 3.4
	  10.383 db2 refuses db4 ballot 3.4: bound
	  10.383 db3 refuses db4 ballot 3.4: bound
	  10.507 db4 CANDIDATE -> BACKUP: no majority within a round
	  10.507 db4 grants nobody any more
	  10.507 db4 releases ballot 3.4
expect db1 serves
switch db1 over to db3
	  11.200 db1 log: switchover to member 3 begins: checkpoint
	  11.200 db1 pg checkpoint
until db3 serves within 5 s
	  11.300 db1 gate closed inwards
	  11.300 db1 destroy
	  11.300 db1 unbind
	  11.300 db1 advert priority 0
	  11.300 db1 gate closed
	  11.300 db1 MASTER -> LEAVING: a switchover is under way
	  11.300 db1 pg stop fast
	  11.300 db1 faults: rejoining superseded
	  11.350 db1 PostgreSQL ends cleanly at 3113980 on timeline 1
	  11.350 db1 faults: pg_down superseded
	  11.438 db4 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  11.438 db4 grants db4 ballot 4.4
	  11.439 db2 refuses db4 ballot 4.4: bound
	  11.439 db3 refuses db4 ballot 4.4: bound
	  11.517 db1 LEAVING -> FAULT: PostgreSQL has stopped
	  11.517 db1 grants nobody any more
	  11.517 db1 releases ballot 1.1
	  11.518 db2 grants nobody any more
	  11.518 db3 grants nobody any more
	  11.520 db2 log: refuse member 4: switchover_target
	  11.520 db2 refuses db4 ballot 4.4: switchover_target
	  11.520 db3 log: refuse member 4: switchover_target
	  11.520 db3 refuses db4 ballot 4.4: switchover_target
	  11.524 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  11.524 db3 grants db3 ballot 5.3
	  11.525 db1 refuses db3 ballot 5.3: digest
	  11.525 db2 grants db3 ballot 5.3
	  11.525 db4 refuses db3 ballot 5.3: bound
	  11.526 db2 refuses db4 ballot 4.4: bound
	  11.526 db3 refuses db4 ballot 4.4: bound
	  11.560 db1 pg start as standby
	  11.560 db1 faults: pg_down rejoining superseded
	  11.563 db4 CANDIDATE -> BACKUP: no majority within a round
	  11.563 db4 pg detach
	  11.563 db4 grants nobody any more
	  11.563 db4 releases ballot 4.4
	  11.565 db1 PostgreSQL starts as a standby
	  11.565 db1 faults: pg_down
	  11.565 db4 grants db3 ballot 5.3
	  11.566 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	  11.566 db3 epoch 5.3
	  11.568 db3 pg promote
	  11.570 db1 faults: pg_starting
	  11.768 db3 PostgreSQL promoted to timeline 2 at 3113980
	  11.768 db3 gate open
	  11.768 db3 bind for 2 s
	  11.768 db3 announce
	  11.768 db3 PROMOTING -> MASTER: primary under the lease, address bound
	  11.768 db3 pg checkpoint
	  11.768 db3 faults: history
run 2 s
	  11.773 db3 faults: none
	  11.774 db2 pg detach
	  11.774 db4 epoch 5.3
	  11.776 db4 pg follow
	  11.784 db4 streams from member 3 at 3113980, timeline 1
	  11.784 db2 epoch 5.3
	  11.786 db4 BACKUP -> FAULT: may not be promoted any more
	  11.786 db2 pg follow
	  11.787 db4 FAULT -> BACKUP: may be promoted again
	  11.796 db2 streams from member 3 at 3113980, timeline 1
	  11.865 db1 PostgreSQL is up
	  12.010 db1 FAULT -> BACKUP: may be promoted again
	  12.010 db1 epoch 5.3
	  12.010 db1 faults: none
	  12.012 db1 pg follow
	  12.022 db1 streams from member 3 at 3113980, timeline 1
	  12.110 db2 BACKUP -> FAULT: may not be promoted any more
	  12.112 db2 FAULT -> BACKUP: may be promoted again
	  12.510 db1 BACKUP -> FAULT: may not be promoted any more
	  12.512 db1 FAULT -> BACKUP: may be promoted again
configure db1 members 4
stop db1
	  13.768 db1 BACKUP -> INIT: a clean stop was asked for
	  13.768 db1 faults: leaving
run 100 ms
	  13.770 db1 exit
	  13.770 db1 daemon has left
start db1
	  13.868 db1 daemon started
	  13.868 db1 log: config_jump: the member list differs in one member from the one in force: neither votes nor stands until a majority of those runs with this configuration
	  13.868 db1 faults: pg_down config_jump
until db1 is a standby of db3 within 10 s
run 2 s
	  13.870 db1 log: the new member list is in force: a majority of the old one runs with it
	  13.870 db1 faults: pg_down
	  13.870 db1 grants db3 ballot 5.3
	  13.873 db1 INIT -> BACKUP: started, and may be promoted
	  13.873 db1 faults: none
expect db3 serves
