//! A stricter check of JSON bodies.
//!
//! serde also accepts a struct as a list of its fields' values (`["x"]` for `{"title": "x"}`) and an enum as an object
//! (`{"low": null}` for `"low"`), and reports a number for an enum as a syntax error. Such input is a mistake, so bodies
//! with nested values are read a second time by this deserializer.

use serde::Deserializer;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Error as _, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::Value;

use crate::Result;
use crate::transport::http::field_errors;

/// Refuses a list where `T` has a struct, and anything but a string where it has an enum.
pub fn check<T: DeserializeOwned>(bytes: &[u8]) -> Result<()> {
    let Ok(value) = serde_json::from_slice::<Value>(bytes) else { return Ok(()) };
    match serde_path_to_error::deserialize::<_, T>(Strict(&value)) {
        Err(error) if error.inner().is_data() => {
            Err(field_errors::from_serde(&error.path().to_string(), &error.inner().to_string()))
        }
        _ => Ok(()),
    }
}

struct Strict<'de>(&'de Value);

impl<'de> IntoDeserializer<'de, serde_json::Error> for Strict<'de> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Strict<'de> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(SeqDeserializer::new(items.iter().map(Strict))),
            Value::Object(members) => visitor
                .visit_map(MapDeserializer::new(members.iter().map(|(name, value)| (name.as_str(), Strict(value))))),
            plain => plain.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        match self.0 {
            Value::Array(_) => Err(serde_json::Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        let found = match self.0 {
            Value::String(_) => return self.0.deserialize_enum(name, variants, visitor),
            Value::Null => Unexpected::Other("null"),
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Number(number) => number.as_i64().map_or(Unexpected::Other("number"), Unexpected::Signed),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        Err(serde_json::Error::invalid_type(found, &"a string"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map identifier ignored_any
    }
}
