// The site's documents: a page per policy, and the book.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { axe, open } from "./page.mjs";

let site;
before(async () => {
  site = await open();
});
after(() => site?.close());

/** Every page that can be reached by links, with its text. */
async function reached(...left) {
  const known = new Map();
  while (left.length > 0) {
    const path = left.pop();
    if (known.has(path)) continue;
    const response = await fetch(site.address + path);
    assert.equal(response.status, 200, path);
    const html = await response.text();
    known.set(path, html);
    for (const [, link] of html.matchAll(/<a href="([^"]*)"/g)) {
      const { origin, pathname } = new URL(link, site.address + path);
      if (origin === new URL(site.address).origin) left.push(pathname.slice(1));
    }
  }
  return known;
}

test("no link within the site is dead, and each page forbids itself what it does not need", async () => {
  const pages = await reached("");
  assert.ok(pages.size > 25, [...pages.keys()].join("\n"));
  for (const [path, html] of pages) {
    assert.match(html, /<meta http-equiv="Content-Security-Policy" content="default-src 'none';/, path);
    assert.doesNotMatch(html, /&lt;!--/, path);
  }
});

for (const [name, options] of Object.entries({
  "360 px, light": { viewport: { width: 360, height: 740 }, colorScheme: "light" },
  dark: { colorScheme: "dark" },
})) {
  test(`the documents are readable and accessible: ${name}`, async () => {
    const context = await site.browser.newContext(options);
    const page = await context.newPage();
    for (const path of ["policies/", "policies/root-user.html#root", "policies/strict.html", "book/", "book/config.html"]) {
      await page.goto(site.address + path);
      const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(overflow <= 0, `${path} is ${overflow} px too wide`);
      await page.evaluate(readFileSync(axe, "utf8"));
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
      assert.deepEqual(serious.map(({ id, nodes }) => `${path}: ${id}: ${nodes.map(({ html }) => html).join(" ")}`), []);
    }
    await context.close();
  });
}
