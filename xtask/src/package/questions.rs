//! The form in which Rancher asks for a policy's settings.

use forewarn_core::yaml_writer::YamlWriter;
use serde::Deserialize as _;
use serde_json::{Value, json};

use crate::description::Schema;

/// The questions about some settings, as YAML; nothing when there are no settings.
pub(crate) fn of(settings: &Schema) -> Option<String> {
    let questions = questions(settings, "", "Settings");
    (!questions.is_empty()).then(|| {
        let mut yaml = YamlWriter::new();
        yaml.list("questions", |list| write(list, &questions, "sequence_questions"));
        yaml.finish()
    })
}

/// One field of the form.
struct Question {
    /// The setting's place, with dots between the parts.
    variable: String,
    group: String,
    about: String,
    kind: &'static str,
    default: Option<Value>,
    bounds: [Option<i64>; 2],
    options: Vec<Value>,
    /// The fields of each item of a list.
    items: Vec<Question>,
}

fn questions(schema: &Schema, prefix: &str, group: &str) -> Vec<Question> {
    let mut found = Vec::new();
    for (key, value) in &schema.properties {
        let Ok(setting) = Schema::deserialize(value) else { continue };
        let variable = format!("{prefix}{key}");
        if setting.properties.is_empty() {
            found.push(question(variable, group, setting));
        } else {
            let group = words(key);
            found.extend(questions(&setting, &format!("{variable}."), &group));
        }
    }
    found
}

fn question(variable: String, group: &str, setting: Schema) -> Question {
    let items = setting.items.as_deref().map(|items| questions(items, "", group)).unwrap_or_default();
    let kind = match setting.kind.as_str() {
        _ if !setting.words.is_empty() => "enum",
        Some("boolean") => "boolean",
        Some("integer") => "int",
        Some("number") => "float",
        // The bracket is not closed in Rancher's names.
        Some("array") if !items.is_empty() => "sequence[",
        Some("array") => "array[",
        _ => "string",
    };
    Question {
        variable,
        group: group.to_owned(),
        about: setting.description,
        kind,
        default: setting.default.or_else(|| (kind == "sequence[").then(|| json!([]))),
        bounds: [setting.minimum, setting.maximum],
        options: setting.words,
        items,
    }
}

fn write(list: &mut YamlWriter, questions: &[Question], items: &str) {
    for question in questions {
        list.item(|entry| {
            entry.entry("variable", question.variable.as_str());
            entry.entry("label", words(question.variable.rsplit('.').next().unwrap_or_default()));
            entry.entry("description", question.about.as_str());
            entry.entry("tooltip", question.about.as_str());
            entry.entry("group", question.group.as_str());
            entry.entry("type", question.kind);
            entry.entry("required", false);
            if let Some(default) = &question.default {
                entry.entry("default", default.clone());
            }
            for (key, bound) in ["min", "max"].into_iter().zip(question.bounds) {
                if let Some(bound) = bound {
                    entry.entry(key, bound);
                }
            }
            if !question.options.is_empty() {
                entry.entry("options", question.options.clone());
            }
            if !question.items.is_empty() {
                entry.entry("hide_input", true);
                entry.list(items, |list| write(list, &question.items, items));
            }
        });
    }
}

/// `kubernetesVersion` as `Kubernetes version`.
fn words(key: &str) -> String {
    let mut words = String::new();
    for character in key.chars() {
        match character {
            first if words.is_empty() => words.extend(first.to_uppercase()),
            upper if upper.is_uppercase() => {
                words.push(' ');
                words.extend(upper.to_lowercase());
            }
            other => words.push(other),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_setting_is_asked_for() {
        let schema = Schema::deserialize(&json!({"properties": {
            "mutate": {"description": "Fix it.", "type": "boolean", "default": false},
            "user": {"description": "Users.", "type": "object", "properties": {
                "min": {"description": "Lowest.", "type": "integer", "default": 1001, "minimum": 0, "maximum": 9}}},
            "exempt": {"description": "Who.", "type": "array", "items": {"type": "object", "properties": {
                "reason": {"description": "Why.", "type": "string"}}}},
            "level": {"description": "How.", "enum": ["deny", "warn"], "default": "deny"},
            "limits": {"description": "Which.", "type": "array", "items": {"type": "string"}, "default": ["cpu"]},
            "warnAt": {"description": "When.", "type": "number", "default": 0.7, "minimum": 0, "maximum": 1}
        }}))
        .unwrap();
        assert_eq!(
            of(&schema).unwrap(),
            "\
questions:
- variable: exempt
  label: Exempt
  description: Who.
  tooltip: Who.
  group: Settings
  type: sequence[
  required: false
  default: []
  hide_input: true
  sequence_questions:
  - variable: reason
    label: Reason
    description: Why.
    tooltip: Why.
    group: Settings
    type: string
    required: false
- variable: level
  label: Level
  description: How.
  tooltip: How.
  group: Settings
  type: enum
  required: false
  default: deny
  options:
  - deny
  - warn
- variable: limits
  label: Limits
  description: Which.
  tooltip: Which.
  group: Settings
  type: array[
  required: false
  default:
  - cpu
- variable: mutate
  label: Mutate
  description: Fix it.
  tooltip: Fix it.
  group: Settings
  type: boolean
  required: false
  default: false
- variable: user.min
  label: Min
  description: Lowest.
  tooltip: Lowest.
  group: User
  type: int
  required: false
  default: 1001
  min: 0
  max: 9
- variable: warnAt
  label: Warn at
  description: When.
  tooltip: When.
  group: Settings
  type: float
  required: false
  default: 0.7
  min: 0
  max: 1
"
        );
        assert!(of(&Schema::deserialize(&json!({"properties": {}})).unwrap()).is_none());
    }

    #[test]
    fn labels_are_words() {
        assert_eq!(words("kubernetesVersion"), "Kubernetes version");
        assert_eq!(words("x"), "X");
    }
}
