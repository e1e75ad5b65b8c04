import { defineConfig } from "vitest/config";

/** Tests in a real browser against a running server. tests/browser/harness.ts lists the environment variables. */
export default defineConfig({
  test: {
    environment: "node",
    include: ["tests/browser/**/*.test.ts"],
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
