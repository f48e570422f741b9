# The holder's daemon is upgraded; the new one resumes the lease with the token, which is gone from then on, and crashes.
# The gate in the kernel stands open until the end of the long lease, and the others are bound for as long. The next
# process finds no token: it closes the gate and unbinds before its first report. It is elected again, under a new
# ballot, without a vote of its own until the long lease that it once granted itself is over [B4, B5].
members 3
cluster up
restart db1
	   5.000 db1 log: restart: asking for a lease of 10000 ms
run 500 ms
	   5.004 db1 write token, ticket 7
	   5.006 db1 exit to be restarted
	   5.006 db1 daemon has left
	   5.206 db1 daemon started
	   5.206 db1 INIT -> MASTER: restarted, and the lease was kept
	   5.206 db1 grants db1 ballot 1.1
	   5.206 db1 faults: pg_down
	   5.211 db1 faults: none
kill db1
	   5.500 db1 daemon killed
run 1 s
start db1
	   6.500 db1 daemon started
	   6.500 db1 gate closed
	   6.500 db1 unbind
	   6.500 db1 faults: pg_down
until db1 serves within 5 s
	   6.505 db1 INIT -> BACKUP: started, and may be promoted
	   6.505 db1 faults: none
	   6.531 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   6.532 db2 grants db1 ballot 2.1
	   6.532 db3 grants db1 ballot 2.1
	   6.533 db1 CANDIDATE -> PROMOTING: a majority has granted the lease
	   6.533 db1 epoch 2.1
	   6.535 db1 gate open
	   6.535 db1 bind for 2 s
	   6.535 db1 announce
	   6.535 db1 PROMOTING -> MASTER: primary under the lease, address bound
	   6.535 db1 pg checkpoint
run 15 s
	   6.536 db2 epoch 2.1
	   6.536 db3 epoch 2.1
	  15.039 db1 grants db1 ballot 2.1
