// The page: what is typed goes to the worker, what comes back is shown.

import { Client, CALL_LIMIT, Endless } from "./client.js";
import { commandLine } from "./command.js";
import { editor } from "./editor.js";
import { element, prose } from "./element.js";
import { explanation } from "./explanation.js";
import { policyList } from "./policies.js";
import { pack, unpack } from "./share.js";
import { words as dictionary } from "./words.js";

/** What a page reviews at most, in bytes. */
const TEXT_LIMIT = 1024 * 1024;
const FILE = "manifest.yaml";
/** The example that a new visitor sees. */
const FIRST = "kafka-killed-by-liveness";

const by = (id) => document.getElementById(id);
const state = { off: new Set(), settings: {} };
const client = new Client();
let policies = [];
let words;
let last = null;
let reviews = 0;

const main = editor(by("editor"), "manifest", touched);
const before = editor(by("before"), "manifest before the change", touched);

function translate(language) {
  words = dictionary[language];
  document.documentElement.lang = language === "zh" ? "zh-CN" : "en";
  for (const place of document.querySelectorAll("[data-word]")) place.textContent = words[place.dataset.word];
  const other = language === "zh" ? "en" : "zh";
  by("language").textContent = other === "zh" ? "中文" : "English";
  by("language").lang = other;
  by("language").onclick = () => {
    translate(other);
    listPolicies();
    if (last) show(last);
  };
}

function listPolicies() {
  policyList(by("chapters"), policies, state, words, {
    changed: touched,
    describe: (id) => client.ask("describe", { id }),
    check: (id, settings) => client.ask("settings", { id, settings: JSON.stringify(settings) }).catch(String),
    async remove(id) {
      await client.remove(id);
      policies = policies.filter((policy) => policy.id !== id);
      listPolicies();
      touched();
    },
  });
}

const wish = () => JSON.stringify({
  file: FILE,
  text: main.text(),
  before: by("with-before").checked ? before.text() : null,
  settings: state.settings,
  off: [...state.off],
});

let pause;
function touched() {
  clearTimeout(pause);
  // What changes together is reviewed together.
  pause = setTimeout(latest);
}

let running = false;
let again = false;
/** One review at a time, so that none waits behind those of texts that are gone. */
async function latest() {
  again = running;
  if (running) return;
  running = true;
  try {
    do {
      again = false;
      await review();
    } while (again);
  } finally {
    running = false;
  }
}

async function review() {
  const size = new Blob([main.text(), before.text()]).size;
  if (size > TEXT_LIMIT) {
    tell(words.tooLarge((size / 1e6).toFixed(1), (TEXT_LIMIT / 1e6).toFixed(0)));
    return;
  }
  const mine = ++reviews;
  const started = performance.now();
  try {
    const json = await client.ask("review", { wish: wish() });
    // A later review is on its way.
    if (mine !== reviews) return;
    tell("");
    show(json);
    document.body.dataset.milliseconds = (performance.now() - started).toFixed(1);
    document.body.dataset.reviews = mine;
  } catch (error) {
    if (error instanceof Endless) await stopped(error);
    else tell(error.message);
  }
}

async function stopped({ policy }) {
  state.off.add(policy);
  policies = policies.filter(({ id, own }) => !(own && id === policy));
  listPolicies();
  await review();
  tell(words.endless(policy, CALL_LIMIT / 1000));
}

function tell(message) {
  by("errors").replaceChildren(...(message ? [element("p", {}, ...prose(message))] : []));
}

/** Shows a report; one of a text that could not be read leaves the findings of the last that could. */
function show(json) {
  const report = JSON.parse(json);
  const broken = report.errors.filter((error) => error.kind === "input" && error.line !== null);
  const unread = broken.length > 0 && report.summary.objects === 0;
  const errors = report.errors.map((error) => element("p", {},
    ...prose(error.line === null ? error.message : `${words.line(error.line)}: ${error.message}`)));
  by("errors").replaceChildren(...errors);
  by("findings").classList.toggle("stale", unread);
  if (unread && last) {
    by("status").textContent = words.stale;
  } else {
    last = json;
    by("status").textContent = report.findings.length === 0 && report.errors.length === 0
      ? words.clean
      : words.counts(report.summary.denied, report.summary.warned, report.summary.objects);
    by("findings").replaceChildren(...report.findings.map(item));
    by("fixes").hidden = !report.findings.some((finding) => finding.fixable && !finding.suppressed);
    by("diff").hidden = by("apply").hidden = true;
  }
  const marks = unread ? [] : report.findings.filter(({ suppressed }) => !suppressed).map((finding) => ({
    ...finding,
    severity: finding.severity === "deny" ? "error" : "warning",
    message: `${finding.code}: ${finding.message}`,
  }));
  main.mark([...marks, ...broken.map((error) => ({ ...error, severity: "error" }))]);
}

