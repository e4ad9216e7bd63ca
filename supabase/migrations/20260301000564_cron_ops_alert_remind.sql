select cron.schedule('ops_alert_remind', '* * * * *', 'select ops.remind_alerts_v1()');
