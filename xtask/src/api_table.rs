//! The table of Kubernetes' own types that strict fields are checked with, from the sources of k8s-openapi.
//!
//! The sources are read as text, because the crate tells nothing of its types at run time. They are generated
//! themselves, so every struct, key and merge strategy has one form.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};

use crate::workspace::{Package, Workspace};

/// Where the table is.
pub(crate) const PATH: &str = "host/core/src/strict/api.txt";

/// The table as it should be.
///
/// # Errors
/// When the sources are not there or have another form.
pub(crate) fn table(workspace: &Workspace) -> Result<String> {
    let package = workspace.k8s_openapi.as_ref().context("no package depends on k8s-openapi")?;
    let (version, folder) = latest(package)?;
    let mut api = Api::default();
    for file in rust_files(&folder)? {
        let text = fs::read_to_string(&file).with_context(|| format!("cannot read `{}`", file.display()))?;
        let path = file.strip_prefix(&folder)?.with_extension("");
        let modules: Vec<_> = path.iter().filter_map(|part| part.to_str()).collect();
        api.add(&modules, &text).with_context(|| format!("cannot understand `{}`", file.display()))?;
    }
    ensure!(!api.kinds.is_empty(), "`{}` declares no kind", folder.display());
    api.render(&format!("# Kubernetes {version}, from k8s-openapi {}: written by `cargo xtask gen`", package.version))
}

/// The newest version of the API that the package has, and its folder.
fn latest(package: &Package) -> Result<(String, PathBuf)> {
    let mut newest = None;
    for entry in fs::read_dir(package.folder().join("src"))? {
        let entry = entry?;
        let name = entry.file_name();
        let minor = name.to_str().and_then(|name| name.strip_prefix("v1_")).and_then(|minor| minor.parse::<u32>().ok());
        newest = newest.max(minor.map(|minor| (minor, entry.path())));
    }
    let (minor, folder) =
        newest.with_context(|| format!("no version of the API in `{}`", package.folder().display()))?;
    Ok((format!("1.{minor}"), folder))
}

fn rust_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            files.append(&mut rust_files(&path)?);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// What the sources say.
#[derive(Default)]
struct Api {
    /// Group with version, and kind, to the kind's type.
    kinds: BTreeMap<(String, String), String>,
    /// Fields by type.
    types: BTreeMap<String, BTreeMap<String, Field>>,
    /// Types that are no structs, such as `JSON`.
    others: BTreeSet<String>,
}

struct Field {
    /// What it holds, as the table writes it.
    shape: String,
    /// The fields of its items that tell them apart.
    merge_keys: Vec<String>,
}

impl Api {
    /// Takes the declarations of one file, which `modules` lead to.
    fn add(&mut self, modules: &[&str], text: &str) -> Result<()> {
        let Some(name) = declared(text) else { return Ok(()) };
        let type_name = type_name(modules.iter().rev().skip(1).rev().chain([&name]));
        if let (Some(api_version), Some(kind)) = (constant(text, "API_VERSION"), constant(text, "KIND")) {
            self.kinds.insert((api_version, kind), type_name.clone());
        }
        let fields = text.split_once(&format!("pub struct {name} {{")).and_then(|(_, rest)| rest.split_once("\n}"));
        let Some((declarations, _)) = fields.filter(|_| text.contains("enum Field")) else {
            // Without fields to read it is empty, or something else than a struct.
            if text.contains(&format!("pub struct {name} {{")) {
                self.types.insert(type_name, BTreeMap::new());
            } else {
                self.others.insert(type_name);
            }
            return Ok(());
        };
        let rust_types: BTreeMap<&str, &str> = declarations
            .lines()
            .filter_map(|line| line.strip_prefix("    pub ")?.strip_suffix(',')?.split_once(": "))
            .collect();
        let merge_keys = merge_keys(text);
        let mut fields = BTreeMap::new();
        for (key, rust_name) in keys(text) {
            let shape = match rust_types.get(rust_name) {
                Some(rust_type) => shape(rust_type)?,
                // A resource's own, which the Rust types have as constants.
                None if matches!(key, "apiVersion" | "kind") => "string".to_owned(),
                None => bail!("key `{key}` has no field `{rust_name}`"),
            };
            let merge_keys = merge_keys.get(rust_name).cloned().unwrap_or_default();
            fields.insert(key.to_owned(), Field { shape, merge_keys });
        }
        ensure!(fields.len() >= rust_types.len(), "{} fields have {} keys", rust_types.len(), fields.len());
        self.types.insert(type_name, fields);
        Ok(())
    }

