// The page's end of the worker. A policy that does not end is stopped with its worker, and a new one goes on without it.

/** How long one call of a policy, or loading, may take, in milliseconds. */
export const CALL_LIMIT = 2000;
const START_LIMIT = 30_000;

/** A policy that was stopped. */
export class Endless extends Error {
  constructor(policy) {
    super(policy);
    this.policy = policy;
  }
}

export class Client {
  #worker;
  #waiting = new Map();
  #ticket = 0;
  #running = null;
  #timer;
  #dropped = new Map();
  #policies = [];

  /** Loads core and the bundled policies; what is known of these is the answer. */
  async start() {
    this.#worker = new Worker("worker.js", { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#hear(data);
    this.#worker.onerror = (event) => this.#fail(new Error(event.message));
    const bundled = await this.#ask("start", { core: "core.wasm", policies: "policies.xz" }, START_LIMIT);
    this.#policies = bundled;
    for (const [id, wasm] of this.#dropped) await this.#ask("module", { id, wasm }, CALL_LIMIT);
    return bundled;
  }

  /** Adds a module under an id; the answer is what is known of it. */
  async add(id, wasm) {
    this.#dropped.set(id, wasm);
    try {
      return await this.ask("module", { id, wasm });
    } catch (error) {
      this.#dropped.delete(id);
      throw error;
    }
  }

  remove(id) {
    this.#dropped.delete(id);
    return this.ask("remove", { id });
  }

  /** Asks the worker; rejects with `Endless` when a policy had to be stopped. */
  ask(task, given) {
    return this.#ask(task, given, CALL_LIMIT);
  }

  #ask(task, given, limit) {
    const ticket = ++this.#ticket;
    return new Promise((resolve, reject) => {
      this.#waiting.set(ticket, { resolve, reject, limit });
      this.#worker.postMessage({ ticket, task, ...given });
      this.#arm();
    });
  }

  #hear({ ticket, answer, error, running }) {
    if (running !== undefined) {
      this.#running = running;
    } else {
      const waiting = this.#waiting.get(ticket);
      this.#waiting.delete(ticket);
      if (error === undefined) waiting?.resolve(answer);
      else waiting?.reject(new Error(error));
    }
    this.#arm();
  }

  /** Every sign of life starts the time anew. */
  #arm() {
    clearTimeout(this.#timer);
    if (this.#waiting.size === 0) return;
    const limit = Math.max(...[...this.#waiting.values()].map((waiting) => waiting.limit));
    this.#timer = setTimeout(() => this.#stop(), limit);
  }

  async #stop() {
    const culprit = this.#running;
    this.#worker.terminate();
    this.#dropped.delete(culprit);
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#running = null;
    await this.start();
    for (const { reject } of waiting) reject(new Endless(culprit));
  }

  #fail(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
