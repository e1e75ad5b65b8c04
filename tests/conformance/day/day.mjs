// An agent's day, from the list of tools alone: look around, find a duplicate, file work, claim, ask a person, be woken,
// resolve, take jobs. No call may be wrong, and the whole day has a budget of tokens. Tokens are those of o200k_base,
// which is inside of js-tiktoken; the clients of both languages are counted with it.

import { execFile } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { Tiktoken } from 'js-tiktoken/lite';
import o200k from 'js-tiktoken/ranks/o200k_base';

import { Client } from '../server.mjs';
import { makeBoard } from './board.mjs';
import { liveDay } from './typescript.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../../..');
// The version of the Python client.
const PYTHON_CLIENT = 'mcp==2.3.0';
// The most tokens of a day with all tools, the list included.
const BUDGET = 25_000;
const GROUPS = ['tickets', 'analysis', 'commits', 'jobs', 'questions', 'team'];
// The selections of tools that a day is lived with, beside all of them.
const SELECTIONS = { 'tickets and questions': '?tools=tickets,commits,questions,team', jobs: '?tools=jobs' };

const encoding = new Tiktoken(o200k);
const count = (value) => encoding.encode(typeof value === 'string' ? value : JSON.stringify(value), 'all').length;

// The day through the Python client, which is installed once.
async function livePythonDay(given, mode) {
  const run = promisify(execFile);
  const venv = path.join(root, '.venv', PYTHON_CLIENT);
  const bin = (name) => path.join(venv, 'bin', name);
  if (!existsSync(path.join(venv, 'installed'))) {
    rmSync(venv, { recursive: true, force: true });
    await run('python3', ['-m', 'venv', venv]);
    await run(bin('pip'), ['install', '--quiet', '--disable-pip-version-check', PYTHON_CLIENT]);
    await run('touch', [path.join(venv, 'installed')]);
  }
  const running = run(bin('python'), [path.join(here, 'python.py')], { maxBuffer: 64 << 20 });
  running.child.stdin.end(JSON.stringify({ ...given, person: given.person.token, mode }));
  return JSON.parse((await running).stdout);
}

// The tokens of a day: what the model reads and writes, once.
function counted(name, day) {
  const calls = day.calls.map((call) => ({
    ...call, sent: count(call.tool) + count(call.arguments), received: count(call.texts.join('\n')),
  }));
  const sum = (of) => calls.reduce((all, call) => all + call[of], 0);
  const list = count(day.tools) + count(day.instructions);
  const wrong = calls.filter((call) => call.problems.length > 0);
  return { name, calls, tools: day.tools.length, wrong, list, sent: sum('sent'), received: sum('received'), total: list + sum('sent') + sum('received') };
}

function printCalls(day, write) {
  write(`\n${'step'.padEnd(34)} ${'tool'.padEnd(22)} ${'sent'.padStart(6)} ${'received'.padStart(9)}\n`);
  for (const call of day.calls) {
    write(`${call.do.padEnd(34)} ${call.tool.padEnd(22)} ${String(call.sent).padStart(6)} ${String(call.received).padStart(9)}\n`);
    for (const problem of call.problems) write(`  WRONG ${problem}\n`);
  }
}

function printTotals(days, groups, write) {
  const columns = ['calls', 'wrong', 'list', 'sent', 'received', 'total'];
  const row = (name, cells) => write(`${name.padEnd(58)}${cells.map((cell) => String(cell).padStart(9)).join('')}\n`);
  write('\n');
  row('an agent\'s day, in tokens (o200k_base)', columns);
  for (const day of days) row(day.name, [day.calls.length, day.wrong.length, day.list, day.sent, day.received, day.total]);
  write('\n');
  row('tokens of the list of tools', ['tools', 'tokens']);
  for (const { name, tools, tokens } of groups) row(name, [tools, tokens]);
}

// A person beside the administrator, who owns the boards and answers.
async function register({ url, person }) {
  const email = 'grace@example.org';
  const invite = await person.post('/api/invites', { email });
  const grace = new Client(url, null);
  const { access } = await grace.post('/api/auth/register', { email, name: 'Grace Hopper', password: 'correct horse battery', invite: invite.invite });
  grace.token = access;
  return grace;
}

// Lives all days; returns what each took, and the tokens of each group's list.
export async function measureDays(server) {
  const steps = JSON.parse(readFileSync(path.join(here, 'steps.json'), 'utf8'));
  const person = await register(server);
  const given = async (query) => {
    const { workflow, agent, key } = await makeBoard(person);
    return { url: server.url, query, key, known: { workflow, agent }, person, steps };
  };
  const days = [counted('TypeScript, all tools', await liveDay(await given('')))];
  days.push(counted('Python, all tools', await livePythonDay(await given(''), 'auto')));
  days.push(counted('Python, all tools, in a session', await livePythonDay(await given(''), 'legacy')));
  for (const [name, query] of Object.entries(SELECTIONS)) days.push(counted(`TypeScript, ${name}`, await liveDay(await given(query))));
  const groups = [];
  for (const name of ['all', ...GROUPS]) {
    const { tools } = await liveDay({ ...await given(name === 'all' ? '' : `?tools=${name}`), steps: [] });
    groups.push({ name, tools: tools.length, tokens: count(tools) });
  }
  return { days, groups };
}

// Prints the tables; returns the number of failures: days with a wrong call, and a day over the budget.
export async function runDay(server) {
  const write = (text) => process.stdout.write(text);
  try {
    const { days, groups } = await measureDays(server);
    printCalls(days[0], write);
    printTotals(days, groups, write);
    let failures = 0;
    for (const day of days) {
      const fits = day.total <= BUDGET;
      if (day.wrong.length > 0 || !fits) failures += 1;
      const verdict = day.wrong.length === 0 && fits ? 'pass' : 'FAIL';
      write(`${verdict}  ${day.name}: ${day.calls.length} calls, ${day.wrong.length} wrong, ${day.total} of ${BUDGET} tokens\n`);
      if (day !== days[0]) for (const call of day.wrong) write(`      ${call.do} (${call.tool}): ${call.problems.join('; ')}\n`);
    }
    return failures;
  } catch (error) {
    write(`FAIL  an agent's day\n      ${error.stack}\n${error.stderr ?? ''}\n`);
    return 1;
  }
}