    /// Writes what can be reached from a kind.
    fn render(&self, title: &str) -> Result<String> {
        let mut reached = BTreeSet::new();
        let mut waiting: Vec<&str> = self.kinds.values().map(String::as_str).collect();
        while let Some(name) = waiting.pop() {
            if !reached.insert(name) {
                continue;
            }
            let fields = self.types.get(name).with_context(|| format!("type `{name}` is not declared"))?;
            let named = fields.values().filter_map(|field| struct_of(&field.shape));
            waiting.extend(named.filter(|named| !self.others.contains(*named)));
        }
        let mut out = format!("{title}\n");
        for ((api_version, kind), type_name) in &self.kinds {
            writeln!(out, "kind {api_version} {kind} {type_name}")?;
        }
        for name in reached {
            writeln!(out, "type {name}")?;
            for (key, field) in self.types.get(name).into_iter().flatten() {
                let is_free = struct_of(&field.shape).is_some_and(|named| self.others.contains(named));
                let shape = if is_free { "any" } else { field.shape.as_str() };
                write!(out, " {key} {shape}")?;
                let merge_keys = self.all_merge_keys(field)?;
                if !merge_keys.is_empty() {
                    write!(out, " by {}", merge_keys.join(","))?;
                }
                out.push('\n');
            }
        }
        Ok(out)
    }

    /// The keys that make items the same to the API server. k8s-openapi knows those of strategic merge patches, which
    /// for some lists are fewer.
    fn all_merge_keys(&self, field: &Field) -> Result<Vec<String>> {
        let mut keys = field.merge_keys.iter().map(|key| camel_case(key)).collect::<Vec<_>>();
        let Some(first) = keys.first().filter(|_| field.merge_keys.len() == 1) else { return Ok(keys) };
        let item = struct_of(&field.shape).with_context(|| format!("items of `{}` have no fields", field.shape))?;
        let has = |key: &str| self.types.get(item).is_some_and(|fields| fields.contains_key(key));
        let further = match first.as_str() {
            "port" | "containerPort" => "protocol",
            "topologyKey" => "whenUnsatisfiable",
            // Two rules of one text differ in their messages, and the API server takes them.
            "rule" => return Ok(Vec::new()),
            _ => return Ok(keys),
        };
        keys.extend(has(further).then(|| further.to_owned()));
        Ok(keys)
    }
}

/// The type that a file declares.
fn declared(text: &str) -> Option<&str> {
    let line = text.lines().find(|line| line.starts_with("pub struct ") || line.starts_with("pub enum "))?;
    line.split([' ', '(', '<', '{']).nth(2)
}

/// `core.v1.Container`: the last two modules and the type.
fn type_name<'a>(path: impl DoubleEndedIterator<Item = &'a &'a str>) -> String {
    let mut last: Vec<_> = path.rev().take(3).copied().collect();
    last.reverse();
    last.join(".")
}

/// The text of `const NAME: &'static str = "…";` in a file that implements `Resource`.
fn constant(text: &str, name: &str) -> Option<String> {
    let (_, rest) = text.split_once("impl crate::Resource for ")?;
    let (_, rest) = rest.split_once(&format!("const {name}: &'static str = \""))?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

/// The JSON keys, each with the name of its Rust field.
fn keys(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| {
        let (key, rest) = line.trim_start().strip_prefix('"')?.split_once("\" => Field::Key_")?;
        let rust_name = rest.strip_suffix(',')?;
        // Names that are keywords of Rust have an underscore behind them.
        Some((key, rust_name))
    })
}

/// The Rust names of fields that are merged item by item, each with those of its items' keys.
fn merge_keys(text: &str) -> BTreeMap<&str, Vec<String>> {
    let calls = text.split("merge_strategies::list::map(").skip(1);
    calls
        .filter_map(|call| {
            let (_, rest) = call.split_once("&mut self.")?;
            let (field, rest) = rest.split_once(',')?;
            let (_, rest) = rest.split_once("&[")?;
            let (comparisons, _) = rest.split_once("],")?;
            let keys = comparisons.split("|lhs, rhs| lhs.").skip(1);
            Some((field, keys.filter_map(|key| Some(key.split_once(" ==")?.0.to_owned())).collect()))
        })
        .collect()
}

