/** Node: a WebSocket that can stop reading. */

import { setMaxListeners } from "node:events";
import WebSocket from "ws";

import type { OpenSocket } from "./socket.js";

/** The largest message, in bytes: a snapshot of a board. */
const MAX_MESSAGE = 256 * 1024 * 1024;

export const openSocket: OpenSocket = (url, events) => {
  const socket = new WebSocket(url, { maxPayload: MAX_MESSAGE, handshakeTimeout: 15_000 });
  let ended = false;
  const end = (code: number, status?: number) => {
    if (!ended) events.end({ code, status });
    ended = true;
  };
  socket.on("open", () => !ended && events.open());
  socket.on("message", (data, isBinary) => {
    if (!ended && !isBinary) events.message(String(data));
  });
  socket.on("unexpected-response", (request, response) => {
    end(1006, response.statusCode);
    request.destroy();
  });
  socket.on("close", (code) => end(code));
  socket.on("error", () => end(1006));
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: () => {
      ended = true;
      // A closing handshake would wait for messages that are not taken.
      socket.terminate();
    },
    setReading: (reading) => (reading ? socket.resume() : socket.pause()),
  };
};

/** Node warns of more than ten listeners; a signal that stops a worker has some for each of its jobs. */
export function allowListeners(signal: AbortSignal): void {
  setMaxListeners(0, signal);
}
