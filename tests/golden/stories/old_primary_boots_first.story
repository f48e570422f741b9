# db1 dies, db3 takes over and writes. Then everything loses power. db1 boots first and finds its PostgreSQL primary as
# it was; with db2 it has a majority. db2 has taken over db3's epoch: it vetoes db1, and is elected when its own boot_wait
# is over. db3, which comes last, has a tail that nobody else got: it is rewound.
members 3
set boot_wait_us=2000000
cluster up
power off db1
	   5.000 db1 daemon killed
	   5.000 db1 host off
	   5.000 db1 PostgreSQL ends
until db2 is a standby of db3 within 5 s
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
	   5.982 db3 faults: none
	   5.983 db2 epoch 2.3
	   5.985 db2 pg follow
run 5 s
	   5.995 db2 BACKUP -> FAULT: may not be promoted any more
	   5.997 db2 FAULT -> BACKUP: may be promoted again
power off db2 db3
	  10.990 db2 daemon killed
	  10.990 db2 host off
	  10.990 db2 PostgreSQL ends
	  10.990 db3 daemon killed
	  10.990 db3 host off
	  10.990 db3 PostgreSQL ends
run 1 s
boot db1
	  11.990 db1 host up
	  11.990 db1 PostgreSQL starts as a primary
	  11.990 db1 daemon started
	  11.990 db1 faults: pg_down
run 4 s
	  11.995 db1 INIT -> FAULT: started, and may not be promoted yet
	  11.995 db1 faults: pg_starting
	  12.290 db1 PostgreSQL is up
	  12.500 db1 FAULT -> BACKUP: may be promoted again
	  12.500 db1 faults: none
expect nobody serves
boot db2
	  15.990 db2 host up
	  15.990 db2 PostgreSQL starts as a standby
	  15.990 db2 daemon started
	  15.990 db2 faults: pg_down
until db2 serves within 20 s
	  15.993 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  15.993 db1 grants db1 ballot 3.1
	  15.994 db2 refuses db1 ballot 3.1: silent
	  15.995 db2 INIT -> FAULT: started, and may not be promoted yet
	  15.995 db2 faults: pg_starting
	  16.118 db1 CANDIDATE -> BACKUP: no majority within a round
	  16.118 db1 grants nobody any more
	  16.118 db1 releases ballot 3.1
	  16.290 db2 PostgreSQL is up
	  16.500 db2 FAULT -> BACKUP: may be promoted again
	  16.500 db2 faults: none
	  17.114 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  17.114 db1 grants db1 ballot 4.1
	  17.115 db2 log: refuse member 1: veto
	  17.115 db2 refuses db1 ballot 4.1: veto
	  17.239 db1 CANDIDATE -> BACKUP: no majority within a round
	  17.239 db1 grants nobody any more
	  17.239 db1 releases ballot 4.1
	  17.324 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  17.324 db1 grants db1 ballot 5.1
	  17.325 db2 refuses db1 ballot 5.1: veto
	  17.449 db1 CANDIDATE -> BACKUP: no majority within a round
	  17.449 db1 grants nobody any more
	  17.449 db1 releases ballot 5.1
	  17.503 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  17.503 db1 grants db1 ballot 6.1
	  17.504 db2 refuses db1 ballot 6.1: veto
	  17.628 db1 CANDIDATE -> BACKUP: no majority within a round
	  17.628 db1 grants nobody any more
	  17.628 db1 releases ballot 6.1
	  17.711 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  17.711 db1 grants db1 ballot 7.1
	  17.712 db2 refuses db1 ballot 7.1: veto
	  17.836 db1 CANDIDATE -> BACKUP: no majority within a round
	  17.836 db1 grants nobody any more
	  17.836 db1 releases ballot 7.1
	  17.874 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  17.874 db1 grants db1 ballot 8.1
	  17.875 db2 refuses db1 ballot 8.1: veto
	  17.990 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  17.990 db2 grants db2 ballot 9.2
	  17.991 db1 CANDIDATE -> BACKUP: a better candidate stands
	  17.991 db1 grants db2 ballot 9.2
	  17.991 db1 releases ballot 8.1
	  17.992 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	  17.992 db2 epoch 9.2
	  17.993 db1 pg stop immediate
	  17.993 db1 faults: rejoining superseded
	  17.994 db2 pg promote
	  17.995 db1 BACKUP -> FAULT: may not be promoted any more
	  18.043 db1 PostgreSQL ends
	  18.043 db1 faults: pg_down superseded
	  18.194 db2 PostgreSQL promoted to timeline 3
	  18.194 db2 gate open
	  18.194 db2 bind for 2 s
	  18.194 db2 announce
	  18.194 db2 PROMOTING -> MASTER: primary under the lease, address bound
	  18.194 db2 pg checkpoint
	  18.194 db2 faults: history
