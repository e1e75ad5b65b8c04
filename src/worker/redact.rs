//! Redacts secrets from the output of commands before it is sent.

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
}
