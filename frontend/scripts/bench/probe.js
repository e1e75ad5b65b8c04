/**
 * Runs in the page before its own scripts: notes when cards are painted, how long the main thread is blocked, and how long
 * socket messages and keys take to become pixels.
 */
(() => {
  const bench = { cards: 0, blocking: 0, sockets: [], keys: [] };
  window.__bench = bench;

  /** Calls back after the next frame has been painted. */
  const afterPaint = (done) =>
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => done(performance.now());
      port2.postMessage(null);
    });

  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) bench.blocking += Math.max(0, duration - 50);
  }).observe({ type: "longtask", buffered: true });

  const waiting = new Map();
  new MutationObserver((records) => {
    if (bench.cards === 0 && document.querySelector("[data-ticket]")) {
      bench.cards = -1;
      afterPaint((now) => {
        bench.cards = now;
      });
    }
    if (waiting.size === 0) return;
    for (const { target } of records) {
      const text = target.nodeType === Node.TEXT_NODE ? target.data : target.textContent;
      const probe = /probe-\d+/.exec(text?.slice(0, 2_000) ?? "")?.[0];
      const received = probe && waiting.get(probe);
      if (!received) continue;
      waiting.delete(probe);
      afterPaint((now) => bench.sockets.push(now - received));
    }
  }).observe(document, { subtree: true, childList: true, characterData: true });

  const handler = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
  Object.defineProperty(WebSocket.prototype, "onmessage", {
    ...handler,
    set(listener) {
      handler.set.call(this, (event) => {
        const probe = /probe-\d+/.exec(String(event.data))?.[0];
        if (probe) waiting.set(probe, performance.now());
        listener?.(event);
      });
    },
  });

  addEventListener(
    "keydown",
    (event) => {
      if (event.target instanceof HTMLInputElement) afterPaint((now) => bench.keys.push(now - event.timeStamp));
    },
    { capture: true },
  );
})();
