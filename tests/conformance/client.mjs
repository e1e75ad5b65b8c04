// An agent workflow through the official client library, in the revision with sessions and in the current one:
// claim a job, report progress, ask a person, read the answer and complete the job. The person watches the
// board's socket and must receive each step in time.

import assert from 'node:assert/strict';
import process from 'node:process';

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import WebSocket from 'ws';

import { REVISIONS } from './scenarios.mjs';

// The maximum delay between a step and its event.
const MAX_DELAY = 1000;
const TIMEOUT = 15_000;

// Polls until the condition returns a truthy value.
async function until(what, condition) {
  const end = Date.now() + TIMEOUT;
  for (;;) {
    const found = condition();
    if (found) return found;
    assert(Date.now() < end, `timed out waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

// The person's view of a board: its events, in order, with their arrival times.
async function watch(url, token, workflow) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws`, { headers: { authorization: `Bearer ${token}` } });
  const messages = [];
  socket.on('message', (text) => messages.push({ ...JSON.parse(String(text)), at: performance.now() }));
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  socket.send(JSON.stringify({ type: 'subscribe', room: `workflow:${workflow}` }));
  await until('the board', () => messages.find((message) => message.type === 'subscribed'));
  const late = [];
  // Waits for the event of a step that began at `begun`; earlier events do not count.
  const waitForEvent = async (type, begun, fits = () => true) => {
    const event = await until(type, () => messages.find((event) => event.at > begun && event.type === type && fits(event)));
    late.push(event.at - begun);
    return event;
  };
  return { waitForEvent, late, close: () => socket.close() };
}

async function runAgent({ url, person }, revision) {
  const workflow = (await person.post('/api/workflows', { name: `Agent run in ${revision}` })).id;
  const draft = { workflow_id: workflow, title: 'Paint the shed', description: 'It has to look well from the road.' };
  const { ticket_id: ticket } = await person.post('/api/tickets/create', draft);
  const prompt = { ticket_id: ticket, initial_prompt: 'Paint it.', stages: ['in_progress', 'review'], queue: true };
  const { id: job } = await person.post('/api/jobs', prompt);
  const agent = `painter-${REVISIONS.indexOf(revision)}`;
  await person.post('/api/agents', { id: agent, kind: 'agent', workflows: [workflow] });
  const { key } = await person.post('/api/keys', { name: 'an agent run', actor_id: agent, scopes: ['read', 'write'] });
  const board = await watch(url, person.token, workflow);

  const current = revision === REVISIONS.at(-1);
  const mode = current ? { pin: revision } : 'legacy';
  const client = new Client({ name: 'agent-run', version: '1' }, { versionNegotiation: { mode } });
  const headers = { Authorization: `Bearer ${key}` };
  await client.connect(new StreamableHTTPClientTransport(new URL('/mcp', url), { requestInit: { headers } }));
  assert.equal(client.getServerVersion().name, 'callboard');
  assert.match(client.getInstructions(), /list_workflows/);
  const { tools } = await client.listTools();
  const names = tools.map((tool) => tool.name);
  for (const name of ['claim_work', 'heartbeat', 'report_progress', 'post_message', 'complete_job', 'fail_job', 'ask_human', 'get_board',
    'related_tickets', 'create_ticket', 'update_ticket', 'change_ticket_status', 'add_ticket_comment', 'search_tickets', 'get_tickets',
    'get_ticket', 'link_commit_to_ticket', 'get_commit_diff', 'resolve_ticket']) assert(names.includes(name), `${name} is listed`);
  assert(!names.includes('decide_approval'), 'the key lacks the scope to decide');
  const call = async (name, args) => {
    const answer = await client.callTool({ name, arguments: args });
    assert(!answer.isError, `${name}: ${answer.content[0].text}`);
    return answer.structuredContent;
  };
  // Calls a tool; returns its result and the resulting event on the board.
  const callAndWait = async (name, args, type, fits) => {
    const begun = performance.now();
    const [answer, event] = await Promise.all([call(name, args), board.waitForEvent(type, begun, fits)]);
    return [answer, event];
  };

  // Resources and the prompt.
  const uri = `callboard://ticket/${ticket}`;
  const { resources } = await client.listResources();
  assert.deepEqual(resources.map((resource) => resource.uri), [`callboard://board/${workflow}`]);
  const read = async (address) => JSON.parse((await client.readResource({ uri: address })).contents[0].text);
  assert.equal((await read(uri)).title, 'Paint the shed');
  assert.equal((await read(`callboard://board/${workflow}`)).workflow_id, workflow);
  const updated = [];
  client.setNotificationHandler('notifications/resources/updated', ({ params }) => void updated.push(params.uri));
  const subscription = current ? await client.listen({ resourceSubscriptions: [uri] }) : await client.subscribeResource({ uri });
  const { messages } = await client.getPrompt({ name: 'ticket_tracking', arguments: { workflow_id: workflow, job_id: job } });
  assert(messages[0].content.text.includes(ticket) && messages[0].content.text.includes(job));

  // The work.
  const [held, began] = await callAndWait('claim_work', { workflow_id: workflow, worker: 'library' }, 'job_status', ({ data }) => data.new_status === 'running');
  assert.equal(held.job_id, job);
  assert.equal(began.agent_id, agent);
  const lease = { job_id: job, lease_token: held.lease_token };
  await until('an update of the ticket', () => updated.includes(uri));
  assert.equal((await call('heartbeat', lease)).status, 'running');
  const step = { ...lease, stage: 'review', progress: 60, message: 'The first coat is on.' };
  const [progress, moved] = await callAndWait('report_progress', step, 'status_changed', ({ data }) => data.new_status === 'review');
  assert.equal(progress.ticket_moved, true);
  assert.equal(moved.ticket_id, ticket);
  await callAndWait('report_progress', { ...lease, progress: 70 }, 'job_progress', ({ data }) => data.progress === 70);
  const [, line] = await callAndWait('post_message', { ...lease, kind: 'chat', content: 'It dries.' }, 'job_message');
  assert.equal(line.data.message.content, 'It dries.');
  const question = { job_id: job, question: 'Red or green?', options: ['red', 'green'] };
  const [asked] = await callAndWait('ask_human', question, 'approval_requested', ({ data }) => data.approval.question === 'Red or green?');
  const refused = await client.callTool({ name: 'decide_approval', arguments: { approval_id: asked.approval_id, decision: 'answer', answer: 'red' } });
  assert(refused.isError && refused.content[0].text.startsWith('forbidden'), 'an agent may not decide');
  await person.post(`/api/approvals/${asked.approval_id}/answer`, { answer: 'green' });
  const { approvals } = await call('heartbeat', lease);
  assert.deepEqual(approvals.map((approval) => approval.answer), ['green']);
  const end = { ...lease, result: { colour: 'green' }, resolution_comment: 'Painted green, as decided.' };
  const [done] = await callAndWait('complete_job', end, 'job_status', ({ data }) => data.new_status === 'succeeded');
  assert.equal(done.ticket_resolved, true);
  assert.equal((await read(uri)).is_resolved, true);

  if (current) await subscription.close();
  else await client.unsubscribeResource({ uri });
  await client.close();
  board.close();
  const late = Math.max(...board.late);
  assert(late < MAX_DELAY, `a step arrived after ${late.toFixed(0)} ms`);
  return `${board.late.length} steps received within ${late.toFixed(0)} ms, ${updated.length} updates of the ticket`;
}

// Returns the number of failed runs.
export async function runClient(server) {
  let failures = 0;
  for (const revision of REVISIONS) {
    try {
      process.stdout.write(`pass  ${revision}  agent run through the client library (${await runAgent(server, revision)})\n`);
    } catch (error) {
      failures += 1;
      process.stdout.write(`FAIL  ${revision}  agent run through the client library\n      ${error.stack}\n`);
    }
  }
  return failures;
}
