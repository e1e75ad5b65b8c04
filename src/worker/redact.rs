//! Redacts secrets from the output of commands before it is sent.

use serde_json::Value;

use super::config::Config;

/// The texts to redact, longest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    /// Collects the API key, the `redact` list, and the values of environment variables with a secret-like name: those
    /// of the settings, and those of `inherited` with at least 8 bytes that are not absolute paths.
    pub(crate) fn new(key: &str, config: &Config, inherited: impl Iterator<Item = (String, String)>) -> Self {
        let is_secret = |name: &str| {
            let name = name.to_uppercase();
            ["KEY", "TOKEN", "SECRET", "PASSWORD"].iter().any(|word| name.contains(word))
        };
        let inherited =
            inherited.filter(|(name, value)| is_secret(name) && value.len() >= 8 && !value.starts_with('/'));
        let stages = config.jobs.values().flat_map(|job| job.stage.iter().flat_map(|stage| &stage.environment));
        let set = config.environment.iter().chain(stages).filter(|(name, _)| is_secret(name)).map(|(_, value)| value);
        let mut all: Vec<String> =
            std::iter::once(key.to_owned()).chain(config.redact.iter().cloned()).chain(set.cloned()).collect();
        all.extend(inherited.map(|(_, value)| value));
        all.retain(|secret| secret.len() >= 4 && !secret.contains('\n'));
        // Longest first, because one may contain another.
        all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(all)
    }

    /// Replaces the secrets in a text.
    pub(crate) fn redact(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "[redacted]"))
    }

    /// Replaces the secrets in all texts of a JSON value.
    pub(crate) fn redact_json(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.redact(text)),
            Value::Array(items) => items.iter().map(|item| self.redact_json(item)).collect(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| (self.redact(name), self.redact_json(value))).collect()
            }
            other => other.clone(),
        }
    }

    /// Length of the text without an end that may be the beginning of a secret.
    pub(crate) fn complete_len(&self, text: &str) -> usize {
        let starts = |from: usize| {
            let end = &text.as_bytes()[from..];
            self.0.iter().any(|secret| secret.len() > end.len() && secret.as_bytes().starts_with(end))
        };
        let from = text.len().saturating_sub(self.max_len());
        (from..text.len()).find(|from| text.is_char_boundary(*from) && starts(*from)).unwrap_or(text.len())
    }

    /// Length of the longest secret in bytes.
    pub(crate) fn max_len(&self) -> usize {
        self.0.first().map_or(0, String::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_variables_with_secret_names_are_redacted() {
        let config = Config {
            redact: vec!["hunter22".into()],
            environment: [("API_TOKEN".into(), "tok-1234".into()), ("PLAIN".into(), "visible".into())].into(),
            ..Config::default()
        };
        let inherited = [("GH_TOKEN", "ghp_12345"), ("SSH_KEY_FILE", "/home/me/.ssh/id"), ("MY_KEY", "short")];
        let inherited = inherited.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter();
        let secrets = Secrets::new("cb_abcdef", &config, inherited);
        let out = secrets.redact("a cb_abcdef b hunter22 c tok-1234 d visible ghp_12345 /home/me/.ssh/id short");
        assert_eq!(out, "a [redacted] b [redacted] c [redacted] d visible [redacted] /home/me/.ssh/id short");
    }

    #[test]
    fn the_beginning_of_a_secret_is_held_back_and_json_is_redacted() {
        let secrets = Secrets::new("cb_abcdef", &Config::default(), std::iter::empty());
        for (text, length) in [("", 0), ("plain", 5), ("a cb_abc", 2), ("a cb_abcdef", 11), ("a cb_abx", 8), ("é c", 3)]
        {
            assert_eq!(secrets.complete_len(text), length, "{text}");
        }
        let redacted = secrets.redact_json(&serde_json::json!({"a cb_abcdef": ["cb_abcdef!", 1, null]}));
        assert_eq!(redacted, serde_json::json!({"a [redacted]": ["[redacted]!", 1, null]}));
    }
}
