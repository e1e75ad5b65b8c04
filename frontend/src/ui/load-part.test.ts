import { beforeEach, describe, expect, it, vi } from "vitest";
import { loadPart } from "./load-part";

function surroundings(newest: string | null, unsaved = false) {
  return {
    newestVersion: vi.fn(async () => newest),
    version: () => "/assets/index-1.js",
    hasUnsavedText: () => unsaved,
    reload: vi.fn(),
    pause: vi.fn(async () => undefined),
  };
}

/** Fails some times, then loads. */
function failing(times: number) {
  let left = times;
  return vi.fn(async () => {
    left -= 1;
    if (left >= 0) throw new TypeError("Failed to fetch dynamically imported module");
    return "the part";
  });
}

beforeEach(() => sessionStorage.clear());

describe("loading a part of the page", () => {
  it("tries again until the connection is back", async () => {
    const around = surroundings(null);
    const load = failing(6);
    await expect(loadPart(load, around)).resolves.toBe("the part");
    expect(load).toHaveBeenCalledTimes(7);
    expect(around.pause).toHaveBeenCalledTimes(6);
    expect(around.reload).not.toHaveBeenCalled();
  });

  it("tries again while the server has the same version", async () => {
    const around = surroundings("/assets/index-1.js");
    await expect(loadPart(failing(2), around)).resolves.toBe("the part");
    expect(around.reload).not.toHaveBeenCalled();
  });

  it("loads the page again after an upgrade, once", async () => {
    const around = surroundings("/assets/index-2.js");
    void loadPart(failing(Number.POSITIVE_INFINITY), around);
    await vi.waitFor(() => expect(around.reload).toHaveBeenCalledTimes(1));
    const again = surroundings("/assets/index-2.js");
    await expect(loadPart(failing(2), again)).resolves.toBe("the part");
    expect(again.reload).not.toHaveBeenCalled();
  });

  it("throws no typed text away", async () => {
    const around = surroundings("/assets/index-2.js", true);
    await expect(loadPart(failing(2), around)).resolves.toBe("the part");
    expect(around.reload).not.toHaveBeenCalled();
  });

  it("outlasts any outage", async () => {
    await expect(loadPart(failing(500), surroundings(null))).resolves.toBe("the part");
  });

  it("loads the page again, once, where the browser does not fetch the part again", async () => {
    const around = surroundings("/assets/index-1.js");
    void loadPart(failing(Number.POSITIVE_INFINITY), around);
    await vi.waitFor(() => expect(around.reload).toHaveBeenCalledTimes(1));
    expect(around.pause).toHaveBeenCalledTimes(3);
  });

  it("fails in the end with a server that answers", async () => {
    sessionStorage.setItem("callboard.reloaded-for", "/assets/index-1.js");
    const around = surroundings("/assets/index-1.js");
    await expect(loadPart(failing(Number.POSITIVE_INFINITY), around)).rejects.toThrow("Failed to fetch");
    expect(around.reload).not.toHaveBeenCalled();
  });
});
