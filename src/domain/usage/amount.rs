//! Decimal amounts of money.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::openapi::{OneOfBuilder, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// An amount of money as a decimal text, because a binary number would round it. Read from a text or a number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Amount(String);

impl Amount {
    /// The amount of a number, rounded to the 12 digits after the point that amounts have.
    pub fn from_number(number: f64) -> Self {
        let text = format!("{number:.12}");
        Self(text.trim_end_matches('0').trim_end_matches('.').to_owned())
    }

    /// The decimal text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Amount {
    /// The server refuses a text that is no decimal number.
    fn from(text: &str) -> Self {
        Self(text.trim().to_owned())
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let found = match Value::deserialize(deserializer)? {
            Value::String(text) => return Ok(Self::from(text.as_str())),
            Value::Number(number) => {
                return Ok(match number.as_f64().filter(|_| number.is_f64()) {
                    Some(fraction) => Self::from_number(fraction),
                    None => Self(number.to_string()),
                });
            }
            Value::Bool(value) => Unexpected::Bool(value),
            Value::Null => Unexpected::Unit,
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        };
        Err(D::Error::invalid_type(found, &"a decimal number like 0.0125"))
    }
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(r"^\d{1,10}(\.\d{1,12})?$"));
        let number = ObjectBuilder::new().schema_type(Type::Number).minimum(Some(0)).maximum(Some(1_000_000_000));
        OneOfBuilder::new().item(text).item(number).into()
    }
}

impl ToSchema for Amount {
    fn name() -> Cow<'static, str> {
        "Amount".into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_from_texts_and_numbers() {
        let read = |json: &str| serde_json::from_str::<Amount>(json).map(|amount| amount.to_string());
        for (json, text) in [
            ("\"0.10\"", "0.10"),
            ("0.1", "0.1"),
            ("3", "3"),
            ("1e-7", "0.0000001"),
            ("-1", "-1"),
            ("0.30000000000000004", "0.3"),
        ] {
            assert_eq!(read(json).ok().as_deref(), Some(text), "{json}");
        }
        for json in ["true", "null", "[]", "{}", "NaN", "1e400"] {
            assert!(read(json).is_err(), "{json}");
        }
    }
}
