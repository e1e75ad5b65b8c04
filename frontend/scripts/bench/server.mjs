// @ts-check
/** What the benchmark does with the server: signs in, fills a workflow, and makes changes. */

export const CARDS = 2_403;
const CONCURRENCY = 8;
/** Where the tickets are, in parts of a hundred. */
const COLUMNS = [
  ["backlog", 40],
  ["todo", 30],
  ["in_progress", 12],
  ["review", 8],
  ["testing", 5],
  ["done", 5],
];
const WORDS =
  "login search export board worker agent queue filter timeout upload invoice layout cache token report".split(" ");

export class Server {
  /** @param {string} url @param {string} email @param {string} password */
  constructor(url, email, password) {
    this.url = url;
    this.credentials = { email, password };
    this.signedInAt = 0;
    this.access = "";
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @returns {Promise<any>}
   */
  async call(method, path, body) {
    if (Date.now() - this.signedInAt > 300_000) {
      this.signedInAt = Date.now();
      const answer = await this.send("POST", "/api/auth/login", { ...this.credentials, token_mode: "json" });
      this.access = answer.access;
    }
    return this.send(method, path, body);
  }

  /** @param {string} method @param {string} path @param {unknown} body */
  async send(method, path, body) {
    const headers = {
      "content-type": "application/json",
      ...(this.access ? { authorization: `Bearer ${this.access}` } : {}),
    };
    const response = await fetch(this.url + path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return text ? JSON.parse(text) : undefined;
  }

  /**
   * A workflow with many tickets. One of an earlier run is used again.
   * @param {(done: number) => void} onProgress
   * @returns {Promise<string>}
   */
  async fill(onProgress) {
    const name = `Benchmark of ${CARDS} tickets`;
    const { workflows } = await this.call("GET", "/api/workflows?limit=200");
    const found = workflows.find((/** @type {any} */ each) => each.name === name);
    const id = found?.id ?? (await this.call("POST", "/api/workflows", { name, template: "development" })).id;
    const { tickets } = await this.call("GET", `/api/board/${id}`);
    let made = tickets.length;
    await Promise.all(
      Array.from({ length: CONCURRENCY }, async () => {
        while (made < CARDS) {
          made += 1;
          if (made % 200 === 0) onProgress(made);
          await this.call("POST", "/api/tickets/create", ticket(id, made));
        }
      }),
    );
    return id;
  }
}

/** @param {string} workflow_id @param {number} n */
function ticket(workflow_id, n) {
  const word = (/** @type {number} */ at) => WORDS[(n * 7 + at * 3) % WORDS.length];
  let part = n % 100;
  const [column = "todo"] =
    COLUMNS.find(([, share]) => {
      part -= Number(share);
      return part < 0;
    }) ?? [];
  return {
    workflow_id,
    title: `The ${word(1)} of the ${word(2)} does not reach the ${word(3)}${n % 3 ? "" : `, and the ${word(4)} waits`}`,
    description: `What happens to the ${word(5)}, and how to see that it is done.`,
    ticket_type: ["task", "bug", "feature"][n % 3],
    priority: ["low", "medium", "high", "critical"][n % 4],
    initial_status: column,
    tags: n % 2 ? [word(6), word(7)] : [],
  };
}
