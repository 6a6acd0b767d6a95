// The page's own words. Findings stay in the words of the policies.

export const words = {
  en: {
    examples: "Examples", share: "Share", command: "Command line", book: "Book", manifest: "Manifest",
    withBefore: "compare with an earlier state (UPDATE)", before: "Before", findings: "Findings", fix: "Show fixes",
    apply: "Apply fixes", policies: "Policies", copy: "Copy", close: "Close",
    drop: "Drop a Kubewarden policy (.wasm) anywhere on this page, or choose one, to run it too.",
    loading: "loading the policies…", reviewing: "reviewing…", clean: "nothing to report",
    counts: (denied, warned, objects) => `${denied} denied, ${warned} warned in ${count(objects, "object", "objects")}`,
    stale: "the last review that was possible", line: (number) => `line ${number}`, page: "why, and what to write",
    settings: "Settings", refused: "refused", remove: "Remove", own: "your own",
    tooLarge: (size, limit) => `this text has ${size} MB; the page takes up to ${limit} MB. Use the command line for more`,
    endless: (policy, seconds) =>
      `policy \`${policy}\` did not end within ${seconds} s, so it was stopped and switched off; the others go on`,
    notWasm: (name) => `\`${name}\` is no WebAssembly module`, broken: "this link is damaged, so it was not opened",
    failed: "the page could not load its policies", noFix: "nothing here has a safe fix", perLine: "One entry per line.",
    asJson: "As JSON.", noJson: (mistake) => `this is no JSON: ${mistake}`, noNumber: "this is no number",
    standard: (value) => `default: ${value}`, noSettings: "This module describes no settings.",
    chapters: {
      jvm: "JVM", lifecycle: "Lifecycle", delivery: "Delivery", probes: "Probes", network: "Network", security: "Security",
    },
  },
  zh: {
    examples: "示例", share: "分享", command: "命令行", book: "手册", manifest: "清单",
    withBefore: "与先前的状态比较（UPDATE）", before: "之前", findings: "问题", fix: "显示修复",
    apply: "应用修复", policies: "策略", copy: "复制", close: "关闭",
    drop: "把 Kubewarden 策略（.wasm）拖到页面任意处，或选择文件，即可一起运行。",
    loading: "正在加载策略……", reviewing: "正在检查……", clean: "没有发现问题",
    counts: (denied, warned, objects) => `${objects} 个对象：${denied} 个拒绝，${warned} 个警告`,
    stale: "这是上一次可行的检查结果", line: (number) => `第 ${number} 行`, page: "原因与写法",
    settings: "设置", refused: "不被接受", remove: "移除", own: "自带策略",
    tooLarge: (size, limit) => `文本有 ${size} MB，页面最多接受 ${limit} MB；更大的请用命令行`,
    endless: (policy, seconds) => `策略 \`${policy}\` 在 ${seconds} 秒内没有结束，已停止并关闭；其他策略照常`,
    notWasm: (name) => `\`${name}\` 不是 WebAssembly 模块`, broken: "链接已损坏，无法打开",
    failed: "页面无法加载策略", noFix: "没有可以安全修复的问题", perLine: "每行一项。",
    asJson: "以 JSON 填写。", noJson: (mistake) => `不是 JSON：${mistake}`, noNumber: "不是数字",
    standard: (value) => `默认：${value}`, noSettings: "该模块没有说明任何设置。",
    chapters: { jvm: "JVM", lifecycle: "生命周期", delivery: "交付", probes: "探针", network: "网络", security: "安全" },
  },
};

function count(number, one, many) {
  return `${number} ${number === 1 ? one : many}`;
}
