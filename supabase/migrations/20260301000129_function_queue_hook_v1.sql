-- A call of the hook that the service names for this action. It is of no use late: after a quarter of an hour it is given up.
create or replace function ops.queue_hook_v1(card_id uuid, call jsonb)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
    hook jsonb;
    queued uuid;
begin
    select case call ->> 'action' when 'rollback' then s.rollback else s.deploy end into hook
    from ops.services s where s.service = call ->> 'service';
    if hook is null then
        raise exception 'the service % has no hook for %', call ->> 'service', call ->> 'action'
            using errcode = 'foreign_key_violation';
    end if;
    -- The event of the card is known to the dispatcher, whatever its trigger met.
    insert into ops.event_dispatches (event_id) values (queue_hook_v1.card_id) on conflict (event_id) do nothing;
    insert into ops.deliveries (kind, event_id, route, channel, card_id, hook, retry_until)
    values ('hook', queue_hook_v1.card_id, call ->> 'action', 'hook:' || (call ->> 'service'), queue_hook_v1.card_id,
        jsonb_build_object('hook', hook, 'service', call ->> 'service', 'action', call ->> 'action',
            'inputs', coalesce(call -> 'inputs', '{}') || jsonb_build_object('deploy_id', queue_hook_v1.card_id)),
        clock_timestamp() + interval '15 minutes')
    returning delivery_id into queued;
    -- What becomes of this call is of this rollback alone; whoever queues it has just changed the card.
    if call ->> 'action' = 'rollback' then
        update ops.cards c set state = jsonb_set(c.state, '{rollback,delivery_id}', to_jsonb(queued))
        where c.card_id = queue_hook_v1.card_id and jsonb_typeof(c.state -> 'rollback') = 'object';
    end if;
    return queued;
end;
$$;

revoke all on function ops.queue_hook_v1(uuid, jsonb) from public, anon, authenticated, service_role;
comment on function ops.queue_hook_v1(uuid, jsonb) is 'Queues the call of a deploy hook in the outbox. Called by carry_out_v1.';
