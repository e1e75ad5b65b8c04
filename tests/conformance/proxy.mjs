// The suite sends no credentials and uses the names of its own example server. This proxy adds the Authorization
// header and maps those names to this board's tools, resources and prompt. Host and Origin pass unchanged, so that
// the server's own checks are tested.

import http from 'node:http';

// Starts a proxy in front of `url`; returns its address and a close function.
export async function open(url, token, workflow, ticket) {
  // The names of the example server, and their replacements.
  const tools = {
    test_simple_text: ['list_workflows', {}],
    test_error_handling: ['get_ticket', { ticket_id: 'ticket-that-is-not-there' }],
  };
  const prompts = {
    test_simple_prompt: { workflow_id: workflow },
    test_prompt_with_arguments: { workflow_id: workflow, ticket_id: ticket },
  };
  const resources = {
    'test://static-text': `callboard://board/${workflow}`,
    'test://template/123/data': `callboard://ticket/${ticket}`,
    'test://watched-resource': `callboard://ticket/${ticket}`,
  };
  // Rewrites a message; returns its new name, and the ids to restore in the response where the suite compares it
  // with its request.
  const translate = (message) => {
    const params = message?.params ?? {};
    const given = { ...params.arguments };
    const wanted = params.uri;
    if (message.method === 'tools/call' && tools[params.name]) {
      [params.name, params.arguments] = tools[params.name];
      return { name: params.name };
    }
    if (message.method === 'prompts/get' && prompts[params.name]) {
      params.arguments = prompts[params.name];
      params.name = 'ticket_tracking';
      return { name: params.name, back: given.arg2 ? { [workflow]: given.arg1, [ticket]: given.arg2 } : undefined };
    }
    if (resources[wanted]) {
      params.uri = resources[wanted];
      return { name: params.uri, back: wanted.includes('/123/') ? { [params.uri]: wanted, [ticket]: '123' } : undefined };
    }
    return {};
  };

  const target = new URL(url);
  const proxy = http.createServer((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      let body = Buffer.concat(chunks);
      let change = {};
      try {
        const message = JSON.parse(body.toString());
        change = translate(message);
        if (change.name) body = Buffer.from(JSON.stringify(message));
      } catch {
        // Not a message: forwarded unchanged, so that the server's own response is tested.
      }
      const headers = { ...request.headers, authorization: `Bearer ${token}` };
      delete headers['transfer-encoding'];
      if (change.back) delete headers['accept-encoding'];
      if (body.length > 0) headers['content-length'] = String(body.length);
      // A header that contradicts the body stays wrong.
      if (change.name && headers['mcp-name'] in { ...tools, ...prompts, ...resources }) headers['mcp-name'] = change.name;
      const onward = http.request({ host: target.hostname, port: target.port, path: request.url, method: request.method, headers });
      onward.on('response', (answer) => {
        const { 'content-length': length, ...others } = answer.headers;
        response.writeHead(answer.statusCode, change.back || length === undefined ? others : answer.headers);
        response.flushHeaders();
        if (!change.back) return void answer.pipe(response);
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (more) => (text += more));
        answer.on('end', () => {
          for (const [ours, theirs] of Object.entries(change.back)) text = text.replaceAll(ours, theirs);
          response.end(text);
        });
      });
      onward.on('error', () => response.destroy());
      response.on('close', () => onward.destroy());
      onward.end(body);
    });
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const close = () => {
    proxy.close();
    proxy.closeAllConnections();
  };
  return { address: `http://127.0.0.1:${proxy.address().port}/mcp`, close };
}
