# Three data members that have never run vipd: db1's PostgreSQL is primary, db2's and db3's stream from it. The daemons
# start at one instant. The running primary is elected as it is; nothing is promoted, nobody's WAL receiver is touched.
members 3
start all
	   0.000 db1 daemon started
	   0.000 db2 daemon started
	   0.000 db3 daemon started
	   0.000 db1 faults: pg_down
	   0.000 db2 faults: pg_down
	   0.000 db3 faults: pg_down
until db1 serves within 15 s
	   0.005 db2 streams from member 1 at 3000000, timeline 1
	   0.005 db3 streams from member 1 at 3000000, timeline 1
	   0.005 db1 INIT -> FAULT: started, and may not be promoted yet
	   0.005 db1 faults: history
	   0.005 db2 INIT -> FAULT: started, and may not be promoted yet
	   0.005 db2 faults: history
	   0.005 db3 INIT -> FAULT: started, and may not be promoted yet
	   0.005 db3 faults: history
	   0.010 db1 FAULT -> BACKUP: may be promoted again
	   0.010 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   0.010 db1 grants db1 ballot 1.1
	   0.010 db1 faults: none
	   0.010 db2 FAULT -> BACKUP: may be promoted again
	   0.010 db2 faults: none
	   0.010 db3 FAULT -> BACKUP: may be promoted again
	   0.010 db3 faults: none
	   0.011 db2 grants db1 ballot 1.1
	   0.011 db3 grants db1 ballot 1.1
	   0.012 db1 CANDIDATE -> PROMOTING: a majority has granted the lease
	   0.012 db1 epoch 1.1
	   0.014 db1 gate open
	   0.014 db1 bind for 2 s
	   0.014 db1 announce
	   0.014 db1 PROMOTING -> MASTER: primary under the lease, address bound
	   0.014 db1 pg checkpoint
run 2 s
	   0.015 db2 epoch 1.1
	   0.015 db3 epoch 1.1
expect db1 serves
expect db2 is a standby of db1
expect db3 is a standby of db1
