import { defineConfig } from "vitest/config";

/** Real-browser tests against a running server; tests/browser/harness.ts says what they read. */
export default defineConfig({
  test: {
    environment: "node",
    include: ["tests/browser/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
