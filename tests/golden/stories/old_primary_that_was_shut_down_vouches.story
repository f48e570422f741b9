# manage = promote: the daemons never start a PostgreSQL. db2 is away for repair when somebody shuts the holder's down.
# db3 has the lease, and needs a second voucher: db1's PostgreSQL stays down, but pg_control says where it ends, and db3
# has all of that. db1 vouches when standby.signal and an empty primary_conninfo are on its disk: whoever starts it now,
# by hand as here, starts a standby [A7].
members 3
set durability=1
set manage_full=0
cluster up
power off db2
	   5.000 db2 daemon killed
	   5.000 db2 host off
	   5.000 db2 PostgreSQL ends at 3079480 on timeline 1
run 2 s
	   5.798 db1 pg sync names k 1 set 0x4
	   5.803 db1 synchronous_standby_names = ANY 1 (0x4)
postgres db1 is shut down by hand
	   7.000 db1 PostgreSQL ends cleanly at 30aa480 on timeline 1
	   7.000 db1 gate closed inwards
	   7.000 db1 destroy
	   7.000 db1 unbind
	   7.000 db1 advert priority 0
	   7.000 db1 gate closed
	   7.000 db1 MASTER -> FAULT: PostgreSQL died
	   7.000 db1 grants nobody any more
	   7.000 db1 releases ballot 1.1
	   7.000 db1 faults: pg_down superseded
until db3 serves within 10 s
	   7.001 db3 grants nobody any more
	   7.006 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   7.006 db3 grants db3 ballot 2.3
	   7.007 db1 log: refuse member 3: veto
	   7.007 db1 refuses db3 ballot 2.3: veto
	   7.131 db3 CANDIDATE -> BACKUP: no majority within a round
	   7.131 db3 grants nobody any more
	   7.131 db3 releases ballot 2.3
	   7.161 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   7.161 db3 grants db3 ballot 3.3
	   7.162 db1 refuses db3 ballot 3.3: veto
	   7.286 db3 CANDIDATE -> BACKUP: no majority within a round
	   7.286 db3 grants nobody any more
	   7.286 db3 releases ballot 3.3
	   7.316 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   7.316 db3 grants db3 ballot 4.3
	   7.317 db1 refuses db3 ballot 4.3: veto
	   7.441 db3 CANDIDATE -> BACKUP: no majority within a round
	   7.441 db3 grants nobody any more
	   7.441 db3 releases ballot 4.3
	   7.468 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   7.468 db3 grants db3 ballot 5.3
	   7.469 db1 refuses db3 ballot 5.3: veto
	   7.511 db1 grants db3 ballot 5.3
	   7.512 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   7.512 db3 pg detach
	   7.513 db1 pg seal
	   7.522 db3 pg sync names k 1 set 0x0
	   7.523 db1 log: vouch for member 3, ballot 5, at 0/30AA480
	   7.524 db3 epoch 5.3
	   7.527 db3 synchronous_standby_names = ANY 1 (0x0)
	   7.527 db3 pg promote
	   7.727 db3 PostgreSQL promoted to timeline 2 at 30aa480
	   7.727 db3 pg drop senders k 1 set 0x0
	   7.727 db3 faults: history
	   7.732 db3 faults: none
	   7.737 db3 gate open
	   7.737 db3 bind for 2 s
	   7.737 db3 announce
	   7.737 db3 PROMOTING -> MASTER: primary under the lease, address bound
	   7.737 db3 pg checkpoint
run 1 s
postgres db1 is started by hand
	   8.737 db1 PostgreSQL starts as a standby
until db1 is a standby of db3 within 20 s
	   9.010 db1 faults: pg_starting superseded
	   9.037 db1 PostgreSQL is up
	   9.510 db1 FAULT -> BACKUP: may be promoted again
	   9.510 db1 epoch 5.3
	   9.510 db1 faults: none
	   9.511 db3 pg sync names k 1 set 0x1
	   9.512 db1 pg follow
	   9.516 db3 synchronous_standby_names = ANY 1 (0x1)
	   9.518 db1 streams from member 3 at 30aa480, timeline 1
run 1 s
	   9.521 db3 begins to acknowledge on timeline 2, at 30d5bc0
	   9.522 db1 BACKUP -> FAULT: may not be promoted any more
	   9.524 db1 FAULT -> BACKUP: may be promoted again