until db1 is a standby of db2 within 20 s
	  18.198 db1 pg start as standby
	  18.198 db1 faults: pg_down rejoining superseded
	  18.199 db2 faults: none
	  18.203 db1 PostgreSQL starts as a standby
	  18.203 db1 faults: pg_down
	  18.208 db1 faults: pg_starting
	  18.503 db1 PostgreSQL is up
	  19.000 db1 FAULT -> BACKUP: may be promoted again
	  19.000 db1 log: history has diverged from the holder's (member 2): must be rewound or cloned
	  19.000 db1 faults: diverged
	  19.002 db1 BACKUP -> FAULT: may not be promoted any more
	  19.004 db1 pg rewind
	  19.004 db1 PostgreSQL ends
	  19.004 db1 faults: pg_down diverged rejoining
	  20.004 db1 PostgreSQL starts as a standby
	  20.004 db1 epoch 9.2
	  20.004 db1 faults: pg_down
	  20.009 db1 faults: pg_starting
	  20.304 db1 PostgreSQL is up
	  20.500 db1 faults: none
run 1 s
	  20.502 db1 FAULT -> BACKUP: may be promoted again
boot db3
	  21.500 db3 host up
	  21.500 db3 PostgreSQL starts as a primary
	  21.500 db3 daemon started
	  21.500 db3 faults: pg_down
until db3 is a standby of db2 within 20 s
	  21.502 db3 refuses db2 ballot 9.2: silent
	  21.505 db3 INIT -> FAULT: started, and may not be promoted yet
	  21.505 db3 faults: pg_starting
	  21.800 db3 PostgreSQL is up
	  22.010 db3 FAULT -> BACKUP: may be promoted again
	  22.010 db3 pg stop immediate
	  22.010 db3 faults: rejoining superseded
	  22.060 db3 PostgreSQL ends
	  22.060 db3 BACKUP -> FAULT: may not be promoted any more
	  22.060 db3 faults: pg_down superseded
	  22.110 db3 pg start as standby
	  22.110 db3 faults: pg_down rejoining superseded
	  22.115 db3 PostgreSQL starts as a standby
	  22.115 db3 faults: pg_down
	  22.120 db3 faults: pg_starting
	  22.415 db3 PostgreSQL is up
	  22.504 db3 grants db2 ballot 9.2
	  22.510 db3 FAULT -> BACKUP: may be promoted again
	  22.510 db3 log: history has diverged from the holder's (member 2): must be rewound or cloned
	  22.510 db3 faults: diverged
	  22.512 db3 BACKUP -> FAULT: may not be promoted any more
	  22.514 db3 pg rewind
	  22.514 db3 PostgreSQL ends
	  22.514 db3 faults: pg_down diverged rejoining
	  23.514 db3 PostgreSQL starts as a standby
	  23.514 db3 epoch 9.2
	  23.514 db3 faults: pg_down
	  23.519 db3 faults: pg_starting
	  23.814 db3 PostgreSQL is up
run 1 s
	  24.010 db3 faults: none
	  24.012 db3 FAULT -> BACKUP: may be promoted again
expect db2 serves
