// The forms of the policies' settings.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { axe, drop, findings, module, open, paste, ready, setting, shots } from "./page.mjs";

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
spec:
  containers:
    - name: web
      image: registry.example/web:1.0.0
      securityContext:
        runAsUser: 5000
        capabilities:
          add: [SYS_TIME]
`;

const has = (page, code) => page.waitForSelector(`#findings li[data-code="${code}"]`);
const hasNot = (page, code) => page.waitForSelector(`#findings li[data-code="${code}"]`, { state: "detached" });
const error = (page, id) => page.textContent(`[id="${id}-error"]`);
const complaint = (page, id) => page.waitForSelector(`[id="${id}-error"]:not(:empty)`);
const peace = (page, id) => page.waitForSelector(`[id="${id}-error"]:empty`, { state: "attached" });

async function closed(page) {
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

test("a list has one entry per line, and begins with what holds", async () => {
  const page = await ready(site);
  await paste(page, POD);
  await has(page, "excess-capabilities/added");
  await page.click('[data-policy="excess-capabilities"] summary');
  assert.equal(await page.inputValue("#excess-capabilities-allowedAdd"), "NET_BIND_SERVICE");
  await setting(page, "excess-capabilities", "allowedAdd", "NET_BIND_SERVICE\n\n  SYS_TIME \n");
  await hasNot(page, "excess-capabilities/added");
  await setting(page, "excess-capabilities", "allowedAdd", "NET_BIND_SERVICE");
  await has(page, "excess-capabilities/added");
  // Nothing is something else than the default.
  await has(page, "excess-capabilities/not-dropped");
  await setting(page, "excess-capabilities", "requiredDrop", "");
  await hasNot(page, "excess-capabilities/not-dropped");
  await setting(page, "excess-capabilities", "requiredDrop", "ALL");
  await has(page, "excess-capabilities/not-dropped");
  await page.click("#command");
  assert.equal(await page.inputValue("#dialog-text"), "forewarn check --no-config manifest.yaml");
  await closed(page);
});

test("a list is edited with the keyboard alone, and is told to screen readers", async () => {
  const page = await ready(site);
  await paste(page, POD);
  await page.focus('[data-policy="excess-capabilities"] summary');
  await page.keyboard.press("Enter");
  await page.waitForSelector("#excess-capabilities-allowedAdd");
  const focused = () => page.evaluate(() => document.activeElement.id);
  for (let tabs = 0; tabs < 10 && await focused() !== "excess-capabilities-allowedAdd"; tabs += 1) {
    await page.keyboard.press("Tab");
  }
  assert.equal(await focused(), "excess-capabilities-allowedAdd");
  await page.keyboard.press("Control+End");
  await page.keyboard.press("Enter");
  await page.keyboard.type("SYS_TIME");
  await page.keyboard.press("Tab");
  await hasNot(page, "excess-capabilities/added");
  const field = page.locator('[data-policy="excess-capabilities"]').getByRole("textbox", { name: "allowedAdd" });
  const described = await field.evaluate((input) =>
    input.getAttribute("aria-describedby").split(" ").map((id) => document.getElementById(id).textContent).join(" "));
  const { settings } = await page.evaluate(() => window.forewarn.describe("excess-capabilities"));
  const { description } = settings.properties.allowedAdd;
  assert.ok(description.length > 10 && described.includes(description.replaceAll("`", "")), described);
  assert.match(described, /One entry per line\./);
  await closed(page);
});

test("what is refused is told at its field, and the others count", async () => {
  const page = await ready(site);
  await paste(page, POD);
  const before = await findings(page);
  await setting(page, "external-ips", "allowedCIDRs", "10.0.0.0/8\nten");
  await complaint(page, "external-ips-allowedCIDRs");
  assert.match(await error(page, "external-ips-allowedCIDRs"), /ten/);
  assert.equal(await page.getAttribute("#external-ips-allowedCIDRs", "aria-invalid"), "true");
  const color = (selector) => page.$eval(selector, (found) => getComputedStyle(found).color);
  assert.notEqual(await color("#external-ips-allowedCIDRs-error"), await color("#external-ips-allowedCIDRs-hint"));
  assert.equal(await error(page, "external-ips-max"), "");
  await setting(page, "external-ips", "allowedCIDRs", "10.0.0.0/8");
  await peace(page, "external-ips-allowedCIDRs");
  assert.equal(await page.getAttribute("#external-ips-allowedCIDRs", "aria-invalid"), "false");

  await setting(page, "root-user", "exempt", '[{"containers": ["web"]');
  await complaint(page, "root-user-exempt");
  assert.match(await error(page, "root-user-exempt"), /no JSON/);
  assert.deepEqual(await findings(page), before);
  await has(page, "root-user/group-unset");
  await page.uncheck("#root-user-group-required");
  await hasNot(page, "root-user/group-unset");
  assert.match(await error(page, "root-user-exempt"), /no JSON/);
  await closed(page);
});

test("settings inside others have fields of their own", async () => {
  const page = await ready(site);
  await paste(page, POD);
  await hasNot(page, "root-user/low-user");
  await setting(page, "root-user", "user-recommended", "7000");
  await setting(page, "root-user", "user-min", "6000");
  await has(page, "root-user/low-user");
  const command = async () => {
    await page.click("#command");
    const text = await page.inputValue("#dialog-text");
    await page.click("#dialog [data-word=close]");
    return text;
  };
  assert.match(await command(), /^  root-user: \{"user":\{"recommended":7000,"min":6000\}\}$/m);
  await setting(page, "root-user", "user-recommended", "");
  await setting(page, "root-user", "user-min", "");
  await hasNot(page, "root-user/low-user");
  assert.equal(await command(), "forewarn check --no-config manifest.yaml");
  await closed(page);
});

test("a setting that needs another is taken when that one comes", async () => {
  const page = await ready(site);
  await setting(page, "removed-api", "upgradeTo", "1.30");
  await complaint(page, "removed-api-upgradeTo");
  await setting(page, "removed-api", "kubernetesVersion", "1.29");
  await peace(page, "removed-api-upgradeTo");
  await page.click("#command");
  const both = /^  removed-api: \{"kubernetesVersion":"1.29","upgradeTo":"1.30"\}$/m;
  assert.match(await page.inputValue("#dialog-text"), both);
  await closed(page);
});

test("a list of numbers takes numbers only", async () => {
  const page = await ready(site);
  const asked = [];
  await page.exposeFunction("asked", (settings) => asked.push(settings));
  await page.evaluate(() => {
    const post = Worker.prototype.postMessage;
    Worker.prototype.postMessage = function (message, ...rest) {
      if (message.task === "settings") window.asked(message.settings);
      return post.call(this, message, ...rest);
    };
  });
  const reply = JSON.stringify({
    accepted: true,
    valid: true,
    settings: { properties: { ports: { type: "array", items: { type: "integer" }, description: "Open ports." } } },
  });
  const text = `(module (import "wapc" "__guest_response" (func $reply (param i32 i32))) (memory (export "memory") 1)
    (data (i32.const 0) ${JSON.stringify(reply)})
    (func (export "__guest_call") (param i32 i32) (result i32)
      (call $reply (i32.const 0) (i32.const ${reply.length})) (i32.const 1)))`;
  await drop(page, "ports.wasm", module(text, "ports"));
  await page.waitForSelector('[data-policy="ports"] details');
  await setting(page, "ports", "ports", "80\nmany");
  await complaint(page, "ports-ports");
  assert.match(await error(page, "ports-ports"), /line 2.*no number/);
  assert.deepEqual(asked, []);
  await setting(page, "ports", "ports", "80\n443");
  await peace(page, "ports-ports");
  assert.deepEqual(asked, ['{"ports":[80,443]}']);
  await closed(page);
});

for (const [name, options] of Object.entries({
  light: { colorScheme: "light" },
  "dark-360-px": { colorScheme: "dark", viewport: { width: 360, height: 740 } },
  chinese: { locale: "zh-CN" },
})) {
  test(`the forms are readable and accessible: ${name}`, async () => {
    const page = await ready(site, options);
    await paste(page, POD);
    await page.$$eval("details", (all) => all.forEach((details) => { details.open = true; }));
    await setting(page, "external-ips", "allowedCIDRs", "ten");
    await complaint(page, "external-ips-allowedCIDRs");
    await page.screenshot({ path: `${shots}/settings-${name}.png`, fullPage: true });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(overflow <= 0, `${overflow} px too wide`);
    await page.evaluate(readFileSync(axe, "utf8"));
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
    const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
    assert.deepEqual(serious.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`), []);
    if (name === "chinese") assert.match(await page.textContent("#external-ips-allowedCIDRs-hint"), /每行一项/);
    await closed(page);
  });
}
