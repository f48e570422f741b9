# Somebody writes two more members into the configuration of three, and restarts the daemons one after the other. The
# majorities of three and of five need not meet: who has jumped neither votes nor stands. The holder loses its lease,
# nobody takes over, and all of them having jumped changes nothing: until an operator says of each that the old list is
# used by nobody any more [B9].
members 5
set boot_wait_us=2000000
configure db1 db2 db3 members 3
cluster up
configure db2 members 5
stop db2
	   5.000 db2 BACKUP -> INIT: a clean stop was asked for
	   5.000 db2 faults: leaving
run 100 ms
	   5.002 db2 exit
	   5.002 db2 daemon has left
start db2
	   5.100 db2 daemon started
	   5.100 db2 log: config_jump: the member list differs in more than one member from the one in force: neither votes nor stands until vipctl accept-members
	   5.100 db2 grants db1 ballot 1.1
	   5.100 db2 faults: pg_down config_jump
run 2 s
	   5.105 db2 INIT -> FAULT: started, and may not be promoted yet
	   5.105 db2 faults: config_jump
expect db1 serves
configure db3 members 5
stop db3
	   7.100 db3 BACKUP -> INIT: a clean stop was asked for
	   7.100 db3 faults: leaving
run 100 ms
	   7.102 db3 exit
	   7.102 db3 daemon has left
start db3
	   7.200 db3 daemon started
	   7.200 db3 log: config_jump: the member list differs in more than one member from the one in force: neither votes nor stands until vipctl accept-members
	   7.200 db3 grants db1 ballot 1.1
	   7.200 db3 faults: pg_down config_jump
run 2 s
	   7.205 db3 INIT -> FAULT: started, and may not be promoted yet
	   7.205 db3 faults: config_jump
	   7.754 db1 gate closed
	   7.754 db1 unbind
	   7.754 db1 destroy
	   7.754 db1 MASTER -> FAULT: the lease was not renewed in time
	   7.754 db1 pg stop immediate
	   7.754 db1 faults: rejoining superseded
	   7.804 db1 PostgreSQL ends at 30bbeab on timeline 1
	   7.804 db1 grants nobody any more
	   7.804 db1 releases ballot 1.1
	   7.804 db1 faults: pg_down superseded
	   7.805 db2 grants nobody any more
	   7.805 db3 grants nobody any more
	   7.854 db1 pg start as standby
	   7.854 db1 faults: pg_down rejoining superseded
	   7.859 db1 PostgreSQL starts as a standby
	   7.859 db1 faults: pg_down
	   7.864 db1 faults: pg_starting
	   8.159 db1 PostgreSQL is up
	   8.210 db2 streams from member 1 at 30bbc80, timeline 1
	   8.210 db3 streams from member 1 at 30bbc80, timeline 1
	   8.210 db4 streams from member 1 at 30bbc80, timeline 1
	   8.210 db5 streams from member 1 at 30bbc80, timeline 1
	   8.510 db1 FAULT -> BACKUP: may be promoted again
	   8.510 db1 faults: none
expect nobody serves
configure db1 members 5
stop db1
	   9.200 db1 BACKUP -> INIT: a clean stop was asked for
	   9.200 db1 faults: leaving
run 1 s
	   9.202 db1 exit
	   9.202 db1 daemon has left
start db1
	  10.200 db1 daemon started
	  10.200 db1 log: config_jump: the member list differs in more than one member from the one in force: neither votes nor stands until vipctl accept-members
	  10.200 db1 faults: pg_down config_jump
run 5 s
	  10.205 db1 INIT -> FAULT: started, and may not be promoted yet
	  10.205 db1 faults: config_jump
expect nobody serves
accept members db1
	  15.200 db1 log: the configured member list is in force: accepted by an operator
	  15.200 db1 FAULT -> BACKUP: may be promoted again
	  15.200 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  15.200 db1 grants db1 ballot 2.1
	  15.200 db1 faults: none
accept members db2
	  15.200 db2 log: the configured member list is in force: accepted by an operator
	  15.200 db2 FAULT -> BACKUP: may be promoted again
	  15.200 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  15.200 db2 grants db2 ballot 2.2
	  15.200 db2 faults: none
accept members db3
	  15.200 db3 log: the configured member list is in force: accepted by an operator
	  15.200 db3 FAULT -> BACKUP: may be promoted again
	  15.200 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  15.200 db3 grants db3 ballot 2.3
	  15.200 db3 faults: none
until db1 serves within 10 s
	  15.201 db2 refuses db1 ballot 2.1: bound
	  15.201 db3 refuses db1 ballot 2.1: bound
	  15.201 db1 CANDIDATE -> BACKUP: a better candidate stands
	  15.201 db1 grants db2 ballot 2.2
	  15.201 db1 releases ballot 2.1
	  15.201 db3 refuses db2 ballot 2.2: bound
	  15.201 db1 refuses db3 ballot 2.3: bound
	  15.201 db2 refuses db3 ballot 2.3: bound
	  15.325 db3 CANDIDATE -> BACKUP: no majority within a round
	  15.325 db3 grants nobody any more
	  15.325 db3 releases ballot 2.3
	  15.325 db2 CANDIDATE -> BACKUP: no majority within a round
	  15.325 db2 grants nobody any more
	  15.325 db2 releases ballot 2.2
	  15.326 db1 grants nobody any more
	  15.389 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  15.389 db1 grants db1 ballot 3.1
	  15.390 db2 grants db1 ballot 3.1
	  15.390 db3 grants db1 ballot 3.1
	  15.391 db1 CANDIDATE -> PROMOTING: a majority has granted the lease
	  15.391 db1 epoch 3.1
	  15.393 db1 pg promote
	  15.593 db1 PostgreSQL promoted to timeline 2 at 30bbe80
	  15.593 db1 gate open
	  15.593 db1 bind for 2 s
	  15.593 db1 announce
	  15.593 db1 PROMOTING -> MASTER: primary under the lease, address bound
	  15.593 db1 pg checkpoint
	  15.593 db1 faults: history
run 1 s
	  15.595 db2 streams from member 1 at 30bbe80, timeline 1
	  15.595 db3 streams from member 1 at 30bbe80, timeline 1
	  15.595 db4 streams from member 1 at 30bbe80, timeline 1
	  15.595 db5 streams from member 1 at 30bbe80, timeline 1
	  15.598 db1 faults: none
	  15.599 db2 epoch 3.1
	  15.599 db3 epoch 3.1
	  15.610 db2 BACKUP -> FAULT: may not be promoted any more
	  15.612 db2 FAULT -> BACKUP: may be promoted again
	  15.710 db3 BACKUP -> FAULT: may not be promoted any more
	  15.712 db3 FAULT -> BACKUP: may be promoted again
