-- What the requester of a question or review has checked, such as a test run: [{name, status, details, url}].

alter table approvals add column checks jsonb not null default '[]';