function item(finding) {
  const { code, severity, message, help, line, column, policy, suppressed } = finding;
  const go = element("button", { type: "button", className: "place" }, words.line(line));
  go.onclick = () => main.go({ line, column });
  const parts = [go, " ", element("code", {}, code), element("p", { lang: "en" }, ...prose(message))];
  if (help) parts.push(element("p", { className: "help", lang: "en" }, ...prose(help)));
  if (suppressed) parts.push(element("p", { className: "help" }, `${suppressed.by}: ${suppressed.reason}`));
  const page = explanation(policy, code, policies);
  if (page) parts.push(element("a", { href: page }, words.page));
  const shown = element("li", { className: suppressed ? "suppressed" : severity }, ...parts);
  shown.dataset.line = line;
  shown.dataset.code = code;
  return shown;
}

by("fix").onclick = async () => {
  const { text, diff, fixed } = await client.ask("fix", { wish: wish() });
  by("diff").textContent = fixed > 0 ? diff : words.noFix;
  by("diff").hidden = false;
  by("apply").hidden = fixed === 0;
  by("apply").onclick = () => main.set(text);
};

by("with-before").onchange = () => {
  by("before").hidden = !by("with-before").checked;
  touched();
};

function dialog(word, text) {
  by("dialog-title").textContent = words[word];
  by("dialog-text").value = text;
  by("dialog").showModal();
  by("dialog-text").select();
}
by("copy").onclick = () => navigator.clipboard?.writeText(by("dialog-text").value);

by("share").onclick = async () => {
  const packed = { text: main.text(), settings: state.settings, off: [...state.off] };
  if (by("with-before").checked) packed.before = before.text();
  location.hash = await pack(packed);
  dialog("share", location.href);
};

by("command").onclick = () => dialog("command", commandLine(FILE, policies, state, by("with-before").checked));

function save(name, text) {
  const link = element("a", { download: name, href: URL.createObjectURL(new Blob([text])) });
  link.click();
  URL.revokeObjectURL(link.href);
}
by("export-json").onclick = async () => save("forewarn.json", `${await client.ask("review", { wish: wish() })}\n`);
by("export-sarif").onclick = async () => save("forewarn.sarif", `${await client.ask("sarif", { wish: wish() })}\n`);

addEventListener("dragover", (event) => event.preventDefault());
addEventListener("drop", async (event) => {
  event.preventDefault();
  for (const file of event.dataTransfer.files) await dropped(file);
});

by("file").onchange = async () => {
  for (const file of by("file").files) await dropped(file);
  by("file").value = "";
};

async function dropped(file) {
  const wasm = new Uint8Array(await file.arrayBuffer());
  if (!wasm.subarray(0, 4).every((byte, index) => byte === [0, 0x61, 0x73, 0x6d][index]) || wasm.length < 8) {
    tell(words.notWasm(file.name));
    return;
  }
  const id = file.name.replace(/\.wasm$/, "");
  try {
    const added = { ...(await client.add(id, wasm)), own: true };
    policies = [...policies.filter((policy) => policy.id !== id), added];
    state.off.delete(id);
    listPolicies();
    await review();
  } catch (error) {
    if (error instanceof Endless) tell(words.endless(id, CALL_LIMIT / 1000));
    else tell(`${file.name}: ${error.message}`);
  }
}

async function examples() {
  const list = await (await fetch("examples.json")).json();
  by("examples").replaceChildren(...list.map(({ name }) => element("option", {}, name)));
  by("examples").onchange = () => {
    const { text, before: earlier } = list[by("examples").selectedIndex];
    by("with-before").checked = earlier !== undefined;
    by("before").hidden = earlier === undefined;
    before.set(earlier ?? "");
    main.set(text);
  };
  return list;
}

async function opened() {
  if (location.hash.length > 1) {
    try {
      const shared = await unpack(location.hash, TEXT_LIMIT * 2);
      Object.assign(state.settings, shared.settings);
      for (const id of shared.off ?? []) state.off.add(id);
      if (typeof shared.before === "string") {
        by("with-before").checked = true;
        by("before").hidden = false;
        before.set(shared.before);
      }
      main.set(shared.text);
      return null;
    } catch {
      return words.broken;
    }
  }
  return undefined;
}

// For the tests: parity compares reports byte by byte, and every code has a place on the site.
window.forewarn = {
  review: (own) => client.ask("review", { wish: own }),
  describe: (id) => client.ask("describe", { id }),
  policies: () => policies,
};

translate(navigator.language.startsWith("zh") ? "zh" : "en");
by("status").textContent = words.loading;
try {
  const [bundled, list, complaint] = await Promise.all([client.start(), examples(), opened()]);
  policies = bundled;
  if (complaint !== null) {
    const first = Math.max(0, list.findIndex(({ name }) => name === FIRST));
    by("examples").selectedIndex = first;
    main.set(list[first]?.text ?? "");
  }
  clearTimeout(pause);
  // The list is made while the worker reviews.
  const first = review();
  listPolicies();
  await first;
  if (complaint) tell(complaint);
  document.body.dataset.ready = performance.now().toFixed(0);
} catch (error) {
  tell(`${words.failed}: ${error.message}`);
}
