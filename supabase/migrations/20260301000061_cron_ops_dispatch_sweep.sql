select ops.schedule_job_v1('ops_dispatch_sweep', 5, 'select ops.sweep_v1()');
