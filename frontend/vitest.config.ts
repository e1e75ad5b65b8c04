import { mergeConfig } from "vite";
import { defineConfig } from "vitest/config";
import base from "./vite.config.ts";

export default mergeConfig(
  base,
  defineConfig({
    test: {
      environment: "happy-dom",
      include: ["src/**/*.test.{ts,tsx}", "tests/architecture/**/*.test.ts"],
      // A page of its own for each file took longer than the tests in it; setup.ts leaves each test a clean one.
      isolate: false,
      setupFiles: ["./tests/setup.ts"],
      restoreMocks: true,
      unstubGlobals: true,
      testTimeout: 30_000,
    },
  }),
);
