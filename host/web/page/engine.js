// The browser's WebAssembly as a waPC host. No policy logic: it moves bytes between a guest and core.

const modules = [];
let announce = () => {};

/** Calls `told` with a module's index before the module runs, so that the page knows whom to blame. */
export function onCall(told) {
  announce = told;
}

/** Keeps a compiled module and returns its index. */
export function keep(module) {
  modules.push(module);
  return modules.length - 1;
}

/** As in the command, in bytes. */
const MEMORY_LIMIT = 128 * 1024 * 1024;
const STARTS = ["_start", "wapc_init"];

const decoder = new TextDecoder("utf-8", { fatal: true });
const encoder = new TextEncoder();

/** A failure that core tells in its own words. */
class Thrown extends Error {
  constructor(kind, fields) {
    super(JSON.stringify({ kind, ...fields }));
  }
}

/** Calls `operation` in a fresh instance; throws the JSON of what went wrong. */
export function call(index, operation, payload, host) {
  announce(index);
  try {
    return run(modules[index], encoder.encode(operation), payload, host);
  } catch (error) {
    if (error instanceof Thrown) throw error.message;
    throw JSON.stringify({ kind: "trap", reason: String(error?.message ?? error) });
  }
}

function run(module, operation, payload, host) {
  const state = { reply: null, error: null, hostReply: new Uint8Array(), hostError: new Uint8Array() };
  let memory = null;
  const range = (name, ptr, len) => {
    if (memory === null) throw new Thrown("missingExport", { name: "memory" });
    const [start, size] = [ptr >>> 0, len >>> 0];
    if (start + size > memory.buffer.byteLength) {
      throw new Thrown("badPointer", { function: name, ptr: start, len: size });
    }
    return new Uint8Array(memory.buffer, start, size);
  };
  const read = (name, ptr, len) => range(name, ptr, len).slice();
  const text = (name, ptr, len) => {
    try {
      return decoder.decode(read(name, ptr, len));
    } catch (error) {
      if (error instanceof Thrown) throw error;
      throw new Thrown("badUtf8", { function: name });
    }
  };
  const write = (name, ptr, bytes) => range(name, ptr, bytes.length).set(bytes);
  const wapc = {
    __guest_request(operationPtr, payloadPtr) {
      write("__guest_request", operationPtr, operation);
      write("__guest_request", payloadPtr, payload);
    },
    __guest_response(ptr, len) {
      state.reply = read("__guest_response", ptr, len);
    },
    __guest_error(ptr, len) {
      state.error = text("__guest_error", ptr, len);
    },
    __console_log(ptr, len) {
      range("__console_log", ptr, len);
    },
    __host_call(bindingPtr, bindingLen, namespacePtr, namespaceLen, operationPtr, operationLen, ptr, len) {
      const name = "__host_call";
      const binding = text(name, bindingPtr, bindingLen);
      const namespace = text(name, namespacePtr, namespaceLen);
      const asked = text(name, operationPtr, operationLen);
      const question = read(name, ptr, len);
      try {
        state.hostReply = host(binding, namespace, asked, question);
        state.hostError = new Uint8Array();
        return 1;
      } catch (error) {
        state.hostReply = new Uint8Array();
        state.hostError = encoder.encode(String(error));
        return 0;
      }
    },
    __host_response: (ptr) => write("__host_response", ptr, state.hostReply),
    __host_response_len: () => state.hostReply.length,
    __host_error: (ptr) => write("__host_error", ptr, state.hostError),
    __host_error_len: () => state.hostError.length,
  };
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    if (from !== "wapc" || !Object.hasOwn(wapc, name)) throw new Thrown("unknownImport", { module: from, name });
  }
  const { exports } = new WebAssembly.Instance(module, { wapc });
  if (!(exports.memory instanceof WebAssembly.Memory)) throw new Thrown("missingExport", { name: "memory" });
  if (typeof exports.__guest_call !== "function") throw new Thrown("missingExport", { name: "__guest_call" });
  memory = exports.memory;
  for (const start of STARTS) exports[start]?.();
  const answer = exports.__guest_call(operation.length, payload.length);
  if (memory.buffer.byteLength > MEMORY_LIMIT) throw new Thrown("outOfMemory", { limit: MEMORY_LIMIT });
  if (answer !== 0 && state.reply !== null) return state.reply;
  if (state.error !== null) throw new Thrown("guest", { message: state.error });
  throw new Thrown("noResponse", {});
}
