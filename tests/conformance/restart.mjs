// The official client library lives through a restart of the server: calls go on without an error, and a subscribed
// resource goes on being notified.

import assert from 'node:assert/strict';
import process from 'node:process';

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

import { REVISIONS } from './scenarios.mjs';

const TIMEOUT = 30_000;

async function until(what, condition) {
  const end = Date.now() + TIMEOUT;
  while (!condition()) {
    assert(Date.now() < end, `timed out waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

// Opens a client of a revision; its key stays valid over the restart.
async function connect({ url, person }, revision) {
  const workflow = (await person.post('/api/workflows', { name: `Restart in ${revision}` })).id;
  const draft = { workflow_id: workflow, title: 'It stays', description: 'Also over a restart of the server.' };
  const { ticket_id: ticket } = await person.post('/api/tickets/create', draft);
  const agent = `survivor-${REVISIONS.indexOf(revision)}`;
  await person.post('/api/agents', { id: agent, kind: 'agent', workflows: [workflow] });
  const { key } = await person.post('/api/keys', { name: 'a restart', actor_id: agent, scopes: ['read', 'write'] });
  const current = revision === REVISIONS.at(-1);
  const client = new Client({ name: 'restart', version: '1' }, { versionNegotiation: { mode: current ? { pin: revision } : 'legacy' } });
  const headers = { Authorization: `Bearer ${key}` };
  await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', url), { requestInit: { headers } }));
  const updated = [];
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => void updated.push(params.uri));
  const uri = `callboard://ticket/${ticket}`;
  // The stream of the current revision ends with the server; its client opens another one, as it would any stream.
  if (!current) await client.subscribeResource({ uri });
  const call = async (name, args) => {
    const answer = await client.callTool({ name, arguments: args });
    assert(!answer.isError, `${name}: ${answer.content[0].text}`);
    return answer.structuredContent;
  };
  const comment = () => call('add_ticket_comment', { ticket_id: ticket, comment_text: 'I am still here.' });
  return { client, call, comment, ticket, agent, uri, updated, watches: !current };
}

// Returns the number of failures.
export async function runRestart(server) {
  try {
    const clients = [];
    for (const revision of REVISIONS) clients.push(await connect(server, revision));
    for (const one of clients) {
      await one.comment();
      if (one.watches) await until('an update', () => one.updated.includes(one.uri));
    }
    const woken = clients.map((one) => one.call('wait_for_events', { wait: 0 }));
    const cursors = (await Promise.all(woken)).map(({ cursor }) => cursor);
    // A call that waits ends with the server, and does not hold it up.
    const cut = clients.map((one) => one.call('wait_for_events', { wait: 50 }).catch(() => undefined));
    await new Promise((resolve) => setTimeout(resolve, 200));
    const stopping = performance.now();
    await server.restart(async () => {
      assert(performance.now() - stopping < 10_000, 'calls that wait hold the server up');
    });
    await Promise.all(cut);
    for (const [index, one] of clients.entries()) {
      await server.person.post('/api/tickets/update', { ticket_id: one.ticket, assigned_agent_id: one.agent });
      const { events } = await one.call('wait_for_events', { cursor: cursors[index], wait: 30 });
      assert.deepEqual(events.map(({ event }) => event), ['assigned'], 'an event after the restart, with a cursor from before');
    }
    for (const one of clients) {
      await Promise.all(Array.from({ length: 10 }, () => one.call('get_ticket', { ticket_id: one.ticket })));
      if (one.watches) {
        // The client opens its stream again within seconds; the server notifies then, because it may have missed changes.
        one.updated.length = 0;
        await one.comment();
        await until('an update after the restart', () => one.updated.includes(one.uri));
      }
      await one.client.close();
    }
    process.stdout.write(`pass  ${REVISIONS.join(' and ')}  client library through a restart\n`);
    return 0;
  } catch (error) {
    process.stdout.write(`FAIL  client library through a restart\n      ${error.stack}\n`);
    return 1;
  }
}
