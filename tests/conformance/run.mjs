// `make test-mcp`: the official conformance suite of MCP, and a day's work through the official client library,
// against a server started for it. `node run.mjs suite` or `client` runs one of them.

import process from 'node:process';

import { conform } from './suite.mjs';
import { work } from './client.mjs';
import { start } from './server.mjs';

const wanted = process.argv.slice(2);
const server = await start();
let failures = 0;
try {
  if (wanted.length === 0 || wanted.includes('client')) failures += await work(server);
  if (wanted.length === 0 || wanted.includes('suite')) failures += await conform(server);
} finally {
  await server.stop();
}
process.exit(failures === 0 ? 0 : 1);
