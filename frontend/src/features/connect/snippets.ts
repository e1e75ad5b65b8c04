/** What to paste into a terminal or a file to use a key without a coding agent. */

export interface SetupProps {
  apiKey: string;
  agentId: string;
  workflowId: string;
}

/** POSIX quoting. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

export function restExample({ apiKey, workflowId }: SetupProps): string {
  return [
    `curl ${quoted(`${window.location.origin}/api/tickets/claim`)} \\`,
    `  -H ${quoted(`Authorization: Bearer ${apiKey}`)} \\`,
    "  -H 'Content-Type: application/json' \\",
    `  -d ${quoted(JSON.stringify({ workflow_id: workflowId }))}`,
  ].join("\n");
}

export function workerFile({ workflowId }: SetupProps): string {
  return [
    `workflow = ${JSON.stringify(workflowId)}`,
    "",
    "# A command for each stage of a job. The exit status decides.",
    "[[jobs.task.stage]]",
    'name = "build"',
    "command = '''",
    'echo "working on $CALLBOARD_JOB_TITLE"',
    'cat "$CALLBOARD_PROMPT_FILE"',
    "'''",
  ].join("\n");
}

export function workerCommands({ apiKey }: SetupProps): string {
  return [
    `export CALLBOARD_URL=${quoted(window.location.origin)}`,
    `(umask 077; printf %s ${quoted(apiKey)} > worker.key)`,
    "callboard worker --config worker.toml --key-file worker.key",
  ].join("\n");
}
