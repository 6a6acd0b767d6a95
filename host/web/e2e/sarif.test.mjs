// The command's SARIF report against the official JSON Schema, as a Rust package carries it.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";

import { forewarn, root } from "./page.mjs";

const require = createRequire(new URL("../page/package.json", import.meta.url));
const Ajv = require("ajv").default;
const formats = require("ajv-formats").default;

const folder = mkdtempSync(join(tmpdir(), "forewarn-sarif-"));
after(() => rmSync(folder, { recursive: true }));

/** Checks a value as the schema demands; the answer is the mistakes. */
function validator() {
  const manifest = join(root, "host/web/Cargo.toml");
  const metadata = JSON.parse(execFileSync("cargo", ["metadata", "--format-version", "1", "--manifest-path", manifest], {
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "ignore"],
  }));
  const { manifest_path } = metadata.packages.find(({ name }) => name === "serde-sarif");
  const schema = JSON.parse(readFileSync(join(dirname(manifest_path), "src/schema.json"), "utf8"));
  assert.match(schema.$id, /sarif-schema-2\.1\.0\.json$/);
  // One of its patterns is none in Unicode mode.
  const ajv = new Ajv({ allErrors: true, strict: false, unicodeRegExp: false });
  formats(ajv);
  const check = ajv.compile(schema);
  return (value) => (check(value) ? [] : check.errors.map(({ instancePath, message }) => `${instancePath} ${message}`));
}

function report(...args) {
  const { stdout, stderr } = spawnSync(forewarn, ["check", ".", "--format", "sarif", ...args], {
    cwd: folder,
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  assert.ok(stdout, stderr);
  return JSON.parse(stdout);
}

const POD = `apiVersion: v1
kind: Pod
metadata: {name: "räuber & co"}
spec:
  containers:
    # forewarn: allow root-user the vendor's image needs it
    - {name: web, image: a:1, livenesProbe: {exec: {command: [a]}}}
`;

test("reports are what the official schema demands", () => {
  cpSync(join(root, "examples"), folder, { recursive: true });
  writeFileSync(join(folder, "räuber & co.yaml"), POD);
  writeFileSync(join(folder, "broken.yaml"), "a: [\n");
  writeFileSync(join(folder, "crlf.yaml"), POD.replaceAll("\n", "\r\n"));
  const mistakes = validator();
  const whole = report();
  assert.deepEqual(mistakes(whole), []);
  const { results, tool, invocations } = whole.runs[0];
  // The report holds everything that it can hold.
  assert.ok(results.length > 20 && tool.driver.rules.length > 20);
  assert.ok(results.some(({ fixes }) => fixes?.length > 0), "no fixes");
  assert.ok(results.some(({ suppressions }) => suppressions?.length > 0), "no suppressions");
  assert.ok(invocations[0].toolExecutionNotifications.length > 0, "no notifications");
  rmSync(join(folder, "broken.yaml"));
  report("--write-baseline", "known.json");
  const known = report("--baseline", "known.json");
  assert.deepEqual(mistakes(known), []);
  assert.ok(known.runs[0].results.every(({ suppressions }) => suppressions?.length > 0));
  rmSync(folder, { recursive: true });
  cpSync(join(root, "examples/java-8-image.repaired.yaml"), join(folder, "good.yaml"), { recursive: true });
  assert.deepEqual(mistakes(report()), []);
  // The schema is one that can be failed.
  const wrong = structuredClone(whole);
  wrong.runs[0].results[0].locations[0].physicalLocation.region.startLine = 0;
  wrong.runs[0].results[1].level = "fatal";
  assert.equal(mistakes(wrong).length, 2, mistakes(wrong).join("\n"));
});
