//! Whether and how a policy is applied.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Unexpected, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::Map;

/// What a configuration says of a policy.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Choice {
    /// It is not asked.
    Off,
    /// It is asked, with these settings.
    On(Map<String, Value>),
}

impl<'de> Deserialize<'de> for Choice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ChoiceVisitor)
    }
}

struct ChoiceVisitor;

impl<'de> Visitor<'de> for ChoiceVisitor {
    type Value = Choice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`on`, `off` or a mapping of the policy's settings")
    }

    fn visit_bool<E: Error>(self, is_on: bool) -> Result<Choice, E> {
        Ok(if is_on { Choice::On(Map::new()) } else { Choice::Off })
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Choice, E> {
        match word {
            "on" => self.visit_bool(true),
            "off" => self.visit_bool(false),
            _ => Err(E::invalid_value(Unexpected::Str(word), &self)),
        }
    }

    /// A key whose settings may all be commented out.
    fn visit_unit<E: Error>(self) -> Result<Choice, E> {
        self.visit_bool(true)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Choice, A::Error> {
        Map::deserialize(MapAccessDeserializer::new(map)).map(Choice::On)
    }
}
