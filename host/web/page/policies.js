// The list of policies by chapter, with their switches and settings forms.

import { element, prose } from "./element.js";
import { settingsForm } from "./settings.js";

/** Fills `parent`. `state` has `off` (a set) and `settings` (by id); `changed` hears of every change. */
export function policyList(parent, policies, state, words, hooks) {
  const groups = Map.groupBy(policies, ({ chapter, own }) => (own ? "" : chapter ?? ""));
  // In the article's order; others follow, and the visitor's own come last.
  const known = Object.keys(words.chapters);
  const rank = (chapter) => (chapter === "" ? Infinity : known.includes(chapter) ? known.indexOf(chapter) : known.length);
  const chapters = [...groups].sort(([one], [other]) => rank(one) - rank(other));
  parent.replaceChildren(...chapters.map(([chapter, members]) => {
    const title = chapter === "" ? words.own : words.chapters[chapter] ?? chapter;
    const group = element("fieldset", {}, element("legend", {}, title));
    for (const policy of members.filter(({ raw }) => !raw)) {
      group.append(entry(policy, state, words, hooks));
    }
    return group;
  }).filter((group) => group.children.length > 1));
}

function entry(policy, state, words, { changed, check, remove, describe }) {
  const { id, description, own } = policy;
  const box = element("input", { type: "checkbox", checked: !state.off.has(id) });
  box.onchange = () => {
    if (box.checked) state.off.delete(id);
    else state.off.add(id);
    changed();
  };
  const head = element("label", { className: "switch" }, box, " ", element("code", {}, id));
  const item = element("div", { className: "policy" }, head);
  item.dataset.policy = id;
  if (description) item.append(element("p", {}, ...prose(description)));
  const settle = async (settings) => {
    const objection = await check(id, settings);
    if (objection) return objection;
    state.settings[id] = settings;
    changed();
    return null;
  };
  const more = element("details", {}, element("summary", { ariaLabel: `${words.settings}: ${id}` }, words.settings));
  // Most forms are never opened, and asking all modules would be in the way of the first verdict.
  more.addEventListener("toggle", async () => {
    const described = await describe(id).catch(() => null);
    const fields = settingsForm(id, described?.settings, state.settings[id], words, settle);
    more.append(...fields.length > 0 ? fields : [element("p", {}, words.noSettings)]);
  }, { once: true });
  item.append(more);
  if (own) {
    const button = element("button", { type: "button" }, words.remove);
    button.onclick = () => remove(id);
    item.append(button);
  }
  return item;
}
