//! Secrets that commands may print, taken out before anything is sent.

use super::config::Config;

/// What must not be told.
#[derive(Debug, Clone, Default)]
pub(crate) struct Secrets(Vec<String>);

impl Secrets {
    /// The key, what the settings list, and what variables hold whose names say so: those that the settings
    /// give to commands, and the longer ones of `inherited`.
    pub(crate) fn new(key: &str, config: &Config, inherited: impl Iterator<Item = (String, String)>) -> Self {
        let telling = |name: &str| {
            let name = name.to_uppercase();
            ["KEY", "TOKEN", "SECRET", "PASSWORD"].iter().any(|word| name.contains(word))
        };
        let inherited = inherited.filter(|(name, value)| telling(name) && value.len() >= 8 && !value.starts_with('/'));
        let stages = config.jobs.values().flat_map(|job| job.stage.iter().flat_map(|stage| &stage.environment));
        let set = config.environment.iter().chain(stages).filter(|(name, _)| telling(name)).map(|(_, value)| value);
        let mut all: Vec<String> =
            std::iter::once(key.to_owned()).chain(config.redact.iter().cloned()).chain(set.cloned()).collect();
        all.extend(inherited.map(|(_, value)| value));
        all.retain(|secret| secret.len() >= 4 && !secret.contains('\n'));
        // The longest first: one may be a part of another.
        all.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        Self(all)
    }

    /// The text without them.
    pub(crate) fn out_of(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, secret| text.replace(secret, "[redacted]"))
    }

    /// So many bytes at the end of a cut line may be the beginning of a secret.
    pub(crate) fn longest(&self) -> usize {
        self.0.first().map_or(0, String::len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_what_is_named_a_secret_are_taken_out() {
        let config = Config {
            redact: vec!["hunter22".into()],
            environment: [("API_TOKEN".into(), "tok-1234".into()), ("PLAIN".into(), "visible".into())].into(),
            ..Config::default()
        };
        let inherited = [("GH_TOKEN", "ghp_12345"), ("SSH_KEY_FILE", "/home/me/.ssh/id"), ("MY_KEY", "short")];
        let inherited = inherited.map(|(name, value)| (name.to_owned(), value.to_owned())).into_iter();
        let secrets = Secrets::new("cb_abcdef", &config, inherited);
        let out = secrets.out_of("a cb_abcdef b hunter22 c tok-1234 d visible ghp_12345 /home/me/.ssh/id short");
        assert_eq!(out, "a [redacted] b [redacted] c [redacted] d visible [redacted] /home/me/.ssh/id short");
    }
}
