-- The people, agents and services of an archive: who of them is here already.
--
-- A person is the one with the same e-mail address, else the one with the same id. An agent or service is the one with the same
-- id, unless that belongs to somebody else. Missing ones are created, without any credential and never as administrators.

-- A hash that no password has, of the usual cost.
create function logic.impossible_password_hash() returns text language sql volatile
begin atomic
    select '$argon2id$v=19$m=19456,t=2,p=1$' || rtrim(encode(uuid_send(gen_random_uuid()), 'base64'), '=') || '$'
        || rtrim(encode(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), 'base64'), '=');
end;

-- Creates who is missing, and writes into archive_ids who has another id here. Returns {people_created, people_found}.
create function logic.import_archived_people(digest text) returns jsonb language plpgsql as $$
declare
    checked constant record := logic.archive_checked_fields('people');
    everyone jsonb;
    answer jsonb;
begin
    -- Each of them once; a line that names the owner first.
    select coalesce(jsonb_agg(o.row), '[]') into everyone
      from (select distinct on (p.row ->> 'id') p.row
              from (select l.line, row_number() over (partition by c.workflow_id order by c.place, l.n) as place
                      from archive_chunks c
                     cross join lateral string_to_table(c.lines, E'\n') with ordinality l (line, n)
                     where c.digest = import_archived_people.digest and c.section = 'people') l
             cross join lateral (select logic.read_archived_row(l.line, 'people', logic.archive_fields('people'), null, l.place,
                                            checked.times, checked.counts) as row offset 0) p
             order by p.row ->> 'id', p.row ->> 'owner_id' is null) o;
    if exists (select from jsonb_array_elements(everyone) e where coalesce(e ->> 'kind', '') not in ('user', 'agent', 'service')
                  or e ->> 'kind' <> 'user' and (e ->> 'id' like 'user-%' or e ->> 'id' ~* '^(db:.*|db|system)$')) then
        perform logic.fail('invalid', 'The archive''s section people has a row whose kind does not fit its id.');
    end if;
    with
    -- The archive's actors.
    archived as materialized (
        select e.* from jsonb_to_recordset(everyone) e (id text, kind text, name text, email text, owner_id text, created_at timestamptz, disabled_at timestamptz)
    ),
    -- The persons with their ids here.
    persons as materialized (
        select p.id, coalesce(u.actor_id, a.id) as found_id
          from archived p
          left join users u on lower(u.email) = lower(p.email)
          left join actors a on a.id = p.id and a.kind = 'user'
         where p.kind = 'user'
    ),
    -- All with their ids here, null for who is missing; and whether somebody else has the id.
    matched as materialized (
        select p.*, case when p.kind = 'user' then h.found_id when a.kind = p.kind and is_same then a.id end as found_id,
               coalesce(case when p.kind = 'user' then a.kind <> 'user' else not (a.kind = p.kind and is_same) end, false) as is_taken
          from archived p
          left join persons h on h.id = p.id
          left join actors a on a.id = p.id
         cross join lateral (select a.owner_id is null or p.owner_id is null
                                 or a.owner_id = coalesce((select o.found_id from persons o where o.id = p.owner_id), p.owner_id) as is_same) s
    ),
    -- The same with the id that each gets.
    named as materialized (
        select m.*, coalesce(m.found_id, case when m.is_taken then left(m.id, 117) || '-' || left(md5(digest || gen_random_uuid() || m.id), 10) else m.id end) as new_id
          from matched m
    ),
    -- The missing ones.
    made as (
        insert into actors (id, kind, name, owner_id, disabled_at, created_at)
        select n.new_id, n.kind, n.name, o.new_id, n.disabled_at, coalesce(n.created_at, now())
          from named n left join named o on o.id = n.owner_id
         where n.found_id is null
        returning id
    ),
    -- Their accounts.
    accounts as (
        insert into users (actor_id, email, password_hash)
        select n.new_id, lower(n.email), logic.impossible_password_hash()
          from named n join made m on m.id = n.new_id
         where n.kind = 'user' and n.email is not null
        returning actor_id
    ),
    -- Who has another id.
    renamed as (
        insert into archive_ids (digest, old_id, new_id)
        select import_archived_people.digest, n.id, n.new_id from named n where n.id <> n.new_id
        returning old_id
    )
    select jsonb_build_object('people_created', (select count(*) from made), 'people_found', (select count(*) from named n where n.found_id is not null),
                              'accounts_created', (select count(*) from accounts), 'people_renamed', (select count(*) from renamed))
      into answer;
    return answer;
exception
    when data_exception or integrity_constraint_violation then
        perform logic.fail('invalid', format('A row of the archive''s section people cannot be imported: %s.', rtrim(sqlerrm, '.')));
end
$$;
