-- Rings the handlers that have something left to do: lost forwards, vanished handlers, retries, answers that were not sent.
create or replace function ops.sweep_envelopes_v1()
returns integer
language plpgsql
security definer
set search_path = ''
as $$
declare
    functions_url constant text := ops.read_secret_v1('pulser_functions_url');
    due record;
    rung integer := 0;
begin
    if functions_url is null then
        return 0;
    end if;
    for due in
        select h.handler from unnest(array['action-handler', 'command-handler']) h (handler)
        where exists (
            select from ops.slack_envelopes e
            where e.status = 'pending' and e.handler = h.handler and e.next_attempt_at <= clock_timestamp()
        ) or exists (
            select from ops.slack_envelopes e
            where e.claim_token is not null and e.lease_until < clock_timestamp() and e.handler = h.handler
        ) or exists (
            select from ops.slack_envelopes e
            where e.reply_status = 'due' and e.reply_due_at <= clock_timestamp() and e.handler = h.handler
        )
    loop
        perform net.http_post(
            url := rtrim(functions_url, '/') || '/' || due.handler,
            body := jsonb_build_object('drain', true),
            headers := jsonb_build_object(
                'Content-Type', 'application/json', 'apikey', ops.read_secret_v1('pulser_function_key'), 'x-request-id', gen_random_uuid()
            ),
            timeout_milliseconds := 5000
        );
        rung := rung + 1;
    end loop;
    return rung;
end;
$$;

revoke all on function ops.sweep_envelopes_v1() from public, anon, authenticated, service_role;
comment on function ops.sweep_envelopes_v1() is 'Rings handlers that have work left; how many. Called by the cron job ops_envelope_sweep.';
