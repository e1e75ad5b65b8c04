// `make test-mcp`: the official MCP conformance suite, an agent run through the official client library, also through a
// restart, and an agent's day through the official clients with its tokens, against a server started for it.
// `node run.mjs suite`, `client`, `restart` or `day` runs one of them.

import process from 'node:process';

import { runSuite } from './suite.mjs';
import { runClient } from './client.mjs';
import { runDay } from './day/day.mjs';
import { runRestart } from './restart.mjs';
import { start } from './server.mjs';

const wanted = process.argv.slice(2);
const server = await start();
let failures = 0;
try {
  if (wanted.length === 0 || wanted.includes('client')) failures += await runClient(server);
  if (wanted.length === 0 || wanted.includes('restart')) failures += await runRestart(server);
  if (wanted.length === 0 || wanted.includes('day')) failures += await runDay(server);
  if (wanted.length === 0 || wanted.includes('suite')) failures += await runSuite(server);
} finally {
  await server.stop();
}
process.exit(failures === 0 ? 0 : 1);
