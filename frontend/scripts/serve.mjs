// @ts-check
/**
 * Serves a built dashboard in front of a running server, so that a build can be tried or measured without compiling the
 * server that embeds it. Files are sent as the server sends them: compressed, and those in `assets/` for ever.
 *
 *     node scripts/serve.mjs http://127.0.0.1:8080 8081
 */
import { readFileSync, realpathSync } from "node:fs";
import { createServer, request } from "node:http";
import { connect } from "node:net";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const DIST = join(dirname(fileURLToPath(import.meta.url)), "..", "dist");
const TYPES = /** @type {Record<string, string>} */ ({
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
});
/** The level at which the server compresses. */
const GZIP_LEVEL = 1;

/**
 * @param {string} server The server's URL.
 * @param {number} port
 * @param {string} [dist]
 * @returns {Promise<{ url: string, close: () => void }>}
 */
export function serveDashboard(server, port, dist = DIST) {
  const target = new URL(server);
  /** @type {Map<string, Buffer>} */
  const zipped = new Map();
  const proxy = createServer((incoming, outgoing) => {
    const file = fileFor(dist, incoming.url ?? "/", incoming.headers.accept ?? "");
    if (!file) {
      const headers = { ...incoming.headers, host: target.host };
      if (headers.origin) headers.origin = target.origin;
      const options = {
        host: target.hostname,
        port: target.port,
        path: incoming.url,
        method: incoming.method,
        headers,
      };
      const passed = request(options, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      passed.on("error", () => outgoing.writeHead(502).end());
      outgoing.on("close", () => passed.destroy());
      incoming.pipe(passed);
      return;
    }
    const lasting = file.includes("/assets/") ? "public, max-age=31536000, immutable" : "no-cache";
    const headers = { "content-type": TYPES[extname(file)] ?? "application/octet-stream", "cache-control": lasting };
    if (!/gzip/.test(String(incoming.headers["accept-encoding"])) || extname(file) === ".woff2") {
      outgoing.writeHead(200, headers).end(readFileSync(file));
      return;
    }
    const body = zipped.get(file) ?? gzipSync(readFileSync(file), { level: GZIP_LEVEL });
    if (lasting !== "no-cache") zipped.set(file, body);
    outgoing.writeHead(200, { ...headers, "content-encoding": "gzip" }).end(body);
  });
  proxy.on("upgrade", (incoming, socket, head) => {
    const onward = connect(Number(target.port), target.hostname, () => {
      const headers = { ...incoming.headers, host: target.host, origin: target.origin };
      const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
      onward.write(`GET ${incoming.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.setNoDelay(true);
    onward.on("error", () => socket.destroy());
    socket.on("error", () => onward.destroy());
  });
  return new Promise((done, fail) => {
    proxy.on("error", fail);
    proxy.listen(port, "127.0.0.1", () => {
      const address = proxy.address();
      const used = typeof address === "object" && address ? address.port : port;
      done({ url: `http://127.0.0.1:${used}`, close: () => proxy.closeAllConnections() ?? proxy.close() });
    });
  });
}

/**
 * The file that answers a request, or null where the server does.
 * @param {string} dist
 * @param {string} url
 * @param {string} accept
 */
function fileFor(dist, url, accept) {
  const { pathname } = new URL(url, "http://localhost");
  if (/^\/(api|ws|docs|mcp|openapi\.json|ready|health|metrics)(\/|$)/.test(pathname)) return null;
  if (accept.includes("text/html")) return join(dist, "index.html");
  const root = realpathSync(dist);
  const file = resolve(root, `.${pathname}`);
  try {
    return file.startsWith(`${root}/`) && readFileSync(file) ? file : null;
  } catch {
    return null;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , server = "http://127.0.0.1:8080", port = "8081"] = process.argv;
  const { url } = await serveDashboard(server, Number(port));
  process.stdout.write(`The dashboard in dist, with the data of ${server}: ${url}\n`);
}
