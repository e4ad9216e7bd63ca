-- The only way pulser writes ops.platform_events: it fills the columns that the table has.
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
        insert into ops.platform_events (event_id, event_type, actor, target, payload, status, error_detail)
        values (new_id, append_event_v1.event_type, append_event_v1.actor, append_event_v1.target,
            append_event_v1.payload, append_event_v1.status, append_event_v1.error_detail);
    else
        insert into ops.platform_events (id, action, user_id, project_ref, path, method, status, payload)
        values (new_id, append_event_v1.event_type, append_event_v1.actor, append_event_v1.target,
            coalesce(append_event_v1.target, append_event_v1.event_type), 'EVENT',
            case append_event_v1.status when 'ok' then 200 else 500 end,
            case when append_event_v1.error_detail is null then coalesce(append_event_v1.payload, '{}')
                else jsonb_build_object('error_detail', append_event_v1.error_detail) || case
                    when jsonb_typeof(append_event_v1.payload) = 'object' then append_event_v1.payload
                    else jsonb_build_object('payload', append_event_v1.payload)
                end
            end);
    end if;
    return new_id;
end;
$$;

revoke all on function ops.append_event_v1(text, text, text, jsonb, text, text) from public, anon, authenticated;
grant execute on function ops.append_event_v1(text, text, text, jsonb, text, text) to service_role;
comment on function ops.append_event_v1(text, text, text, jsonb, text, text) is 'Appends an event to ops.platform_events, whichever shape it has; its id. Called by `pulser emit`, `pulser demo`, retry_delivery_v1 and announce_dead_delivery_v1.';
