-- Resources that MCP sessions watch, so that a server which takes a session up again goes on notifying its client.
create table mcp_subscriptions (
    session_id text collate "C" not null constraint mcp_subscriptions_session_length check (char_length(session_id) between 1 and 64),
    uri text collate "C" not null constraint mcp_subscriptions_uri_length check (char_length(uri) between 1 and 300),
    actor_id text collate "C" not null references actors (id) on delete cascade,
    used_at timestamptz not null default now(),
    primary key (session_id, uri)
);
create index mcp_subscriptions_actor on mcp_subscriptions (actor_id, used_at);
create index mcp_subscriptions_age on mcp_subscriptions (used_at);
