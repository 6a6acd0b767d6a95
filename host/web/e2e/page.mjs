// A real browser on the real site, served by the real command.

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRequire } from "node:module";

const require = createRequire(new URL("../page/package.json", import.meta.url));
const { chromium } = require("playwright-core");
const wabt = await require("wabt")();

export const root = new URL("../../../", import.meta.url).pathname;
export const forewarn = join(root, "target/release/forewarn");
export const shots = join(root, "target/screenshots");
export const axe = require.resolve("axe-core/axe.min.js");

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const BROWSERS = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The site and a browser; `close` ends both. */
export async function open() {
  const executablePath = BROWSERS.find((path) => path && existsSync(path));
  if (!executablePath) throw new Error("no Chromium found; install it (`apt-get install chromium`) or set CHROMIUM");
  const server = spawn(forewarn, ["playground", "--port", "0"], { stdio: ["ignore", "pipe", "inherit"] });
  const address = await new Promise((resolve, reject) => {
    server.stdout.once("data", (data) => resolve(String(data).split(" ")[0]));
    server.once("exit", (code) => reject(new Error(`forewarn playground ended with ${code}`)));
  });
  const browser = await chromium.launch({ executablePath, headless: true, args: FLAGS });
  return {
    address,
    browser,
    async close() {
      await browser.close();
      server.kill();
    },
  };
}

/** A page that has shown its first review. `heard` gets its context before anything is loaded. */
export async function ready(site, { fragment = "", heard = () => {}, ...options } = {}) {
  const context = await site.browser.newContext({ locale: "en-US", ...options });
  heard(context);
  const page = await context.newPage();
  const faults = [];
  page.on("pageerror", (error) => faults.push(error));
  page.faults = faults;
  await page.goto(site.address + fragment);
  await page.waitForSelector("body[data-ready]");
  return page;
}

/** Replaces the manifest as a paste does, and waits for its review. */
export async function paste(page, text, where = "#editor") {
  const earlier = await page.evaluate(() => document.body.dataset.reviews);
  await page.focus(`${where} .cm-content`);
  await page.keyboard.press("Control+a");
  await page.evaluate(([selector, pasted]) => {
    const data = new DataTransfer();
    data.setData("text/plain", pasted);
    const event = new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true });
    document.querySelector(`${selector} .cm-content`).dispatchEvent(event);
  }, [where, text]);
  await page.waitForFunction((before) => document.body.dataset.reviews !== before
    || document.querySelector("#errors").textContent !== "", earlier);
}

/** What the page lists: `code:line`. */
export function findings(page) {
  return page.$$eval("#findings li", (items) => items.map(({ dataset }) => `${dataset.code}:${dataset.line}`));
}

/** Changes a setting as somebody does who types it and goes on. */
export async function setting(page, policy, key, value) {
  await page.locator(`[data-policy="${policy}"] details`).evaluate((details) => { details.open = true; });
  const field = page.locator(`[id="${policy}-${key}"]`);
  await field.fill(value);
  await field.blur();
}

/** Drops a file on the page. */
export async function drop(page, name, bytes) {
  await page.evaluate(([file, content]) => {
    const data = new DataTransfer();
    data.items.add(new File([new Uint8Array(content)], file));
    window.dispatchEvent(new DragEvent("drop", { dataTransfer: data, cancelable: true }));
  }, [name, [...bytes]]);
}

/** A Kubewarden module about pods from WebAssembly text. */
export function module(wat, title) {
  const { buffer } = wabt.parseWat("policy.wat", wat).toBinary({});
  const metadata = Buffer.from(JSON.stringify({
    protocolVersion: "v1",
    rules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["pods"], operations: ["CREATE"] }],
    mutating: false,
    annotations: { "io.kubewarden.policy.title": title },
  }));
  const name = Buffer.from("io.kubewarden.metadata");
  const section = Buffer.concat([leb(name.length), name, metadata]);
  return Buffer.concat([Buffer.from(buffer), Buffer.from([0]), leb(section.length), section]);
}

function leb(number) {
  const bytes = [];
  do {
    bytes.push((number & 0x7f) | (number > 0x7f ? 0x80 : 0));
    number >>= 7;
  } while (number > 0);
  return Buffer.from(bytes);
}

/** A folder that is gone at the end. */
export function temporary() {
  const path = mkdtempSync(join(tmpdir(), "forewarn-e2e-"));
  return { path, remove: () => rmSync(path, { recursive: true }) };
}
