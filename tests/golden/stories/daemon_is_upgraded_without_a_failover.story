# A package upgrade restarts the holder's daemon: it asks for one lease of restart_grace, writes the token when a
# majority has granted it, and is gone. Gate and address stay as they are; 200 ms later the next process finds the
# token, and is the same holder under the same ballot. No client sees anything: not one line of gate, bind or unbind.
members 3
cluster up
restart db1
	   5.000 db1 log: restart: asking for a lease of 10000 ms
run 1 s
	   5.004 db1 write token, ticket 7
	   5.006 db1 exit to be restarted
	   5.006 db1 daemon has left
	   5.206 db1 daemon started
	   5.206 db1 INIT -> MASTER: restarted, and the lease was kept
	   5.206 db1 grants db1 ballot 1.1
	   5.206 db1 faults: pg_down
	   5.211 db1 faults: none
expect db1 serves
run 30 s
expect db1 serves
