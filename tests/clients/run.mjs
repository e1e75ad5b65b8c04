// `make test-clients`: generates a TypeScript and a Python client from /openapi.json, and runs a round trip with each against
// a server started for it.

import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import { start } from '../conformance/server.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
// The generator of Python clients; the one of TypeScript types is a dependency of the dashboard.
const GENERATOR = 'openapi-python-client==0.29.1';

function run(program, args, options = {}) {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], ...options });
}

function typescript(document, env) {
  const modules = path.join(root, 'frontend/node_modules');
  mkdirSync(path.join(modules, '.cache'), { recursive: true });
  // Inside of the dashboard's folder, so that its modules are found.
  const folder = mkdtempSync(path.join(modules, '.cache/clients-'));
  try {
    const bin = (name) => path.join(modules, '.bin', name);
    writeFileSync(path.join(folder, 'package.json'), '{"type": "module"}');
    run(bin('openapi-typescript'), [document, '-o', path.join(folder, 'api.ts')]);
    copyFileSync(path.join(here, 'round_trip.ts'), path.join(folder, 'round_trip.ts'));
    const compilerOptions = { strict: true, target: 'es2022', module: 'nodenext', skipLibCheck: true, types: ['node'] };
    writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['round_trip.ts'] }));
    run(bin('tsc'), ['-p', '.'], { cwd: folder, stdio: 'inherit' });
    process.stdout.write(run('node', ['round_trip.js'], { cwd: folder, env }));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function python(document, env, work) {
  const venv = path.join(root, '.venv', GENERATOR);
  const bin = (name) => path.join(venv, 'bin', name);
  if (!existsSync(bin('openapi-python-client'))) {
    rmSync(venv, { recursive: true, force: true });
    run('python3', ['-m', 'venv', venv]);
    run(bin('pip'), ['install', '--quiet', '--disable-pip-version-check', GENERATOR]);
  }
  const folder = path.join(work, 'python');
  mkdirSync(folder);
  // Warnings name the parts that the generator has dropped.
  const printed = run(bin('openapi-python-client'), ['generate', '--path', document, '--output-path', path.join(folder, 'callboard_client'),
    '--meta', 'none'], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  if (/Unable to|will be omitted|Failure to/.test(printed)) throw new Error(`openapi-python-client drops parts:\n${printed}`);
  copyFileSync(path.join(here, 'round_trip.py'), path.join(folder, 'round_trip.py'));
  process.stdout.write(run(bin('python'), ['round_trip.py'], { cwd: folder, env }));
}

const server = await start();
const work = mkdtempSync(path.join(process.env.TMPDIR ?? '/tmp', 'callboard-clients-'));
try {
  const document = path.join(work, 'openapi.json');
  writeFileSync(document, JSON.stringify(await server.person.get('/openapi.json')));
  const workflow = await server.person.post('/api/workflows', { name: 'Generated clients' });
  const env = { ...process.env, CALLBOARD_URL: server.url, CALLBOARD_TOKEN: server.person.token, CALLBOARD_WORKFLOW: workflow.id };
  typescript(document, env);
  python(document, env, work);
} finally {
  await server.stop();
  rmSync(work, { recursive: true, force: true });
}
