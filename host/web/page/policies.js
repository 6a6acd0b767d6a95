// The list of policies by chapter, with their switches and settings forms.

/** Fills `parent`. `state` has `off` (a set) and `settings` (by id); `changed` hears of every change. */
export function policyList(parent, policies, state, words, { changed, check, remove }) {
  const chapters = Map.groupBy(policies, ({ chapter, own }) => (own ? words.own : chapter ?? words.own));
  parent.replaceChildren(...[...chapters].map(([chapter, members]) => {
    const group = element("fieldset", {}, element("legend", {}, chapter));
    for (const policy of members.filter(({ raw }) => !raw)) {
      group.append(entry(policy, state, words, { changed, check, remove }));
    }
    return group;
  }).filter((group) => group.children.length > 1));
}

function entry(policy, state, words, { changed, check, remove }) {
  const { id, description, describe, own } = policy;
  const box = element("input", { type: "checkbox", checked: !state.off.has(id) });
  box.onchange = () => {
    if (box.checked) state.off.delete(id);
    else state.off.add(id);
    changed();
  };
  const head = element("label", { className: "switch" }, box, " ", element("code", {}, id));
  const item = element("div", { className: "policy" }, head);
  item.dataset.policy = id;
  if (description) item.append(element("p", {}, description));
  const more = element("details", {}, element("summary", { ariaLabel: `${words.settings}: ${id}` }, words.settings));
  const properties = Object.entries(describe?.settings?.properties ?? {});
  if (properties.length > 0) {
    const refusal = element("p", { className: "refusal", role: "alert" });
    const settle = async (key, value) => {
      const settings = { ...state.settings[id], [key]: value };
      if (value === undefined) delete settings[key];
      const objection = await check(id, settings);
      refusal.textContent = objection ? `${words.refused}: ${objection}` : "";
      if (objection) return;
      state.settings[id] = settings;
      changed();
    };
    more.append(...properties.map(([key, schema]) =>
      field(id, key, schema, state.settings[id]?.[key], words, refusal, (value) => settle(key, value))));
    more.append(refusal);
    item.append(more);
  }
  if (own) {
    const button = element("button", { type: "button" }, words.remove);
    button.onclick = () => remove(id);
    item.append(button);
  }
  return item;
}

/** One setting. An empty field means the default. */
function field(id, key, schema, value, words, refusal, settle) {
  const name = `${id}-${key}`;
  const label = element("label", { htmlFor: name }, element("code", {}, key));
  const hint = element("small", { id: `${name}-hint` }, schema.description ?? "");
  let input;
  if (schema.type === "boolean") {
    input = element("input", { type: "checkbox", checked: value ?? schema.default ?? false });
    input.onchange = () => settle(input.checked === (schema.default ?? false) ? undefined : input.checked);
  } else if (schema.enum) {
    input = element("select", {}, ...["", ...schema.enum].map((option) => element("option", {}, option)));
    input.value = value ?? "";
    input.onchange = () => settle(input.value === "" ? undefined : input.value);
  } else if (schema.type === "integer" || schema.type === "number") {
    input = element("input", { type: "number", value: value ?? "", placeholder: schema.default ?? "" });
    input.onchange = () => settle(input.value === "" ? undefined : Number(input.value));
  } else if (schema.type === "string") {
    input = element("input", { type: "text", value: value ?? "", placeholder: schema.default ?? "" });
    input.onchange = () => settle(input.value === "" ? undefined : input.value);
  } else {
    const text = value === undefined ? "" : JSON.stringify(value);
    input = element("textarea", { rows: 2, value: text, placeholder: JSON.stringify(schema.default ?? words.json) });
    input.onchange = () => {
      try {
        settle(input.value.trim() === "" ? undefined : JSON.parse(input.value));
      } catch (error) {
        refusal.textContent = `${words.refused}: \`${key}\`: ${error.message}`;
      }
    };
  }
  input.id = name;
  input.setAttribute("aria-describedby", hint.id);
  return element("div", { className: "setting" }, label, input, hint);
}

/** An element with properties and children. */
export function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}
