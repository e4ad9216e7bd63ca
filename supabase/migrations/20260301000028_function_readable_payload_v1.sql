-- A payload as it is, or cut to what a message can show: one event must not stop those that are read together with it.
create or replace function ops.readable_payload_v1(payload jsonb)
returns jsonb
language sql
immutable
set search_path = ''
as $$
    select case
        when payload is null or ops.is_readable_v1(payload, 100000) then payload
        when jsonb_typeof(payload) <> 'object' then to_jsonb(left(payload #>> '{}', 8000))
        else (
            select jsonb_object_agg(left(kept.key, 200), case
                when ops.is_readable_v1(kept.value, kept.most_characters) then kept.value
                else to_jsonb(left(kept.value #>> '{}', kept.most_characters))
            end) || case when max(kept.keys) > 40 then jsonb_build_object('…', format('%s keys are too many to read', max(kept.keys)))
                else '{}' end
            from (
                select p.key, p.value, count(*) over () as keys, case when k.key is null then 500 else 5000 end as most_characters
                from jsonb_each(payload) p
                left join unnest(array[
                    'service', 'environment', 'severity', 'title', 'summary', 'url', 'version', 'commit', 'branch', 'run_id',
                    'duration_s', 'error_rate', 'threshold', 'window', 'fingerprint', 'deploy_id', 'card_id'
                ]) k (key) on k.key = p.key
                order by k.key is null, p.key
                limit 40
            ) kept
        )
    end
$$;

revoke all on function ops.readable_payload_v1(jsonb) from public, anon, authenticated, service_role;
comment on function ops.readable_payload_v1(jsonb) is 'A payload that every reader takes: the keys of the contract first, long values cut. Called by event_of_row_v1.';
