-- The canary that waits, for the one who posts it: once at most, so whoever vanishes with it has lost it. previous: an older one's message,
-- which may go now; it is told once, too. Asked again after the insert: Slack may have held posts up meanwhile.
create or replace function ops.claim_canary_v1(worker text)
returns jsonb
language plpgsql
security definer
set search_path = ''
as $$
declare
    claimed ops.canaries;
    older ops.canaries;
begin
    if not exists (select from ops.canaries c where c.claimed_at is null and c.failed_at is null)
        or ops.slack_held_until_v1('chat.postMessage') is not null
    then
        return null;
    end if;
    update ops.canaries c
    set claimed_at = clock_timestamp(), claimed_by = left(claim_canary_v1.worker, 200)
    where c.canary_id = (
        select w.canary_id from ops.canaries w
        where w.claimed_at is null and w.failed_at is null and w.asked_at > clock_timestamp() - interval '60 seconds'
        limit 1 for update skip locked
    )
    returning c.* into claimed;
    if not found then
        return null;
    end if;
    update ops.canaries c set tidied_at = clock_timestamp()
    where c.canary_id = (
        select t.canary_id from ops.canaries t
        where t.posted_at is not null and t.tidied_at is null order by t.posted_at desc limit 1 for update skip locked
    )
    returning c.* into older;
    return jsonb_build_object(
        'canary_id', claimed.canary_id, 'channel', claimed.channel, 'asked_at', extract(epoch from claimed.asked_at),
        'previous', case when older.slack_ts is not null then
            jsonb_build_object('channel', older.slack_channel_id, 'ts', older.slack_ts) end
    );
end;
$$;

revoke all on function ops.claim_canary_v1(text) from public, anon, authenticated;
grant execute on function ops.claim_canary_v1(text) to service_role;
comment on function ops.claim_canary_v1(text) is 'Takes the canary that waits, once: {canary_id, channel, asked_at, previous}, or null. Called by notify-dispatch at each ring.';
