//! Telling unrendered Helm templates from manifests that merely hold text with `{{ … }}` in it.

use crate::source::Source;
use crate::yaml::{Documents, YamlErrorKind};

/// What only Helm gives to a template.
const HELM_NAMES: [&str; 6] = [".Values", ".Release", ".Chart", ".Capabilities", ".Template", ".Files"];

/// Returns the offset of the first template action if the file is a Helm template that has not been rendered.
///
/// Alerts and dashboards hold actions too, as text for their own template engine; such files are manifests. So an
/// action counts only where YAML has a value on one line and Helm's names are in it, or where it keeps the file from
/// being YAML.
#[must_use]
pub fn unrendered_helm_template(source: &Source<'_>) -> Option<usize> {
    let text = source.text();
    let first_action = text.find("{{").filter(|_| text.contains("}}"))?;
    let mut broken = false;
    for document in Documents::new(source) {
        match document {
            Ok(document) => {
                let helm = document
                    .scalars()
                    .filter(|(_, span)| !source.slice(*span).contains('\n'))
                    .filter(|(value, _)| actions(value).any(names_helm))
                    .map(|(_, span)| span.start())
                    .min();
                if helm.is_some() {
                    return helm;
                }
            }
            Err(error) => broken |= matches!(error.kind, YamlErrorKind::Syntax(_) | YamlErrorKind::KeyNotScalar),
        }
    }
    (broken && text.lines().any(has_structural_action)).then_some(first_action)
}

/// The texts between `{{` and `}}`.
fn actions(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}")).map(|(action, _)| action)
}

fn names_helm(action: &str) -> bool {
    let calls_include = action.split(|c: char| !c.is_alphanumeric()).any(|word| word == "include");
    calls_include
        || HELM_NAMES.iter().any(|name| {
            action.split(name).skip(1).any(|rest| {
                // `.Values` and `.Values.image`, not `.ValuesOf`.
                !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
            })
        })
}

/// Whether an action stands where YAML wants a line, an item or a value, or names what only Helm has.
fn has_structural_action(line: &str) -> bool {
    let line = line.trim_start();
    if line.starts_with('#') {
        return false;
    }
    let value = line.split_once(": ").map_or(line, |(_, value)| value);
    let value = value.trim_start_matches(['-', ' ']);
    value.starts_with("{{") || actions(line).any(names_helm)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, line: Option<u32>) {
        let source = Source::new(text);
        let found = unrendered_helm_template(&source).map(|at| source.position(at).line);
        assert_eq!(found, line, "{text}");
    }

    #[test]
    fn templates_are_recognised() {
        check("kind: Pod\nname: {{ .Values.name }}\n", Some(2));
        check("kind: Pod\nname: \"{{ .Release.Name }}-x\"\n", Some(2));
        check("a: 1\n{{- if .Values.x }}\nb: 1\n{{- end }}\n", Some(2));
        check("metadata:\n  labels:\n    {{- include \"app.labels\" . | nindent 4 }}\n", Some(3));
        check("spec:\n{{ toYaml .spec | indent 2 }}\n", Some(2));
        check("a: x{{ .Values.a }}\nb: [\n", Some(1));
        check("a: '{{ include \"x\" . }}'\n", Some(1));
    }

    #[test]
    fn text_for_other_template_engines_is_not() {
        check("message: '{{ $labels.instance }} is {{ $value }}'\n", None);
        check("message: \"{{ if .Alerts }}x{{ end }}\"\n", None);
        check("legend: '{{instance}}'\nother: \"{{ .ValuesOf }}\"\n", None);
        check("a: 1\n# was {{ .Values.a }}\n", None);
        check("data:\n  tpl: |\n    x: {{ .Values.a }}\n", None);
        check("a: 1\n", None);
    }

    #[test]
    fn a_syntax_error_is_not_blamed_on_quoted_actions() {
        check("message: '{{ $labels.instance }} is down'\na: [\n", None);
        check("# {{ .Values.a }}\na: [\n", None);
        check("a: 1\na: 2\nmessage: |\n  {{ $labels.instance }} is down\n", None);
    }
}
