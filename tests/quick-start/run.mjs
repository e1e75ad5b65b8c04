#!/usr/bin/env node
// Runs the README's quick start as a new user would: a server with an empty data folder, the link to the first account, and
// the README's own commands up to an agent's first call. Prints the seconds of each step; fails only if a step fails.
//
//   node tests/quick-start/run.mjs              # starts the built server (CALLBOARD_BIN, or target/debug/callboard)
//   node tests/quick-start/run.mjs --make-run   # starts it with the README's `make run`
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const binary = process.env.CALLBOARD_BIN ?? resolve(root, process.env.CARGO_TARGET_DIR ?? "target", "debug", "callboard");
const withMake = process.argv.includes("--make-run");
/** For a step that hangs. With make it includes the build. */
const START_TIMEOUT_MS = withMake ? 30 * 60_000 : 120_000;
const STEP_END = "callboard-quick-start-step-end";

/** The shell blocks of the README with their heading and the marker above them. */
function blocks() {
  const found = [];
  let heading = "";
  let marker = "";
  let block = null;
  for (const line of readFileSync(join(root, "README.md"), "utf8").split("\n")) {
    if (block && line === "```") {
      found.push(block);
      block = null;
    } else if (block) block.text += `${line}\n`;
    else if (line === "```sh") block = { heading, marker, text: "" };
    else if (line.startsWith("## ")) heading = line.slice(3);
    else if (line.startsWith("<!-- ")) marker = line.slice(5, -4);
  }
  return found;
}

function freePort() {
  return new Promise((done, failed) => {
    const probe = createServer().on("error", failed);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}

/** Posts JSON by a connection of its own, because one that is kept open would delay the stop of the server. */
function post(url, body) {
  return new Promise((done, failed) => {
    const sent = request(url, { method: "POST", agent: false, headers: { "content-type": "application/json" } }, (answer) => {
      let text = "";
      answer.on("data", (data) => (text += data)).on("end", () => {
        if (answer.statusCode < 300) done();
        else failed(new Error(`${url.pathname} answered ${answer.statusCode}: ${text}`));
      });
    });
    sent.on("error", failed).end(JSON.stringify(body));
  });
}

/** Starts the server; resolves to the link to the first account. */
function start(command, args, options) {
  const server = spawn(command, args, { ...options, cwd: root, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  let log = "";
  server.stderr.on("data", (data) => {
    log = (log + data).slice(-4000);
    if (withMake) process.stderr.write(data);
  });
  // Not "exit", because make may end before the server, which holds the pipes too.
  const ended = new Promise((done) => server.on("close", done).on("error", done));
  const link = new Promise((done, failed) => {
    const timer = setTimeout(() => failed(new Error(`the server printed no link:\n${output}${log}`)), START_TIMEOUT_MS);
    server.stdout.on("data", (data) => {
      output += data;
      const found = /http:\S+\/setup\?token=\S+/.exec(output);
      if (!found) return;
      clearTimeout(timer);
      done(new URL(found[0]));
    });
    void ended.then(() => {
      clearTimeout(timer);
      failed(new Error(`the server ended:\n${output}${log}`));
    });
  });
  return { server, link, ended };
}

/** Runs shell blocks in one shell, so that later ones see the variables of earlier ones. `onStep` is called after each. */
function runBlocks(texts, env, onStep) {
  const script = ["set -euo pipefail", ...texts.map((text) => `${text}\necho; echo ${STEP_END}`)].join("\n");
  const shell = spawn("bash", ["-c", script], { env, stdio: ["ignore", "pipe", "pipe"] });
  let rest = "";
  let errors = "";
  shell.stderr.on("data", (data) => (errors = (errors + data).slice(-4000)));
  shell.stdout.on("data", (data) => {
    rest += data;
    for (let at = rest.indexOf(STEP_END); at >= 0; at = rest.indexOf(STEP_END)) {
      onStep(rest.slice(0, at).trim());
      rest = rest.slice(at + STEP_END.length);
    }
  });
  return new Promise((done, failed) => {
    shell.on("error", failed).on("close", (code) => {
      if (code === 0) done();
      else failed(new Error(`a command of the README failed with ${code}:\n${rest}${errors}`));
    });
  });
}

const began = performance.now();
let last = began;
function step(name) {
  const now = performance.now();
  console.log(`${((now - last) / 1000).toFixed(1).padStart(7)} s  ${name}`);
  last = now;
}

async function main() {
  const all = blocks();
  const setUp = all.find(({ marker }) => marker === "tested: set-up");
  const tested = all.filter(({ marker }) => marker === "tested");
  const [makeRun] = all.map(({ text }) => /^make run\b/m.exec(text)?.[0]).filter(Boolean);
  if (!setUp || tested.length === 0 || !makeRun) throw new Error("README.md has no quick start");
  if (!withMake && !existsSync(binary)) throw new Error(`no server binary at ${binary}; run make build first`);
  const folder = mkdtempSync(join(tmpdir(), "callboard-quick-start-"));
  chmodSync(folder, 0o755);
  const env = {
    ...process.env,
    CALLBOARD_LISTEN: `127.0.0.1:${await freePort()}`,
    CALLBOARD_DATA_DIR: join(folder, "data"),
    CALLBOARD_RUNTIME_DIR: process.env.CALLBOARD_RUNTIME_DIR ?? join(root, ".runtime"),
  };
  for (const name of ["DATABASE_URL", "CALLBOARD_ADMIN_EMAIL", "CALLBOARD_ADMIN_PASSWORD", "URL"]) delete env[name];
  const [command, args] = withMake ? ["sh", ["-c", makeRun]] : [binary, ["serve"]];
  const { server, link, ended } = start(command, args, { env });
  try {
    const setup = await link;
    step(`${withMake ? makeRun : "callboard serve"}: ready, with an empty data folder`);

    // What the page behind the link sends.
    const fallback = (name) => new RegExp(`\\$\\{CALLBOARD_ADMIN_${name}:-([^}]+)\\}`).exec(setUp.text)?.[1];
    const account = { email: fallback("EMAIL"), password: fallback("PASSWORD"), token_mode: "json" };
    await post(new URL("/api/auth/setup", setup), { token: setup.searchParams.get("token"), ...account });
    step("the first account, by the printed link");

    const steps = [setUp, ...tested];
    let done = 0;
    let output = "";
    await runBlocks(steps.map(({ text }) => text), { ...env, URL: setup.origin }, (text) => {
      const { heading, marker } = steps[done++];
      output = text;
      step(marker === "tested" ? `README, ${heading}` : `README, ${heading}: sign in and create a workflow`);
    });
    if (!output.includes("Fix the login timeout")) throw new Error(`the agent got no ticket:\n${output}`);
    console.log(`${((performance.now() - began) / 1000).toFixed(1).padStart(7)} s  from the start to an agent's first call`);
  } finally {
    try {
      process.kill(-server.pid, "SIGINT");
    } catch {
      // It has ended.
    }
    await ended;
    step("stopped");
    rmSync(folder, { recursive: true, force: true });
  }
}

main().catch((error) => {
  console.error(`quick start: ${error.message}`);
  process.exitCode = 1;
});
