# A1. A timeline number is no term. db3 is elected, its promote command is out, its daemon dies; its PostgreSQL goes on
# to timeline 2 and writes. db2 is elected too, is also on timeline 2, and serves. Both daemons die; db3's comes back with
# the longer tail, which nobody was ever served, and the vote that db2 needs. db2's epoch is higher: db3 grants it.
members 5 witnesses 2
cluster up
set write_bytes_per_ms=0
power off db1
	   5.000 db1 daemon killed
	   5.000 db1 host off
	   5.000 db1 PostgreSQL ends at 307410c on timeline 1
until db3 is PROMOTING within 2 s
	   5.773 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.773 db3 grants db3 ballot 2.3
	   5.774 db2 grants db3 ballot 2.3
	   5.774 w4  grants db3 ballot 2.3
	   5.774 w5  grants db3 ballot 2.3
	   5.775 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.775 db3 epoch 2.3
run 50 ms
	   5.777 db3 pg promote
kill db3
	   5.825 db3 daemon killed
until db2 serves within 3 s
	   5.977 db3 PostgreSQL promoted to timeline 2 at 3073f00
	   6.783 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.783 db2 grants db2 ballot 3.2
	   6.784 w4  grants db2 ballot 3.2
	   6.784 w5  grants db2 ballot 3.2
	   6.785 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	   6.785 db2 epoch 3.2
	   6.787 db2 pg promote
	   6.987 db2 PostgreSQL promoted to timeline 2 at 3073f00
	   6.987 db2 gate open
	   6.987 db2 bind for 2 s
	   6.987 db2 announce
	   6.987 db2 PROMOTING -> MASTER: primary under the lease, address bound
	   6.987 db2 pg checkpoint
	   6.987 db2 faults: history
run 2 s
	   6.992 db2 faults: none
kill db2 w5
	   8.987 db2 daemon killed
	   8.987 w5  daemon killed
until nobody serves within 2 s
start db3
	   9.744 db3 daemon started
	   9.744 db3 faults: pg_down superseded
run 1 s
	   9.749 db3 INIT -> FAULT: started, and may not be promoted yet
	   9.749 db3 pg stop immediate
	   9.749 db3 faults: history rejoining superseded
	   9.799 db3 PostgreSQL ends at 3074e69 on timeline 2
	   9.799 db3 faults: pg_down superseded
	   9.849 db3 pg start as standby
	   9.849 db3 faults: pg_down rejoining superseded
	   9.854 db3 PostgreSQL starts as a standby
	   9.854 db3 faults: pg_down
	   9.859 db3 faults: pg_starting
	  10.154 db3 PostgreSQL is up
	  10.254 db3 faults: history
	  10.259 db3 FAULT -> BACKUP: may be promoted again
	  10.259 db3 faults: none
start db2
	  10.744 db2 daemon started
	  10.744 db2 gate closed
	  10.744 db2 unbind
	  10.744 db2 faults: pg_down
until db2 serves within 20 s
	  10.747 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  10.747 db3 grants db3 ballot 4.3
	  10.748 db2 refuses db3 ballot 4.3: silent
	  10.748 w4  grants db3 ballot 4.3
	  10.749 db2 INIT -> BACKUP: started, and may be promoted
	  10.749 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  10.749 db2 faults: none
	  10.750 db3 CANDIDATE -> BACKUP: a better candidate stands
	  10.750 db3 grants db2 ballot 5.2
	  10.750 db3 releases ballot 4.3
	  10.750 w4  refuses db2 ballot 5.2: bound
	  10.751 w4  grants nobody any more
	  10.753 w4  grants db2 ballot 5.2
	  10.874 db2 CANDIDATE -> BACKUP: no majority within a round
	  10.874 db2 releases ballot 5.2
	  10.875 db3 grants nobody any more
	  10.875 w4  grants nobody any more
	  11.912 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  11.912 db2 grants db2 ballot 6.2
	  11.913 db3 grants db2 ballot 6.2
	  11.913 w4  grants db2 ballot 6.2
	  11.914 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	  11.914 db2 epoch 6.2
	  11.916 db2 gate open
	  11.916 db2 bind for 2 s
	  11.916 db2 announce
	  11.916 db2 PROMOTING -> MASTER: primary under the lease, address bound
	  11.916 db2 pg checkpoint
until db3 is a standby of db2 within 20 s
	  11.917 db3 log: history has diverged from the holder's (member 2): must be rewound or cloned
	  11.917 db3 faults: diverged
	  11.918 db3 BACKUP -> FAULT: may not be promoted any more
	  11.919 db3 pg clone
	  11.919 db3 PostgreSQL ends at 3074e69 on timeline 2
	  11.919 db3 faults: pg_down diverged rejoining
	  12.919 db3 PostgreSQL starts as a standby
	  12.919 db3 epoch 6.2
	  12.919 db3 faults: pg_down
	  12.924 db3 faults: pg_starting
	  13.219 db3 PostgreSQL is up
	  13.254 db3 streams from member 2 at 3074be0, timeline 2
	  13.254 db3 faults: none
run 1 s
	  13.256 db3 FAULT -> BACKUP: may be promoted again
expect db2 serves
