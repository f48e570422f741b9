-- What the lab's cluster contains. The roles "vipd" and "replicator" get what README.md lists, and not more.
CREATE ROLE vipd LOGIN;
ALTER ROLE vipd REPLICATION;
GRANT pg_monitor, pg_checkpoint, pg_signal_backend TO vipd;
GRANT EXECUTE ON FUNCTION pg_promote(boolean, integer), pg_reload_conf() TO vipd;
GRANT ALTER SYSTEM ON PARAMETER primary_conninfo, primary_slot_name, synchronous_standby_names TO vipd;

CREATE ROLE replicator LOGIN REPLICATION PASSWORD 'lab';
GRANT EXECUTE ON FUNCTION pg_ls_dir(text, boolean, boolean), pg_stat_file(text, boolean),
	pg_read_binary_file(text), pg_read_binary_file(text, bigint, bigint, boolean) TO replicator;

-- The client. It reads data_directory to know which host has answered.
CREATE ROLE app LOGIN;
GRANT pg_read_all_settings TO app;
CREATE TABLE lab_rows (n bigint PRIMARY KEY);
GRANT SELECT, INSERT ON lab_rows TO app;
