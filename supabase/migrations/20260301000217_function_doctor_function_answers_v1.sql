-- What came back for these requests so far. The ids begin again after a crash of the server, so only young answers are of them.
create or replace function ops.doctor_function_answers_v1(request_ids bigint[])
returns jsonb
language sql
volatile
security definer
set search_path = ''
as $$
    select coalesce(jsonb_agg(jsonb_build_object(
        'id', r.id,
        'status', r.status_code,
        'timed_out', coalesce(r.timed_out, false),
        'error', ops.without_secrets_v1(r.error_msg),
        'content', ops.without_secrets_v1(r.content)
    )), '[]')
    from net._http_response r
    where r.id = any (request_ids) and r.created > clock_timestamp() - interval '5 minutes'
$$;

revoke all on function ops.doctor_function_answers_v1(bigint[]) from public, anon, authenticated;
grant execute on function ops.doctor_function_answers_v1(bigint[]) to service_role;
comment on function ops.doctor_function_answers_v1(bigint[]) is 'The answers to doctor_ask_functions_v1 that are there. Called by `pulser doctor`.';
