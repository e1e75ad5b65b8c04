import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env.CALLBOARD_URL ?? "http://127.0.0.1:8080";

// The server answers only pages of its own address, so the proxy speaks as one.
const speakAs = { target: server, changeOrigin: true, headers: { origin: server } };
const proxy = { "/api": speakAs, "/docs": speakAs, "/openapi.json": speakAs, "/ws": { ...speakAs, ws: true } };

/** The dashboard is embedded in the server, so everything it needs must be in `dist`: no data URLs, no outside hosts. */
export default defineConfig({
  plugins: [react(), tailwindcss()],
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
