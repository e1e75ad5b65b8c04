import { act, render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeAll, describe, expect, it } from "vitest";
import { confirm, PromptHost, prompt, QuestionDialog } from "./prompt-dialog";

beforeAll(QuestionDialog.preload);

describe("prompt", () => {
  it("resolves to the text once it is long enough", async () => {
    const user = userEvent.setup();
    render(<PromptHost />);
    let answer: Promise<string | null> = Promise.resolve(null);
    act(() => {
      answer = prompt({ title: "Why?", label: "Reason", submit: "Go", minLength: 5 });
    });
    await user.type(await screen.findByLabelText("Reason"), "no");
    await user.click(screen.getByRole("button", { name: "Go" }));
    expect(screen.getByText("Write at least 5 characters.")).toBeDefined();
    await user.type(screen.getByLabelText("Reason"), "w it is");
    await user.click(screen.getByRole("button", { name: "Go" }));
    expect(await answer).toBe("now it is");
    expect(screen.queryByRole("dialog")).toBeNull();
  });
});

describe("confirm", () => {
  it("resolves to false on cancel, and to true once the word is typed", async () => {
    const user = userEvent.setup();
    render(<PromptHost />);
    const options = { title: "Delete?", description: "This is final.", submit: "Delete", word: "delete" };
    let answers: Promise<boolean>[] = [];
    act(() => {
      answers = [confirm(options), confirm(options)];
    });
    await user.click(await screen.findByRole("button", { name: "Keep" }));
    const submit = screen.getByRole<HTMLButtonElement>("button", { name: "Delete" });
    expect(submit.disabled).toBe(true);
    await user.type(screen.getByLabelText("Type “delete” to confirm"), "DELETE");
    await user.click(submit);
    expect(await Promise.all(answers)).toEqual([false, true]);
    expect(screen.queryByRole("dialog")).toBeNull();
  });

  it("resolves to false without a host", async () => {
    expect(await confirm({ title: "Delete?", description: "This is final.", submit: "Delete" })).toBe(false);
  });
});
