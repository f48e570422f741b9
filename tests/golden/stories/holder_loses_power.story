# db1 holds the address; its host loses power. A standby is promoted and takes the address, the other one follows it.
# When db1 comes back, Debian has started its PostgreSQL as the primary that it was: it is stopped and rejoins.
members 3
cluster up
power off db1
	   5.000 db1 daemon killed
	   5.000 db1 host off
	   5.000 db1 PostgreSQL ends
until db3 serves within 5 s
	   5.773 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.773 db3 grants db3 ballot 2.3
	   5.774 db2 grants db3 ballot 2.3
	   5.775 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.775 db3 epoch 2.3
	   5.777 db3 pg promote
	   5.977 db3 PostgreSQL promoted to timeline 2
	   5.977 db3 gate open
	   5.977 db3 bind for 2 s
	   5.977 db3 announce
	   5.977 db3 PROMOTING -> MASTER: primary under the lease, address bound
	   5.977 db3 pg checkpoint
	   5.977 db3 faults: history
until db2 is a standby of db3 within 5 s
	   5.982 db3 faults: none
	   5.983 db2 epoch 2.3
	   5.985 db2 pg follow
run 3 s
	   5.995 db2 BACKUP -> FAULT: may not be promoted any more
	   5.997 db2 FAULT -> BACKUP: may be promoted again
boot db1
	   8.990 db1 host up
	   8.990 db1 PostgreSQL starts as a primary
	   8.990 db1 daemon started
	   8.990 db1 faults: pg_down
until db1 is a standby of db3 within 20 s
	   8.992 db1 refuses db3 ballot 2.3: silent
	   8.995 db1 INIT -> FAULT: started, and may not be promoted yet
	   8.995 db1 faults: pg_starting
	   9.290 db1 PostgreSQL is up
	   9.500 db1 FAULT -> BACKUP: may be promoted again
	   9.500 db1 pg stop immediate
	   9.500 db1 faults: rejoining superseded
	   9.550 db1 PostgreSQL ends
	   9.550 db1 BACKUP -> FAULT: may not be promoted any more
	   9.550 db1 faults: pg_down superseded
	   9.600 db1 pg start as standby
	   9.600 db1 faults: pg_down rejoining superseded
	   9.605 db1 PostgreSQL starts as a standby
	   9.605 db1 faults: pg_down
	   9.610 db1 faults: pg_starting
	   9.905 db1 PostgreSQL is up
	   9.994 db1 grants db3 ballot 2.3
	  10.000 db1 FAULT -> BACKUP: may be promoted again
	  10.000 db1 log: history has diverged from the holder's (member 3): must be rewound or cloned
	  10.000 db1 faults: diverged
	  10.002 db1 BACKUP -> FAULT: may not be promoted any more
	  10.004 db1 pg rewind
	  10.004 db1 PostgreSQL ends
	  10.004 db1 faults: pg_down diverged rejoining
	  11.004 db1 PostgreSQL starts as a standby
	  11.004 db1 epoch 2.3
	  11.004 db1 faults: pg_down
	  11.009 db1 faults: pg_starting
	  11.304 db1 PostgreSQL is up
	  11.500 db1 faults: none
run 3 s
	  11.502 db1 FAULT -> BACKUP: may be promoted again
expect db3 serves
