# B4. The daemon of the holder is killed; the gate outlives it. The next daemon closes it and unbinds before its first
# report, finds the primary that it had served, and is elected again as it is.
members 3
cluster up
kill db1
	   5.000 db1 daemon killed
run 200 ms
start db1
	   5.200 db1 daemon started
	   5.200 db1 gate closed
	   5.200 db1 unbind
	   5.200 db1 faults: pg_down
until db1 serves within 5 s
	   5.205 db1 INIT -> BACKUP: started, and may be promoted
	   5.205 db1 faults: none
	   5.231 db1 BACKUP -> CANDIDATE: no holder is known and it is my turn
	   5.232 db2 grants db1 ballot 2.1
	   5.232 db3 grants db1 ballot 2.1
	   5.233 db1 CANDIDATE -> PROMOTING: a majority has granted the lease
	   5.233 db1 epoch 2.1
	   5.235 db1 gate open
	   5.235 db1 bind for 2 s
	   5.235 db1 announce
	   5.235 db1 PROMOTING -> MASTER: primary under the lease, address bound
	   5.235 db1 pg checkpoint
run 2 s
	   5.236 db2 epoch 2.1
	   5.236 db3 epoch 2.1
	   6.236 db1 grants db1 ballot 2.1
expect db1 serves
