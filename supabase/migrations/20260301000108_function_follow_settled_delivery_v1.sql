-- What follows from a delivery's end, in the transaction that settles it.
create or replace function ops.follow_settled_delivery_v1(delivery_id uuid, outcome jsonb)
returns void
language plpgsql
set search_path = ''
as $$
declare
    settled ops.deliveries;
    continued boolean;
begin
    select d.* into settled from ops.deliveries d where d.delivery_id = follow_settled_delivery_v1.delivery_id;
    if outcome ->> 'hold_method' is not null then
        perform ops.hold_slack_v1(outcome ->> 'hold_method', (outcome ->> 'hold_s')::double precision, settled.reason);
    end if;
    perform ops.carry_digest_v1(settled);
    perform ops.settle_hook_v1(settled.delivery_id, outcome);
    perform ops.repeat_doubtful_update_v1(settled.delivery_id);
    continued := ops.continue_card_v1(settled.delivery_id);
    perform ops.catch_up_card_v1(settled.delivery_id);
    -- What an update of a digest had is posted instead.
    if settled.status = 'dead' and not continued and (settled.kind <> 'update' or settled.digest_id is null) then
        perform ops.announce_dead_delivery_v1(settled.delivery_id);
    elsif settled.status = 'in_doubt' then
        perform ops.announce_doubt_v1(settled.delivery_id);
    end if;
    perform ops.begin_reminders_v1(settled);
    perform ops.drop_void_reminder_v1(settled);
end;
$$;

revoke all on function ops.follow_settled_delivery_v1(uuid, jsonb) from public, anon, authenticated, service_role;
comment on function ops.follow_settled_delivery_v1(uuid, jsonb) is 'Holds Slack, moves the card, repeats what is in doubt, continues what cannot be changed, announces the dead and the doubt that lasts. Called by settle_delivery_v1.';
