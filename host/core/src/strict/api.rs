//! The table of Kubernetes' own kinds and types.

use std::sync::{LazyLock, OnceLock};

/// What a type's line begins with.
const TYPE: &str = "\ntype ";

/// Kinds and types, read from the table when they are first asked for.
pub(super) struct Api {
    pub(super) kinds: Vec<Kind>,
    /// Sorted by name.
    types: Vec<Type>,
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
    /// The lines of its fields.
    lines: &'static str,
    fields: OnceLock<Vec<Field>>,
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

/// The table. Its types are found at once, and their fields are read when an object has one: a run of the command on a
/// single file needs a few dozen of hundreds.
pub(super) fn api() -> &'static Api {
    static API: LazyLock<Api> = LazyLock::new(|| Api::parse(include_str!("api.txt")));
    &API
}

impl Api {
    /// Reads the table, which is ours: a line of another form is left out, and a test finds it. Kinds come before types.
    fn parse(table: &'static str) -> Self {
        let starts: Vec<usize> = memchr::memmem::find_iter(table.as_bytes(), TYPE).collect();
        let kinds = table.get(..starts.first().copied().unwrap_or(table.len())).unwrap_or_default();
        let ends = starts.iter().skip(1).copied().chain([table.len()]);
        let types = starts.iter().zip(ends).filter_map(|(start, end)| Type::parse(table.get(start + TYPE.len()..end)?));
        Self { kinds: kinds.lines().filter_map(Kind::parse).collect(), types: types.collect() }
    }

    /// The fields of the type of this name.
    pub(super) fn fields_of(&self, type_name: &str) -> Option<&[Field]> {
        let index = self.types.binary_search_by(|known| known.name.cmp(type_name)).ok()?;
        self.types.get(index).map(Type::fields)
    }
}

impl Type {
    /// Reads a type's lines, without the word at their beginning.
    fn parse(text: &'static str) -> Option<Self> {
        let (name, lines) = text.split_once('\n').unwrap_or((text, ""));
        (!name.contains(' ')).then(|| Self { name, lines, fields: OnceLock::new() })
    }

    fn fields(&self) -> &[Field] {
        self.fields.get_or_init(|| self.lines.lines().filter_map(Field::parse).collect())
    }
}

impl Kind {
    fn parse(line: &'static str) -> Option<Self> {
        let mut words = line.strip_prefix("kind ")?.split(' ');
        let kind = Self { api_version: words.next()?, name: words.next()?, type_name: words.next()? };
        words.next().is_none().then_some(kind)
    }

    /// The API group, empty for the core group.
    pub(super) fn group(&self) -> &'static str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }
}

impl Field {
    fn parse(line: &'static str) -> Option<Self> {
        let mut words = line.strip_prefix(' ')?.split(' ');
        let (name, shape) = (words.next()?, words.next()?);
        let merge_keys = (words.next() == Some("by")).then(|| words.next()).flatten();
        Some(Self { name, shape, merge_keys })
    }

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
        let fields: Vec<_> = api.types.iter().flat_map(Type::fields).collect();
        assert_eq!(api.kinds.len() + api.types.len() + fields.len() + 1, table.lines().count());
        assert!(api.types.is_sorted_by(|a, b| a.name < b.name));
        for kind in &api.kinds {
            assert!(api.fields_of(kind.type_name).is_some(), "{}", kind.type_name);
        }
        for field in fields {
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
