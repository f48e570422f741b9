# B6. db2's daemon dies and its state file cannot be read. It may have granted up to restart_grace: it grants nothing for
# that long. db1 goes on with db3's grant; when db3's daemon dies too, nobody is elected before the silence is over.
members 3
set restart_grace_us=4000000
cluster up
lose file db2
	   5.000 db2 daemon killed
run 100 ms
start db2
	   5.100 db2 daemon started
	   5.100 db2 epoch none
	   5.100 db2 faults: pg_down
run 2 s
	   5.102 db2 refuses db1 ballot 1.1: silent
	   5.105 db2 INIT -> FAULT: started, and may not be promoted yet
	   5.105 db2 faults: history
	   5.110 db2 FAULT -> BACKUP: may be promoted again
	   5.110 db2 faults: none
kill db3
	   7.100 db3 daemon killed
run 1500 ms
	   7.754 db1 gate closed
	   7.754 db1 unbind
	   7.754 db1 destroy
	   7.754 db1 MASTER -> FAULT: the lease was not renewed in time
	   7.754 db1 pg stop immediate
	   7.754 db1 faults: rejoining superseded
	   7.786 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   7.787 db1 refuses db2 ballot 2.2: bound
	   7.804 db1 PostgreSQL ends at 30b97ff on timeline 1
	   7.804 db1 grants nobody any more
	   7.804 db1 releases ballot 1.1
	   7.804 db1 faults: pg_down superseded
	   7.806 db1 grants db2 ballot 2.2
	   7.854 db1 pg start as standby
	   7.854 db1 faults: pg_down rejoining superseded
	   7.859 db1 PostgreSQL starts as a standby
	   7.859 db1 faults: pg_down
	   7.864 db1 faults: pg_starting
	   7.911 db2 CANDIDATE -> BACKUP: no majority within a round
	   7.911 db2 releases ballot 2.2
	   7.912 db1 grants nobody any more
	   8.159 db1 PostgreSQL is up
	   8.510 db2 streams from member 1 at 30b95c0, timeline 1
	   8.510 db3 streams from member 1 at 30b95c0, timeline 1
	   8.510 db1 FAULT -> BACKUP: may be promoted again
	   8.510 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   8.510 db1 grants db1 ballot 3.1
	   8.510 db1 faults: none
	   8.511 db2 refuses db1 ballot 3.1: silent
expect nobody serves
run 4 s
	   8.635 db1 CANDIDATE -> BACKUP: no majority within a round
	   8.635 db1 grants nobody any more
	   8.635 db1 releases ballot 3.1
	   8.746 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   8.747 db1 grants db2 ballot 4.2
	   8.871 db2 CANDIDATE -> BACKUP: no majority within a round
	   8.871 db2 releases ballot 4.2
	   8.872 db1 grants nobody any more
	   8.908 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   8.909 db1 grants db2 ballot 5.2
	   9.033 db2 CANDIDATE -> BACKUP: no majority within a round
	   9.033 db2 releases ballot 5.2
	   9.034 db1 grants nobody any more
	   9.075 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   9.076 db1 grants db2 ballot 6.2
	   9.200 db2 CANDIDATE -> BACKUP: no majority within a round
	   9.200 db2 releases ballot 6.2
	   9.201 db1 grants nobody any more
	   9.234 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   9.234 db2 grants db2 ballot 7.2
	   9.235 db1 grants db2 ballot 7.2
	   9.236 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	   9.236 db2 epoch 7.2
	   9.238 db2 pg promote
	   9.438 db2 PostgreSQL promoted to timeline 2 at 30b97c0
	   9.438 db2 gate open
	   9.438 db2 bind for 2 s
	   9.438 db2 announce
	   9.438 db2 PROMOTING -> MASTER: primary under the lease, address bound
	   9.438 db2 pg checkpoint
	   9.438 db2 faults: history
	   9.443 db2 faults: none
	   9.444 db1 epoch 7.2
	   9.446 db1 pg follow
	   9.456 db1 streams from member 2 at 30b97ff, timeline 1
	   9.510 db1 BACKUP -> FAULT: may not be promoted any more
	   9.512 db1 FAULT -> BACKUP: may be promoted again
expect db2 serves
