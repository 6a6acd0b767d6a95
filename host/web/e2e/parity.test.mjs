// The page and the command give the same report, byte for byte, for every case of every policy.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { forewarn, open, ready, root } from "./page.mjs";

let site;
before(async () => {
  site = await open();
});
after(() => site?.close());

function cases() {
  const policies = join(root, "policies");
  return readdirSync(policies).flatMap((policy) => {
    const folder = join(policies, policy, "cases");
    return readdirSync(folder).filter((name) => name.endsWith(".yaml")).map((name) => join(folder, name));
  });
}

/** What the command prints; findings end it with 1, broken input with 3. */
function report(path) {
  try {
    return execFileSync(forewarn, ["check", "--format", "json", path], { encoding: "utf8" });
  } catch (error) {
    if (error.status !== 1 && error.status !== 3) throw error;
    return error.stdout;
  }
}

test("every case has the same report", async () => {
  const page = await ready(site);
  const all = cases();
  assert.ok(all.length > 500, `${all.length} cases`);
  const wishes = all.map((path) => JSON.stringify({ file: path, text: readFileSync(path, "utf8"), before: null }));
  const reports = await page.evaluate(async (given) => {
    const reports = [];
    for (const wish of given) reports.push(await window.forewarn.review(wish));
    return reports;
  }, wishes);
  all.forEach((path, index) => assert.equal(`${reports[index]}\n`, report(path), path));
});
