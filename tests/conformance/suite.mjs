// The official conformance suite against a server: runs every scenario of a revision, and each check must pass
// unless scenarios.mjs gives a reason why it does not apply.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

import * as proxies from './proxy.mjs';
import { CHECKS, NOT_APPLICABLE, REVISIONS, notApplicable } from './scenarios.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const suite = path.join(here, 'node_modules/@modelcontextprotocol/conformance/dist/index.js');

const run = (results, address, revision) => new Promise((resolve, reject) => {
  const flags = ['server', '--url', address, '--suite', 'all', '--spec-version', revision, '--timeout', '10000', '-o', results];
  const child = spawn(process.execPath, ['--import', path.join(here, 'node20.mjs'), suite, ...flags], { cwd: results });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  child.on('error', reject);
  child.on('exit', () => resolve(output));
});

// The problems of one scenario with these checks.
function problemsOf(scenario, checks) {
  const failed = checks.filter((check) => check.status === 'FAILURE');
  if (notApplicable(scenario)) return failed.length === 0 && scenario in NOT_APPLICABLE ? ['is listed in scenarios.mjs as not applicable, but passes'] : [];
  const bad = failed.filter((check) => !(check.id in CHECKS)).map((check) => `${check.id}: ${check.errorMessage ?? check.description}`);
  const stale = checks.filter((check) => check.id in CHECKS && check.status === 'SUCCESS');
  return [...bad, ...stale.map((check) => `${check.id} is listed in scenarios.mjs as not applicable, but passes`)];
}

// Runs all revisions; returns the number of failed scenarios.
export async function runSuite({ url, person }) {
  const workflow = (await person.post('/api/workflows', { name: 'Conformance' })).id;
  const ticket = { workflow_id: workflow, title: 'A ticket to read', description: 'There is something to read.' };
  const { ticket_id } = await person.post('/api/tickets/create', ticket);
  const proxy = await proxies.open(url, person.token, workflow, ticket_id);
  let failures = 0;
  for (const revision of REVISIONS) {
    const results = mkdtempSync(path.join(tmpdir(), 'callboard-suite-'));
    const output = await run(results, proxy.address, revision);
    const skipped = [];
    let passed = 0;
    let count = 0;
    for (const folder of readdirSync(results).sort()) {
      const scenario = folder.replace(/^server-/, '').replace(/-\d{4}-\d\d-\d\dT.*$/, '');
      const checks = JSON.parse(readFileSync(path.join(results, folder, 'checks.json'), 'utf8'));
      const problems = problemsOf(scenario, checks);
      if (problems.length === 0 && notApplicable(scenario)) {
        skipped.push(scenario);
        continue;
      }
      count += 1;
      passed += problems.length === 0 ? 1 : 0;
      const done = checks.filter((check) => check.status === 'SUCCESS').length;
      process.stdout.write(`${problems.length === 0 ? 'pass' : 'FAIL'}  ${revision}  ${scenario} (${done} checks)\n`);
      for (const problem of problems) process.stdout.write(`      ${problem}\n`);
    }
    if (count < 10) process.stdout.write(`${output}\n`);
    failures += count < 10 ? 1 : count - passed;
    process.stdout.write(`${passed} of ${count} scenarios of ${revision} pass; ${skipped.length} do not apply\n`);
    if (process.env.VERBOSE) for (const scenario of skipped) process.stdout.write(`      ${scenario}: ${notApplicable(scenario)}\n`);
    rmSync(results, { recursive: true, force: true });
  }
  proxy.close();
  return failures;
}
