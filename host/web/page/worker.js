// The worker that holds core and the policies, so that the page never waits.

import init, { Session, unpack } from "./forewarn_web.js";
import { keep, onCall } from "./engine.js";

const SECTION = "io.kubewarden.metadata";
const names = [];
let session;

// A message leaves at once, even if the call that follows it never ends.
onCall((index) => postMessage({ running: names[index] }));

/** Core and the bundled policies; what the page shows of them. It begins before anybody asks. */
const bundled = load();
// Whoever asks gets the error.
bundled.catch(() => {});

const tasks = {
  start: () => bundled,

  /** Adds a module that somebody dropped on the page. */
  async module({ id, wasm }) {
    return add(id, await WebAssembly.compile(wasm));
  },

  describe: ({ id }) => JSON.parse(session.describe(id)),
  remove: ({ id }) => session.remove(id),
  settings: ({ id, settings }) => session.check_settings(id, settings) ?? null,
  review: ({ wish }) => session.review(wish),
  sarif: ({ wish }) => session.sarif(wish),
  fix: ({ wish }) => JSON.parse(session.fix(wish)),
};

async function load() {
  const [packed] = await Promise.all([
    fetch("policies.xz").then((response) => bytes(response)),
    init({ module_or_path: fetch("core.wasm") }),
  ]);
  session = new Session();
  const archive = unpack(packed);
  const headLength = new DataView(archive.buffer, archive.byteOffset).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(archive.subarray(4, 4 + headLength)));
  let offset = 4 + headLength;
  const modules = head.map(({ id, size, sha256 }) => {
    const wasm = archive.slice(offset, (offset += size));
    return { id, sha256, wasm };
  });
  const compiled = await Promise.all(modules.map(({ wasm }) => WebAssembly.compile(wasm)));
  return modules.map(({ id, sha256 }, index) => ({ ...add(id, compiled[index]), sha256 }));
}

function add(id, module) {
  const index = keep(module);
  names[index] = id;
  const [section] = WebAssembly.Module.customSections(module, SECTION);
  return JSON.parse(session.add(id, index, section && new Uint8Array(section)));
}

async function bytes(response) {
  if (!response.ok) throw new Error(`${response.url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

onmessage = async ({ data: { ticket, task, ...given } }) => {
  try {
    postMessage({ ticket, answer: await tasks[task](given) });
  } catch (error) {
    postMessage({ ticket, error: String(error?.message ?? error) });
  }
};
