-- At night, a batch a minute for an hour: up to 120,000 events a day, and no lock for long.
select cron.schedule('ops_ledger_prune', '* 3 * * *', 'select ops.prune_ledger_v1()');
