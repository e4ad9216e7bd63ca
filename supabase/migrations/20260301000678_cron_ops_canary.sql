select ops.schedule_job_v1('ops_canary', 20, 'select ops.tend_canary_v1()');
