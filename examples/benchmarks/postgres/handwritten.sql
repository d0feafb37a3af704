-- The tables of the variants naive, batch and copy: what a team would make by
-- hand for the same objects.
create table conversation (id uuid primary key, version bigint not null, media text, direction text, state text,
  started_at timestamptz, ended_at timestamptz, external_tag text, updated_at timestamptz not null default now());
create table participant (conversation_id uuid, id uuid, purpose text, user_id uuid, queue_id uuid, name text, address text,
  external_contact_id text, connected_at timestamptz, ended_at timestamptz, primary key (conversation_id, id));
create table session (conversation_id uuid, id uuid, participant_id uuid, media text, direction text, ani text, dnis text,
  provider text, state text, muted boolean, connected_at timestamptz, primary key (conversation_id, id));
create table segment (conversation_id uuid, session_id uuid, started_at timestamptz, type text, ended_at timestamptz, queue_id uuid,
  wrapup text, disconnect text, primary key (conversation_id, session_id, started_at, type));
create table metric (conversation_id uuid, session_id uuid, emitted_at timestamptz, name text, value bigint,
  primary key (conversation_id, session_id, emitted_at, name));
create table outbox (id bigint generated always as identity primary key, conversation_id uuid not null, version bigint not null,
  type text not null, payload jsonb not null, created_at timestamptz not null default now());
