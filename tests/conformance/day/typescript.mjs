// An agent's day through the official TypeScript client. Every call is checked against the list of tools: it must be
// listed, its arguments must fit the listed schema and be named there, and its answer must fit the output schema.

import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import Ajv from 'ajv';

const ajv = new Ajv({ strict: false });

// The value at a path like `events.0.key`.
export function at(data, path) {
  return path.split('.').reduce((value, name) => value?.[name], data);
}

// Text, lists and objects with {names} replaced by what is known; a name of which nothing is known stays, and is refused.
export function filled(value, known) {
  if (typeof value === 'string') return value.replace(/\{(\w+)\}/g, (whole, name) => known[name] ?? whole);
  if (Array.isArray(value)) return value.map((item) => filled(item, known));
  if (value && typeof value === 'object') return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, filled(item, known)]));
  return value;
}

// What is wrong with a call before it is sent.
function wrongArguments(tool, args) {
  if (!tool) return ['is not listed'];
  const valid = ajv.compile({ ...tool.inputSchema, additionalProperties: false });
  return valid(args) ? [] : [`arguments: ${ajv.errorsText(valid.errors)}`];
}

// What is wrong with an answer.
function wrongAnswer(tool, step, answer, known) {
  const text = answer.content.map((part) => part.text ?? '').join('\n');
  const problems = [];
  if (answer.isError) problems.push(`is refused: ${text}`);
  if (text.includes('Ignored arguments')) problems.push(text.split('\n')[0]);
  if (!answer.isError && tool?.outputSchema) {
    const valid = ajv.compile(tool.outputSchema);
    if (!valid(answer.structuredContent)) problems.push(`answer: ${ajv.errorsText(valid.errors)}`);
  }
  for (const [path, wanted] of Object.entries(filled(step.expect ?? {}, known))) {
    const found = at(answer.structuredContent, path);
    if (JSON.stringify(found) !== JSON.stringify(wanted)) problems.push(`${path} is ${JSON.stringify(found)} in place of ${JSON.stringify(wanted)}`);
  }
  return problems;
}

// Lives the day; returns what was listed, sent and received.
export async function liveDay({ url, query, key, known, person, steps }) {
  const client = new Client({ name: 'agent-day', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
  const headers = { Authorization: `Bearer ${key}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(`/mcp${query}`, url), { requestInit: { headers } }));
  const { tools } = await client.listTools();
  const day = { instructions: client.getInstructions() ?? '', tools, calls: [] };
  for (const step of steps) {
    const tool = tools.find(({ name }) => name === step.tool);
    if (query && !tool) continue;
    const args = filled(step.arguments, known);
    const problems = wrongArguments(tool, args);
    const calling = client.callTool({ name: step.tool, arguments: args });
    if (step.meanwhile) await person.post(filled(step.meanwhile.post, known), filled(step.meanwhile.body, known));
    const answer = await calling;
    problems.push(...wrongAnswer(tool, step, answer, known));
    for (const [name, path] of Object.entries(step.keep ?? {})) known[name] = at(answer.structuredContent, path);
    day.calls.push({ do: step.do, tool: step.tool, arguments: args, texts: answer.content.map((part) => part.text ?? ''), problems });
  }
  await client.close();
  return day;
}
