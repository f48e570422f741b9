# Somebody runs pg_ctl promote on db2 while db1 holds. db2 is a primary without a lease and serves nobody: db1's epoch
# has passed it, so that it is stopped and made a standby again.
members 3
cluster up
postgres db2 is promoted by hand
until db2 is a standby of db1 within 20 s
run 2 s
	   5.200 db2 PostgreSQL promoted to timeline 2 at 307e7c0
	   5.510 db2 BACKUP -> FAULT: may not be promoted any more
	   5.510 db2 pg stop immediate
	   5.510 db2 faults: history rejoining superseded
	   5.560 db2 PostgreSQL ends at 307e9a6 on timeline 2
	   5.560 db2 faults: pg_down superseded
	   5.610 db2 pg start as standby
	   5.610 db2 faults: pg_down rejoining superseded
	   5.615 db2 PostgreSQL starts as a standby
	   5.615 db2 faults: pg_down
	   5.620 db2 faults: pg_starting
	   5.915 db2 PostgreSQL is up
	   6.010 db2 faults: history
	   6.015 db2 FAULT -> BACKUP: may be promoted again
	   6.015 db2 log: history has diverged from the holder's (member 1): must be rewound or cloned
	   6.015 db2 faults: diverged
	   6.017 db2 BACKUP -> FAULT: may not be promoted any more
	   6.019 db2 pg rewind
	   6.019 db2 PostgreSQL ends cleanly at 307e9a6 on timeline 2
	   6.019 db2 faults: pg_down diverged rejoining
expect db1 serves
