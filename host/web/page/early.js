// The worker loads core and the policies while the page's own script is still being read.

globalThis.earlyWorker = new Worker("worker.js", { type: "module" });
