# B1. db3 wins after db1's death, is promoted, and is frozen between reading the clock and writing the gate, for longer
# than its lease. db2 takes over meanwhile. The write comes late and opens nothing: the end in it is long past.
members 5 witnesses 2
cluster up
power off db1
	   5.000 db1 daemon killed
	   5.000 db1 host off
	   5.000 db1 PostgreSQL ends at 3079bb6 on timeline 1
freeze db3 for 3 s before gate
until db2 serves within 3 s
	   5.773 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.773 db3 grants db3 ballot 2.3
	   5.774 db2 grants db3 ballot 2.3
	   5.774 w4  grants db3 ballot 2.3
	   5.774 w5  grants db3 ballot 2.3
	   5.775 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.775 db3 epoch 2.3
	   5.777 db3 pg promote
	   5.977 db3 PostgreSQL promoted to timeline 2 at 3079980
	   5.977 db3 gate open
	   5.977 db3 bind for 2 s
	   5.977 db3 announce
	   5.977 db3 PROMOTING -> MASTER: primary under the lease, address bound
	   5.977 db3 pg checkpoint
	   5.977 db3 frozen for 3000000 us, 9 actions left
	   5.977 db3 faults: history
	   6.783 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.783 db2 grants db2 ballot 3.2
	   6.784 w4  grants db2 ballot 3.2
	   6.784 w5  grants db2 ballot 3.2
	   6.785 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	   6.785 db2 epoch 3.2
	   6.787 db2 pg promote
	   6.987 db2 PostgreSQL promoted to timeline 2 at 3079980
	   6.987 db2 gate open
	   6.987 db2 bind for 2 s
	   6.987 db2 announce
	   6.987 db2 PROMOTING -> MASTER: primary under the lease, address bound
	   6.987 db2 pg checkpoint
	   6.987 db2 faults: history
until db3 is a standby of db2 within 20 s
	   6.992 db2 faults: none
	   8.977 db3 thawed
	   8.977 db3 log: ran 2750 ms late: nobody is believed until heard again
	   8.977 db3 gate closed
	   8.977 db3 unbind
	   8.977 db3 destroy
	   8.977 db3 MASTER -> FAULT: the lease was not renewed in time
	   8.977 db3 pg stop immediate
	   8.977 db3 faults: history rejoining superseded
	   8.982 db3 faults: rejoining superseded
	   8.994 db3 grants db2 ballot 3.2
	   9.027 db3 PostgreSQL ends at 307a5e4 on timeline 2
	   9.027 db3 releases ballot 2.3
	   9.027 db3 faults: pg_down superseded
	   9.077 db3 pg start as standby
	   9.077 db3 faults: pg_down rejoining superseded
	   9.082 db3 PostgreSQL starts as a standby
	   9.082 db3 faults: pg_down
	   9.087 db3 faults: pg_starting
	   9.382 db3 PostgreSQL is up
	   9.510 db3 FAULT -> BACKUP: may be promoted again
	   9.510 db3 log: history has diverged from the holder's (member 2): must be rewound or cloned
	   9.510 db3 faults: diverged
	   9.512 db3 BACKUP -> FAULT: may not be promoted any more
	   9.512 db3 pg clone
	   9.512 db3 PostgreSQL ends at 307a5e4 on timeline 2
	   9.512 db3 faults: pg_down diverged rejoining
	  10.512 db3 PostgreSQL starts as a standby
	  10.512 db3 epoch 3.2
	  10.512 db3 faults: pg_down
	  10.517 db3 faults: pg_starting
	  10.812 db3 PostgreSQL is up
	  10.996 db3 streams from member 2 at 30cfaea, timeline 2
run 2 s
	  11.010 db3 faults: none
	  11.012 db3 FAULT -> BACKUP: may be promoted again
expect db2 serves
