# Two data members and a witness, durability = quorum. The standby dies: the holder keeps its lease with the witness, and
# commits wait, nobody being named: nothing is acknowledged that is on one disk only. The standby comes back with the
# epoch that it had, and is named again. Then the holder dies: the standby's own voucher is enough.
members 3 witnesses 1
set durability=1
cluster up
power off db2
	   5.000 db2 daemon killed
	   5.000 db2 host off
	   5.000 db2 PostgreSQL ends at 3079480 on timeline 1
run 3 s
	   5.788 db1 pg sync names k 1 set 0x0
	   5.793 db1 synchronous_standby_names = ANY 1 (0x0)
expect db1 serves
boot db2
	   8.000 db2 host up
	   8.000 db2 PostgreSQL starts as a standby
	   8.000 db2 daemon started
	   8.000 db2 faults: pg_down
until db2 is a standby of db1 within 20 s
	   8.002 db2 refuses db1 ballot 1.1: silent
	   8.003 db1 pg sync names k 1 set 0x2
	   8.005 db2 INIT -> FAULT: started, and may not be promoted yet
	   8.005 db2 faults: pg_starting
	   8.008 db1 synchronous_standby_names = ANY 1 (0x2)
	   8.300 db2 PostgreSQL is up
	   8.510 db2 streams from member 1 at 3079480, timeline 1
run 2 s
	   8.510 db2 FAULT -> BACKUP: may be promoted again
	   8.510 db2 faults: none
	   9.009 db2 grants db1 ballot 1.1
power off db1
	  10.510 db1 daemon killed
	  10.510 db1 host off
	  10.510 db1 PostgreSQL ends at 30fff07 on timeline 1
until db2 serves within 5 s
	  11.510 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  11.510 db2 grants db2 ballot 2.2
	  11.511 w3  grants db2 ballot 2.2
	  11.512 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	  11.512 db2 pg detach
	  11.522 db2 pg sync names k 1 set 0x0
	  11.527 db2 synchronous_standby_names = ANY 1 (0x0)
	  11.572 db2 epoch 2.2
	  11.574 db2 pg promote
	  11.774 db2 PostgreSQL promoted to timeline 2 at 30ffd00
	  11.774 db2 pg drop senders k 1 set 0x0
	  11.774 db2 faults: history
	  11.779 db2 faults: none
	  11.784 db2 gate open
	  11.784 db2 bind for 2 s
	  11.784 db2 announce
	  11.784 db2 PROMOTING -> MASTER: primary under the lease, address bound
	  11.784 db2 pg checkpoint
run 1 s