/// What a Rust type holds, in the table's words.
fn shape(rust_type: &str) -> Result<String> {
    let inside = |outer: &str| rust_type.strip_prefix(outer)?.strip_suffix('>');
    if let Some(inner) = inside("Option<").or_else(|| inside("std::boxed::Box<")) {
        return shape(inner);
    }
    if let Some(item) = inside("std::vec::Vec<") {
        return Ok(format!("[]{}", shape(item)?));
    }
    if let Some(value) = inside("std::collections::BTreeMap<std::string::String, ") {
        return Ok(format!("{{}}{}", shape(value)?));
    }
    let path: Vec<_> = rust_type.split("::").collect();
    let word = match path.last().copied().unwrap_or_default() {
        "String" => "string",
        "bool" => "bool",
        "i32" => "int32",
        "i64" => "int64",
        "f64" => "number",
        "Quantity" => "quantity",
        "IntOrString" => "intOrString",
        "ByteString" => "bytes",
        "Time" | "MicroTime" => "time",
        "JSON" | "RawExtension" | "FieldsV1" => "any",
        // A schema, or something short in its place.
        "JSONSchemaPropsOrArray" | "JSONSchemaPropsOrBool" | "JSONSchemaPropsOrStringArray" => {
            return Ok("?apiextensions.v1.JSONSchemaProps".to_owned());
        }
        _ if path.first() == Some(&"crate") => return Ok(type_name(path.iter())),
        _ => bail!("unknown type `{rust_type}`"),
    };
    Ok(word.to_owned())
}

/// The struct that a shape leads to.
fn struct_of(shape: &str) -> Option<&str> {
    let name = shape.trim_start_matches(['[', ']', '{', '}', '?']);
    name.contains('.').then_some(name)
}

/// `container_port` as `containerPort`, `metadata.name` as it is.
fn camel_case(name: &str) -> String {
    let mut words = name.trim_end_matches('_').split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut characters = word.chars();
        name.extend(characters.next().map(|first| first.to_ascii_uppercase()));
        name.push_str(characters.as_str());
        name
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const POD: &str = r#"
pub struct Pod {
    /// Words, with pub kind: String, in them.
    pub metadata: crate::apimachinery::pkg::apis::meta::v1::ObjectMeta,

    /// Words.
    pub containers: Option<std::vec::Vec<crate::api::core::v1::Port>>,
    pub type_: std::collections::BTreeMap<std::string::String, crate::apimachinery::pkg::api::resource::Quantity>,
    pub json: Option<crate::api::core::v1::Free>,
}

impl crate::Resource for Pod {
    const API_VERSION: &'static str = "v1";
    const KIND: &'static str = "Pod";
}
        crate::merge_strategies::list::map(
            &mut self.containers,
            other.containers,
            &[|lhs, rhs| lhs.container_port == rhs.container_port],
enum Field {
                            "apiVersion" => Field::Key_api_version,
                            "metadata" => Field::Key_metadata,
                            "containers" => Field::Key_containers,
                            "type" => Field::Key_type_,
                            "json" => Field::Key_json,
"#;

    #[test]
    fn a_kind_is_written_with_what_it_reaches() {
        let mut api = Api::default();
        api.add(&["api", "core", "v1", "pod"], POD).unwrap();
        let meta = "pub struct ObjectMeta {\n    pub name: Option<std::string::String>,\n}\nenum Field\n \"name\" => Field::Key_name,\n";
        api.add(&["apimachinery", "pkg", "apis", "meta", "v1", "object_meta"], meta).unwrap();
        let port = "pub struct Port {\n    pub container_port: i32,\n    pub protocol: bool,\n}\nenum Field\n \"containerPort\" => Field::Key_container_port,\n\"protocol\" => Field::Key_protocol,\n";
        api.add(&["api", "core", "v1", "port"], port).unwrap();
        api.add(&["api", "core", "v1", "free"], "pub struct Free(pub Value);").unwrap();
        api.add(&["api", "core", "v1", "unused"], "pub struct Unused {}").unwrap();
        assert_eq!(
            api.render("# t").unwrap(),
            "# t\nkind v1 Pod core.v1.Pod\n\
             type core.v1.Pod\n apiVersion string\n containers []core.v1.Port by containerPort,protocol\n json any\n \
             metadata meta.v1.ObjectMeta\n type {}quantity\n\
             type core.v1.Port\n containerPort int32\n protocol bool\n\
             type meta.v1.ObjectMeta\n name string\n"
        );
    }

    #[test]
    fn another_form_is_an_error() {
        let mut api = Api::default();
        let text = "pub struct A {\n    pub b: [u8; 2],\n}\nenum Field\n\"b\" => Field::Key_b,\n";
        assert!(api.add(&["api", "core", "v1", "a"], text).unwrap_err().to_string().contains("[u8; 2]"));
        let text = "pub struct A {\n    pub b: bool,\n}\nenum Field\n\"c\" => Field::Key_c,\n";
        assert!(api.add(&["api", "core", "v1", "a"], text).is_err());
    }
}
