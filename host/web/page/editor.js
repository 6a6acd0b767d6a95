// The editors, and the marks in them.

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, defaultHighlightStyle, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Compartment, EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const darkColors = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "#8ab8ff" },
  { tag: [tags.string, tags.special(tags.string)], color: "#a5d6a7" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword], color: "#f0b27a" },
  { tag: tags.comment, color: "#9aa4b2", fontStyle: "italic" },
  { tag: [tags.meta, tags.punctuation, tags.separator], color: "#c3cad5" },
]);
const dark = matchMedia("(prefers-color-scheme: dark)");
const colors = () => syntaxHighlighting(dark.matches ? darkColors : defaultHighlightStyle);

/** An editor in `parent`; `changed` hears of every change. */
export function editor(parent, label, changed) {
  const theme = new Compartment();
  const view = new EditorView({
    parent,
    state: EditorState.create({
      extensions: [
        lineNumbers(), history(), drawSelection(), indentOnInput(), bracketMatching(), highlightActiveLine(),
        highlightSelectionMatches(), lintGutter(), yaml(), theme.of(colors()),
        // Escape, then Tab leaves the editor, as CodeMirror documents.
        keymap.of([...defaultKeymap, ...historyKeymap, ...searchKeymap, indentWithTab]),
        EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
        EditorView.updateListener.of((update) => update.docChanged && changed()),
      ],
    }),
  });
  // A region that scrolls has to be reachable by keyboard.
  view.scrollDOM.tabIndex = 0;
  dark.addEventListener("change", () => view.dispatch({ effects: theme.reconfigure(colors()) }));
  return {
    text: () => view.state.doc.toString(),
    set: (text) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }),
    mark: (marks) => view.dispatch(setDiagnostics(view.state, marks.map((mark) => diagnostic(view.state.doc, mark)))),
    go({ line, column }) {
      const at = offset(view.state.doc, line, column);
      view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
      view.focus();
    },
  };
}

function diagnostic(doc, { line, column, endLine, endColumn, severity, message }) {
  const from = offset(doc, line, column);
  const to = Math.max(from, offset(doc, endLine ?? line, endColumn ?? column));
  return { from, to, severity, message };
}

/** Reports count characters, CodeMirror counts UTF-16 units. */
function offset(doc, line, column) {
  if (line > doc.lines) return doc.length;
  const { from, text } = doc.line(line);
  return from + [...text].slice(0, column - 1).join("").length;
}
