# A write to db1's data directory does not come back, while its sessions go on answering. With db2 and db3 unfit, db1
# stays and says why; as soon as one of them can take over, it lets go.
members 3
cluster up
postgres db2 cannot write
postgres db3 cannot write
run 1500 ms
	   5.010 db2 BACKUP -> FAULT: may not be promoted any more
	   5.010 db2 faults: disk_stuck
	   5.010 db3 BACKUP -> FAULT: may not be promoted any more
	   5.010 db3 faults: disk_stuck
postgres db1 cannot write
run 1500 ms
	   6.510 db1 log: not fit to serve (disk_stuck), but stays: nobody else can take over
	   6.510 db1 faults: disk_stuck
expect db1 serves
postgres db3 can write
until db3 serves within 4 s
	   8.010 db3 FAULT -> BACKUP: may be promoted again
	   8.010 db3 faults: none
	   8.011 db1 gate closed inwards
	   8.011 db1 destroy
	   8.011 db1 unbind
	   8.011 db1 advert priority 0
	   8.011 db1 gate closed
	   8.011 db1 MASTER -> LEAVING: not fit to serve, and another member is
	   8.011 db1 pg stop immediate
	   8.011 db1 faults: rejoining superseded disk_stuck
	   8.061 db1 PostgreSQL ends at 30c3414 on timeline 1
	   8.061 db1 LEAVING -> FAULT: PostgreSQL is gone
	   8.061 db1 grants nobody any more
	   8.061 db1 releases ballot 1.1
	   8.061 db1 faults: pg_down superseded disk_stuck
	   8.062 db2 grants nobody any more
	   8.062 db3 grants nobody any more
	   8.067 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   8.067 db3 grants db3 ballot 2.3
	   8.068 db1 grants db3 ballot 2.3
	   8.068 db2 grants db3 ballot 2.3
	   8.069 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   8.069 db3 epoch 2.3
	   8.071 db3 pg promote
	   8.271 db3 PostgreSQL promoted to timeline 2 at 30c3200
	   8.271 db3 gate open
	   8.271 db3 bind for 2 s
	   8.271 db3 announce
	   8.271 db3 PROMOTING -> MASTER: primary under the lease, address bound
	   8.271 db3 pg checkpoint
	   8.271 db3 faults: history
postgres db1 can write
postgres db2 can write
until db1 is a standby of db3 within 20 s
	   8.273 db1 pg start as standby
	   8.273 db1 faults: pg_down rejoining superseded disk_stuck
	   8.276 db3 faults: none
	   8.277 db2 pg detach
	   8.278 db1 PostgreSQL starts as a standby
	   8.278 db1 faults: pg_down disk_stuck
	   8.283 db1 faults: pg_starting
	   8.287 db2 FAULT -> BACKUP: may be promoted again
	   8.287 db2 epoch 2.3
	   8.287 db2 faults: none
	   8.289 db2 pg follow
	   8.299 db2 streams from member 3 at 30c3200, timeline 1
	   8.510 db2 BACKUP -> FAULT: may not be promoted any more
	   8.512 db2 FAULT -> BACKUP: may be promoted again
	   8.578 db1 PostgreSQL is up
	   9.010 db1 FAULT -> BACKUP: may be promoted again
	   9.010 db1 log: history has diverged from the holder's (member 3): must be rewound or cloned
	   9.010 db1 faults: diverged
	   9.012 db1 BACKUP -> FAULT: may not be promoted any more
	   9.014 db1 pg rewind
	   9.014 db1 PostgreSQL ends cleanly at 30c3414 on timeline 1
	   9.014 db1 faults: pg_down diverged rejoining
	  10.014 db1 PostgreSQL starts as a standby
	  10.014 db1 epoch 2.3
	  10.014 db1 faults: pg_down
	  10.019 db1 faults: pg_starting
	  10.314 db1 PostgreSQL is up
	  10.510 db1 streams from member 3 at 30edb5c, timeline 2
	  10.510 db1 faults: none
run 2 s
	  10.512 db1 FAULT -> BACKUP: may be promoted again
expect db3 serves
