# durability = quorum. The target loses its links when the address is closed already. The holder serves again under the
# same lease: nobody is named before it is promoted, a commit is seen to wait before its gate opens, and then db3, which
# has its epoch, is named.
members 3
set durability=1
cluster up
run 2 s
switch db1 over to db2
	   7.000 db1 log: switchover to member 2 begins: checkpoint
	   7.000 db1 pg checkpoint
run 110 ms
	   7.100 db1 gate closed inwards
	   7.100 db1 destroy
	   7.100 db1 unbind
	   7.100 db1 advert priority 0
	   7.100 db1 gate closed
	   7.100 db1 MASTER -> LEAVING: a switchover is under way
	   7.100 db1 pg stop fast
	   7.100 db1 faults: rejoining superseded
cut db2
until db1 serves within 10 s
	   7.150 db1 PostgreSQL ends cleanly at 30acbc0 on timeline 1
	   7.150 db1 faults: pg_down superseded
	   9.150 db1 log: switchover failed: member 2 did not say that it has all of the WAL
	   9.150 db1 LEAVING -> PROMOTING: the switchover's target was not reached
	   9.150 db1 pg start as standby
	   9.150 db1 faults: pg_down rejoining superseded
	   9.155 db1 PostgreSQL starts as a standby
	   9.155 db1 faults: pg_down
	   9.160 db1 faults: pg_starting
	   9.455 db1 PostgreSQL is up
	   9.510 db3 streams from member 1 at 30acbc0, timeline 1
	   9.510 db1 faults: none
	   9.511 db1 pg sync names k 1 set 0x0
	   9.516 db1 synchronous_standby_names = ANY 1 (0x0)
	   9.516 db1 pg promote
	   9.716 db1 PostgreSQL promoted to timeline 2 at 30acbc0
	   9.716 db1 pg drop senders k 1 set 0x4
	   9.716 db1 faults: history
	   9.721 db3 streams from member 1 at 30acbc0, timeline 1
	   9.721 db1 faults: none
	   9.726 db1 gate open
	   9.726 db1 bind for 2 s
	   9.726 db1 announce
	   9.726 db1 PROMOTING -> MASTER: primary under the lease, address bound
	   9.726 db1 pg checkpoint
	   9.726 db1 pg sync names k 1 set 0x4
run 3 s
	   9.731 db1 synchronous_standby_names = ANY 1 (0x4)
	   9.741 db1 begins to acknowledge on timeline 2, at 30ad000
	  10.010 db3 BACKUP -> FAULT: may not be promoted any more
	  10.012 db3 FAULT -> BACKUP: may be promoted again
