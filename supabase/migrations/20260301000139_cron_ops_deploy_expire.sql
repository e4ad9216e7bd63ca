select cron.schedule('ops_deploy_expire', '* * * * *', 'select ops.expire_deploys_v1()');
