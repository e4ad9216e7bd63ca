-- Takes back the reminders of a card that wait to be sent. The caller holds the card's row. A delivery that somebody else holds is
-- being claimed, and goes out; or settled, and who does that asks for the card and sees for himself (drop_void_reminder_v1).
create or replace function ops.void_reminders_v1(card_id uuid)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    voided integer;
begin
    with waiting as materialized (
        select d.delivery_id from ops.reminders r join ops.deliveries d on d.delivery_id = r.delivery_id
        where r.card_id = void_reminders_v1.card_id and d.status in ('queued', 'failed')
        for update of d skip locked
    )
    delete from ops.deliveries d using waiting w where d.delivery_id = w.delivery_id;
    get diagnostics voided = row_count;
    return voided;
end;
$$;

revoke all on function ops.void_reminders_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.void_reminders_v1(uuid) is 'Deletes a card''s reminders that wait; how many. Called by follow_card_with_reminders_v1.';
