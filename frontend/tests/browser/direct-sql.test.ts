import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "vitest";
import { card, cardIn, createTicket, createWorkflow, eventually, openBoard, withBrowser } from "./harness";

const binary = process.env.CALLBOARD_BIN;
const psql = join(process.env.CALLBOARD_RUNTIME_DIR ?? ".runtime", "postgres-18/bin/psql");

withBrowser();

// Skipped for a remote server, whose database is not reachable.
describe.skipIf(!binary || !existsSync(psql))("direct SQL", () => {
  const sql = (text: string) => {
    const address = execFileSync(binary as string, ["database-url"], { encoding: "utf8" }).trim();
    execFileSync(psql, [address, "-v", "ON_ERROR_STOP=1", "-c", text], { stdio: "pipe" });
  };

  it("updates open boards", async () => {
    const workflow = await createWorkflow("Typed");
    const first = await createTicket(workflow, "Moved by an update");
    const second = await createTicket(workflow, "Moved along with it");
    const page = await openBoard(workflow);
    await card(page, second.ticket_id).waitFor();
    sql(`update tickets set status = 'review', title = title || '!' where workflow_id = '${workflow}'`);
    await cardIn(page, "review", first.ticket_id).getByText("Moved by an update!").waitFor();
    await cardIn(page, "review", second.ticket_id).waitFor();
    sql(
      `insert into tickets (workflow_id, title, description, created_by_agent_id)
       select '${workflow}', 'Born in psql', 'Without any server in between.', created_by_agent_id
         from tickets where id = '${first.ticket_id}'`,
    );
    await page.getByText("Born in psql").waitFor();
    await eventually("three tickets are counted", async () =>
      /^3 tickets/.test((await page.getByTestId("ticket-total").textContent()) ?? ""),
    );
  });
});
