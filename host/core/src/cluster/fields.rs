//! Field selectors.

use super::{AskError, ClusterObject};

/// A selector by name and namespace, the two fields that every kind can be selected by.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct FieldSelector(Vec<Term>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    field: Field,
    equal: bool,
    value: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Field {
    Name,
    Namespace,
}

impl FieldSelector {
    /// Reads `field=value`, `field==value` and `field!=value`, joined by commas; an empty text selects everything.
    ///
    /// Source: `k8s.io/apimachinery/pkg/fields`.
    pub(super) fn parse(text: &str) -> Result<Self, AskError> {
        let refuse = |reason| AskError::FieldSelector { selector: text.to_owned(), reason };
        text.split(',').filter(|term| !term.is_empty()).map(|term| Term::parse(term).map_err(refuse)).collect()
    }

    /// Whether the object is selected.
    pub(super) fn matches(&self, object: &ClusterObject) -> bool {
        self.0.iter().all(|term| {
            let actual = match term.field {
                Field::Name => object.name.as_deref(),
                Field::Namespace => object.namespace.as_deref(),
            };
            (actual.unwrap_or_default() == term.value) == term.equal
        })
    }
}

impl FromIterator<Term> for FieldSelector {
    fn from_iter<T: IntoIterator<Item = Term>>(terms: T) -> Self {
        Self(terms.into_iter().collect())
    }
}

impl Term {
    fn parse(text: &str) -> Result<Self, String> {
        let split = || {
            let (field, value) = text.split_once('=')?;
            Some(match field.strip_suffix('!') {
                Some(field) => (field, false, value),
                None => (field, true, value.strip_prefix('=').unwrap_or(value)),
            })
        };
        let (field, equal, value) = split().ok_or_else(|| format!("`{text}` has no `=`, `==` or `!=`"))?;
        let field = match field {
            "metadata.name" => Field::Name,
            "metadata.namespace" => Field::Namespace,
            _ => return Err(format!("only `metadata.name` and `metadata.namespace` are known, not `{field}`")),
        };
        // Kubernetes has an escape for these; no name contains them.
        if value.contains(['=', '\\']) {
            return Err(format!("`{value}` is not the name of an object"));
        }
        Ok(Self { field, equal, value: value.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::FieldSelector;
    use crate::cluster::ClusterObject;
    use serde_json::Map;

    fn selects(selector: &str) -> bool {
        let object =
            ClusterObject { namespace: Some("shop".to_owned()), name: Some("web".to_owned()), fields: Map::new() };
        FieldSelector::parse(selector).unwrap().matches(&object)
    }

    #[test]
    fn selects_by_name_and_namespace() {
        for selector in [
            "",
            "metadata.name=web",
            "metadata.name==web",
            "metadata.name!=db",
            "metadata.namespace=shop,metadata.name=web",
            "metadata.name=web,",
        ] {
            assert!(selects(selector), "{selector}");
        }
        for selector in
            ["metadata.name=db", "metadata.name!=web", "metadata.name=", "metadata.namespace=shop,metadata.name=db"]
        {
            assert!(!selects(selector), "{selector}");
        }
    }

    #[test]
    fn refuses_what_only_an_api_server_can_answer_and_what_is_malformed() {
        for selector in [
            "status.phase=Running",
            "metadata.name",
            "=web",
            "!=web",
            "metadata.name=a=b",
            "metadata.name===a",
            "metadata.name=a\\,b",
            " metadata.name=a",
            "metadata.name!web",
        ] {
            assert!(FieldSelector::parse(selector).is_err(), "{selector}");
        }
    }
}
