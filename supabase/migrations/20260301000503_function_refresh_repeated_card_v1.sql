-- Queues an update of each message of a card that only counts on: not sooner than half a minute after what the message showed last, so
-- that an alert that fires all the time costs two updates a minute, and after all updates of what somebody did (claim_updates_v1).
-- Whoever calls this holds the card's row.
create or replace function ops.refresh_repeated_card_v1(card_id uuid)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    queued integer;
begin
    insert into ops.deliveries (kind, event_id, route, channel, card_id, target_delivery_id, next_attempt_at)
    select 'update', p.event_id, 'repeat', p.channel, refresh_repeated_card_v1.card_id, p.delivery_id,
        greatest(clock_timestamp(), interval '30 seconds' + greatest(p.sent_at, (
            select max(coalesce(u.sent_at, u.dead_at)) from ops.deliveries u where u.target_delivery_id = p.delivery_id and u.kind = 'update'
        )))
    from ops.messages_of_card_v1(refresh_repeated_card_v1.card_id) p
    where p.status = 'sent'
        -- Asked, not left to the unique index, as in refresh_card_v1.
        and not exists (
            select from ops.deliveries u
            where u.target_delivery_id = p.delivery_id and u.kind = 'update' and u.status in ('queued', 'sending', 'failed')
        )
    order by p.position;
    get diagnostics queued = row_count;
    return queued;
end;
$$;

revoke all on function ops.refresh_repeated_card_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.refresh_repeated_card_v1(uuid) is 'Queues updates of the messages of a card that only counts on; how many. Called by show_news_v1.';
