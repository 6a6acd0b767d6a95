//! How strict a check is about fields.

use std::fmt;

use forewarn_core::strict::Strict;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};

use crate::args::{Check, Strictness};
use crate::config::Config;

/// What the arguments and the configuration ask for. Whoever names policies wants those alone.
pub(crate) fn level(args: &Check, config: Option<&Config>) -> Strict {
    let configured = if args.policy.is_empty() {
        config.and_then(Config::strict).unwrap_or(Strictness::Warn)
    } else {
        Strictness::Off
    };
    match args.strict.unwrap_or(configured) {
        Strictness::Off => Strict::Off,
        Strictness::Warn => Strict::Warn,
        Strictness::Deny => Strict::Deny,
    }
}

impl<'de> Deserialize<'de> for Strictness {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StrictnessVisitor)
    }
}

struct StrictnessVisitor;

impl Visitor<'_> for StrictnessVisitor {
    type Value = Strictness;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`off`, `warn` or `deny`")
    }

    /// `off` without quotes is `false` in YAML.
    fn visit_bool<E: Error>(self, is_on: bool) -> Result<Strictness, E> {
        match is_on {
            false => Ok(Strictness::Off),
            true => Err(E::invalid_value(Unexpected::Bool(is_on), &self)),
        }
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Strictness, E> {
        match word {
            "off" => Ok(Strictness::Off),
            "warn" => Ok(Strictness::Warn),
            "deny" => Ok(Strictness::Deny),
            _ => Err(E::invalid_value(Unexpected::Str(word), &self)),
        }
    }
}

impl JsonSchema for Strictness {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Strictness".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"enum": ["off", "warn", "deny", false]})
    }
}
