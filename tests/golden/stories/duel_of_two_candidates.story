# Five members, two of them witnesses. db1 dies; db2 and db3 do not hear each other, so that neither yields, and both
# stand at one instant. The witnesses have one vote each: one candidate gets a majority, the other gives up its round.
members 5 witnesses 2
cluster up
cut db2 from db3
power off db1
	   5.000 db1 daemon killed
	   5.000 db1 host off
	   5.000 db1 PostgreSQL ends at 3079bb6 on timeline 1
run 3 s
	   5.772 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.772 db2 grants db2 ballot 2.2
	   5.772 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.772 db3 grants db3 ballot 2.3
	   5.773 w4  grants db2 ballot 2.2
	   5.773 w5  grants db2 ballot 2.2
	   5.773 w4  refuses db3 ballot 2.3: bound
	   5.773 w5  refuses db3 ballot 2.3: bound
	   5.774 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.774 db2 epoch 2.2
	   5.776 db2 pg promote
	   5.897 db3 CANDIDATE -> BACKUP: no majority within a round
	   5.897 db3 grants nobody any more
	   5.897 db3 releases ballot 2.3
	   5.976 db2 PostgreSQL promoted to timeline 2 at 3079980
	   5.976 db2 gate open
	   5.976 db2 bind for 2 s
	   5.976 db2 announce
	   5.976 db2 PROMOTING -> MASTER: primary under the lease, address bound
	   5.976 db2 pg checkpoint
	   5.976 db2 faults: history
	   5.981 db2 faults: none
	   6.927 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.927 db3 grants db3 ballot 3.3
	   6.928 w4  refuses db3 ballot 3.3: bound
	   6.928 w5  refuses db3 ballot 3.3: bound
	   7.052 db3 CANDIDATE -> BACKUP: no majority within a round
	   7.052 db3 grants nobody any more
	   7.052 db3 releases ballot 3.3
	   7.887 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   7.887 db3 grants db3 ballot 4.3
	   7.888 w4  refuses db3 ballot 4.3: bound
	   7.888 w5  refuses db3 ballot 4.3: bound
mend
run 10 s
	   8.012 db3 CANDIDATE -> BACKUP: no majority within a round
	   8.012 db3 grants nobody any more
	   8.012 db3 releases ballot 4.3
	   8.233 db3 pg detach
	   8.233 db3 grants db2 ballot 2.2
	   9.233 db3 epoch 2.2
	   9.235 db3 pg follow
	   9.245 db3 streams from member 2 at 3079980, timeline 1
	   9.510 db3 BACKUP -> FAULT: may not be promoted any more
	   9.512 db3 FAULT -> BACKUP: may be promoted again
