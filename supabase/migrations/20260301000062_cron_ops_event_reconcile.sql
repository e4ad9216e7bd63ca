select cron.schedule('ops_event_reconcile', '* * * * *', 'select ops.reconcile_events_v1()');
