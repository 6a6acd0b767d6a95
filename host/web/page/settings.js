// The form of a policy's settings, made from the JSON Schema in which its module describes them.

import { element, prose } from "./element.js";

/**
 * The fields of a policy. `given` are its settings; `settle` takes new ones and resolves to an objection or to null.
 * What is refused is tried again after every other change, because settings may need each other.
 */
export function settingsForm(id, schema, given, words, settle) {
  let settings = given ?? {};
  const refused = new Set();

  const set = async (entry) => {
    const candidate = put(settings, entry.path, entry.value);
    const objection = await settle(candidate);
    entry.tell(objection ? `${words.refused}: ${objection}` : "");
    if (objection) {
      refused.add(entry);
    } else {
      settings = candidate;
      refused.delete(entry);
    }
    return !objection;
  };
  // One after the other, so that none is lost.
  let queue = Promise.resolve();
  const change = (entry) => {
    queue = queue.then(async () => {
      if (!await set(entry)) return;
      for (const other of [...refused]) await set(other);
    });
  };
  const withdraw = (entry) => refused.delete(entry);
  return children(id, schema, [], { words, change, withdraw, given: settings });
}

function children(id, schema, path, form) {
  return Object.entries(schema?.properties ?? {}).map(([key, inner]) =>
    inner.properties ? group(id, inner, [...path, key], form) : field(id, inner, [...path, key], form));
}

function group(id, schema, path, form) {
  return element("fieldset", { className: "setting" }, element("legend", {}, element("code", {}, path.join("."))),
    element("small", {}, ...prose(schema.description ?? "")), ...children(id, schema, path, form));
}

function field(id, schema, path, form) {
  const { words, change, withdraw, given } = form;
  const name = [id, ...path].join("-");
  const { input, read, hint } = control(schema, path.reduce((value, key) => value?.[key], given), words);
  const about = element("small", { id: `${name}-hint` }, ...prose([schema.description, hint].filter(Boolean).join(" ")));
  const error = element("p", { id: `${name}-error`, className: "refusal", role: "alert" });
  const tell = (message) => {
    error.replaceChildren(...prose(message));
    input.setAttribute("aria-invalid", String(message !== ""));
  };
  input.id = name;
  input.setAttribute("aria-describedby", `${about.id} ${error.id}`);
  const entry = { path, tell };
  input.onchange = () => {
    withdraw(entry);
    try {
      entry.value = read();
    } catch (mistake) {
      tell(mistake.message);
      return;
    }
    change(entry);
  };
  const label = element("label", { htmlFor: name }, element("code", {}, path.join(".")));
  const head = input.type === "checkbox" ? element("div", {}, input, " ", label) : label;
  return element("div", { className: "setting" }, head, ...(head === label ? [input] : []), about, error);
}

/** What edits a value, and how it is read; `undefined` stands for the default. */
function control(schema, value, words) {
  const unless = (found, standard) => (JSON.stringify(found) === JSON.stringify(standard) ? undefined : found);
  if (schema.type === "boolean") {
    const input = element("input", { type: "checkbox", checked: value ?? schema.default ?? false });
    return { input, read: () => unless(input.checked, schema.default ?? false) };
  }
  if (schema.enum) {
    const standard = element("option", { value: "" }, schema.default === undefined ? "" : words.standard(schema.default));
    const input = element("select", {}, standard, ...schema.enum.map((option) => element("option", { value: option }, option)));
    input.value = value ?? "";
    return { input, read: () => input.value || undefined };
  }
  if (isNumber(schema)) {
    const input = element("input", { type: "number", step: "any", value: value ?? "", placeholder: schema.default ?? "" });
    return { input, read: () => {
      if (input.validity.badInput) throw new Error(words.noNumber);
      return input.value === "" ? undefined : Number(input.value);
    } };
  }
  if (schema.type === "string" || schema.type?.includes?.("string")) {
    const input = element("input", { type: "text", value: value ?? "", placeholder: schema.default ?? "" });
    return { input, read: () => input.value || undefined };
  }
  if (schema.type === "array" && (schema.items?.type === "string" || isNumber(schema.items))) {
    const lines = value ?? schema.default ?? [];
    const input = element("textarea", { rows: Math.min(Math.max(lines.length + 1, 2), 8), value: lines.join("\n") });
    const entry = isNumber(schema.items) ? number(words) : (line) => line;
    return { input, hint: words.perLine, read: () => {
      const entries = input.value.split("\n").map((line, index) => [line.trim(), index + 1]).filter(([line]) => line !== "");
      return unless(entries.map(([line, place]) => entry(line, place)), schema.default ?? []);
    } };
  }
  const input = element("textarea", {
    rows: 2,
    value: value === undefined ? "" : JSON.stringify(value),
    placeholder: JSON.stringify(schema.default ?? shape(schema)),
  });
  return { input, hint: words.asJson, read: () => {
    if (input.value.trim() === "") return undefined;
    try {
      return JSON.parse(input.value);
    } catch (mistake) {
      throw new Error(words.noJson(mistake.message));
    }
  } };
}

const isNumber = (schema) => schema?.type === "integer" || schema?.type === "number";

const number = (words) => (line, place) => {
  if (!Number.isFinite(Number(line))) throw new Error(`${words.line(place)}: ${words.noNumber}`);
  return Number(line);
};

/** What a value looks like. */
function shape({ type, items, properties }) {
  if (type === "array") return [shape(items ?? {})];
  if (properties) return Object.fromEntries(Object.entries(properties).map(([key, inner]) => [key, shape(inner)]));
  return isNumber({ type }) ? 0 : "…";
}

/** The settings with another value at a path; mappings that become empty go. */
function put(settings, [key, ...rest], value) {
  const { [key]: old, ...others } = settings;
  const inner = rest.length === 0 ? value : put(old ?? {}, rest, value);
  const isEmpty = inner === undefined || (rest.length > 0 && Object.keys(inner).length === 0);
  return isEmpty ? others : { ...others, [key]: inner };
}
