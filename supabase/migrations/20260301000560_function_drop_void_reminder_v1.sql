-- A reminder that was being sent did not go out, and would be tried again: not when its alert is in hand by now, or snoozed. Asked
-- under the card's lock: whoever changes the card from now on takes it back himself.
create or replace function ops.drop_void_reminder_v1(delivery ops.deliveries)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
    card ops.cards;
begin
    if delivery.thread_part is distinct from 'reminder' or delivery.status not in ('queued', 'failed') then
        return false;
    end if;
    select c.* into card from ops.cards c where c.card_id = delivery.card_id for share;
    delete from ops.deliveries d
    where d.delivery_id = delivery.delivery_id
        and (card.phase <> 'open' or (card.state #>> '{snoozed,until}')::timestamptz > clock_timestamp());
    return found;
end;
$$;

revoke all on function ops.drop_void_reminder_v1(ops.deliveries) from public, anon, authenticated, service_role;
comment on function ops.drop_void_reminder_v1(ops.deliveries) is 'Deletes a reminder that nobody needs any more; whether it did. Called by follow_settled_delivery_v1.';
