# Two data members and a witness. The two data members are cut off from each other; the witness hears both. It is bound
# to db1 and renews it; db2 is refused for as long. Then the witness loses db1 too, and db2 is elected.
members 3 witnesses 1
cluster up
cut db1 from db2
run 4 s
	   5.772 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.772 db2 grants db2 ballot 2.2
	   5.773 w3  refuses db2 ballot 2.2: bound
	   5.897 db2 CANDIDATE -> BACKUP: no majority within a round
	   5.897 db2 grants nobody any more
	   5.897 db2 releases ballot 2.2
	   6.930 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.930 db2 grants db2 ballot 3.2
	   6.931 w3  refuses db2 ballot 3.2: bound
	   7.055 db2 CANDIDATE -> BACKUP: no majority within a round
	   7.055 db2 grants nobody any more
	   7.055 db2 releases ballot 3.2
	   7.934 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   7.934 db2 grants db2 ballot 4.2
	   7.935 w3  refuses db2 ballot 4.2: bound
	   8.059 db2 CANDIDATE -> BACKUP: no majority within a round
	   8.059 db2 grants nobody any more
	   8.059 db2 releases ballot 4.2
	   8.914 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   8.914 db2 grants db2 ballot 5.2
	   8.915 w3  refuses db2 ballot 5.2: bound
expect db1 serves
cut db1 from w3
until nobody serves within 1 s
	   9.039 db2 CANDIDATE -> BACKUP: no majority within a round
	   9.039 db2 grants nobody any more
	   9.039 db2 releases ballot 5.2
	   9.668 db1 gate closed
	   9.668 db1 unbind
	   9.668 db1 destroy
	   9.668 db1 MASTER -> FAULT: the lease was not renewed in time
	   9.668 db1 pg stop immediate
	   9.668 db1 faults: rejoining superseded
until db2 serves within 4 s
	   9.718 db1 PostgreSQL ends at 30e7e3d on timeline 1
	   9.718 db1 grants nobody any more
	   9.718 db1 releases ballot 1.1
	   9.718 db1 faults: pg_down superseded
	   9.768 db1 pg start as standby
	   9.768 db1 faults: pg_down rejoining superseded
	   9.773 db1 PostgreSQL starts as a standby
	   9.773 db1 faults: pg_down
	   9.778 db1 faults: pg_starting
	   9.914 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   9.914 db2 grants db2 ballot 6.2
	   9.915 w3  grants db2 ballot 6.2
	   9.916 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	   9.916 db2 epoch 6.2
	   9.918 db2 pg promote
	  10.073 db1 PostgreSQL is up
	  10.118 db2 PostgreSQL promoted to timeline 2 at 3079980
	  10.118 db2 gate open
	  10.118 db2 bind for 2 s
	  10.118 db2 announce
	  10.118 db2 PROMOTING -> MASTER: primary under the lease, address bound
	  10.118 db2 pg checkpoint
	  10.118 db2 faults: history
mend
until db1 is a standby of db2 within 20 s
	  10.123 db2 faults: none
	  10.374 db1 grants db2 ballot 6.2
	  10.510 db1 FAULT -> BACKUP: may be promoted again
	  10.510 db1 log: history has diverged from the holder's (member 2): must be rewound or cloned
	  10.510 db1 faults: diverged
	  10.512 db1 BACKUP -> FAULT: may not be promoted any more
	  10.514 db1 pg rewind
	  10.514 db1 PostgreSQL ends cleanly at 30e7e3d on timeline 1
	  10.514 db1 faults: pg_down diverged rejoining
	  11.514 db1 PostgreSQL starts as a standby
	  11.514 db1 epoch 6.2
	  11.514 db1 faults: pg_down
	  11.519 db1 faults: pg_starting
	  11.814 db1 PostgreSQL is up
	  11.875 db1 streams from member 2 at 309bb7b, timeline 2
run 1 s
	  12.010 db1 faults: none
	  12.012 db1 FAULT -> BACKUP: may be promoted again
expect db2 serves
