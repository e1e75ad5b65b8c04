// What of the suite does not apply to this server, and why. Everything else must pass, and what stands here
// must not: a reason that no longer holds is reported too.

// The revision with sessions, and the current one.
export const REVISIONS = ['2025-11-25', '2026-07-28'];

const ASKS = 'the server asks nothing of its client: people are asked with ask_human, which any client can call';
const KINDS = 'answers are text and structured data; boards, tickets and jobs hold neither pictures, sounds nor files';
const SHORT = 'no tool works long enough to tell of progress: long work is a job with a heartbeat';
const EXTENSION = 'an extension that the server does not declare';

export const NOT_HERE = {
  'elicitation-sep1034-defaults': ASKS,
  'elicitation-sep1330-enums': ASKS,
  'http-custom-header-server-validation': 'no tool declares an x-mcp-header: nothing has to be routed by its arguments',
  'json-schema-2020-12': 'asks for the schema of the example server\'s own tool; tools-list tries the schemas that are here',
  'logging-set-level': 'logging is not declared: the log is its operator\'s, and agents read transcripts with get_job',
  'prompts-get-embedded-resource': 'the prompt is text; it names what to read with get_ticket',
  'prompts-get-with-image': KINDS,
  'resources-read-binary': KINDS,
  'tools-call-audio': KINDS,
  'tools-call-elicitation': ASKS,
  'tools-call-embedded-resource': KINDS,
  'tools-call-image': KINDS,
  'tools-call-mixed-content': KINDS,
  'tools-call-sampling': ASKS,
  'tools-call-with-logging': 'logging is not declared',
  'tools-call-with-progress': SHORT,
};

// Whole families, by how their names begin; some of their members hold of themselves.
export const FAMILIES = {
  'input-required-result-': ASKS,
  'sep-2640-skills-': EXTENSION,
  'tasks-': EXTENSION,
};

// Single checks of scenarios that apply otherwise.
export const CHECKS = {
  'sep-2575-server-rejects-undeclared-capability': `tries the example server's tool test_missing_capability; ${ASKS}`,
  'sep-2575-missing-capability-http-400': 'the same',
  'sep-2575-http-server-no-independent-requests-on-stream': `tries the example server's tool test_streaming_elicitation; ${ASKS}`,
  'sep-2575-server-no-log-without-loglevel': 'tries the example server\'s tool test_logging_tool; logging is not declared',
};

// Why a scenario does not apply, if it does not.
export function notHere(scenario) {
  const family = Object.keys(FAMILIES).find((beginning) => scenario.startsWith(beginning));
  return NOT_HERE[scenario] ?? (family && FAMILIES[family]);
}
