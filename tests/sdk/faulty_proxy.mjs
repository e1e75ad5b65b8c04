// A TCP proxy that a test can disconnect, and that can drop responses or cut at random.

import net from 'node:net';

// Starts a proxy to `url`. `set` changes its faults: `connected`, false closes every connection and refuses new ones; `drop`, the
// number of the next responses that are dropped by closing their connections; `cut`, how many of a thousand reads from either
// side are cut: a part of the bytes is passed on, then the connection closes.
export async function open(url) {
  const target = new URL(url);
  const faults = { connected: true, drop: 0, cut: 0 };
  const open = new Set();

  const isCut = () => Math.random() * 1000 < faults.cut;
  // How many of these bytes are passed on before the connection breaks; undefined if it does not.
  const passed = (bytes, isResponse) => {
    if (isResponse && faults.drop > 0) {
      faults.drop -= 1;
      return 0;
    }
    return isCut() ? Math.floor(Math.random() * (bytes.length + 1)) : undefined;
  };
  const forward = (from, to, isResponse, end) => {
    from.on('data', (bytes) => {
      const kept = passed(bytes, isResponse);
      if (kept === undefined) {
        if (!to.write(bytes)) from.pause();
        return;
      }
      from.pause();
      to.write(bytes.subarray(0, kept), end);
    });
    to.on('drain', () => from.resume());
    from.on('end', () => to.end());
    for (const event of ['error', 'close']) from.on(event, end);
  };

  const proxy = net.createServer({ allowHalfOpen: true }, (client) => {
    client.on('error', () => {});
    if (!faults.connected) return void client.destroy();
    const server = net.connect({ host: target.hostname, port: Number(target.port), allowHalfOpen: true });
    const end = () => {
      client.destroy();
      server.destroy();
      open.delete(end);
    };
    open.add(end);
    forward(client, server, false, end);
    forward(server, client, true, end);
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));

  const disconnect = () => {
    for (const end of [...open]) end();
  };
  return {
    url: `http://127.0.0.1:${proxy.address().port}`,
    faults,
    set(changes) {
      Object.assign(faults, changes);
      if (!faults.connected) disconnect();
    },
    close() {
      proxy.close();
      disconnect();
    },
  };
}
