# Everything loses power and comes back at one instant. db1's PostgreSQL is started as the primary that it was, and is
# elected as it is, after the silence of the voters. Nothing is promoted.
members 3
cluster up
power off all
	   5.000 db1 daemon killed
	   5.000 db1 host off
	   5.000 db1 PostgreSQL ends at 3079bb6 on timeline 1
	   5.000 db2 daemon killed
	   5.000 db2 host off
	   5.000 db2 PostgreSQL ends at 3079980 on timeline 1
	   5.000 db3 daemon killed
	   5.000 db3 host off
	   5.000 db3 PostgreSQL ends at 3079980 on timeline 1
run 1 s
boot all
	   6.000 db1 host up
	   6.000 db1 PostgreSQL starts as a primary
	   6.000 db1 daemon started
	   6.000 db2 host up
	   6.000 db2 PostgreSQL starts as a standby
	   6.000 db2 daemon started
	   6.000 db3 host up
	   6.000 db3 PostgreSQL starts as a standby
	   6.000 db3 daemon started
	   6.000 db1 faults: pg_down
	   6.000 db2 faults: pg_down
	   6.000 db3 faults: pg_down
until db1 serves within 30 s
	   6.005 db1 INIT -> FAULT: started, and may not be promoted yet
	   6.005 db1 faults: pg_starting
	   6.005 db2 INIT -> FAULT: started, and may not be promoted yet
	   6.005 db2 faults: pg_starting
	   6.005 db3 INIT -> FAULT: started, and may not be promoted yet
	   6.005 db3 faults: pg_starting
	   6.300 db1 PostgreSQL is up
	   6.300 db2 PostgreSQL is up
	   6.300 db3 PostgreSQL is up
	   6.510 db2 streams from member 1 at 3079980, timeline 1
	   6.510 db3 streams from member 1 at 3079980, timeline 1
	   6.510 db1 FAULT -> BACKUP: may be promoted again
	   6.510 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.510 db1 faults: none
	   6.510 db2 FAULT -> BACKUP: may be promoted again
	   6.510 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.510 db2 faults: none
	   6.510 db3 FAULT -> BACKUP: may be promoted again
	   6.510 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.510 db3 faults: none
	   6.511 db2 CANDIDATE -> BACKUP: a better candidate stands
	   6.511 db2 refuses db1 ballot 2.1: silent
	   6.511 db2 releases ballot 2.2
	   6.511 db3 CANDIDATE -> BACKUP: a better candidate stands
	   6.511 db3 refuses db1 ballot 2.1: silent
	   6.511 db3 releases ballot 2.3
	   6.511 db1 refuses db2 ballot 2.2: silent
	   6.511 db3 refuses db2 ballot 2.2: silent
	   6.511 db1 refuses db3 ballot 2.3: silent
	   6.511 db2 refuses db3 ballot 2.3: silent
	   6.512 db2 refuses db1 ballot 2.1: silent
	   6.512 db3 refuses db1 ballot 2.1: silent
	   6.635 db1 CANDIDATE -> BACKUP: no majority within a round
	   6.635 db1 releases ballot 2.1
	   7.141 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   7.141 db1 grants db1 ballot 3.1
	   7.142 db2 grants db1 ballot 3.1
	   7.142 db3 grants db1 ballot 3.1
	   7.143 db1 CANDIDATE -> PROMOTING: a majority has granted the lease
	   7.143 db1 epoch 3.1
	   7.145 db1 gate open
	   7.145 db1 bind for 2 s
	   7.145 db1 announce
	   7.145 db1 PROMOTING -> MASTER: primary under the lease, address bound
	   7.145 db1 pg checkpoint
run 12 s
	   7.146 db2 epoch 3.1
	   7.146 db3 epoch 3.1
expect db1 serves
