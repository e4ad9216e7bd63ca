-- Takes the heads of channels that are due, each alone or as a digest with all that waits behind it. The channel's row is the lock:
-- what is read after it is the newest state.
create or replace function ops.claim_posts_v1(worker text, max_posts integer, lease_seconds integer)
returns uuid[]
language plpgsql
security definer
set search_path = ''
as $$
declare
    due record;
    head record;
    carrier_id uuid;
    carrier ops.deliveries;
    claimed uuid[] := array[]::uuid[];
begin
    if ops.slack_held_until_v1('chat.postMessage') is not null then
        return claimed;
    end if;
    for due in
        select c.channel from ops.slack_channels c cross join lateral ops.channel_head_v1(c.channel) h
        where c.next_post_at <= clock_timestamp()
            and h.status in ('queued', 'failed') and h.next_attempt_at <= clock_timestamp()
        order by c.next_post_at limit max_posts  -- no more is locked than can be taken: the others are for other workers
        for update of c skip locked
    loop
        select h.delivery_id, h.may_fold into head
        from ops.channel_head_v1(due.channel) h
        where h.status in ('queued', 'failed') and h.next_attempt_at <= clock_timestamp();
        continue when not found;
        carrier_id := case when head.may_fold then ops.fold_posts_v1(due.channel, head.delivery_id) else head.delivery_id end;
        update ops.deliveries d
        set status = 'sending', attempts = d.attempts + 1, claim_token = gen_random_uuid(), claimed_by = worker,
            lease_until = clock_timestamp() + make_interval(secs => lease_seconds), doubtful_since = clock_timestamp()
        where d.delivery_id = carrier_id
        returning d.* into carrier;
        continue when not found;  -- a reminder that was taken back just now
        if carrier.digest_id is not null then
            perform ops.fill_digest_v1(carrier);
        end if;
        update ops.slack_channels c
        set next_post_at = clock_timestamp() + interval '1 second', last_may_fold = head.may_fold where c.channel = due.channel;
        claimed := claimed || carrier.delivery_id;
    end loop;
    return claimed;
end;
$$;

revoke all on function ops.claim_posts_v1(text, integer, integer) from public, anon, authenticated, service_role;
comment on function ops.claim_posts_v1(text, integer, integer) is 'Takes deliveries to be posted, one of a channel at most, or the update of its digest. Called by claim_deliveries_v1.';
