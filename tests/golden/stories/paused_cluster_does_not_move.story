# An operator pauses for maintenance, asking one daemon; all of them hear of it. The holder loses power: nobody takes
# over, however long it lasts, though two of three are there. When it is back, its PostgreSQL is a primary that nobody
# is ahead of: that is served again, still paused. Resumed, the next loss of the holder moves the address.
members 3
cluster up
pause db2
	   5.000 db2 log: paused by member 2: nobody is promoted
run 500 ms
	   5.001 db1 log: paused by member 2: nobody is promoted
	   5.001 db3 log: paused by member 2: nobody is promoted
power off db1
	   5.500 db1 daemon killed
	   5.500 db1 host off
	   5.500 db1 PostgreSQL ends at 3085f06 on timeline 1
run 20 s
	  15.510 db2 pg detach
	  15.510 db3 pg detach
expect nobody serves
boot db1
	  25.500 db1 host up
	  25.500 db1 PostgreSQL starts as a primary
	  25.500 db1 daemon started
	  25.500 db1 faults: pg_down
until db1 serves within 20 s
	  25.505 db1 INIT -> FAULT: started, and may not be promoted yet
	  25.505 db1 faults: pg_starting
	  25.800 db1 PostgreSQL is up
	  26.010 db1 FAULT -> BACKUP: may be promoted again
	  26.010 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  26.010 db1 faults: none
	  26.011 db2 grants db1 ballot 2.1
	  26.011 db3 grants db1 ballot 2.1
	  26.012 db1 CANDIDATE -> PROMOTING: a majority has granted the lease
	  26.012 db1 epoch 2.1
	  26.014 db1 gate open
	  26.014 db1 bind for 2 s
	  26.014 db1 announce
	  26.014 db1 PROMOTING -> MASTER: primary under the lease, address bound
	  26.014 db1 pg checkpoint
resume db3
	  26.014 db3 log: resumed by member 3
run 500 ms
	  26.015 db2 epoch 2.1
	  26.015 db3 epoch 2.1
	  26.015 db1 log: resumed by member 3
	  26.015 db2 log: resumed by member 3
	  26.017 db2 pg follow
	  26.018 db3 pg follow
	  26.023 db2 streams from member 1 at 3085d00, timeline 1
	  26.027 db3 streams from member 1 at 3085d00, timeline 1
power off db1
	  26.514 db1 daemon killed
	  26.514 db1 host off
	  26.514 db1 PostgreSQL ends at 309232c on timeline 1
until db3 serves within 5 s
	  27.272 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	  27.272 db3 grants db3 ballot 3.3
	  27.273 db2 grants db3 ballot 3.3
	  27.274 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	  27.274 db3 epoch 3.3
	  27.276 db3 pg promote
	  27.476 db3 PostgreSQL promoted to timeline 2 at 3092100
	  27.476 db3 gate open
	  27.476 db3 bind for 2 s
	  27.476 db3 announce
	  27.476 db3 PROMOTING -> MASTER: primary under the lease, address bound
	  27.476 db3 pg checkpoint
	  27.476 db3 faults: history
