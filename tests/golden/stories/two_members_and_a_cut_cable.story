# quorum = none. The cable between two members is cut: db2 cannot tell it from a dead db1 and takes over; both serve.
# Mended, the higher ballot stays. The other lets go and puts its tail, which was served, aside: it never just streams.
members 2
set quorum_none=1
cluster up
cut db1
until db2 serves within 3 s
	   5.772 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.772 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.772 db2 grants db2 ballot 2.2
	   5.772 db2 epoch 2.2
	   5.774 db2 pg promote
	   5.974 db2 PostgreSQL promoted to timeline 2 at 3079980
	   5.974 db2 gate open
	   5.974 db2 bind for 2 s
	   5.974 db2 announce
	   5.974 db2 PROMOTING -> MASTER: primary under the lease, address bound
	   5.974 db2 pg checkpoint
	   5.974 db2 faults: history
expect db1 serves
run 3 s
	   5.979 db2 faults: none
mend
until db1 is a standby of db2 within 20 s
	   9.019 db2 refuses db1 ballot 1.1: holder
	   9.020 db1 gate closed inwards
	   9.020 db1 destroy
	   9.020 db1 unbind
	   9.020 db1 advert priority 0
	   9.020 db1 gate closed
	   9.020 db1 MASTER -> LEAVING: another holder has a higher ballot
	   9.020 db1 pg stop immediate
	   9.020 db1 refuses db2 ballot 2.2: holder
	   9.020 db1 faults: diverged rejoining superseded
	   9.070 db1 PostgreSQL ends at 30dbe10 on timeline 1
	   9.070 db1 LEAVING -> FAULT: PostgreSQL is gone
	   9.070 db1 grants nobody any more
	   9.070 db1 releases ballot 1.1
	   9.070 db1 faults: pg_down diverged superseded
	   9.120 db1 pg start as standby
	   9.120 db1 faults: pg_down diverged rejoining superseded
	   9.125 db1 PostgreSQL starts as a standby
	   9.125 db1 faults: pg_down diverged
	   9.130 db1 faults: pg_starting diverged
	   9.270 db1 grants db2 ballot 2.2
	   9.425 db1 PostgreSQL is up
	   9.510 db1 faults: diverged
	   9.512 db1 pg rewind
	   9.512 db1 PostgreSQL ends cleanly at 30dbe10 on timeline 1
	   9.512 db1 faults: pg_down diverged rejoining
	  10.512 db1 PostgreSQL starts as a standby
	  10.512 db1 epoch 2.2
	  10.512 db1 faults: pg_down
	  10.517 db1 faults: pg_starting
	  10.812 db1 PostgreSQL is up
	  11.010 db1 streams from member 2 at 30e86a8, timeline 2
	  11.010 db1 faults: none
run 2 s
	  11.012 db1 FAULT -> BACKUP: may be promoted again
expect db2 serves
