/** Browsers and other platforms: the global WebSocket. */

import type { OpenSocket } from "./socket.js";

export const openSocket: OpenSocket = (url, events) => {
  const socket = new WebSocket(url);
  let ended = false;
  const end = (code: number) => {
    if (!ended) events.end({ code });
    ended = true;
  };
  socket.addEventListener("open", () => !ended && events.open());
  socket.addEventListener("message", ({ data }) => {
    if (!ended && typeof data === "string") events.message(data);
  });
  socket.addEventListener("close", ({ code }) => end(code));
  socket.addEventListener("error", () => end(1006));
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: () => {
      ended = true;
      socket.close();
    },
  };
};

/** Nothing warns of many listeners. */
export function allowListeners(_signal: AbortSignal): void {}
