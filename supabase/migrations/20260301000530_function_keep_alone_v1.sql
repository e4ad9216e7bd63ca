-- The waiting post of a card of which an event tells would go into a digest, which is nobody's card, if more came for its channel: it
-- stands alone from now on, so that the card can tell of the event. Not where a digest is about to be made (five wait): there the event
-- has a post of its own, which goes into the digest as well. What somebody else holds is being claimed or settled.
create or replace function ops.keep_alone_v1(held uuid[])
returns void
language plpgsql
set search_path = ''
as $$
begin
    -- Of most events of a storm none tells of a card.
    if not exists (select from ops.event_dispatches d where d.event_id = any (held) and d.card_id is not null and not d.is_repeat) then
        return;
    end if;
    with waiting as (
        select c.delivery_id
        from ops.event_dispatches d join ops.deliveries c on c.event_id = d.card_id
        where d.event_id = any (held) and not d.is_repeat
            and c.kind = 'post' and c.thread_delivery_id is null and c.may_fold and c.digest_id is null and c.status in ('queued', 'failed')
            and (
                select count(*) from (
                    select from ops.deliveries w
                    where w.channel = c.channel and w.may_fold and not w.in_digest and w.kind = 'post' and w.status in ('queued', 'failed') limit 5
                ) few
            ) < 5
        for update of c skip locked
    )
    update ops.deliveries c set fold_type = null, fold_service = null from waiting w where c.delivery_id = w.delivery_id;
end;
$$;

revoke all on function ops.keep_alone_v1(uuid[]) from public, anon, authenticated, service_role;
comment on function ops.keep_alone_v1(uuid[]) is 'Keeps the waiting posts of cards that events tell of out of digests. Called by queue_posts_v1.';
