select cron.schedule('ops_relay_prune', '23 * * * *', 'select ops.prune_relay_sessions_v1()');
