//! Configuration files, edited in place: comments, order and everything else in them stay.

mod json;
mod toml;

use std::fmt;

use serde_json::Value;

use super::{Fill, Setting};

/// The language of a configuration file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON, also with comments and trailing commas.
    Json,
    /// TOML.
    Toml,
}

/// Why a configuration cannot be edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// The line and column, counted from 1, if there is such a place.
    pub at: Option<(usize, usize)>,
    /// What is wrong.
    pub what: String,
}

impl Invalid {
    fn not_a(kind: &str, path: &[&str]) -> Self {
        Self { at: None, what: format!("“{}” is not {kind}", path.join(".")) }
    }
}

/// The byte order mark that some editors write at the beginning of a file.
const BYTE_ORDER_MARK: &str = "\u{FEFF}";

/// A configuration file.
pub struct Document {
    content: Content,
    has_byte_order_mark: bool,
}

enum Content {
    Json(json::JsonDocument),
    Toml(Box<toml::TomlDocument>),
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A configuration holds secrets.
        f.write_str("Document")
    }
}

impl fmt::Display for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.has_byte_order_mark {
            f.write_str(BYTE_ORDER_MARK)?;
        }
        match &self.content {
            Content::Json(document) => fmt::Display::fmt(document, f),
            Content::Toml(document) => fmt::Display::fmt(document, f),
        }
    }
}

