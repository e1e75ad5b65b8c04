import { defineConfig } from "vitest/config";

/** Tests in a real browser against a running server. tests/browser/harness.ts lists the environment variables. */
export default defineConfig({
  test: {
    environment: "node",
    include: ["tests/browser/**/*.test.ts"],
    // Tests create their own workflows, so files can run in parallel. A worker shares one browser between its files.
    isolate: false,
    // A test waits for a third of its time, so three keep two cores busy.
    maxWorkers: 3,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
