// Every code leads to what is said about it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { open, paste, ready } from "./page.mjs";

let site;
before(async () => {
  site = await open();
});
after(() => site?.close());

/** The ids in a page of the site. */
async function anchors(path) {
  const response = await fetch(site.address + path);
  assert.equal(response.status, 200, path);
  return [...(await response.text()).matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
}

test("every code of every bundled policy has one place in its policy's page", async () => {
  const page = await ready(site);
  const policies = await page.evaluate(() => window.forewarn.policies());
  assert.ok(policies.length >= 18, `${policies.length} policies`);
  for (const { id } of policies) {
    const { codes } = await page.evaluate((own) => window.forewarn.describe(own), id);
    const ids = await anchors(`policies/${id}.html`);
    assert.equal(new Set(ids).size, ids.length, `${id}: an id is there twice`);
    assert.ok(codes.length > 1, id);
    for (const code of codes) {
      assert.ok(code.startsWith(`${id}/`), code);
      assert.ok(ids.includes(code.slice(id.length + 1)), code);
    }
  }
  await page.context().close();
});

test("a finding's link opens the page at its code", async () => {
  const page = await ready(site);
  await paste(page, "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n    - name: web\n      image: a:1\n");
  await page.click('#findings li[data-code="root-user/user-unset"] a');
  await page.waitForSelector("main.page h1");
  assert.equal(page.url(), `${site.address}policies/root-user.html#user-unset`);
  assert.equal(await page.textContent("code:target"), "user-unset");
  await page.waitForFunction(() => {
    const { top, bottom } = document.querySelector("code:target").getBoundingClientRect();
    return scrollY > 0 && top >= 0 && bottom <= innerHeight;
  });
  await page.context().close();
});

/** Something for every code of `strict`, and for those of `suppressions` that need no configuration. */
const OWN = `# forewarn: allow root-user
# forewarn: allow root-usr because
# forewarn: allows root-user because
apiVersion: v1
kind: Pod
metadata:
  name: web
  annotations:
    forewarn.dev/allow.root-user: because
spec:
  securityContext:
    allowPrivilegeEscalation: false
  containers:
    - name: web
      image: registry.example/web:1.0.0 # forewarn: allow legacy-java because
      livenesProbe: {}
      env:
        - name: PORT
          value: 8080
        - name: PORT
          value: "8081"
---
apiVersion: v1
kind: Deployment
metadata: {name: web}
---
apiVersion: apps/v1
kind: Deploymentt
metadata: {name: web}
`;
const CODES = [
  ...["unknown-field", "misplaced-field", "wrong-type", "duplicate-name", "wrong-group", "unknown-kind"]
    .map((code) => `strict/${code}`),
  ...["missing-reason", "unknown-policy", "unreadable", "unused", "not-honoured"].map((code) => `suppressions/${code}`),
];

test("what the review itself finds is explained, too", async () => {
  const page = await ready(site);
  await paste(page, OWN);
  const links = await page.$$eval("#findings li", (items) => items.map((item) =>
    [item.dataset.code, item.querySelector("a")?.getAttribute("href")]));
  const found = links.filter(([code]) => /^(strict|suppressions)\//.test(code));
  assert.deepEqual([...new Set(found.map(([code]) => code))].sort(), [...CODES].sort());
  for (const [code, link] of found) {
    const [path, anchor] = link.split("#");
    assert.equal(anchor, code.split("/")[1]);
    assert.ok((await anchors(path)).includes(anchor), `${code}: ${link}`);
  }
  // Those that need a configuration are explained beside them.
  const ids = await anchors("book/config.html");
  for (const code of ["expired", "stale"]) assert.ok(ids.includes(code), code);
  await page.context().close();
});
