# The holder's daemon freezes; its PostgreSQL goes on behind a gate that closes by itself. db2 promises db3 not to
# stream from anybody older, and its daemon is killed with the promise on the disk. The next one finds it, and does not
# go back to db1, though db1's PostgreSQL still runs and is what db2 last streamed from. db3 has its second voucher only
# now. db1 thaws, and finds that its lease has ended [A3].
members 5 witnesses 2
set durability=1
cluster up
freeze db1 for 6 s
until db3 is PROMOTING within 5 s
	   5.010 db1 frozen for 6000000 us, 0 actions left
	   5.803 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.803 db3 grants db3 ballot 2.3
	   5.804 db2 grants db3 ballot 2.3
	   5.804 w4  grants db3 ballot 2.3
	   5.804 w5  grants db3 ballot 2.3
	   5.805 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.805 db3 pg detach
run 5 ms
	   5.806 db2 pg detach
kill db2
	   5.810 db2 daemon killed
run 300 ms
	   5.815 db3 pg sync names k 1 set 0x0
	   5.820 db3 synchronous_standby_names = ANY 1 (0x0)
start db2
	   6.110 db2 daemon started
	   6.110 db2 faults: pg_down
until db3 serves within 10 s
	   6.112 db2 refuses db3 ballot 2.3: silent
	   6.115 db2 INIT -> BACKUP: started, and may be promoted
	   6.115 db2 log: vouch for member 3, ballot 2, at 0/3085D00
	   6.115 db2 faults: none
	   6.116 db3 epoch 2.3
	   6.118 db3 pg promote
	   6.318 db3 PostgreSQL promoted to timeline 2 at 3085d00
	   6.318 db3 pg drop senders k 1 set 0x0
	   6.318 db3 faults: history
	   6.323 db3 faults: none
	   6.328 db3 gate open
	   6.328 db3 bind for 2 s
	   6.328 db3 announce
	   6.328 db3 PROMOTING -> MASTER: primary under the lease, address bound
	   6.328 db3 pg checkpoint
until db2 is a standby of db3 within 10 s
	   6.329 db2 epoch 2.3
	   6.330 db3 pg sync names k 1 set 0x2
	   6.331 db2 pg follow
	   6.335 db3 synchronous_standby_names = ANY 1 (0x2)
	   6.337 db2 streams from member 3 at 3085d00, timeline 1
until db1 is a standby of db3 within 20 s
	   6.340 db3 begins to acknowledge on timeline 2, at 3086000
	   6.341 db2 BACKUP -> FAULT: may not be promoted any more
	   6.343 db2 FAULT -> BACKUP: may be promoted again
	   7.336 db2 grants db3 ballot 2.3
	  11.010 db1 thawed
	  11.010 db1 log: ran 5964 ms late: nobody is believed until heard again
	  11.010 db1 gate closed
	  11.010 db1 unbind
	  11.010 db1 destroy
	  11.010 db1 MASTER -> FAULT: the lease was not renewed in time
	  11.010 db1 pg stop immediate
	  11.010 db1 faults: rejoining superseded
	  11.060 db1 PostgreSQL ends at 3087383 on timeline 1
	  11.060 db1 grants nobody any more
	  11.060 db1 releases ballot 1.1
	  11.060 db1 faults: pg_down superseded
	  11.088 db1 grants db3 ballot 2.3
	  11.110 db1 pg start as standby
	  11.110 db1 faults: pg_down rejoining superseded
	  11.115 db1 PostgreSQL starts as a standby
	  11.115 db1 faults: pg_down
	  11.120 db1 faults: pg_starting
	  11.415 db1 PostgreSQL is up
	  11.510 db1 FAULT -> BACKUP: may be promoted again
	  11.510 db1 log: history has diverged from the holder's (member 3): must be rewound or cloned
	  11.510 db1 faults: diverged
	  11.512 db1 BACKUP -> FAULT: may not be promoted any more
	  11.514 db1 pg rewind
	  11.514 db1 PostgreSQL ends cleanly at 3087383 on timeline 1
	  11.514 db1 faults: pg_down diverged rejoining
	  12.514 db1 PostgreSQL starts as a standby
	  12.514 db1 epoch 2.3
	  12.514 db1 faults: pg_down
	  12.515 db3 pg sync names k 1 set 0x3
	  12.519 db1 faults: pg_starting
	  12.520 db3 synchronous_standby_names = ANY 1 (0x3)
	  12.814 db1 PostgreSQL is up
	  13.010 db1 streams from member 3 at 311cdf2, timeline 2
	  13.010 db1 faults: none
run 1 s
	  13.012 db1 FAULT -> BACKUP: may be promoted again
