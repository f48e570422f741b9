# C1. db3 holds the lease, its epoch is on the disk, and it is frozen before the promote command. db2 takes over. Thawed,
# db3 sends the command that it had checked before: it cannot be taken back. It never serves: PostgreSQL is stopped at
# once, and rejoins as a standby of db2.
members 5 witnesses 2
cluster up
power off db1
	   5.000 db1 daemon killed
	   5.000 db1 host off
	   5.000 db1 PostgreSQL ends at 3079bb6 on timeline 1
freeze db3 for 3 s before pg promote
until db2 serves within 3 s
	   5.773 db3 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.773 db3 grants db3 ballot 2.3
	   5.774 db2 grants db3 ballot 2.3
	   5.774 w4  grants db3 ballot 2.3
	   5.774 w5  grants db3 ballot 2.3
	   5.775 db3 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.775 db3 epoch 2.3
	   5.777 db3 pg promote
	   5.777 db3 frozen for 3000000 us, 2 actions left
	   6.781 db2 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.781 db2 grants db2 ballot 3.2
	   6.782 w4  grants db2 ballot 3.2
	   6.782 w5  grants db2 ballot 3.2
	   6.783 db2 CANDIDATE -> PROMOTING: a majority has granted the lease
	   6.783 db2 epoch 3.2
	   6.785 db2 pg promote
	   6.985 db2 PostgreSQL promoted to timeline 2 at 3079980
	   6.985 db2 gate open
	   6.985 db2 bind for 2 s
	   6.985 db2 announce
	   6.985 db2 PROMOTING -> MASTER: primary under the lease, address bound
	   6.985 db2 pg checkpoint
	   6.985 db2 faults: history
until db3 is a standby of db2 within 20 s
	   6.990 db2 faults: none
	   8.777 db3 thawed
	   8.777 db3 log: ran 2750 ms late: nobody is believed until heard again
	   8.777 db3 PROMOTING -> FAULT: the lease ended before PostgreSQL was primary
	   8.777 db3 pg stop immediate
	   8.777 db3 faults: rejoining superseded
	   8.827 db3 PostgreSQL ends at 3079980 on timeline 1
	   8.827 db3 grants nobody any more
	   8.827 db3 releases ballot 2.3
	   8.827 db3 faults: pg_down superseded
	   8.877 db3 pg start as standby
	   8.877 db3 faults: pg_down rejoining superseded
	   8.882 db3 PostgreSQL starts as a standby
	   8.882 db3 faults: pg_down
	   8.887 db3 faults: pg_starting
	   8.992 db3 grants db2 ballot 3.2
	   9.182 db3 PostgreSQL is up
	   9.510 db3 FAULT -> BACKUP: may be promoted again
	   9.510 db3 epoch 3.2
	   9.510 db3 faults: none
	   9.512 db3 pg follow
	   9.522 db3 streams from member 2 at 3079980, timeline 1
run 2 s
	  10.010 db3 BACKUP -> FAULT: may not be promoted any more
	  10.012 db3 FAULT -> BACKUP: may be promoted again
expect db2 serves
