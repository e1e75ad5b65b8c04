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
