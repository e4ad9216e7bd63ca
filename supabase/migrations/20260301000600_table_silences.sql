-- Events that a silence covers get no message while it lasts; all else that they do, they do. A pattern is a glob of * and ?, as a route's;
-- null: any. It is never deleted while an event names it.
create table if not exists ops.silences (
    silence_id uuid primary key default gen_random_uuid(),
    service text,
    event_pattern text not null default '*',
    environment text,
    reason text,
    -- {"user": a Slack user's id or null, "name"}
    created_by jsonb not null,
    created_at timestamptz not null default clock_timestamp(),
    ends_at timestamptz not null,
    ended_at timestamptz,
    -- Who ended it by hand; null: its time was over.
    ended_by jsonb,
    constraint a_silence_ends_after_it_begins check (ends_at > created_at),
    constraint a_silence_lasts_seven_days_at_most check (ends_at <= created_at + interval '7 days'),
    constraint a_silence_matches_something check (event_pattern <> '' and service <> '' and environment <> ''),
    constraint a_pattern_has_stars_and_question_marks_only check (concat(service, event_pattern, environment) !~ '[][]'),
    constraint patterns_and_reason_are_short check (
        length(event_pattern) <= 200 and length(service) <= 200 and length(environment) <= 200 and coalesce(length(reason), 0) <= 300
    ),
    constraint somebody_made_it check (coalesce(created_by ->> 'user', created_by ->> 'name', '') <> ''),
    constraint it_is_not_over_before_it_began check (ended_at >= created_at and ended_at <= ends_at),
    constraint only_what_is_over_was_ended_by_somebody check (ended_by is null or ended_at is not null)
);

create index if not exists silences_that_last on ops.silences (ends_at) where ended_at is null;

alter table ops.silences enable row level security;
revoke all on table ops.silences from public, anon, authenticated, service_role;
comment on table ops.silences is 'Silences: which events get no message, until when, by whom. Written by start_silence_v1 and end_silence_v1.';
