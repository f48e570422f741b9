# durability = quorum, three data members, k = 1. The target is one that commits wait for, and the order of acts is that
# of every switchover; the former holder, shut down cleanly, or db3, is the second voucher that the target needs. Its gate
# opens when its names are in force; the others are named when they have taken its epoch over.
members 3
set durability=1
cluster up
run 2 s
switch db1 over to db2
	   7.000 db1 log: switchover to member 2 begins: checkpoint
	   7.000 db1 pg checkpoint
until db2 serves within 5 s
	   7.100 db1 gate closed inwards
	   7.100 db1 destroy
	   7.100 db1 unbind
	   7.100 db1 advert priority 0
	   7.100 db1 gate closed
	   7.100 db1 MASTER -> LEAVING: a switchover is under way
	   7.100 db1 pg stop fast
	   7.100 db1 faults: rejoining superseded
	   7.150 db1 PostgreSQL ends cleanly at 30acbc0 on timeline 1
	   7.150 db1 faults: pg_down superseded
	   7.417 db1 LEAVING -> FAULT: PostgreSQL has stopped
	   7.417 db1 pg start as standby
	   7.417 db1 grants nobody any more
	   7.417 db1 releases ballot 1.1
	   7.417 db1 faults: pg_down rejoining superseded
	   7.418 db2 grants nobody any more
	   7.418 db3 grants nobody any more
	   7.422 db1 PostgreSQL starts as a standby
	   7.422 db1 faults: pg_down
	   7.424 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   7.424 db2 grants db2 ballot 2.2
	   7.425 db1 grants db2 ballot 2.2
	   7.425 db3 grants db2 ballot 2.2
	   7.426 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	   7.426 db2 pg detach
	   7.427 db1 faults: pg_starting
	   7.427 db1 log: no voucher for member 2, ballot 2: down
	   7.427 db3 pg detach
	   7.436 db2 pg sync names k 1 set 0x0
	   7.437 db3 log: vouch for member 2, ballot 2, at 0/30ACBC0
	   7.438 db2 epoch 2.2
	   7.441 db2 synchronous_standby_names = ANY 1 (0x0)
	   7.441 db2 pg promote
	   7.641 db2 PostgreSQL promoted to timeline 2 at 30acbc0
	   7.641 db2 pg drop senders k 1 set 0x0
	   7.641 db2 faults: history
	   7.646 db2 faults: none
	   7.651 db2 gate open
	   7.651 db2 bind for 2 s
	   7.651 db2 announce
	   7.651 db2 PROMOTING -> MASTER: primary under the lease, address bound
	   7.651 db2 pg checkpoint
until db1 is a standby of db2 within 5 s
	   7.652 db3 epoch 2.2
	   7.653 db2 pg sync names k 1 set 0x4
	   7.654 db3 pg follow
	   7.658 db2 synchronous_standby_names = ANY 1 (0x4)
	   7.660 db3 streams from member 2 at 30acbc0, timeline 1
	   7.663 db2 begins to acknowledge on timeline 2, at 30acec0
	   7.664 db3 BACKUP -> FAULT: may not be promoted any more
	   7.666 db3 FAULT -> BACKUP: may be promoted again
	   7.722 db1 PostgreSQL is up
	   8.010 db1 FAULT -> BACKUP: may be promoted again
	   8.010 db1 epoch 2.2
	   8.010 db1 faults: none
	   8.011 db2 pg sync names k 1 set 0x5
	   8.012 db1 pg follow
	   8.016 db2 synchronous_standby_names = ANY 1 (0x5)
	   8.018 db1 streams from member 2 at 30acbc0, timeline 1
run 2 s
	   8.022 db1 BACKUP -> FAULT: may not be promoted any more
	   8.024 db1 FAULT -> BACKUP: may be promoted again
