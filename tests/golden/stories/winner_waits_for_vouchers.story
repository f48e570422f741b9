# durability = quorum, three data members, k = 1: two must vouch. The holder loses power. db3 has the lease at once; it
# is promoted when db2, whose receiver has gone and whose promise is on its disk, has vouched for it. Its gate opens when
# its names are in force and a commit of its own was seen to wait; db2 counts when it has taken db3's epoch over.
members 3
set durability=1
cluster up
power off db1
	   5.000 db1 daemon killed
	   5.000 db1 host off
	   5.000 db1 PostgreSQL ends at 30796af on timeline 1
until db3 serves within 5 s
	   5.803 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.803 db3 grants db3 ballot 2.3
	   5.804 db2 grants db3 ballot 2.3
	   5.805 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.805 db3 pg detach
	   5.806 db2 pg detach
	   5.815 db3 pg sync names k 1 set 0x0
	   5.820 db3 synchronous_standby_names = ANY 1 (0x0)
	   5.866 db2 log: vouch for member 3, ballot 2, at 0/3079480
	   5.867 db3 epoch 2.3
	   5.869 db3 pg promote
	   6.069 db3 PostgreSQL promoted to timeline 2 at 3079480
	   6.069 db3 pg drop senders k 1 set 0x0
	   6.069 db3 faults: history
	   6.074 db3 faults: none
	   6.079 db3 gate open
	   6.079 db3 bind for 2 s
	   6.079 db3 announce
	   6.079 db3 PROMOTING -> MASTER: primary under the lease, address bound
	   6.079 db3 pg checkpoint
until db2 is a standby of db3 within 5 s
	   6.080 db2 epoch 2.3
	   6.081 db3 pg sync names k 1 set 0x2
	   6.082 db2 pg follow
	   6.086 db3 synchronous_standby_names = ANY 1 (0x2)
	   6.088 db2 streams from member 3 at 3079480, timeline 1
run 2 s
	   6.091 db3 begins to acknowledge on timeline 2, at 3079780
	   6.092 db2 BACKUP -> FAULT: may not be promoted any more
	   6.094 db2 FAULT -> BACKUP: may be promoted again
boot db1
	   8.088 db1 host up
	   8.088 db1 PostgreSQL starts as a primary
	   8.088 db1 daemon started
	   8.088 db1 faults: pg_down
until db1 is a standby of db3 within 20 s
	   8.090 db1 refuses db3 ballot 2.3: silent
	   8.093 db1 INIT -> FAULT: started, and may not be promoted yet
	   8.093 db1 faults: pg_starting
	   8.388 db1 PostgreSQL is up
	   8.598 db1 FAULT -> BACKUP: may be promoted again
	   8.598 db1 pg stop immediate
	   8.598 db1 faults: rejoining superseded
	   8.648 db1 PostgreSQL ends at 30797b1 on timeline 1
	   8.648 db1 BACKUP -> FAULT: may not be promoted any more
	   8.648 db1 faults: pg_down superseded
	   8.698 db1 pg start as standby
	   8.698 db1 faults: pg_down rejoining superseded
	   8.704 db1 PostgreSQL starts as a standby
	   8.704 db1 faults: pg_down
	   8.709 db1 faults: pg_starting
	   9.004 db1 PostgreSQL is up
	   9.093 db1 grants db3 ballot 2.3
	   9.098 db1 FAULT -> BACKUP: may be promoted again
	   9.098 db1 log: history has diverged from the holder's (member 3): must be rewound or cloned
	   9.098 db1 faults: diverged
	   9.100 db1 BACKUP -> FAULT: may not be promoted any more
	   9.102 db1 pg rewind
	   9.102 db1 PostgreSQL ends cleanly at 30797b1 on timeline 1
	   9.102 db1 faults: pg_down diverged rejoining
	  10.102 db1 PostgreSQL starts as a standby
	  10.102 db1 epoch 2.3
	  10.102 db1 faults: pg_down
	  10.103 db3 pg sync names k 1 set 0x3
	  10.107 db1 faults: pg_starting
	  10.108 db3 synchronous_standby_names = ANY 1 (0x3)
	  10.402 db1 PostgreSQL is up
	  10.510 db1 streams from member 3 at 30db886, timeline 2
run 2 s
	  10.598 db1 faults: none
	  10.600 db1 FAULT -> BACKUP: may be promoted again
