# The target loses its links right after the address was closed. What was written last may not have reached it: its
# walsender ended, and it says nothing. The holder waits until it is sure that it will not, and serves again under the
# same lease, on a new timeline; the target is its standby again when it is back.
members 3
cluster up
switch db1 over to db2
	   5.000 db1 log: switchover to member 2 begins: checkpoint
	   5.000 db1 pg checkpoint
run 100 ms
	   5.100 db1 gate closed inwards
	   5.100 db1 destroy
	   5.100 db1 unbind
	   5.100 db1 advert priority 0
	   5.100 db1 gate closed
	   5.100 db1 MASTER -> LEAVING: a switchover is under way
	   5.100 db1 pg stop fast
	   5.100 db1 faults: rejoining superseded
cut db2
until db1 serves within 20 s
	   5.150 db1 PostgreSQL ends cleanly at 307c380 on timeline 1
	   5.150 db1 faults: pg_down superseded
	   7.150 db1 log: switchover failed: member 2 did not say that it has all of the WAL
	   7.150 db1 LEAVING -> PROMOTING: the switchover's target was not reached
	   7.150 db1 pg start as standby
	   7.150 db1 faults: pg_down rejoining superseded
	   7.155 db1 PostgreSQL starts as a standby
	   7.155 db1 faults: pg_down
	   7.160 db1 faults: pg_starting
	   7.455 db1 PostgreSQL is up
	   7.510 db3 streams from member 1 at 307c380, timeline 1
	   7.510 db1 faults: none
	   7.512 db1 pg promote
	   7.712 db1 PostgreSQL promoted to timeline 2 at 307c380
	   7.712 db1 gate open
	   7.712 db1 bind for 2 s
	   7.712 db1 announce
	   7.712 db1 PROMOTING -> MASTER: primary under the lease, address bound
	   7.712 db1 pg checkpoint
	   7.712 db1 faults: history
run 1 s
	   7.714 db3 streams from member 1 at 307c380, timeline 1
	   7.717 db1 faults: none
	   8.010 db3 BACKUP -> FAULT: may not be promoted any more
	   8.012 db3 FAULT -> BACKUP: may be promoted again
mend
until db2 is a standby of db1 within 20 s
run 1 s
	   8.719 db2 streams from member 1 at 307c0c0, timeline 1
	   9.010 db2 BACKUP -> FAULT: may not be promoted any more
	   9.012 db2 FAULT -> BACKUP: may be promoted again
