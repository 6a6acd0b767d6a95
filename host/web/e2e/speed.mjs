// How fast the page is: first verdict, and from a keystroke to new findings.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import { open, paste, ready, root } from "./page.mjs";

const site = await open();
const firsts = [];
for (let round = 0; round < 5; round += 1) {
  const page = await ready(site);
  firsts.push(Number(await page.evaluate(() => document.body.dataset.ready)));
  await page.context().close();
}
const page = await ready(site);
const manifest = readFileSync(join(root, "examples/kafka-killed-by-liveness.yaml"), "utf8");
let text = manifest;
for (let copy = 0; text.split("\n").length < 100; copy += 1) text += `---\n${manifest.replaceAll("kafka", `kafka-${copy}`)}`;
text = text.split("\n").slice(0, 100).join("\n");
await paste(page, text);
const keys = [];
for (let round = 0; round < 30; round += 1) {
  const times = await page.evaluate(async () => {
    const count = document.body.dataset.reviews;
    const content = document.querySelector("#editor .cm-content");
    content.focus();
    const started = performance.now();
    document.execCommand("insertText", false, " ");
    while (document.body.dataset.reviews === count) await new Promise((resolve) => setTimeout(resolve));
    return performance.now() - started;
  });
  keys.push(times);
}
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
console.log(`first verdict after load: ${median(firsts).toFixed(0)} ms (limit 1000; worst of 5: ${Math.max(...firsts)})`);
console.log(`keystroke to findings, 100 lines: ${median(keys).toFixed(1)} ms (limit 50; worst of 30: ${Math.max(...keys).toFixed(1)})`);
await site.close();
