//! The table of Kubernetes' own kinds and types.

use std::ops::Range;
use std::sync::LazyLock;

/// About how many fields there are, so that memory is asked for once.
const FIELDS: usize = 4096;

/// Kinds and types, read from the table when they are first asked for.
pub(super) struct Api {
    pub(super) kinds: Vec<Kind>,
    /// Sorted by name.
    types: Vec<Type>,
    /// Those of all types, in the types' order.
    fields: Vec<Field>,
}

/// A kind in one version of its group.
pub(super) struct Kind {
    pub(super) api_version: &'static str,
    pub(super) name: &'static str,
    pub(super) type_name: &'static str,
}

/// A mapping.
struct Type {
    name: &'static str,
    /// Which fields are its own.
    fields: Range<usize>,
}

/// A field of a mapping.
pub(super) struct Field {
    pub(super) name: &'static str,
    shape: &'static str,
    /// The fields that make two items of the list the same, separated by commas.
    merge_keys: Option<&'static str>,
}

/// What a field may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Whatever its owner likes.
    Any,
    String,
    /// A text in base64.
    Bytes,
    Time,
    Bool,
    Int32,
    Int64,
    Number,
    Quantity,
    IntOrString,
    /// A list of what the shape behind it says.
    List(&'static str),
    /// A mapping with free keys.
    Map(&'static str),
    /// A mapping with the fields of a type.
    Type(&'static str),
    /// The same, or something short in its place.
    TypeOrShort(&'static str),
}

/// The table. It is small enough to be read at once, and most runs need most of its large types.
pub(super) fn api() -> &'static Api {
    static API: LazyLock<Api> = LazyLock::new(|| Api::parse(include_str!("api.txt")));
    &API
}

impl Api {
    /// Reads the table, which is ours: a line of another form is left out, and a test finds it.
    fn parse(table: &'static str) -> Self {
        let mut api = Self { kinds: Vec::new(), types: Vec::new(), fields: Vec::with_capacity(FIELDS) };
        for line in table.lines() {
            let mut words = line.split(' ');
            match (words.next(), words.next(), words.next(), words.next(), words.next()) {
                (Some(""), Some(name), Some(shape), by, merge_keys) => {
                    let merge_keys = merge_keys.filter(|_| by == Some("by"));
                    api.fields.push(Field { name, shape, merge_keys });
                    if let Some(last) = api.types.last_mut() {
                        last.fields.end = api.fields.len();
                    }
                }
                (Some("type"), Some(name), None, ..) => {
                    let start = api.fields.len();
                    api.types.push(Type { name, fields: start..start });
                }
                (Some("kind"), Some(api_version), Some(name), Some(type_name), None) => {
                    api.kinds.push(Kind { api_version, name, type_name });
                }
                _ => {}
            }
        }
        api
    }

    /// The fields of the type of this name.
    pub(super) fn fields_of(&self, type_name: &str) -> Option<&[Field]> {
        let index = self.types.binary_search_by(|known| known.name.cmp(type_name)).ok()?;
        self.fields.get(self.types.get(index)?.fields.clone())
    }
}

impl Kind {
    /// The API group, empty for the core group.
    pub(super) fn group(&self) -> &'static str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}

impl Field {
    /// What the field may hold.
    pub(super) fn shape(&self) -> Shape {
        Shape::of(self.shape)
    }

    /// The fields that make two items of the list the same; none where items need not differ.
    pub(super) fn merge_keys(&self) -> impl Iterator<Item = &'static str> + Clone {
        self.merge_keys.into_iter().flat_map(|keys| keys.split(','))
    }
}

impl Shape {
    /// The shape that a word of the table stands for.
    pub(super) fn of(word: &'static str) -> Self {
        if let Some(item) = word.strip_prefix("[]") {
            return Self::List(item);
        }
        if let Some(value) = word.strip_prefix("{}") {
            return Self::Map(value);
        }
        if let Some(name) = word.strip_prefix('?') {
            return Self::TypeOrShort(name);
        }
        match word {
            "string" => Self::String,
            "bytes" => Self::Bytes,
            "time" => Self::Time,
            "bool" => Self::Bool,
            "int32" => Self::Int32,
            "int64" => Self::Int64,
            "number" => Self::Number,
            "quantity" => Self::Quantity,
            "intOrString" => Self::IntOrString,
            name if name.contains('.') => Self::Type(name),
            _ => Self::Any,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_table_is_understood() {
        let table = include_str!("api.txt");
        assert!(table.len() < 200_000, "it is part of every binary and of the playground");
        let api = api();
        assert_eq!(api.kinds.len() + api.types.len() + api.fields.len() + 1, table.lines().count());
        assert!(api.types.is_sorted_by(|a, b| a.name < b.name));
        for kind in &api.kinds {
            assert!(api.fields_of(kind.type_name).is_some(), "{}", kind.type_name);
        }
        for field in &api.fields {
            let mut shape = field.shape();
            while let Shape::List(inner) | Shape::Map(inner) = shape {
                shape = Shape::of(inner);
            }
            match shape {
                Shape::Type(name) | Shape::TypeOrShort(name) => assert!(api.fields_of(name).is_some(), "{name}"),
                Shape::Any => assert!(field.shape.ends_with("any"), "{}", field.shape),
                _ => {}
            }
        }
    }
}
