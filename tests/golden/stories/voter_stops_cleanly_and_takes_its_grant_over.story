# B6. db2's daemon is stopped cleanly and started again at once, as an upgrade does. It writes its running grant down and
# takes it over without silence; the holder does not notice.
members 3
cluster up
kill db3
	   5.000 db3 daemon killed
run 2 s
stop db2
	   7.000 db2 BACKUP -> INIT: a clean stop was asked for
	   7.000 db2 faults: leaving
run 50 ms
	   7.002 db2 exit
	   7.002 db2 daemon has left
start db2
	   7.050 db2 daemon started
	   7.050 db2 grants db1 ballot 1.1
	   7.050 db2 faults: pg_down
run 3 s
	   7.055 db2 INIT -> BACKUP: started, and may be promoted
	   7.055 db2 faults: none
expect db1 serves
