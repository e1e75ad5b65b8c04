import { render } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import type { SearchResponse } from "@/api/types";
import { Highlighted, plainText, segments } from "./highlighted";
import { degradedReason, isIndexing, matchedIn, resultCount } from "./labels";
import { excerpt } from "./preview";
import { toSavedSearch } from "./saved-searches";
import {
  filterCount,
  fromSavedSearch,
  hasCriteria,
  readSearchState,
  type SearchState,
  sameSearch,
  toFilters,
  toRequest,
  withoutFilters,
} from "./search-state";

const FULL: SearchState = {
  q: "login fails",
  mode: "semantic",
  type: ["bug", "task"],
  priority: ["critical", "low"],
  status: ["todo"],
  assignee: "agent-1",
  tags: ["a, b", "ü"],
  from: "2026-01-02",
  to: "2026-01-03",
  blocked: "no",
  open: true,
  comments: false,
};

describe("search state in the URL", () => {
  it("round-trips", () => {
    expect(readSearchState(JSON.parse(JSON.stringify(FULL)))).toEqual(FULL);
    expect(readSearchState({})).toEqual({});
  });

  it("drops invalid values", () => {
    const odd = {
      q: { a: 1 },
      mode: "hybrid",
      type: [{}, "", "bug", "bug"],
      priority: ["urgent", "high"],
      assignee: ["x"],
      from: "yesterday",
      to: "2026-13-45",
      blocked: true,
      open: "true",
      comments: 0,
      other: 1,
    };
    expect(readSearchState(odd)).toEqual({ type: ["bug"], priority: ["high"] });
    expect(readSearchState({ q: 42, type: "bug", tags: 7 })).toEqual({ q: "42", type: ["bug"], tags: ["7"] });
    expect(readSearchState({ q: "x".repeat(5_000) }).q).toHaveLength(1_000);
  });

  it("converts to a request, and to a saved search and back", () => {
    const { filters, ...rest } = toRequest("w1", { ...FULL, q: "  login fails " }, 50);
    expect(rest).toEqual({
      workflow_id: "w1",
      query: "login fails",
      limit: 50,
      search_type: "semantic",
      include_comments: false,
    });
    expect(filters).toEqual({
      ticket_type: ["bug", "task"],
      priority: ["critical", "low"],
      status: ["todo"],
      tags: ["a, b", "ü"],
      assigned_agent_id: "agent-1",
      created_after: new Date(2026, 0, 2).toISOString(),
      created_before: new Date(2026, 0, 3, 23, 59, 59, 999).toISOString(),
      is_blocked: false,
      include_completed: false,
    });
    const kept = toSavedSearch(FULL);
    expect(fromSavedSearch({ query: "", search_type: "hybrid", filters: {} })).toEqual({});
    expect(fromSavedSearch(kept)).toEqual(FULL);
  });

  it("omits defaults from requests", () => {
    expect(toRequest("w1", { q: "x" }, 12)).toEqual({ workflow_id: "w1", query: "x", limit: 12 });
    expect(toFilters({ assignee: "none" })).toEqual({ unassigned: true });
    expect(fromSavedSearch({ query: "x", search_type: "hybrid", filters: { unassigned: true, status: null } })).toEqual(
      {
        q: "x",
        assignee: "none",
      },
    );
  });

  it("detects criteria, counts filters and compares searches", () => {
    expect([
      hasCriteria({}),
      hasCriteria({ q: "  " }),
      hasCriteria({ open: true }),
      hasCriteria({ mode: "keyword" }),
    ]).toEqual([false, false, true, false]);
    expect(filterCount(FULL)).toBe(8);
    expect(withoutFilters(FULL)).toEqual({ q: "login fails", mode: "semantic", comments: false });
    expect(sameSearch({ q: "a ", type: ["x", "y"] }, { type: ["y", "x"], q: "a", mode: undefined })).toBe(true);
    expect(sameSearch({ q: "a" }, { q: "a", open: true })).toBe(false);
  });
});

describe("Highlighted", () => {
  it("splits into text segments", () => {
    expect(segments("a <mark>b</mark>&amp;<mark>c &lt; d</mark>")).toEqual([
      { text: "a ", marked: false },
      { text: "b", marked: true },
      { text: "&", marked: false },
      { text: "c < d", marked: true },
    ]);
    expect(plainText("&lt;b&gt; &quot;x&quot; &#39;y&#x27; &#128512; &nope; &#0; &#9999999;")).toBe(
      "<b> \"x\" 'y' 😀 &nope; &#0; &#9999999;",
    );
    expect(segments("</mark>a<mark>b")).toEqual([
      { text: "a", marked: false },
      { text: "b", marked: true },
    ]);
    expect(segments("")).toEqual([]);
  });

  it.each([
    "<script>window.pwned = 1</script>",
    "<img src=x onerror=alert(1)>",
    "<mark onmouseover=alert(1)>x</mark>",
    "<MARK>x</MARK><svg/onload=alert(1)>",
    "&lt;img src=x onerror=alert(1)&gt;",
    "<<mark>script>alert(1)<</mark>/script>",
    "<mark><iframe src=javascript:alert(1)></mark>",
    "&#60;img src=x onerror=alert(1)&#62;",
    "<a href=javascript:alert(1)>x</a>",
  ])("never renders markup: %s", (html) => {
    const { container } = render(<Highlighted html={html} />);
    const elements = [...container.querySelectorAll("*")].map(({ tagName }) => tagName.toLowerCase());
    expect(elements.every((tag) => tag === "span" || tag === "mark")).toBe(true);
    const attributes = [...container.querySelectorAll("*")].flatMap((element) => element.getAttributeNames());
    expect(attributes.every((name) => name === "class")).toBe(true);
    expect(container.textContent).toBe(plainText(html));
  });
});

describe("labels", () => {
  const answer: SearchResponse = {
    success: true,
    query: "x",
    mode: "hybrid",
    results: [],
    total_found: 1_234,
    total_is_exact: false,
    search_time_ms: 3,
    stale_embeddings: false,
    notice: null,
  };

  it("show the number of results", () => {
    expect(resultCount(answer)).toBe(`about ${(1_234).toLocaleString()} tickets`);
    expect(resultCount({ ...answer, total_found: 1, total_is_exact: true })).toBe("1 ticket");
    expect(resultCount({ ...answer, total_found: 0, total_is_exact: true })).toBe("No tickets");
    expect(matchedIn(["title", "meaning", "attachments"])).toBe("in title, meaning, attachments");
    expect(matchedIn([])).toBe("weak match");
  });

  it("explain a degraded search", () => {
    expect(degradedReason(answer, "hybrid")).toBeNull();
    expect(degradedReason({ ...answer, notice: "The model is loading." }, "hybrid")).toBe("The model is loading.");
    expect(degradedReason({ ...answer, mode: "keyword" }, "hybrid")).toMatch(/keyword matches only/);
    expect(degradedReason({ ...answer, mode: "keyword" }, "keyword")).toBeNull();
    const behind = { ...answer, stale_embeddings: true };
    expect([degradedReason(behind, "hybrid"), isIndexing(behind), isIndexing({ ...behind, mode: "keyword" })]).toEqual([
      null,
      true,
      false,
    ]);
  });

  it("excerpt a long description", () => {
    expect(excerpt("  short ")).toBe("short");
    const long = `${"a line\n".repeat(1_000)}`;
    expect(excerpt(long).length).toBeLessThan(2_403);
    expect(excerpt(long)).toMatch(/a line …$/);
  });
});
