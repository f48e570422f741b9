# B6. db1 holds by db2's grant; db3 is off. db1 is cut off, and at that moment db2's daemon is restarted: it does not
# know any more what it has granted, and keeps silent for a lease, so that db1's gate is closed before db3 is elected.
members 3
set boot_wait_us=2000000
cluster up
kill db3
	   5.000 db3 daemon killed
run 600 ms
cut db1
kill db2
	   5.600 db2 daemon killed
start db2 db3
	   5.600 db2 daemon started
	   5.600 db3 daemon started
	   5.600 db2 faults: pg_down
	   5.600 db3 faults: pg_down
until nobody serves within 1 s
	   5.605 db2 INIT -> BACKUP: started, and may be promoted
	   5.605 db2 faults: none
	   5.605 db3 INIT -> BACKUP: started, and may be promoted
	   5.605 db3 faults: none
	   6.416 db1 gate closed
	   6.416 db1 unbind
	   6.416 db1 destroy
	   6.416 db1 MASTER -> FAULT: the lease was not renewed in time
	   6.416 db1 pg stop immediate
	   6.416 db1 faults: rejoining superseded
until db3 serves within 5 s
	   6.466 db1 PostgreSQL ends at 3094eb2 on timeline 1
	   6.466 db1 grants nobody any more
	   6.466 db1 releases ballot 1.1
	   6.466 db1 faults: pg_down superseded
	   6.516 db1 pg start as standby
	   6.516 db1 faults: pg_down rejoining superseded
	   6.521 db1 PostgreSQL starts as a standby
	   6.521 db1 faults: pg_down
	   6.526 db1 faults: pg_starting
	   6.821 db1 PostgreSQL is up
	   7.010 db1 FAULT -> BACKUP: may be promoted again
	   7.010 db1 faults: none
	   7.600 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   7.600 db2 grants db2 ballot 2.2
	   7.600 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   7.600 db3 grants db3 ballot 2.3
	   7.601 db3 refuses db2 ballot 2.2: bound
	   7.601 db2 CANDIDATE -> BACKUP: a better candidate stands
	   7.601 db2 grants db3 ballot 2.3
	   7.601 db2 releases ballot 2.2
	   7.602 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   7.602 db3 epoch 2.3
	   7.604 db3 pg promote
	   7.804 db3 PostgreSQL promoted to timeline 2 at 3088400
	   7.804 db3 gate open
	   7.804 db3 bind for 2 s
	   7.804 db3 announce
	   7.804 db3 PROMOTING -> MASTER: primary under the lease, address bound
	   7.804 db3 pg checkpoint
	   7.804 db3 faults: history
run 2 s
	   7.809 db3 faults: none
	   7.810 db2 pg detach
	   8.810 db2 epoch 2.3
	   8.812 db2 pg follow
	   8.822 db2 streams from member 3 at 3088400, timeline 1
	   9.110 db2 BACKUP -> FAULT: may not be promoted any more
	   9.112 db2 FAULT -> BACKUP: may be promoted again
expect db3 serves
