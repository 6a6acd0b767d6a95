// The page and the command give the same report, byte for byte, for every case of every policy.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
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
  return new Promise((resolve, reject) => {
    execFile(forewarn, ["check", "--format", "json", path], { maxBuffer: 1 << 24 }, (error, stdout) => {
      if (error && error.code !== 1 && error.code !== 3) reject(error);
      else resolve(stdout);
    });
  });
}

/** The reports of all cases, two commands at a time. */
async function printed(paths) {
  const left = paths.map((path, index) => [path, index]);
  const reports = [];
  const work = async () => {
    for (let next = left.pop(); next; next = left.pop()) reports[next[1]] = await report(next[0]);
  };
  await Promise.all([work(), work()]);
  return reports;
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
  const expected = await printed(all);
  all.forEach((path, index) => assert.equal(`${reports[index]}\n`, expected[index], path));
});
