# Paused, then everything loses power. What was paused is paused after the boot: the two that come up, standbys both,
# do not stand though they are a majority. Resumed, they do. The old primary slept through it and comes back paused: the
# counter says that the others know better.
members 3
set boot_wait_us=2000000
cluster up
pause db1
	   5.000 db1 log: paused by member 1: nobody is promoted
run 1 s
	   5.001 db2 log: paused by member 1: nobody is promoted
	   5.001 db3 log: paused by member 1: nobody is promoted
power off all
	   6.000 db1 daemon killed
	   6.000 db1 host off
	   6.000 db1 PostgreSQL ends at 3092256 on timeline 1
	   6.000 db2 daemon killed
	   6.000 db2 host off
	   6.000 db2 PostgreSQL ends at 3092040 on timeline 1
	   6.000 db3 daemon killed
	   6.000 db3 host off
	   6.000 db3 PostgreSQL ends at 3092040 on timeline 1
run 1 s
boot db2 db3
	   7.000 db2 host up
	   7.000 db2 PostgreSQL starts as a standby
	   7.000 db2 daemon started
	   7.000 db3 host up
	   7.000 db3 PostgreSQL starts as a standby
	   7.000 db3 daemon started
	   7.000 db2 faults: pg_down
	   7.000 db3 faults: pg_down
run 15 s
	   7.005 db2 INIT -> FAULT: started, and may not be promoted yet
	   7.005 db2 faults: pg_starting
	   7.005 db3 INIT -> FAULT: started, and may not be promoted yet
	   7.005 db3 faults: pg_starting
	   7.300 db2 PostgreSQL is up
	   7.300 db3 PostgreSQL is up
	   7.510 db2 FAULT -> BACKUP: may be promoted again
	   7.510 db2 faults: none
	   7.510 db3 FAULT -> BACKUP: may be promoted again
	   7.510 db3 faults: none
	  12.010 db2 pg detach
	  12.010 db3 pg detach
expect nobody serves
resume db2
	  22.000 db2 log: resumed by member 2
	  22.000 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  22.000 db2 grants db2 ballot 2.2
until db2 serves within 10 s
	  22.001 db3 log: resumed by member 2
	  22.001 db3 grants db2 ballot 2.2
	  22.002 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	  22.002 db2 epoch 2.2
	  22.004 db2 pg promote
	  22.204 db2 PostgreSQL promoted to timeline 2 at 3092040
	  22.204 db2 gate open
	  22.204 db2 bind for 2 s
	  22.204 db2 announce
	  22.204 db2 PROMOTING -> MASTER: primary under the lease, address bound
	  22.204 db2 pg checkpoint
	  22.204 db2 faults: history
boot db1
	  22.204 db1 host up
	  22.204 db1 PostgreSQL starts as a primary
	  22.204 db1 daemon started
	  22.204 db1 faults: pg_down
until db1 is a standby of db2 within 20 s
	  22.206 db1 log: resumed by member 2
	  22.206 db1 refuses db2 ballot 2.2: silent
	  22.209 db2 faults: none
	  22.209 db1 INIT -> FAULT: started, and may not be promoted yet
	  22.209 db1 faults: pg_starting
	  22.210 db3 epoch 2.2
	  22.212 db3 pg follow
	  22.222 db3 streams from member 2 at 3092040, timeline 1
	  22.504 db1 PostgreSQL is up
	  22.510 db3 BACKUP -> FAULT: may not be promoted any more
	  22.512 db3 FAULT -> BACKUP: may be promoted again
	  22.714 db1 FAULT -> BACKUP: may be promoted again
	  22.714 db1 pg stop immediate
	  22.714 db1 faults: rejoining superseded
	  22.764 db1 PostgreSQL ends at 3092359 on timeline 1
	  22.764 db1 BACKUP -> FAULT: may not be promoted any more
	  22.764 db1 faults: pg_down superseded
	  22.814 db1 pg start as standby
	  22.814 db1 faults: pg_down rejoining superseded
	  22.819 db1 PostgreSQL starts as a standby
	  22.819 db1 faults: pg_down
	  22.824 db1 faults: pg_starting
	  23.119 db1 PostgreSQL is up
	  23.210 db1 grants db2 ballot 2.2
	  23.214 db1 FAULT -> BACKUP: may be promoted again
	  23.214 db1 log: history has diverged from the holder's (member 2): must be rewound or cloned
	  23.214 db1 faults: diverged
	  23.216 db1 BACKUP -> FAULT: may not be promoted any more
	  23.218 db1 pg rewind
	  23.218 db1 PostgreSQL ends cleanly at 3092359 on timeline 1
	  23.218 db1 faults: pg_down diverged rejoining
	  24.218 db1 PostgreSQL starts as a standby
	  24.218 db1 epoch 2.2
	  24.218 db1 faults: pg_down
	  24.223 db1 faults: pg_starting
	  24.518 db1 PostgreSQL is up
	  24.712 db1 streams from member 2 at 30c3378, timeline 2
run 1 s
	  24.714 db1 faults: none
	  24.716 db1 FAULT -> BACKUP: may be promoted again
expect db2 serves
