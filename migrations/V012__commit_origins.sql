-- Commits that programs tell of name their author, and where they can be looked at.

alter table ticket_commits
    add column author text constraint ticket_commits_author_length check (char_length(author) <= 200),
    -- Shown as a link, so nothing but the web's own addresses.
    add column url text constraint ticket_commits_url check (url ~ '^https?://' and char_length(url) <= 2000);
