# C1. db3's daemon dies while its PostgreSQL is being promoted, and the promotion completes. The next daemon finds a
# primary that the state file calls `promoting`: it is no running primary, never serves as it is, and is stopped at once.
members 5 witnesses 2
cluster up
set promote_us=2000000
power off db1
	   5.000 db1 daemon killed
	   5.000 db1 host off
	   5.000 db1 PostgreSQL ends at 3079bb6 on timeline 1
until db3 is PROMOTING within 2 s
	   5.773 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.773 db3 grants db3 ballot 2.3
	   5.774 db2 grants db3 ballot 2.3
	   5.774 w4  grants db3 ballot 2.3
	   5.774 w5  grants db3 ballot 2.3
	   5.775 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.775 db3 epoch 2.3
run 100 ms
	   5.777 db3 pg promote
kill db3
	   5.875 db3 daemon killed
run 2 s
	   6.783 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.783 db2 grants db2 ballot 3.2
	   6.784 w4  grants db2 ballot 3.2
	   6.784 w5  grants db2 ballot 3.2
	   6.785 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	   6.785 db2 epoch 3.2
	   6.787 db2 pg promote
	   7.777 db3 PostgreSQL promoted to timeline 2 at 3079980
set promote_us=200000
start db3
	   7.875 db3 daemon started
	   7.875 db3 faults: pg_down superseded
until db3 is a standby of db2 within 20 s
	   7.877 db3 refuses db2 ballot 3.2: silent
	   7.880 db3 INIT -> FAULT: started, and may not be promoted yet
	   7.880 db3 pg stop immediate
	   7.880 db3 faults: history rejoining superseded
	   7.930 db3 PostgreSQL ends at 3079a99 on timeline 2
	   7.930 db3 faults: pg_down superseded
	   8.787 db2 PostgreSQL promoted to timeline 2 at 3079980
	   8.787 db2 gate open
	   8.787 db2 bind for 2 s
	   8.787 db2 announce
	   8.787 db2 PROMOTING -> MASTER: primary under the lease, address bound
	   8.787 db2 pg checkpoint
	   8.787 db2 faults: history
	   8.792 db2 faults: none
	   8.831 db3 pg start as standby
	   8.831 db3 faults: pg_down rejoining superseded
	   8.836 db3 PostgreSQL starts as a standby
	   8.836 db3 faults: pg_down
	   8.841 db3 faults: pg_starting
	   9.043 db3 grants db2 ballot 3.2
	   9.136 db3 PostgreSQL is up
	   9.385 db3 faults: history
	   9.390 db3 FAULT -> BACKUP: may be promoted again
	   9.390 db3 log: history has diverged from the holder's (member 2): must be rewound or cloned
	   9.390 db3 faults: diverged
	   9.392 db3 BACKUP -> FAULT: may not be promoted any more
	   9.392 db3 pg clone
	   9.392 db3 PostgreSQL ends at 3079a99 on timeline 2
	   9.392 db3 faults: pg_down diverged rejoining
	  10.392 db3 PostgreSQL starts as a standby
	  10.392 db3 epoch 3.2
	  10.392 db3 faults: pg_down
	  10.397 db3 faults: pg_starting
	  10.692 db3 PostgreSQL is up
	  10.795 db3 streams from member 2 at 30a0cea, timeline 2
run 2 s
	  10.885 db3 faults: none
	  10.887 db3 FAULT -> BACKUP: may be promoted again
expect db2 serves
