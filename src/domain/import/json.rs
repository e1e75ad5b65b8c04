//! Reading JSON exports: streams of objects, and lenient access to their members.

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Unexpected, Visitor};
use serde_json::{Map, Value};

/// An object of an export.
pub type Object = Map<String, Value>;

/// Calls `each` with every object of a text: of one list, of nested lists, and of several documents after each other, which
/// is what `gh api --paginate` prints. What else a list holds counts as an empty object, which no importer takes. Only one
/// object is held at a time.
pub fn each_object(text: &str, mut each: impl FnMut(Object)) -> Result<(), String> {
    let mut stream = serde_json::Deserializer::from_str(text.trim_start_matches('\u{feff}'));
    loop {
        Each { each: &mut each, is_item: false }.deserialize(&mut stream).map_err(|error| sentence(&error))?;
        if stream.end().is_ok() {
            return Ok(());
        }
    }
}

/// What is wrong with a text that is not JSON.
pub fn sentence(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or_default();
    format!("is not JSON ({what} at line {}, column {})", error.line(), error.column())
}

struct Each<'a, F> {
    each: &'a mut F,
    is_item: bool,
}

impl<F: FnMut(Object)> Each<'_, F> {
    fn other<E: Error>(self, what: Unexpected<'_>) -> Result<(), E> {
        if !self.is_item {
            return Err(E::invalid_type(what, &"a list of objects"));
        }
        (self.each)(Object::new());
        Ok(())
    }
}

impl<'de, F: FnMut(Object)> DeserializeSeed<'de> for Each<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, F: FnMut(Object)> Visitor<'de> for Each<'_, F> {
    type Value = ();

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(Each { each: &mut *self.each, is_item: true })?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let mut object = Object::new();
        while let Some((name, value)) = members.next_entry::<String, Value>()? {
            object.insert(name, value);
        }
        (self.each)(object);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        self.other(Unexpected::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        self.other(Unexpected::Signed(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        self.other(Unexpected::Unsigned(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        self.other(Unexpected::Float(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        self.other(Unexpected::Str(value))
    }
}

/// A member that is present; null counts as absent.
pub fn get<'a>(object: &'a Object, names: &[&str]) -> Option<&'a Value> {
    names.iter().find_map(|name| object.get(*name).filter(|value| !value.is_null()))
}

/// A text, or a number or truth value as text; a name or title of an object.
pub fn text(object: &Object, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| object.get(*name).and_then(as_text))
}

/// The same for a value.
pub fn as_text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        Value::Object(object) => {
            return ["name", "title", "login", "username"]
                .iter()
                .find_map(|name| object.get(*name).and_then(Value::as_str))
                .map(str::to_owned);
        }
        _ => return None,
    };
    Some(text).filter(|text| !text.trim().is_empty())
}

/// The elements of a list; none if it is no list.
pub fn list<'a>(object: &'a Object, name: &str) -> &'a [Value] {
    object.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// The objects of a list.
pub fn objects<'a>(object: &'a Object, name: &str) -> impl Iterator<Item = &'a Object> + use<'a> {
    list(object, name).iter().filter_map(Value::as_object)
}

/// The texts of a list.
pub fn texts(object: &Object, name: &str) -> Vec<String> {
    list(object, name).iter().filter_map(as_text).collect()
}

/// What kind of value it is, for a message.
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A number, also one that is written as a text.
pub fn number(object: &Object, names: &[&str]) -> Option<f64> {
    let number = match get(object, names)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(text: &str) -> Result<Vec<i64>, String> {
        let mut found = Vec::new();
        each_object(text, |object| found.extend(object.get("n").and_then(Value::as_i64))).map(|()| found)
    }

    #[test]
    fn lists_and_documents_after_each_other_are_read() {
        for text in [
            "[{\"n\":1},{\"n\":2}]",
            "[[{\"n\":1}],[{\"n\":2}]]\n",
            "[{\"n\":1}][{\"n\":2}]",
            "{\"n\":1}\n{\"n\":2}\n\n",
            " [ ] [{\"n\":1}]\n[{\"n\":2}]",
        ] {
            assert_eq!(numbers(text), Ok(vec![1, 2]), "{text}");
        }
        // What is no object is counted, and costs only itself.
        assert_eq!(numbers("[{\"n\":1}, 5, [true, \"x\"], {\"n\":2}]"), Ok(vec![1, 2]));
        assert_eq!(numbers("5").map_err(|error| error.contains("line 1")), Err(true));
        assert!(numbers("[{\"n\":1").is_err() && numbers(&"[".repeat(100_000)).is_err());
    }
}
