import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compress } from "./scripts/compress.ts";

const server = process.env.CALLBOARD_URL ?? "http://127.0.0.1:8080";

// The server checks the Origin header, so the proxy sends the server's own origin.
const target = { target: server, changeOrigin: true, headers: { origin: server } };
const proxy = { "/api": target, "/docs": target, "/openapi.json": target, "/ws": { ...target, ws: true } };

/** The dashboard is embedded in the server, so every asset is a file in `dist`: no data URLs, no other hosts. */
export default defineConfig({
  plugins: [react(), tailwindcss(), compress()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy,
  },
  preview: {
    proxy,
  },
});
