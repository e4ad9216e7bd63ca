-- Queues an update of each message of a card. One that waits is enough: it shows the newest state when it is sent. One that is
-- being sent may show an older one, which catch_up_card_v1 sees when it is settled. Whoever calls this holds the card's row,
-- and needs not ring: his audit event does at commit, or he is the dispatcher.
create or replace function ops.refresh_card_v1(card_id uuid)
returns integer
language plpgsql
set search_path = ''
as $$
declare
    queued integer;
begin
    insert into ops.deliveries (kind, event_id, route, channel, card_id, target_delivery_id)
    select 'update', p.event_id, 'card', p.channel, refresh_card_v1.card_id, p.delivery_id
    from ops.messages_of_card_v1(refresh_card_v1.card_id) p
    where p.status = 'sent'
        -- Asked, not left to the unique index: that would wait for whoever settles an update and waits for the card.
        and not exists (
            select from ops.deliveries u
            where u.target_delivery_id = p.delivery_id and u.kind = 'update' and u.status in ('queued', 'sending', 'failed')
        )
    order by p.position;
    get diagnostics queued = row_count;

    -- One that waits to repeat a state (repeat_doubtful_update_v1), or to count (refresh_repeated_card_v1), has news to show now. One that
    -- is locked is being claimed.
    with waiting as (
        select u.delivery_id from ops.deliveries u
        join ops.deliveries p on p.delivery_id = u.target_delivery_id
        where p.event_id = refresh_card_v1.card_id and p.kind = 'post' and u.kind = 'update' and u.status = 'queued'
        for update of u skip locked
    )
    update ops.deliveries u set next_attempt_at = least(u.next_attempt_at, clock_timestamp()), route = 'card'
    from waiting w where u.delivery_id = w.delivery_id;
    return queued;
end;
$$;

revoke all on function ops.refresh_card_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.refresh_card_v1(uuid) is 'Queues updates of a card''s messages; how many. Called by change_card_v1, apply_deploy_result_v1, settle_hook_v1, expire_deploys_v1, resolve_alerts_v1, show_news_v1, follow_turn_v1 and leave_queue_v1.';
