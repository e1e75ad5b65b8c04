import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, it, vi } from "vitest";
import { Menu, MenuItem } from "./menu";

it("a menu opens with its first click, although its parts are loaded only then", async () => {
  const user = userEvent.setup();
  const choose = vi.fn();
  render(
    <Menu trigger={<button type="button">More</button>}>
      <MenuItem onSelect={choose}>Rename</MenuItem>
    </Menu>,
  );
  expect(screen.getByRole("button", { name: "More" }).getAttribute("aria-haspopup")).toBe("menu");
  await user.click(screen.getByRole("button", { name: "More" }));
  await user.click(await screen.findByRole("menuitem", { name: "Rename" }));
  expect(choose).toHaveBeenCalledTimes(1);
});
