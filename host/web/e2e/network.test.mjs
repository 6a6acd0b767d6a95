// Nothing leaves the browser: what is pasted stays, and nothing is fetched from anywhere but the site.

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, test } from "node:test";

import { drop, open, paste, ready, setting } from "./page.mjs";

const POD = `apiVersion: v1
kind: Pod
metadata:
  name: web
spec:
  containers:
    - name: web
      image: registry.example/web:1.0.0
`;

let site;
before(async () => {
  site = await open();
});
after(() => site?.close());

test("a whole visit asks nobody but the site", async () => {
  const asked = [];
  const options = { heard: (context) => context.on("request", (request) => asked.push(request.url())) };
  const page = await ready(site, options);
  await paste(page, POD);
  await page.click("#fix");
  await page.waitForSelector("#diff:not([hidden])");
  await page.click("#apply");
  await setting(page, "removed-api", "kubernetesVersion", "1.30");
  await drop(page, "picture.wasm", Buffer.from("GIF89a"));
  await Promise.all([page.waitForEvent("download"), page.click("#export-sarif")]);
  await page.click("#share");
  await page.waitForSelector("#dialog[open]");
  const { hash } = new URL(await page.inputValue("#dialog-text"));
  await page.click("#dialog [data-word=close]");
  await page.click("#findings li a");
  await page.waitForSelector("main.page h1");
  await page.goto(`${site.address}book/`);
  await page.goto(`${site.address}policies/`);
  await page.context().close();
  const other = await ready(site, { ...options, fragment: hash });
  await other.context().close();
  // What the worker asks for is heard, too.
  for (const file of ["core.wasm", "policies.xz"]) assert.ok(asked.includes(site.address + file), asked.join("\n"));
  const elsewhere = asked.filter((url) => !url.startsWith(site.address) && !/^(data|blob):/.test(url));
  assert.deepEqual(elsewhere, []);
  assert.ok(!asked.some((url) => url.includes("registry.example")));
});

/** A server on another port, and so of another origin, that would answer anybody. */
async function stranger() {
  const heard = [];
  // Chromium connects ahead for a frame that it then refuses; such a connection says nothing.
  const server = createServer((socket) => socket.on("error", () => {}).on("data", (data) => {
    heard.push(String(data));
    socket.end("HTTP/1.1 200 OK\r\nAccess-Control-Allow-Origin: *\r\nContent-Type: text/javascript\r\n\r\n");
  }));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, heard, close: () => server.close() };
}

/** Tries whatever a script can. */
async function tries(url) {
  const settled = (target, good) => new Promise((resolve, reject) => {
    target.addEventListener(good, resolve);
    target.addEventListener("error", () => reject(new Error("refused")));
    setTimeout(() => reject(new Error("no answer")), 1000);
  });
  const inPage = (name, properties) => () => {
    const element = Object.assign(document.createElement(name), properties);
    document.body.append(element);
    return settled(element, "load");
  };
  const ways = {
    fetch: () => fetch(url),
    "fetch without an answer": () => fetch(url, { mode: "no-cors" }),
    import: () => import(url),
    WebSocket: () => settled(new WebSocket(url.replace("http", "ws")), "open"),
    EventSource: () => settled(new EventSource(url), "open"),
  };
  if (typeof document !== "undefined") {
    Object.assign(ways, {
      image: inPage("img", { src: url }),
      script: inPage("script", { src: url }),
      style: inPage("link", { rel: "stylesheet", href: url }),
      frame: inPage("iframe", { src: url }),
      beacon: () => navigator.sendBeacon(url, "secret"),
    });
  }
  for (const way of Object.values(ways)) {
    try {
      await way();
    } catch {
      // As it should be; the stranger knows whether it is true.
    }
  }
}

test("the content security policy lets nothing out, from the page, its worker and the documents", async () => {
  const other = await stranger();
  try {
    const page = await ready(site);
    await page.evaluate(tries, other.url);
    const [worker] = page.workers();
    await worker.evaluate(tries, other.url);
    for (const document of ["policies/root-user.html", "book/"]) {
      await page.goto(site.address + document);
      await page.evaluate(tries, other.url);
    }
    assert.deepEqual(other.heard, []);
    // Without the policy a document does reach it.
    const free = await site.browser.newPage({ bypassCSP: true });
    await free.goto(`${site.address}book/`);
    await free.evaluate(tries, other.url);
    // The beacon is sent when the browser has time.
    const patience = Date.now() + 10_000;
    while (other.heard.length < 10 && Date.now() < patience) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.ok(other.heard.length >= 10, `${other.heard.length} requests:\n${other.heard.join("\n")}`);
    await free.close();
    await page.context().close();
  } finally {
    other.close();
  }
});
