//! Label selectors as resources spell them.

use super::field::Field;
use super::mistake::{Mistake, MistakeKind};
use crate::cluster::labels::{self, LabelSelector, Requirement};
use crate::review::Notice;
use thiserror::Error;

/// A LabelSelector: all its requirements must hold, and without any it selects everything.
///
/// Source: `k8s.io/apimachinery/pkg/apis/meta/v1`, `LabelSelectorAsSelector`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selector {
    labels: LabelSelector,
    keys: Vec<String>,
}

/// Why a selector cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SelectorError {
    /// The key is none that a label can have.
    #[error("`{0}` cannot be the key of a label")]
    Key(String),
    /// The value is none that a label can have.
    #[error("`{0}` cannot be the value of a label")]
    Value(String),
    /// There is no such operator.
    #[error("there is no operator `{0}`")]
    Operator(String),
    /// The operator compares with values, and there are none.
    #[error("`{0}` compares with values, and there are none")]
    NoValues(String),
    /// The operator takes no values, and there are some.
    #[error("`{0}` asks only whether the label is there, and takes no values")]
    Values(String),
}

impl SelectorError {
    /// What to write instead.
    pub(super) fn help(&self) -> Option<&'static str> {
        match self {
            Self::Operator(_) => Some("write `In`, `NotIn`, `Exists` or `DoesNotExist`"),
            Self::NoValues(_) => Some("write them as the list `values`"),
            Self::Values(_) => Some("remove `values`, or write `In` or `NotIn`"),
            Self::Key(_) | Self::Value(_) => {
                Some("up to 63 letters, digits, `-`, `_` and `.`, with a letter or a digit at both ends")
            }
        }
    }
}

impl Selector {
    /// Reads a selector.
    pub(super) fn read(field: &Field<'_>, notices: &mut Vec<Notice>) -> Result<Self, Mistake> {
        field.only(&["matchLabels", "matchExpressions"], notices);
        let mut requirements = Vec::new();
        if let Some(labels) = field.get("matchLabels") {
            for (key, value) in labels.entries()? {
                let text = value.string()?;
                requirements.push(checked(&value, key, "In", vec![(text.to_owned(), value.clone())])?);
            }
        }
        for expression in field.get("matchExpressions").map(|field| field.items()).transpose()?.unwrap_or_default() {
            expression.only(&["key", "operator", "values"], notices);
            let key = expression.required("key")?;
            let operator = expression.required("operator")?;
            let values = expression.get("values").map(|values| values.items()).transpose()?.unwrap_or_default();
            let values = values.into_iter().map(|value| Ok((value.string()?.to_owned(), value)));
            let values = values.collect::<Result<Vec<_>, Mistake>>()?;
            let name = key.string()?;
            let at = if labels::is_key(name) { &operator } else { &key };
            requirements.push(checked(at, name, operator.string()?, values)?);
        }
        let keys = requirements.iter().map(|requirement| requirement.key.clone()).collect();
        Ok(Self { labels: LabelSelector::of(requirements), keys })
    }

    /// Whether everything is selected.
    pub(crate) fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The labels that the selector looks at.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(String::as_str)
    }

    /// Whether an object is selected whose labels `label` looks up.
    pub(crate) fn matches<'o>(&self, label: impl Fn(&str) -> Option<&'o str>) -> bool {
        self.labels.matches(label)
    }
}

fn checked(
    at: &Field<'_>,
    key: &str,
    operator: &str,
    values: Vec<(String, Field<'_>)>,
) -> Result<Requirement, Mistake> {
    let refuse = |at: &Field<'_>, error| Err(at.mistake(MistakeKind::Selector { field: at.path(), error }));
    if !labels::is_key(key) {
        return refuse(at, SelectorError::Key(key.to_owned()));
    }
    if let Some((value, field)) = values.iter().find(|(value, _)| !labels::is_value(value)) {
        return refuse(field, SelectorError::Value(value.clone()));
    }
    let values: Vec<String> = values.into_iter().map(|(value, _)| value).collect();
    let condition = match (operator, values.is_empty()) {
        ("In", false) => labels::Condition::In(values),
        ("NotIn", false) => labels::Condition::NotIn(values),
        ("Exists", true) => labels::Condition::Exists,
        ("DoesNotExist", true) => labels::Condition::Missing,
        ("In" | "NotIn", true) => return refuse(at, SelectorError::NoValues(operator.to_owned())),
        ("Exists" | "DoesNotExist", false) => return refuse(at, SelectorError::Values(operator.to_owned())),
        _ => return refuse(at, SelectorError::Operator(operator.to_owned())),
    };
    Ok(Requirement { key: key.to_owned(), condition })
}
