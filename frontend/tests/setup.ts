import { cleanup, configure } from "@testing-library/react";
import { afterEach, vi } from "vitest";

// A part that a test is the first to load takes seconds on a busy machine.
configure({ asyncUtilTimeout: 20_000 });
afterEach(() => {
  cleanup();
  vi.useRealTimers();
  localStorage.clear();
  sessionStorage.clear();
});