impl Document {
    /// Reads a configuration. An empty text is an empty configuration.
    pub fn parse(format: Format, text: &str) -> Result<Self, Invalid> {
        let (has_byte_order_mark, text) = match text.strip_prefix(BYTE_ORDER_MARK) {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let content = match format {
            Format::Json => Content::Json(json::JsonDocument::parse(text)?),
            Format::Toml => Content::Toml(Box::new(toml::TomlDocument::parse(text)?)),
        };
        Ok(Self { content, has_byte_order_mark })
    }

    /// The value at a path.
    pub fn value(&self, path: &[&str]) -> Option<Value> {
        match &self.content {
            Content::Json(document) => document.value(path),
            Content::Toml(document) => document.value(path),
        }
    }

    /// Sets a field of the table at a path. Tables are merged: fields that the setting does not name stay.
    pub fn merge(&mut self, path: &[&str], name: &str, setting: &Setting, fill: &Fill<'_>) -> Result<(), Invalid> {
        match &mut self.content {
            Content::Json(document) => document.merge(path, name, setting, fill),
            Content::Toml(document) => document.merge(path, name, setting, fill),
        }
    }

    /// Removes a field of the table at a path; false if it is not there.
    pub fn remove(&mut self, path: &[&str], name: &str) -> bool {
        match &mut self.content {
            Content::Json(document) => document.remove(path, name),
            Content::Toml(document) => document.remove(path, name),
        }
    }

    /// Removes the table at a path if it is empty. An empty table of TOML that was made for an entry is invisible.
    pub fn prune(&mut self, path: &[&str]) {
        if let Content::Json(document) = &mut self.content {
            document.prune(path);
        }
    }

    /// Replaces the element whose text contains the marker in the list at a path, or appends it.
    pub fn put_element(
        &mut self,
        path: &[&str],
        marker: &str,
        setting: &Setting,
        fill: &Fill<'_>,
    ) -> Result<(), Invalid> {
        match &mut self.content {
            Content::Json(document) => document.put_element(path, marker, setting, fill),
            // No known tool keeps its hooks in TOML only.
            Content::Toml(_) => Err(Invalid::not_a("a list of JSON", path)),
        }
    }

    /// Removes the elements whose text contains the marker from the list at a path; false if there are none.
    pub fn remove_elements(&mut self, path: &[&str], marker: &str) -> bool {
        match &mut self.content {
            Content::Json(document) => document.remove_elements(path, marker),
            Content::Toml(_) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Setting::{Table, Text};
    use super::*;

    const FILL: Fill<'_> = Fill { url: "http://x/mcp", key: "k", command: "c" };
    const ENTRY: Setting =
        Table(&[("url", Text("{url}")), ("headers", Table(&[("Authorization", Text("Bearer {key}"))]))]);

    fn edited(format: Format, text: &str) -> String {
        let mut document = Document::parse(format, text).expect("valid");
        document.merge(&["servers"], "callboard", &ENTRY, &FILL).expect("a table");
        document.to_string()
    }

    #[test]
    fn json_keeps_comments_order_line_ends_and_marks() {
        let text = "\u{FEFF}// head\r\n{\r\n  \"z\": 1, // one\r\n  /* two */\r\n  \"a\": [1,2],\r\n}\r\n// tail\r\n";
        let after = edited(Format::Json, text);
        for kept in
            ["\u{FEFF}// head\r\n", "\"z\": 1, // one\r\n", "  /* two */\r\n", "\"a\": [1,2],\r\n", "// tail\r\n"]
        {
            assert!(after.contains(kept), "{kept:?}: {after:?}");
        }
        assert!(!after.replace("\r\n", "").contains('\n'), "{after:?}");
        assert_eq!(edited(Format::Json, &after), after, "a second time changes nothing");
        let mut document = Document::parse(Format::Json, &after).expect("valid");
        assert!(document.remove(&["servers"], "callboard") && !document.remove(&["servers"], "callboard"));
        assert!(document.to_string().contains("// one") && document.value(&["servers", "callboard"]).is_none());
    }

    #[test]
    fn toml_keeps_comments_order_and_line_ends() {
        let text =
            "# head\r\nmodel = 'x' # one\r\n\r\n[servers.other] # two\r\nurl = \"o\"\r\n\r\n[z]\r\na = 1\r\n# tail\r\n";
        let after = edited(Format::Toml, text);
        for kept in [
            "# head\r\nmodel = 'x' # one\r\n",
            "[servers.other] # two\r\nurl = \"o\"\r\n",
            "[z]\r\na = 1\r\n",
            "# tail\r\n",
        ] {
            assert!(after.contains(kept), "{kept:?}: {after:?}");
        }
        assert!(!after.replace("\r\n", "").contains('\n'), "{after:?}");
        assert_eq!(edited(Format::Toml, &after), after, "a second time changes nothing");
        let mut document = Document::parse(Format::Toml, &after).expect("valid");
        assert!(document.remove(&["servers"], "callboard"));
        assert_eq!(document.to_string(), text);
    }

    #[test]
    fn entries_are_merged_in_every_spelling() {
        for (format, text) in [
            (Format::Json, "{\"servers\":{\"callboard\":{\"timeout\":9,\"url\":\"old\",\"headers\":{\"X\":\"y\"}}}}"),
            (Format::Toml, "[servers]\ncallboard = { timeout = 9, url = \"old\", headers = { X = \"y\" } }\n"),
            (Format::Toml, "servers = { callboard = { timeout = 9, url = \"old\", headers = { X = \"y\" } } }\n"),
            (Format::Toml, "servers.callboard.timeout = 9\nservers.callboard.headers.X = \"y\"\n"),
            (Format::Toml, "[servers.callboard]\ntimeout = 9\n[servers.callboard.headers]\nX = \"y\"\n"),
        ] {
            let after = edited(format, text);
            let document = Document::parse(format, &after).unwrap_or_else(|error| panic!("{error:?}: {after}"));
            assert_eq!(
                document.value(&["servers", "callboard"]),
                Some(serde_json::json!({"timeout": 9, "url": "http://x/mcp",
                    "headers": {"X": "y", "Authorization": "Bearer k"}})),
                "{after}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let at = |format, text| Document::parse(format, text).expect_err("invalid").at;
        assert_eq!(at(Format::Json, "{\n  \"a\": ,\n}").map(|(line, _)| line), Some(2));
        assert_eq!(at(Format::Json, "{\"a\": 1 \"b\": 2}").map(|(line, _)| line), Some(1));
        assert_eq!(at(Format::Json, "[]"), Some((1, 1)));
        assert_eq!(at(Format::Toml, "a = 1\nb = = 2\n").map(|(line, _)| line), Some(2));
        for (format, text) in [(Format::Json, "{\"servers\": []}"), (Format::Toml, "servers = 1\n")] {
            let mut document = Document::parse(format, text).expect("valid");
            let error = document.merge(&["servers"], "callboard", &ENTRY, &FILL).expect_err("no table");
            assert!(error.what.contains("servers"), "{error:?}");
            assert_eq!(document.to_string(), text);
        }
    }
}
