import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { search, searches, workflows } from "@/api";
import type { SearchRequest, SearchResponse, Workflow } from "@/api/types";
import { Palette } from "./palette";
import { searchResponse } from "./testing";

interface Asked {
  query: string;
  answer: (...ids: string[]) => Promise<void>;
  fail: () => Promise<void>;
}

describe("command palette", () => {
  let asked: Asked[];
  beforeEach(() => {
    asked = [];
    vi.spyOn(search, "tickets").mockImplementation(
      ({ query = "" }: SearchRequest) =>
        new Promise<SearchResponse>((resolve, reject) => {
          asked.push({
            query,
            answer: (...ids) => act(async () => resolve(searchResponse(query, ...ids))),
            fail: () => act(async () => reject(new Error("away"))),
          });
        }),
    );
    vi.spyOn(searches, "recent").mockResolvedValue([]);
    vi.spyOn(searches, "recordRecent").mockResolvedValue(undefined as never);
  });

  const setUp = async (
    workflowId: string | undefined,
    list: Promise<Workflow[]> = Promise.resolve([{ id: "w2", name: "Log book" } as Workflow]),
  ) => {
    const done: string[] = [];
    vi.spyOn(workflows, "list").mockReturnValue(list);
    render(
      <QueryClientProvider client={new QueryClient()}>
        <Palette
          open
          onOpenChange={() => done.push("closed")}
          workflowId={workflowId}
          actions={[
            {
              name: "Move to…",
              icon: null,
              group: "TKT-1 Paint",
              step: () => ({
                title: "Move TKT-1",
                placeholder: "Choose a column",
                load: async () => [
                  { id: "todo", name: "To do", run: () => done.push("move to todo") },
                  { id: "review", name: "Review", run: () => done.push("move to review") },
                ],
              }),
            },
            { name: "Log out", icon: null, run: () => done.push("log out") },
          ]}
          onAll={(_, query) => done.push(`all ${query}`)}
          onTicket={(_, id) => done.push(`ticket ${id}`)}
          onWorkflow={(id) => done.push(`workflow ${id}`)}
        />
      </QueryClientProvider>,
    );
    await act(async () => undefined);
    return { done, user: userEvent.setup(), box: screen.getByRole("combobox") };
  };
  const lastSearch = async (query: string): Promise<Asked> => {
    await vi.waitFor(() => expect(asked.at(-1)?.query).toBe(query));
    return asked.at(-1) as Asked;
  };

  it("searches at once on Enter and opens the best ticket when it has come", async () => {
    const { done, user, box } = await setUp("w1");
    await user.type(box, "log{Enter}");
    expect([asked.at(-1)?.query, done]).toEqual(["log", []]);
    await asked.at(-1)?.answer("best", "other");
    await vi.waitFor(() => expect(done).toEqual(["closed", "ticket best"]));
  });

  it("does not open tickets of an earlier text", async () => {
    const { done, user, box } = await setUp("w1");
    await user.type(box, "log");
    await (await lastSearch("log")).answer("old", "shared");
    await screen.findByText("old");
    await user.type(box, "in");
    const next = await lastSearch("login");
    screen.getByText("old");
    await user.type(box, "{Enter}");
    expect(done).toEqual([]);
    await next.answer("new", "shared");
    await vi.waitFor(() => expect(done).toEqual(["closed", "ticket new"]));
  });

  it("is undone by further typing and by moving the highlight", async () => {
    const { done, user, box } = await setUp("w1");
    await user.type(box, "log{Enter}s");
    const next = await lastSearch("logs");
    await user.type(box, "{Enter}{ArrowDown}");
    await next.answer("best");
    await screen.findByText("best");
    expect(done).toEqual([]);
  });

  it("runs a workflow or an action that was moved to at once", async () => {
    const { done, user, box } = await setUp("w1");
    await user.type(box, "log");
    await lastSearch("log");
    await user.type(box, "{End}{Enter}");
    expect(done).toEqual(["closed", "log out"]);
  });

  it("runs a ticket that was moved to among earlier ones only if it is found again", async () => {
    const { done, user, box } = await setUp("w1");
    await user.type(box, "log");
    await (await lastSearch("log")).answer("old", "gone");
    await screen.findByText("gone");
    await user.type(box, "in");
    const next = await lastSearch("login");
    await user.type(box, "{ArrowDown}{Enter}");
    await next.answer("new");
    await screen.findByText("new");
    expect(done).toEqual([]);
    await user.type(box, "{Enter}");
    expect(done).toEqual(["closed", "ticket new"]);
  });

  it("highlights and runs a workflow if no tickets are found", async () => {
    const { done, user, box } = await setUp("w1");
    await user.type(box, "log");
    await (await lastSearch("log")).answer();
    await vi.waitFor(() => expect(screen.getByRole("option", { selected: true }).textContent).toBe(" Log book"));
    await user.type(box, " {Enter}");
    expect(done).toEqual(["closed", "workflow w2"]);
  });

  it("leaves a failed search to the next Enter", async () => {
    const { done, user, box } = await setUp("w1");
    await user.type(box, "log{Enter}");
    await asked.at(-1)?.fail();
    await screen.findByText("Esc");
    expect(done).toEqual([]);
    await user.type(box, "{End}{Enter}");
    expect(done).toEqual(["closed", "log out"]);
  });

  it("waits for the workflows and searches all of them where none is open", async () => {
    let loaded = (_: Workflow[]) => {};
    const list = new Promise<Workflow[]>((resolve) => {
      loaded = resolve;
    });
    const { done, user, box } = await setUp(undefined, list);
    await user.type(box, "log{Enter}");
    expect(done).toEqual([]);
    loaded([{ id: "w2", name: "Log book" } as Workflow, { id: "w3", name: "Diary" } as Workflow]);
    await vi.waitFor(() => expect(asked.map(({ query }) => query)).toEqual(["log", "log"]));
    await asked[0]?.fail();
    expect(done).toEqual([]);
    await asked[1]?.answer("found");
    await vi.waitFor(() => expect(done).toEqual(["closed", "ticket found"]));
  });

  it("runs a command by the start of its name, whatever tickets are found", async () => {
    const { done, user, box } = await setUp("w1");
    await user.type(box, "mov{Enter}");
    const step = await screen.findByPlaceholderText("Choose a column");
    expect(done).toEqual([]);
    await user.type(step, "rev");
    await screen.findByRole("option", { name: "Review" });
    expect(screen.queryByRole("option", { name: "To do" })).toBeNull();
    await user.type(step, "{Enter}");
    expect(done).toEqual(["closed", "move to review"]);
  });

  it("goes back to the first list by Backspace and by Escape", async () => {
    const { done, user, box } = await setUp("w1");
    await user.type(box, "move{Enter}");
    await user.type(await screen.findByPlaceholderText("Choose a column"), "x{Backspace}{Backspace}");
    await user.type(await screen.findByPlaceholderText(/^Search tickets/), "move{Enter}");
    await user.type(await screen.findByPlaceholderText("Choose a column"), "{Escape}");
    await user.type(await screen.findByPlaceholderText(/^Search tickets/), "{Escape}");
    expect(done).toEqual(["closed"]);
  });
});
