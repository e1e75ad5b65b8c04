// A round trip with the client that is generated for TypeScript; tests/clients/run.mjs compiles and runs it.
import assert from 'node:assert/strict';

import createClient from 'openapi-fetch';

import type { paths } from './api.js';

const { CALLBOARD_URL: url = '', CALLBOARD_TOKEN: token = '', CALLBOARD_WORKFLOW: workflow = '' } = process.env;
const client = createClient<paths>({ baseUrl: url, headers: { authorization: `Bearer ${token}` } });

const ids: string[] = [];
for (const title of ['First by TypeScript', 'Second by TypeScript']) {
  const { data: made, error } = await client.POST('/api/tickets/create', {
    body: { workflow_id: workflow, title, description: 'A generated client wrote it.', story_points: 3, tags: ['ts'] },
  });
  assert(made, JSON.stringify(error));
  ids.push(made.ticket_id);
}
// What an update does not name stays.
const { data: updated } = await client.POST('/api/tickets/update', { body: { ticket_id: ids[0], updates: { title: 'Renamed' } } });
assert.deepEqual(updated?.fields_updated, ['title']);
const { data: read } = await client.GET('/api/tickets/{id}', { params: { path: { id: ids[0] } } });
assert.deepEqual([read?.title, read?.story_points, read?.tags], ['Renamed', 3, ['ts']]);

const seen: string[] = [];
let cursor: string | null | undefined;
do {
  const query = { workflow_id: workflow, tags: 'ts', limit: 1, cursor: cursor ?? undefined };
  const { data: page } = await client.GET('/api/tickets', { params: { query } });
  seen.push(...(page?.tickets ?? []).map((ticket) => ticket.ticket_id));
  cursor = page?.next_cursor;
} while (cursor);
assert.deepEqual(seen.sort(), ids.sort());
const { data: staged } = await client.GET('/tickets', { params: { query: { workflow_id: workflow } } });
assert.equal(staged?.[0].stage, staged?.[0].status);
const { error, response } = await client.GET('/api/tickets/{id}', { params: { path: { id: 'ticket-none' } } });
assert.deepEqual([response.status, error?.code], [404, 'not_found']);
console.log('ok: TypeScript client');
