import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: { alias: { "#platform": at("./src/platform/node.ts") } },
  test: {
    environment: "node",
    projects: [
      { extends: true, test: { name: "unit", include: ["tests/unit/**/*.test.ts"], restoreMocks: true } },
      {
        // Against a running server: `make test-sdk-typescript`. Restarts of the server would fail tests that run beside them.
        extends: true,
        test: {
          name: "server",
          include: ["tests/server/**/*.test.ts"],
          fileParallelism: false,
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
  },
});
