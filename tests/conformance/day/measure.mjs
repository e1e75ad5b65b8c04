// Writes what an agent's day takes as JSON, for `callboard bench --only agent-day`.

import process from 'node:process';

import { start } from '../server.mjs';
import { measureDays } from './day.mjs';

const server = await start();
try {
  const { days, groups } = await measureDays(server);
  const numbers = days.map(({ name, calls, wrong, list, sent, received, total }) => (
    { name, calls: calls.length, wrong: wrong.length, list, sent, received, total }));
  process.stdout.write(JSON.stringify({ days: numbers, groups }));
} finally {
  await server.stop();
}
