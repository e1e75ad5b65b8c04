import { defineConfig } from "vitest/config";

/** Real-browser tests against a running server; see tests/browser/README.md for the environment they read. */
export default defineConfig({
  test: {
    environment: "node",
    include: ["tests/browser/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
