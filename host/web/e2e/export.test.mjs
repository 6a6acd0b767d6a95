// What the page hands out says what the command says: files in JSON and SARIF, and the command line itself.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { after, afterEach, before, beforeEach, test } from "node:test";

import { findings, forewarn, open, paste, ready, setting, temporary } from "./page.mjs";

let site;
let folder;
before(async () => {
  site = await open();
});
after(() => site?.close());
beforeEach(() => {
  folder = temporary();
});
afterEach(() => folder.remove());

/** Findings of policies, strict fields and suppressions; a duplicate key; characters of two UTF-16 units. */
const MANIFEST = `# 🛡
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: shop
spec:
  template:
    spec:
      containers:
        - name: web # forewarn: allow root-user the vendor's image 🛡 needs it
          image: registry.example/web:1.0.0
          image: registry.example/web:1.0.1
          livenesProbe: {}
          securityContext:
            runAsUser: 0
            capabilities:
              add: [SYS_TIME]
---
# forewarn: allow root-user nothing here has a user
apiVersion: flowcontrol.apiserver.k8s.io/v1beta3
kind: FlowSchema
metadata:
  name: web
`;

async function exported(page, button) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(button)]);
  return { name: download.suggestedFilename(), text: readFileSync(await download.path(), "utf8") };
}

/** Runs a shell command in the folder; findings end it with 1, broken input with 3. */
function printed(command) {
  const path = [dirname(forewarn), process.env.PATH].join(delimiter);
  const { status, stdout, stderr } = spawnSync("sh", ["-c", command], {
    cwd: folder.path, encoding: "utf8", maxBuffer: 1 << 24, env: { ...process.env, PATH: path },
  });
  assert.ok([0, 1, 3].includes(status), `${command}: ${status}: ${stderr}`);
  return stdout;
}

const save = (name, text) => writeFileSync(join(folder.path, name), text);

test("the exported files are what the command prints", async () => {
  const page = await ready(site);
  await paste(page, MANIFEST);
  save("manifest.yaml", MANIFEST);
  const json = await exported(page, "#export-json");
  assert.equal(json.name, "forewarn.json");
  assert.equal(json.text, printed("forewarn check --no-config --format json manifest.yaml"));
  const report = JSON.parse(json.text);
  for (const policy of ["root-user", "removed-api", "strict", "suppressions"]) {
    assert.ok(report.findings.some((finding) => finding.policy === policy), policy);
  }
  const sarif = await exported(page, "#export-sarif");
  assert.equal(sarif.name, "forewarn.sarif");
  const expected = JSON.parse(printed("forewarn check --no-config --format sarif manifest.yaml"));
  assert.equal(expected.runs[0].results.length, report.findings.length);
  assert.deepEqual(JSON.parse(sarif.text), expected);
  await page.context().close();
});

/** The command line, by way of the clipboard. */
async function command(page) {
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.click("#command");
  await page.click("#copy");
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  await page.click("#dialog [data-word=close]");
  return copied;
}

test("the command line reviews as the page does", async () => {
  const page = await ready(site);
  await paste(page, MANIFEST);
  save("manifest.yaml", MANIFEST);
  // A configuration that is there already counts as little as it does on the page, and stays.
  save("forewarn.yaml", "policies: {removed-api: off}\n");
  const plain = await exported(page, "#export-json");
  assert.equal(plain.text, printed(`${await command(page)} --format json`));

  await page.uncheck('[data-policy="root-user"] .switch input');
  await setting(page, "removed-api", "kubernetesVersion", "1.30");
  await setting(page, "unbounded-resources", "max-memory", "it's 1Gi");
  await setting(page, "unbounded-resources", "max-memory", "1Gi");
  await setting(page, "excess-capabilities", "allowedAdd", "SYS_TIME\nKILL");
  await page.waitForFunction(() => !document.querySelector('#findings li[data-code^="excess-capabilities/added"]'));
  const changed = await exported(page, "#export-json");
  assert.notEqual(changed.text, plain.text);
  const codes = JSON.parse(changed.text).findings.map(({ code }) => code);
  assert.ok(codes.includes("removed-api/deprecated") && !codes.includes("removed-api/removed"), codes.join("\n"));
  assert.ok(!codes.some((code) => code.startsWith("root-user/")) && codes.includes("strict/unknown-field"));
  assert.equal(printed(`${await command(page)} --format json`), changed.text);
  assert.equal(readFileSync(join(folder.path, "forewarn.yaml"), "utf8"), "policies: {removed-api: off}\n");
  await page.context().close();
});

test("the command line compares with the earlier state", async () => {
  const page = await ready(site);
  await page.selectOption("#examples", "release: wrong-bump");
  await page.waitForSelector('#findings li[data-code^="release-bump/"]');
  const examples = await (await fetch(`${site.address}examples.json`)).json();
  const { text, before: earlier } = examples.find(({ name }) => name === "release: wrong-bump");
  save("manifest.yaml", text);
  mkdirSync(join(folder.path, "before"));
  save("before/manifest.yaml", earlier);
  const shown = await findings(page);
  const report = printed(`${await command(page)} --format json`);
  assert.equal(report, (await exported(page, "#export-json")).text);
  assert.deepEqual(JSON.parse(report).findings.map(({ code, line }) => `${code}:${line}`), shown);
  await page.context().close();
});
