// The scenarios that do not apply to this server, and why. All others must pass, and those listed here must not:
// an outdated reason is reported too.

// The revision with sessions, and the current one.
export const REVISIONS = ['2025-11-25', '2026-07-28'];

const NO_ELICITATION = 'the server uses no elicitation or sampling: ask_human reaches people and works with any client';
const TEXT_ONLY = 'results are text and structured data; boards, tickets and jobs contain no images, audio or files';
const NO_PROGRESS = 'no tool runs long enough to report progress: long work is a job with a heartbeat';
const EXTENSION = 'an extension that the server does not declare';

export const NOT_APPLICABLE = {
  'elicitation-sep1034-defaults': NO_ELICITATION,
  'elicitation-sep1330-enums': NO_ELICITATION,
  'http-custom-header-server-validation': 'no tool declares an x-mcp-header: no call is routed by its arguments',
  'json-schema-2020-12': 'requires the schema of the example server\'s own tool; tools-list checks the schemas of this server',
  'logging-set-level': 'logging is not declared: the log is for operators, and agents read transcripts with get_job',
  'prompts-get-embedded-resource': 'the prompt is text; it refers to get_ticket for details',
  'prompts-get-with-image': TEXT_ONLY,
  'resources-read-binary': TEXT_ONLY,
  'tools-call-audio': TEXT_ONLY,
  'tools-call-elicitation': NO_ELICITATION,
  'tools-call-embedded-resource': TEXT_ONLY,
  'tools-call-image': TEXT_ONLY,
  'tools-call-mixed-content': TEXT_ONLY,
  'tools-call-sampling': NO_ELICITATION,
  'tools-call-with-logging': 'logging is not declared',
  'tools-call-with-progress': NO_PROGRESS,
};

// Whole families by name prefix; some of their members pass regardless.
export const FAMILIES = {
  'input-required-result-': NO_ELICITATION,
  'sep-2640-skills-': EXTENSION,
  'tasks-': EXTENSION,
};

// Single checks of otherwise applicable scenarios.
export const CHECKS = {
  'sep-2575-server-rejects-undeclared-capability': `calls the example server's tool test_missing_capability; ${NO_ELICITATION}`,
  'sep-2575-missing-capability-http-400': 'the same',
  'sep-2575-http-server-no-independent-requests-on-stream': `calls the example server's tool test_streaming_elicitation; ${NO_ELICITATION}`,
  'sep-2575-server-no-log-without-loglevel': 'calls the example server\'s tool test_logging_tool; logging is not declared',
};

// The reason why a scenario does not apply, if any.
export function notApplicable(scenario) {
  const family = Object.keys(FAMILIES).find((prefix) => scenario.startsWith(prefix));
  return NOT_APPLICABLE[scenario] ?? (family && FAMILIES[family]);
}
