// A state of the page as a URL fragment, which no server ever sees.

/** The state as a fragment: JSON, deflated, in base64url. */
export async function pack(state) {
  const bytes = await through(new Blob([JSON.stringify(state)]), new CompressionStream("deflate-raw"));
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return `#1${btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "")}`;
}

/** The state in a fragment; throws when it holds none. */
export async function unpack(fragment, limit) {
  if (!fragment.startsWith("#1")) throw new Error("unknown version");
  const binary = atob(fragment.slice(2).replaceAll("-", "+").replaceAll("_", "/"));
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  const json = await through(new Blob([bytes]), new DecompressionStream("deflate-raw"), limit);
  const state = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  if (typeof state?.text !== "string") throw new Error("no text");
  return state;
}

async function through(blob, transform, limit = Infinity) {
  const chunks = [];
  let size = 0;
  for await (const chunk of blob.stream().pipeThrough(transform)) {
    size += chunk.length;
    if (size > limit) throw new Error("too large");
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}
