select ops.schedule_job_v1('ops_relay_cover', 10, 'select ops.cover_relay_v1()');
