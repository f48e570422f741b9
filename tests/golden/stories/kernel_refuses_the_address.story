# The kernel of the holder refuses gate or address. db1 cannot serve: it lets go, stays out for fault_hold, and a standby
# takes over.
members 3
cluster up
kernel fails db1
	   5.000 db1 gate closed inwards
	   5.000 db1 destroy
	   5.000 db1 unbind
	   5.000 db1 advert priority 0
	   5.000 db1 gate closed
	   5.000 db1 MASTER -> LEAVING: the address could not be kept
	   5.000 db1 pg stop immediate
	   5.000 db1 faults: fault_hold rejoining superseded
until db3 serves within 2 s
	   5.050 db1 PostgreSQL ends at 3079be8 on timeline 1
	   5.050 db1 LEAVING -> FAULT: PostgreSQL is gone
	   5.050 db1 grants nobody any more
	   5.050 db1 releases ballot 1.1
	   5.050 db1 faults: pg_down fault_hold superseded
	   5.051 db2 grants nobody any more
	   5.051 db3 grants nobody any more
	   5.057 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.057 db3 grants db3 ballot 2.3
	   5.058 db1 grants db3 ballot 2.3
	   5.058 db2 grants db3 ballot 2.3
	   5.059 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.059 db3 epoch 2.3
	   5.061 db3 pg promote
	   5.261 db3 PostgreSQL promoted to timeline 2 at 30799c0
	   5.261 db3 gate open
	   5.261 db3 bind for 2 s
	   5.261 db3 announce
	   5.261 db3 PROMOTING -> MASTER: primary under the lease, address bound
	   5.261 db3 pg checkpoint
	   5.261 db3 faults: history
run 12 s
	   5.263 db1 pg start as standby
	   5.263 db1 faults: pg_down fault_hold rejoining superseded
	   5.266 db3 faults: none
	   5.267 db2 pg detach
	   5.268 db1 PostgreSQL starts as a standby
	   5.268 db1 faults: pg_down fault_hold
	   5.273 db1 faults: pg_starting fault_hold
	   5.277 db2 epoch 2.3
	   5.279 db2 pg follow
	   5.289 db2 streams from member 3 at 30799c0, timeline 1
	   5.510 db2 BACKUP -> FAULT: may not be promoted any more
	   5.512 db2 FAULT -> BACKUP: may be promoted again
	   5.568 db1 PostgreSQL is up
	   6.010 db1 log: history has diverged from the holder's (member 3): must be rewound or cloned
	   6.010 db1 faults: diverged fault_hold
	   6.014 db1 pg rewind
	   6.014 db1 PostgreSQL ends cleanly at 3079be8 on timeline 1
	   6.014 db1 faults: pg_down diverged fault_hold rejoining
	   7.014 db1 PostgreSQL starts as a standby
	   7.014 db1 epoch 2.3
	   7.014 db1 faults: pg_down fault_hold
	   7.019 db1 faults: pg_starting fault_hold
	   7.314 db1 PostgreSQL is up
	   7.510 db1 streams from member 3 at 30a4704, timeline 2
	   7.510 db1 faults: fault_hold
	  15.000 db1 FAULT -> BACKUP: may be promoted again
	  15.000 db1 faults: none
expect db3 serves
