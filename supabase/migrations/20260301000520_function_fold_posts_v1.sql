-- What is to carry a channel's waiting posts that may fold, when it is the turn of the first of them: itself, while they are four at
-- most (the last of these is seen in four seconds, and each with its buttons); else an update of the digest that is the channel's
-- newest message, while that is younger than two minutes and Slack's rate of updates has room; else the first one becomes a digest.
-- Slack notifies nobody of an edit, and a folded alert has no reminders: open alerts are taken into a digest only if that was posted with
-- one (rang_for_alert, which fill_digest_v1 writes), so somebody was told within the last two minutes that something is wrong here. The
-- digest's members are not read for that, and what waits only where a digest without alerts stands: each post once, since it is folded
-- then. What comes after this look is no danger: fill_digest_v1 looks at what it takes.
-- Whoever calls this holds the channel's row.
create or replace function ops.fold_posts_v1(channel text, head uuid)
returns uuid
language plpgsql
set search_path = ''
as $$
declare
    standing ops.deliveries;
    carrier uuid := head;
begin
    perform from ops.deliveries d
    where d.channel = fold_posts_v1.channel and d.may_fold and not d.in_digest and d.kind = 'post' and d.status in ('queued', 'failed')
    order by d.position offset 4 limit 1;
    if not found then
        return head;
    end if;

    select d.* into standing
    from ops.slack_channels c join ops.deliveries d on d.delivery_id = c.digest_id
    where c.channel = fold_posts_v1.channel and d.status = 'sent' and d.sent_at > clock_timestamp() - interval '2 minutes'
        -- One update at a time; and what Slack has refused to change once, it will refuse again.
        and not exists (
            select from ops.deliveries u where u.target_delivery_id = d.delivery_id and u.kind = 'update' and u.status <> 'sent'
        )
        and (d.rang_for_alert or not exists (
            select from ops.deliveries w
            where w.channel = fold_posts_v1.channel and w.may_fold and not w.in_digest and w.kind = 'post' and w.status in ('queued', 'failed')
                -- By the card's key, whatever the planner thinks of so many.
                and (select c.kind = 'alert' and c.phase = 'open' from ops.cards c where c.card_id = w.event_id)
        ));
    if standing.delivery_id is not null and ops.take_update_v1() then
        insert into ops.deliveries (kind, event_id, route, channel, target_delivery_id, digest_id)
        values ('update', standing.event_id, 'digest', standing.channel, standing.delivery_id, standing.delivery_id)
        returning delivery_id into carrier;
    else
        update ops.deliveries d set digest_id = d.delivery_id where d.delivery_id = head;
    end if;
    return carrier;
end;
$$;

revoke all on function ops.fold_posts_v1(text, uuid) from public, anon, authenticated, service_role;
comment on function ops.fold_posts_v1(text, uuid) is 'The delivery that carries what waits in a channel: the first one, as it is or as a digest, or an update of a digest. Called by claim_posts_v1.';
