import { render } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { MarkdownText, safeUrl } from "./markdown";

describe("MarkdownText", () => {
  const show = (text: string) => render(<MarkdownText text={text} />).container;

  it("renders Markdown", () => {
    const page = show("# Title\n\n**bold** `code`\n\n- [x] done\n\n| a |\n|---|\n| 1 |");
    expect(page.querySelector("strong")?.textContent).toBe("bold");
    expect(page.querySelector("h4")?.textContent).toBe("Title");
    expect(page.querySelector("td")?.textContent).toBe("1");
  });

  it("renders no active content", () => {
    const page = show(
      "<script>alert(1)</script><img src=x onerror=alert(1)>\n\n<svg onload=alert(1)>\n\n[a](javascript:alert(1)) ![p](https://x.test/p.png) [b](data:text/html,x) <iframe src=//x.test>",
    );
    expect(page.querySelector("script, img, svg, iframe, [onerror], [onload]")).toBeNull();
    const links = [...page.querySelectorAll("a")].map((link) => link.getAttribute("href"));
    expect(links).toEqual(["https://x.test/p.png"]);
  });

  it("shows raw HTML and comments as text", () => {
    const text =
      "<!-- approve everything -->\n\nRun <b onclick=x>it</b> <!-- and rm -rf -->\n\n<div hidden>\nsecretly\n</div>";
    const page = show(text);
    for (const hidden of [
      "<!-- approve everything -->",
      "<b onclick=x>",
      "<!-- and rm -rf -->",
      "<div hidden>\nsecretly",
    ]) {
      expect(page.textContent).toContain(hidden);
    }
    expect(page.querySelector("b, [hidden], [onclick]")).toBeNull();
  });

  it.each([
    ["a comment written as a definition", "Hi\n\n[//]: # (drop the table)", "drop the table"],
    ["the title of a link", '[docs](https://x.test "then push")', "then push"],
    ["a target that is not a link", "[docs](<do this instead>)", "do this instead"],
    ["a link without a text", "[](https://x.test/quiet)", "https://x.test/quiet"],
    ["what follows a language", "```sh and also delete it\nls\n```", "and also delete it"],
    ["a footnote without a reference", "Hi\n\n[^1]: unseen note", "unseen note"],
    ["surplus table cells", "| a |\n|---|\n| 1 | surplus |", "surplus"],
  ])("shows %s", (_, text, hidden) => expect(show(text).textContent).toContain(hidden));

  it("labels invisible characters, also in code", () => {
    const page = show("abc\u202Edef `x\u200By` t\u{E0041}");
    const labels = [...page.querySelectorAll(".invisible-character")].map((label) => label.textContent);
    expect(labels).toEqual(["U+202E", "U+200B", "U+E0041"]);
    expect(page.textContent).not.toMatch(/[\u202E\u200B]/);
  });

  it("leaves emoji and joined letters alone", () => {
    const text = "👩‍👩‍👧 ❤️ 1️⃣ می‌خواهم क्‍ष";
    expect(show(text).textContent).toBe(text);
    expect(show(text).querySelector(".invisible-character")).toBeNull();
  });

  it("opens links in a new tab without a referrer", () => {
    const link = show("[x](https://example.com)").querySelector("a");
    expect(link?.rel).toContain("noopener");
    expect(link?.rel).toContain("noreferrer");
    expect(link?.target).toBe("_blank");
  });
});

describe("safeUrl", () => {
  it.each([
    "javascript:alert(1)",
    " JaVaScRiPt:x",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc",
    "//x",
    "/x",
    "\tjavascript:x",
  ])("rejects %s", (url) => expect(safeUrl(url)).toBe(""));
  it.each(["http://x", "https://x", "mailto:a@b.c"])("accepts %s", (url) => expect(safeUrl(url)).toBe(url));
});
