//! What a server prints when it is ready: its address for programs, and for people also what to do next.

use std::io::IsTerminal;
use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};

use crate::config::{Config, LogFormat};

/// The parts of the notice that come from the settings.
#[derive(Debug)]
pub struct ReadyNotice {
    is_for_people: bool,
    /// The folder with the embedded Postgres; none with an external database.
    data: Option<PathBuf>,
    admin_email: Option<String>,
    demo: bool,
}

impl ReadyNotice {
    /// Takes what the notice needs of the settings.
    pub fn of(config: &Config, demo: bool) -> Self {
        let is_external = config.database_url.as_deref().is_some_and(|url| !url.trim().is_empty());
        Self {
            is_for_people: match config.log_format {
                Some(format) => format == LogFormat::Human,
                None => std::io::stderr().is_terminal(),
            },
            data: (!is_external).then(|| std::path::absolute(&config.data_dir).unwrap_or(config.data_dir.clone())),
            admin_email: config.admin_email.clone(),
            demo,
        }
    }

    /// The notice. Programs read the address from the end of its first line that is not empty.
    pub fn text(&self, url: &str, setup_token: Option<&SecretString>) -> String {
        // Shown once: the operator who started the server becomes its first administrator.
        let setup = setup_token.map(|token| format!("{url}/setup?token={}", token.expose_secret()));
        let ready = format!("Callboard is ready at {url}");
        if !self.is_for_people {
            let setup = setup.map(|link| format!("\nCreate the first administrator at {link}"));
            return ready + &setup.unwrap_or_default();
        }
        let mut rows = vec![match (setup, &self.admin_email) {
            (Some(link), _) => ("Open", format!("{link}\nto create the first account, which is the administrator")),
            (None, Some(email)) => ("Sign in", format!("as {email} or with another account")),
            (None, None) => ("Sign in", "with your account".to_owned()),
        }];
        if self.demo {
            rows.push(("Demo", "simulated agents work on one board; CALLBOARD_DEMO=false leaves it out".to_owned()));
        }
        match &self.data {
            Some(folder) => rows.push(("Data", format!("{}, with Postgres in it", folder.display()))),
            None => rows.push(("Data", "in the Postgres of DATABASE_URL".to_owned())),
        }
        rows.push(("Stop", "Ctrl-C; the next start goes on where this one ended".to_owned()));
        let mut text = format!("\n{ready}\n");
        for (name, value) in rows {
            let value = value.replace('\n', &format!("\n{:13}", ""));
            text.push_str(&format!("\n  {name:<9}  {value}"));
        }
        text.push('\n');
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(is_for_people: bool) -> ReadyNotice {
        ReadyNotice { is_for_people, data: Some("/srv/data".into()), admin_email: None, demo: true }
    }

    #[test]
    fn people_read_what_to_open_where_data_is_and_how_to_stop() {
        let token = SecretString::from("abc");
        let text = notice(true).text("http://127.0.0.1:8080", Some(&token));
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines[0], "Callboard is ready at http://127.0.0.1:8080");
        assert_eq!(lines[1], "  Open       http://127.0.0.1:8080/setup?token=abc");
        assert_eq!(lines[2], "             to create the first account, which is the administrator");
        assert!(text.contains("  Data       /srv/data") && text.contains("  Stop       Ctrl-C"), "{text}");
        assert!(notice(true).text("http://localhost", None).contains("  Sign in    with your account"));
    }

    #[test]
    fn programs_read_one_line_for_the_address_and_one_for_the_link() {
        let token = SecretString::from("abc");
        assert_eq!(
            notice(false).text("http://127.0.0.1:8080", Some(&token)),
            "Callboard is ready at http://127.0.0.1:8080\nCreate the first administrator at http://127.0.0.1:8080/setup?token=abc"
        );
        assert_eq!(notice(false).text("http://127.0.0.1:8080", None), "Callboard is ready at http://127.0.0.1:8080");
    }
}
