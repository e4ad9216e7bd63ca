-- The only way pulser writes ops.platform_events: it fills the columns that the table has. Both statements are put together when they
-- run: the linter reads what it can, and would miss the columns of the other shape.
create or replace function ops.append_event_v1(
    event_type text,
    actor text default null,
    target text default null,
    payload jsonb default '{}',
    status text default 'ok',
    error_detail text default null
)
returns uuid
language plpgsql
security definer
set search_path = ''
as $$
declare
    new_id uuid := gen_random_uuid();
begin
    if ops.platform_event_key_v1() = 'event_id' then
        execute format($q$
            insert into ops.platform_events (%I, event_type, actor, target, status, error_detail, payload)
            values ($1, $2, $3, $4, $5, $6, $7)
        $q$, 'event_id') using new_id, append_event_v1.event_type, append_event_v1.actor, append_event_v1.target,
            append_event_v1.status, append_event_v1.error_detail, append_event_v1.payload;
    else
        execute format($q$
            insert into ops.platform_events (%I, action, user_id, project_ref, path, method, status, payload)
            values ($1, $2, $3, $4, coalesce($4, $2), 'EVENT', case $5 when 'ok' then 200 else 500 end,
                case when $6 is null then coalesce($7, '{}')
                    else jsonb_build_object('error_detail', $6)
                        || case when jsonb_typeof($7) = 'object' then $7 else jsonb_build_object('payload', $7) end
                end)
        $q$, 'id') using new_id, append_event_v1.event_type, append_event_v1.actor, append_event_v1.target,
            append_event_v1.status, append_event_v1.error_detail, append_event_v1.payload;
    end if;
    return new_id;
end;
$$;

revoke all on function ops.append_event_v1(text, text, text, jsonb, text, text) from public, anon, authenticated;
grant execute on function ops.append_event_v1(text, text, text, jsonb, text, text) to service_role;
comment on function ops.append_event_v1(text, text, text, jsonb, text, text) is 'Appends an event to ops.platform_events, whichever shape it has; its id. Called by `pulser emit`, `pulser demo`, retry_delivery_v1 and announce_dead_delivery_v1.';
