-- What an event means beside its messages, as its router has read it. routing:
-- "fact": {"service", "environment", "aspect", "what", "version", "branch", "url"}   news for /pulser status
-- "card": {"kind", "service", "environment", "release", "severity"}                  the event is a thing that people act on
-- "deploy_result": {"deploy_id", "service", "environment", "version", "what", "url"} it belongs to a deploy that runs
-- "card_id": uuid                                                                    it tells of that card
create or replace function ops.attach_event_v1(routing jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
    the_event constant uuid := (routing ->> 'event_id')::uuid;
    card constant jsonb := nullif(routing -> 'card', 'null');
    attached uuid;
begin
    if jsonb_typeof(routing -> 'fact') = 'object' then
        perform ops.note_service_fact_v1(the_event, routing -> 'fact');
    end if;
    if card is not null then
        insert into ops.cards (card_id, kind, service, environment, release, phase)
        values (the_event, card ->> 'kind', card ->> 'service', card ->> 'environment', card ->> 'release',
            case card ->> 'kind' when 'release' then 'deployed' else 'open' end)
        on conflict (card_id) do nothing;
        perform ops.plan_reminders_v1(the_event, card ->> 'severity');
    end if;
    if jsonb_typeof(routing -> 'deploy_result') = 'object' then
        attached := ops.apply_deploy_result_v1(the_event, routing -> 'deploy_result');
    elsif routing ->> 'card_id' is not null then
        select c.card_id into attached from ops.cards c
        where c.card_id = (routing ->> 'card_id')::uuid and c.card_id <> the_event
        for key share;  -- it is not pruned before it is known that this event tells of it
    end if;
    if attached is not null then
        update ops.event_dispatches d set card_id = attached where d.event_id = the_event;
    end if;
end;
$$;

revoke all on function ops.attach_event_v1(jsonb) from public, anon, authenticated, service_role;
comment on function ops.attach_event_v1(jsonb) is 'Notes what an event means for cards and services. Called by record_deliveries_v1.';
