-- What has just been sent may be older than the card is by now: then its message is due again.
create or replace function ops.catch_up_card_v1(delivery_id uuid)
returns void
language plpgsql
set search_path = ''
as $$
declare
    sent ops.deliveries;
    newest integer;
begin
    select d.* into sent from ops.deliveries d where d.delivery_id = catch_up_card_v1.delivery_id;
    -- One that died showed nothing, but what changed while it was being sent has queued none beside it.
    if sent.kind = 'hook' or sent.thread_delivery_id is not null or sent.digest_id is not null
        or not (sent.status = 'sent' or sent.status = 'dead' and sent.card_version is not null) then
        return;
    end if;
    -- Under the card's lock: whoever changes the card now either sees this delivery as settled, or has been seen here.
    select c.version into newest from ops.cards c where c.card_id = coalesce(sent.card_id, sent.event_id) for no key update;
    -- An adopted post says nothing of what it shows.
    if newest > coalesce(sent.card_version, 0) then
        perform ops.show_news_v1(coalesce(sent.card_id, sent.event_id), coalesce(sent.card_version, 0));
    end if;
end;
$$;

revoke all on function ops.catch_up_card_v1(uuid) from public, anon, authenticated, service_role;
comment on function ops.catch_up_card_v1(uuid) is 'Queues another update when the card has changed meanwhile. Called by settle_delivery_v1.';
