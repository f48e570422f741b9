# C2. db3's promotion does not come to an end. After promote_timeout its PostgreSQL is stopped and seen gone, and only
# then the lease is released: nobody else is promoted beside a promotion that may still come about.
members 3
set promote_timeout_us=1000000
cluster up
set promote_us=30000000
power off db1
	   5.000 db1 daemon killed
	   5.000 db1 host off
	   5.000 db1 PostgreSQL ends at 3079bb6 on timeline 1
until db3 is LEAVING within 3 s
	   5.773 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.773 db3 grants db3 ballot 2.3
	   5.774 db2 grants db3 ballot 2.3
	   5.775 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.775 db3 epoch 2.3
	   5.777 db3 pg promote
	   6.777 db3 PROMOTING -> LEAVING: PostgreSQL was not promoted
	   6.777 db3 pg stop immediate
	   6.777 db3 faults: fault_hold rejoining superseded
set promote_us=200000
until db2 serves within 3 s
	   6.827 db3 PostgreSQL ends at 3079980 on timeline 1
	   6.827 db3 LEAVING -> FAULT: PostgreSQL is gone
	   6.827 db3 grants nobody any more
	   6.827 db3 releases ballot 2.3
	   6.827 db3 faults: pg_down fault_hold superseded
	   6.828 db2 grants nobody any more
	   6.833 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.833 db2 grants db2 ballot 3.2
	   6.834 db3 grants db2 ballot 3.2
	   6.835 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	   6.835 db2 epoch 3.2
	   6.837 db2 pg promote
	   7.037 db2 PostgreSQL promoted to timeline 2 at 3079980
	   7.037 db2 gate open
	   7.037 db2 bind for 2 s
	   7.037 db2 announce
	   7.037 db2 PROMOTING -> MASTER: primary under the lease, address bound
	   7.037 db2 pg checkpoint
	   7.037 db2 faults: history
until db3 is a standby of db2 within 20 s
	   7.042 db2 faults: none
	   7.060 db3 pg start as standby
	   7.060 db3 faults: pg_down fault_hold rejoining superseded
	   7.065 db3 PostgreSQL starts as a standby
	   7.065 db3 faults: pg_down fault_hold
	   7.070 db3 faults: pg_starting fault_hold
	   7.365 db3 PostgreSQL is up
	   7.510 db3 epoch 3.2
	   7.510 db3 faults: fault_hold
	   7.512 db3 pg follow
	   7.522 db3 streams from member 2 at 3079980, timeline 1
run 2 s
expect db2 serves
