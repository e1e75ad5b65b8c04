// A Callboard server for one run: a fresh data directory, a free port, its own Postgres.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, openSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const admin = { email: 'conformance@example.org', password: 'correct horse battery' };

// A port that is free now; a restarted server must be found at the same address.
const freePort = () => new Promise((resolve, reject) => {
  const probe = net.createServer().once('error', reject);
  probe.listen(0, '127.0.0.1', () => {
    const { port } = probe.address();
    probe.close(() => resolve(port));
  });
});

// Starts the server and signs in its administrator. `restart` stops it and starts it again at the same address.
export async function start() {
  const program = process.env.CALLBOARD_BIN ?? path.resolve(root, process.env.CARGO_TARGET_DIR ?? 'target', 'debug/callboard');
  const data = mkdtempSync(path.join(tmpdir(), 'callboard-conformance-'));
  const log = path.join(data, 'server.log');
  const env = {
    ...process.env, CALLBOARD_LISTEN: `127.0.0.1:${await freePort()}`, CALLBOARD_DATA_DIR: path.join(data, 'data'),
    CALLBOARD_RUNTIME_DIR: process.env.CALLBOARD_RUNTIME_DIR ?? path.join(root, '.runtime'),
    CALLBOARD_ADMIN_EMAIL: admin.email, CALLBOARD_ADMIN_PASSWORD: admin.password, CALLBOARD_EMBEDDING_PROVIDER: 'none',
  };
  delete env.DATABASE_URL;
  delete env.CALLBOARD_PUBLIC_URL;
  let server;
  const run = async () => {
    server = spawn(program, ['serve'], { env, cwd: data, stdio: ['ignore', 'pipe', openSync(log, 'a')] });
    const url = await new Promise((resolve, reject) => {
      server.once('error', reject);
      server.once('exit', (code) => reject(new Error(`the server exited with ${code}:\n${readFileSync(log, 'utf8').slice(-4000)}`)));
      server.stdout.on('data', (text) => {
        const found = /ready at (\S+)/.exec(String(text));
        if (found) resolve(found[1]);
      });
    });
    server.removeAllListeners('exit');
    return url;
  };
  const end = async () => {
    if (server.exitCode === null && server.signalCode === null) {
      const ended = new Promise((resolve) => server.once('exit', resolve));
      server.kill('SIGTERM');
      await ended;
    }
  };
  const stop = async () => {
    await end();
    rmSync(data, { recursive: true, force: true });
  };
  const restart = async (stopped = async () => {}) => {
    await end();
    await stopped();
    await run();
  };
  try {
    const url = await run();
    const person = new Client(url, null);
    person.token = (await person.post('/api/auth/login', admin)).access;
    return { url, person, admin, stop, restart };
  } catch (error) {
    await stop();
    throw error;
  }
}

// A client of the REST API.
export class Client {
  constructor(url, token) {
    this.url = url;
    this.token = token;
  }

  async request(method, route, body) {
    const headers = { 'content-type': 'application/json' };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    const answer = await fetch(this.url + route, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${route}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  get(route) {
    return this.request('GET', route);
  }

  post(route, body) {
    return this.request('POST', route, body);
  }
}
