import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { lazyPart } from "./lazy-part";

function Hello({ name }: { name: string }) {
  return <p>Hello {name}</p>;
}

it("draws a part that is there already at once", async () => {
  const Part = lazyPart(async () => Hello);
  await Part.preload();
  render(<Part name="Ann" />);
  expect(screen.getByText("Hello Ann")).toBeDefined();
});

it("shows the fallback until a part has arrived", async () => {
  let arrive = (_part: typeof Hello) => {};
  const Part = lazyPart(
    () =>
      new Promise<typeof Hello>((resolve) => {
        arrive = resolve;
      }),
    <p>Loading…</p>,
  );
  render(<Part name="Ann" />);
  expect(screen.getByText("Loading…")).toBeDefined();
  arrive(Hello);
  expect(await screen.findByText("Hello Ann")).toBeDefined();
});
