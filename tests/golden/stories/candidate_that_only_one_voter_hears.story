# D2. db1 dies. At the moment of the election db3, the best, loses both witnesses: it gets two of five votes. It does not
# bind db2 for ever: its round ends, it releases, and db2 is elected by those that it hears.
members 5 witnesses 2
cluster up
power off db1
	   5.000 db1 daemon killed
	   5.000 db1 host off
	   5.000 db1 PostgreSQL ends at 3079bb6 on timeline 1
run 700 ms
cut db3 from w4 w5
until db2 serves within 5 s
	   5.773 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.773 db3 grants db3 ballot 2.3
	   5.774 db2 grants db3 ballot 2.3
	   5.898 db3 CANDIDATE -> BACKUP: no majority within a round
	   5.898 db3 grants nobody any more
	   5.898 db3 releases ballot 2.3
	   5.899 db2 grants nobody any more
	   5.928 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.928 db3 grants db3 ballot 3.3
	   5.929 db2 grants db3 ballot 3.3
	   6.053 db3 CANDIDATE -> BACKUP: no majority within a round
	   6.053 db3 grants nobody any more
	   6.053 db3 releases ballot 3.3
	   6.054 db2 grants nobody any more
	   6.083 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.083 db3 grants db3 ballot 4.3
	   6.084 db2 grants db3 ballot 4.3
	   6.208 db3 CANDIDATE -> BACKUP: no majority within a round
	   6.208 db3 grants nobody any more
	   6.208 db3 releases ballot 4.3
	   6.209 db2 grants nobody any more
	   6.235 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.235 db3 grants db3 ballot 5.3
	   6.236 db2 grants db3 ballot 5.3
	   6.360 db3 CANDIDATE -> BACKUP: no majority within a round
	   6.360 db3 grants nobody any more
	   6.360 db3 releases ballot 5.3
	   6.361 db2 grants nobody any more
	   6.392 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.392 db3 grants db3 ballot 6.3
	   6.392 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.392 db2 grants db2 ballot 6.2
	   6.393 db2 CANDIDATE -> BACKUP: a better candidate stands
	   6.393 db2 grants db3 ballot 6.3
	   6.393 db2 releases ballot 6.2
	   6.393 db3 refuses db2 ballot 6.2: bound
	   6.393 w4  grants db2 ballot 6.2
	   6.393 w5  grants db2 ballot 6.2
	   6.394 w4  grants nobody any more
	   6.394 w5  grants nobody any more
	   6.517 db3 CANDIDATE -> BACKUP: no majority within a round
	   6.517 db3 grants nobody any more
	   6.517 db3 releases ballot 6.3
	   6.518 db2 grants nobody any more
	   6.549 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.549 db2 grants db2 ballot 7.2
	   6.550 db3 grants db2 ballot 7.2
	   6.550 w4  grants db2 ballot 7.2
	   6.550 w5  grants db2 ballot 7.2
	   6.551 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	   6.551 db2 epoch 7.2
	   6.553 db2 pg promote
	   6.753 db2 PostgreSQL promoted to timeline 2 at 3079980
	   6.753 db2 gate open
	   6.753 db2 bind for 2 s
	   6.753 db2 announce
	   6.753 db2 PROMOTING -> MASTER: primary under the lease, address bound
	   6.753 db2 pg checkpoint
	   6.753 db2 faults: history
until db3 is a standby of db2 within 5 s
	   6.758 db2 faults: none
	   6.759 db3 pg detach
	   7.759 db3 epoch 7.2
	   7.761 db3 pg follow
	   7.771 db3 streams from member 2 at 3079980, timeline 1
run 2 s
	   8.010 db3 BACKUP -> FAULT: may not be promoted any more
	   8.012 db3 FAULT -> BACKUP: may be promoted again
expect db2 serves
