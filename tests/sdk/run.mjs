// `node tests/sdk/run.mjs FOLDER PROGRAM [ARGUMENT…]` runs the tests of a client library in its folder, against a server that is
// started for them, directly and through a proxy with faults. The environment of the program:
//
// CALLBOARD_URL       the server
// CALLBOARD_PROXY     the same server through the proxy
// CALLBOARD_EMAIL     an administrator
// CALLBOARD_PASSWORD
// CALLBOARD_CONTROL   POST /restart restarts the server at the same address, and answers when it is ready; POST /proxy with
//                     {"connected": false, "drop": 2, "cut": 100} changes the faults of the proxy (see faulty_proxy.mjs), and
//                     GET /proxy reads them

import { spawn } from 'node:child_process';
import http from 'node:http';
import path from 'node:path';
import process from 'node:process';

import { start } from '../conformance/server.mjs';
import { open } from './faulty_proxy.mjs';

const [folder, program, ...args] = process.argv.slice(2);
if (!program) throw new Error('usage: node tests/sdk/run.mjs FOLDER PROGRAM [ARGUMENT…]');

async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length > 0 ? JSON.parse(Buffer.concat(chunks).toString()) : {};
}

// The requests of the tests. Restarts run one after the other.
function control(server, proxy) {
  let restart = Promise.resolve();
  return http.createServer(async (request, response) => {
    try {
      if (request.method === 'POST' && request.url === '/restart') {
        restart = restart.then(() => server.restart());
        await restart;
      } else if (request.url === '/proxy') {
        if (request.method === 'POST') proxy.set(await body(request));
      } else {
        response.statusCode = 404;
      }
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(proxy.faults));
    } catch (error) {
      response.statusCode = 500;
      response.end(String(error.stack));
    }
  });
}

const server = await start();
const proxy = await open(server.url);
const controls = control(server, proxy);
try {
  await new Promise((resolve) => controls.listen(0, '127.0.0.1', resolve));
  const env = {
    ...process.env, CALLBOARD_URL: server.url, CALLBOARD_PROXY: proxy.url, CALLBOARD_EMAIL: server.admin.email,
    CALLBOARD_PASSWORD: server.admin.password, CALLBOARD_CONTROL: `http://127.0.0.1:${controls.address().port}`,
  };
  const child = spawn(program, args, { cwd: path.resolve(folder), env, stdio: 'inherit' });
  process.exitCode = await new Promise((resolve, reject) => child.once('error', reject).once('exit', (code) => resolve(code ?? 1)));
} finally {
  controls.close();
  controls.closeAllConnections();
  proxy.close();
  await server.stop();
}
