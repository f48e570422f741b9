# D2. db1 dies. At the moment of the election db3, the best, loses both witnesses: it gets two of five votes. It does not
# bind db2 for ever: its round ends, it releases, and db2 is elected by those that it hears.
members 5 witnesses 2
cluster up
power off db1
	   5.000 db1 daemon killed
	   5.000 db1 host off
	   5.000 db1 PostgreSQL ends
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
	   5.929 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.929 db3 grants db3 ballot 3.3
	   5.930 db2 grants db3 ballot 3.3
	   6.054 db3 CANDIDATE -> BACKUP: no majority within a round
	   6.054 db3 grants nobody any more
	   6.054 db3 releases ballot 3.3
	   6.055 db2 grants nobody any more
	   6.080 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.080 db3 grants db3 ballot 4.3
	   6.081 db2 grants db3 ballot 4.3
	   6.205 db3 CANDIDATE -> BACKUP: no majority within a round
	   6.205 db3 grants nobody any more
	   6.205 db3 releases ballot 4.3
	   6.206 db2 grants nobody any more
	   6.237 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.237 db3 grants db3 ballot 5.3
	   6.238 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.238 db2 grants db2 ballot 5.2
	   6.238 db2 CANDIDATE -> BACKUP: a better candidate stands
	   6.238 db2 grants db3 ballot 5.3
	   6.238 db2 releases ballot 5.2
	   6.239 db3 refuses db2 ballot 5.2: bound
	   6.239 w4  grants db2 ballot 5.2
	   6.239 w5  grants db2 ballot 5.2
	   6.239 w4  grants nobody any more
	   6.239 w5  grants nobody any more
	   6.362 db3 CANDIDATE -> BACKUP: no majority within a round
	   6.362 db3 grants nobody any more
	   6.362 db3 releases ballot 5.3
	   6.363 db2 grants nobody any more
	   6.394 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.394 db2 grants db2 ballot 6.2
	   6.395 db3 grants db2 ballot 6.2
	   6.395 w4  grants db2 ballot 6.2
	   6.395 w5  grants db2 ballot 6.2
	   6.396 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	   6.396 db2 epoch 6.2
	   6.398 db2 pg promote
	   6.598 db2 PostgreSQL promoted to timeline 2
	   6.598 db2 gate open
	   6.598 db2 bind for 2 s
	   6.598 db2 announce
	   6.598 db2 PROMOTING -> MASTER: primary under the lease, address bound
	   6.598 db2 pg checkpoint
	   6.598 db2 faults: history
until db3 is a standby of db2 within 5 s
	   6.603 db2 faults: none
	   6.604 db3 epoch 6.2
	   6.606 db3 pg follow
run 2 s
	   6.616 db3 BACKUP -> FAULT: may not be promoted any more
	   6.618 db3 FAULT -> BACKUP: may be promoted again
expect db2 serves
