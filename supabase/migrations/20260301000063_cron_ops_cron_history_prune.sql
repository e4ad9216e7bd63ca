select cron.schedule('ops_cron_history_prune', '17 3 * * *', 'select ops.prune_cron_history_v1()');
