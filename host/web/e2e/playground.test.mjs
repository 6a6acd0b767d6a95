// The playground from outside: what a visitor does, in headless Chromium.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { axe, drop, findings, module, open, paste, ready, shots } from "./page.mjs";

let site;
before(async () => {
  mkdirSync(shots, { recursive: true });
  site = await open();
});
after(() => site?.close());

const POD = `apiVersion: v1
kind: Pod
metadata:
  name: web
  namespace: shop
spec:
  containers:
    - name: web
      image: registry.example/web:1.0.0
      securityContext:
        runAsUser: 0
`;

async function closed(page) {
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

test("a pasted manifest is reviewed, at the right lines", async () => {
  const page = await ready(site);
  await paste(page, POD);
  const found = await findings(page);
  assert.ok(found.includes("root-user/root:11"), found.join("\n"));
  await page.click('#findings li[data-code="root-user/root"] .place');
  assert.match(await page.evaluate(() => document.querySelector("#editor .cm-activeLine").textContent), /runAsUser: 0/);
  assert.ok(await page.$("#editor .cm-lintRange-error"));
  await closed(page);
});

test("fixes are shown, then applied, and are gone", async () => {
  const page = await ready(site);
  await paste(page, POD);
  await page.click("#fix");
  await page.waitForSelector("#diff:not([hidden])");
  assert.match(await page.textContent("#diff"), /^\+.*allowPrivilegeEscalation: false/m);
  const before = (await findings(page)).length;
  await page.click("#apply");
  await page.waitForFunction((count) => document.querySelectorAll("#findings li").length < count, before);
  assert.match(await page.textContent("#editor .cm-content"), /allowPrivilegeEscalation: false/);
  await closed(page);
});

test("a switch turns a policy off, and a refused setting is told", async () => {
  const page = await ready(site);
  await paste(page, POD);
  assert.ok((await findings(page)).some((finding) => finding.startsWith("root-user/")));
  await page.uncheck('[data-policy="root-user"] .switch input');
  await page.waitForFunction(() => !document.querySelector('#findings li[data-code^="root-user/"]'));
  await page.check('[data-policy="root-user"] .switch input');
  await page.waitForSelector('#findings li[data-code^="root-user/"]');
  await page.click('[data-policy="root-user"] summary');
  await page.fill("#root-user-exempt", '[{"containers":["web"]}]');
  await page.locator("#root-user-exempt").blur();
  await page.waitForSelector('[data-policy="root-user"] .refusal:not(:empty)');
  await page.fill("#root-user-exempt", '[{"containers":["web"],"reason":"a test"}]');
  await page.locator("#root-user-exempt").blur();
  await page.waitForFunction(() => {
    const items = [...document.querySelectorAll('#findings li[data-code^="root-user/"]')];
    return items.every((item) => item.className === "suppressed");
  });
  await closed(page);
});

test("a shared link opens what was shared, and a broken one says so", async () => {
  const page = await ready(site);
  await paste(page, POD);
  await page.uncheck('[data-policy="root-user"] .switch input');
  await page.waitForFunction(() => !document.querySelector('#findings li[data-code^="root-user/"]'));
  const shown = await findings(page);
  await page.click("#share");
  await page.waitForSelector("#dialog[open]");
  const link = await page.inputValue("#dialog-text");
  const other = await ready(site, { fragment: new URL(link).hash });
  assert.deepEqual(await findings(other), shown);
  for (const fragment of ["#1abc", "#2abc", "#1____", "#" + "x".repeat(2000)]) {
    const broken = await ready(site, { fragment });
    assert.match(await broken.textContent("#errors"), /damaged/);
    await closed(broken);
  }
  await closed(other);
  await closed(page);
});

test("broken YAML is marked at its line, and the last findings stay", async () => {
  const page = await ready(site);
  await paste(page, POD);
  const before = await findings(page);
  await paste(page, POD.replace("name: web\n  namespace", "name: [web\n  namespace"));
  await page.waitForSelector("#findings.stale");
  assert.match(await page.textContent("#errors"), /line \d+/);
  assert.deepEqual(await findings(page), before);
  await paste(page, POD);
  await page.waitForSelector("#findings:not(.stale)");
  await closed(page);
});

test("a huge paste is refused with the limit, and the page lives", async () => {
  const page = await ready(site);
  await paste(page, `# ${"x".repeat(5_000_000)}\n`);
  assert.match(await page.textContent("#errors"), /5\.0 MB.*up to 1 MB/);
  await paste(page, POD);
  await page.waitForFunction(() => document.querySelector("#errors").textContent === "");
  assert.ok((await findings(page)).length > 0);
  await closed(page);
});

const reply = (json) => `(module
  (import "wapc" "__guest_response" (func $reply (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) ${JSON.stringify(json)})
  (func (export "__guest_call") (param i32 i32) (result i32)
    (call $reply (i32.const 0) (i32.const ${json.length})) (i32.const 1)))`;

test("a third-party module runs, and goes when it is removed", async () => {
  const page = await ready(site);
  await paste(page, POD);
  await drop(page, "no-web.wasm", module(reply(`{"accepted":false,"message":"no web here"}`), "no-web"));
  await page.waitForFunction(() => document.querySelector("#findings").textContent.includes("no web here"));
  await page.click('[data-policy="no-web"] button');
  await page.waitForFunction(() => !document.querySelector("#findings").textContent.includes("no web here"));
  await drop(page, "picture.wasm", Buffer.from("GIF89a"));
  await page.waitForFunction(() => document.querySelector("#errors").textContent.includes("no WebAssembly module"));
  await drop(page, "clock.wasm", module('(module (import "env" "clock" (func)) (memory (export "memory") 1))', "clock"));
  await page.waitForFunction(() => document.querySelector("#errors").textContent.includes("env.clock"));
  assert.ok((await findings(page)).length > 0);
  await closed(page);
});

test("a module that traps is named, and one that never ends is stopped; the others' findings stay", async () => {
  const page = await ready(site);
  await paste(page, POD);
  const own = await findings(page);
  const trap = '(module (memory (export "memory") 1) (func (export "__guest_call") (param i32 i32) (result i32) unreachable))';
  await drop(page, "trap.wasm", module(trap, "trap"));
  await page.waitForFunction(() => document.querySelector("#errors").textContent.includes("trap"));
  assert.deepEqual(await findings(page), own);
  await page.click('[data-policy="trap"] button');
  // It answers the first question, so that it is loaded, and never the next.
  const endless = `(module
    (import "wapc" "__guest_request" (func $request (param i32 i32)))
    (import "wapc" "__guest_error" (func $error (param i32 i32)))
    (memory (export "memory") 1)
    (func (export "__guest_call") (param $operation i32) (param i32) (result i32)
      (call $request (i32.const 0) (i32.const 64))
      (if (i32.eq (i32.load8_u (i32.const 0)) (i32.const 118)) (then (loop $ever (br $ever))))
      (call $error (i32.const 0) (i32.const 1)) (i32.const 0)))`;
  await drop(page, "endless.wasm", module(endless, "endless"));
  await page.waitForFunction(() => document.querySelector("#errors").textContent.includes("did not end"), null, { timeout: 20_000 });
  assert.match(await page.textContent("#errors"), /endless/);
  assert.deepEqual(await findings(page), own);
  await paste(page, POD.replace("name: web\n  namespace", "name: shop\n  namespace"));
  assert.ok((await findings(page)).length > 0);
  await closed(page);
});

test("an update is compared with what it was", async () => {
  const page = await ready(site);
  await page.check("#with-before");
  await page.selectOption("#examples", "release: wrong-bump");
  await page.waitForSelector('#findings li[data-code^="release-bump/"]');
  await closed(page);
});

for (const [name, options] of Object.entries({
  "360-px": { viewport: { width: 360, height: 740 } },
  dark: { colorScheme: "dark" },
  light: { colorScheme: "light" },
  chinese: { locale: "zh-CN" },
})) {
  test(`the page is readable and accessible: ${name}`, async () => {
    const page = await ready(site, options);
    await paste(page, POD);
    await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `${overflow} px too wide`);
    await page.addScriptTag({ path: axe }).catch(async () => page.evaluate(readFileSync(axe, "utf8")));
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`), []);
    if (name === "chinese") assert.equal(await page.textContent("#policies-title"), "策略");
    await closed(page);
  });
}

test("a finding's link opens its explanation, and the site has the book", async () => {
  const page = await ready(site);
  await paste(page, POD);
  await page.click('#findings li[data-code="root-user/root"] a');
  await page.waitForSelector("main.page h1");
  assert.match(await page.textContent("main.page"), /root/);
  await page.goto(`${site.address}book/`);
  assert.match(await page.textContent("main.page"), /Forewarn/);
  await page.context().close();
});
