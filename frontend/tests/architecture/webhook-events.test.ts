/** The form of webhooks offers the event types that the server knows. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { EVENT_GROUPS } from "../../src/features/settings/webhook-events";

const SQL = resolve(import.meta.dirname, "../../../sql/logic/75_webhooks/webhooks.sql");

it("the event types of webhooks are those of logic.event_types()", () => {
  const list = /function logic\.event_types\(\)[^']*'\{([^}]+)\}'/.exec(readFileSync(SQL, "utf8"))?.[1] ?? "";
  const known = list.split(",").map((type) => type.trim());
  const offered = EVENT_GROUPS.flatMap(([, types]) => types);
  expect(known).toContain("status_changed");
  expect(offered.toSorted()).toEqual(known.toSorted());
});
