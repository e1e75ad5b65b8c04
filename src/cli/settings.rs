//! The settings file. Its values become the defaults of the flags, so that clap's precedence applies: flag, environment
//! variable, file.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Command, CommandFactory};
use toml::{Table, Value};

use super::Cli;
use crate::config::Config;
use crate::{Error, Result};

/// Builds the command with the defaults from the settings file, if there is one.
pub fn apply(arguments: impl Iterator<Item = OsString>) -> Result<Command> {
    let command = Cli::command();
    match named_file(arguments) {
        Some(file) => with_defaults(command, &read(&file)?, &file.display().to_string()),
        None => Ok(command),
    }
}

/// The path from `--config FILE`, `--config=FILE` or CALLBOARD_CONFIG.
fn named_file(arguments: impl Iterator<Item = OsString>) -> Option<PathBuf> {
    let mut arguments = arguments.skip(1);
    while let Some(argument) = arguments.next() {
        if argument == "--" {
            break;
        }
        if argument == "worker" {
            // The `--config` of `callboard worker` is a different file.
            return None;
        }
        if argument == "--config" {
            return arguments.next().map(PathBuf::from);
        }
        if let Some(file) = argument.to_str().and_then(|text| text.strip_prefix("--config=")) {
            return Some(PathBuf::from(file));
        }
    }
    std::env::var_os("CALLBOARD_CONFIG").filter(|file| !file.is_empty()).map(PathBuf::from)
}

fn read(file: &PathBuf) -> Result<Table> {
    let unreadable = |why: String| Error::Setup(format!("The settings file {} cannot be read: {why}.", file.display()));
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))?;
    text.parse::<Table>().map_err(|error| {
        let line = error.span().map(|span| text[..span.start.min(text.len())].matches('\n').count() + 1);
        let place = line.map(|line| format!("line {line}: ")).unwrap_or_default();
        unreadable(format!("{place}{}", error.message().trim().replace('\n', ", ")))
    })
}

/// Sets the file's values as the defaults of the flags of the same name, in every subcommand.
fn with_defaults(mut command: Command, table: &Table, file: &str) -> Result<Command> {
    let known: Vec<String> = Config::augment_args(Command::new("serve"))
        .get_arguments()
        .filter_map(|argument| argument.get_long().map(|long| long.replace('-', "_")))
        .collect();
    let mut defaults = Vec::new();
    for (key, value) in table {
        if !known.contains(key) {
            return Err(Error::Setup(format!(
                "The settings file {file} has an unknown key {key}; the keys are {}.",
                known.join(", ")
            )));
        }
        let texts = plain(value).map(|text| vec![text]).or_else(|| tables(value)).ok_or_else(|| {
            Error::Setup(format!(
                "The settings file {file} has an unsupported value for {key}: use a text, a number, a boolean or a list of them."
            ))
        })?;
        // Leaked: clap needs defaults that live as long as the program.
        let texts = texts.into_iter().map(|text| &*Box::leak(text.into_boxed_str())).collect();
        defaults.push((key.clone(), texts));
    }
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(name, |sub| set_defaults(sub, &defaults));
    }
    Ok(command)
}

fn set_defaults(mut command: Command, defaults: &[(String, Vec<&'static str>)]) -> Command {
    for (key, texts) in defaults {
        let long = key.replace('_', "-");
        let id = command.get_arguments().find(|a| a.get_long() == Some(&long)).map(|a| a.get_id().clone());
        if let Some(id) = id {
            command = command.mut_arg(id, |argument| {
                let secret = argument.is_hide_env_values_set();
                argument.default_values(texts).hide_default_value(secret)
            });
        }
    }
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(name, |sub| set_defaults(sub, defaults));
    }
    command
}

/// A value in the syntax of a flag; a list is joined by commas.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(yes) => Some(yes.to_string()),
        Value::Array(items) => items.iter().map(plain).collect::<Option<Vec<_>>>().map(|items| items.join(",")),
        Value::Datetime(_) | Value::Table(_) => None,
    }
}

/// A list of tables, such as `[[compat]]`, each as JSON for the parser of its flag.
fn tables(value: &Value) -> Option<Vec<String>> {
    let json = |table: &Value| table.is_table().then(|| serde_json::to_string(table).ok()).flatten();
    value.as_array()?.iter().map(json).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::FromArgMatches;

    fn parse(file: &str, arguments: &[&str]) -> Result<Cli> {
        let table: Table = file.parse().expect("TOML");
        let command = with_defaults(Cli::command(), &table, "callboard.toml")?;
        let matches = command.try_get_matches_from(arguments).expect("arguments");
        Ok(Cli::from_arg_matches(&matches).expect("a command"))
    }

    fn listen(cli: Cli) -> String {
        match cli.command {
            super::super::Command::Serve(args) => args.config.listen.to_string(),
            _ => panic!("not serve"),
        }
    }

    #[test]
    fn the_file_gives_defaults_and_flags_win() {
        let file =
            "listen = '0.0.0.0:9000'\npool_size = 4\ntrusted_proxies = ['10.0.0.1', '10.0.0.2']\nws_token_query = true";
        assert_eq!(listen(parse(file, &["callboard", "serve"]).expect("settings")), "0.0.0.0:9000");
        let flagged = parse(file, &["callboard", "serve", "--listen", "127.0.0.1:1"]).expect("settings");
        assert_eq!(listen(flagged), "127.0.0.1:1");
        let cli = parse(file, &["callboard", "serve"]).expect("settings");
        let super::super::Command::Serve(args) = cli.command else { panic!("not serve") };
        assert_eq!(
            (args.config.pool_size, args.config.trusted_proxies.len(), args.config.ws_token_query),
            (4, 2, true)
        );
    }

    #[test]
    fn tables_are_values_of_a_repeatable_flag() {
        let file = "[[compat]]\nclient = 'tracker'\nlisten = '127.0.0.1:8000'\norigins = ['http://localhost:1']\n\
                    [[compat]]\nclient = 'engine'\nlisten = '0.0.0.0:8002'";
        let super::super::Command::Serve(args) = parse(file, &["callboard", "serve"]).expect("settings").command else {
            panic!("not serve")
        };
        let listeners: Vec<String> =
            args.config.compat.iter().map(|one| format!("{} {}", one.client.as_str(), one.listen)).collect();
        assert_eq!(listeners, ["tracker 127.0.0.1:8000", "engine 0.0.0.0:8002"]);
    }

    #[test]
    fn an_unknown_key_is_refused_by_name() {
        let error = parse("lissten = 'x'", &["callboard", "serve"]).expect_err("refused").to_string();
        assert!(error.contains("unknown key lissten") && error.contains("listen"), "{error}");
        let error = parse("listen = { a = 1 }", &["callboard", "serve"]).expect_err("refused").to_string();
        assert!(error.contains("listen"), "{error}");
    }

    #[test]
    fn the_file_is_found_in_either_spelling() {
        let of = |arguments: &[&str]| named_file(arguments.iter().map(OsString::from));
        assert_eq!(of(&["callboard", "serve", "--config", "a.toml"]), Some("a.toml".into()));
        assert_eq!(of(&["callboard", "--config=b.toml", "serve"]), Some("b.toml".into()));
        assert_eq!(of(&["callboard", "worker", "--config", "worker.toml"]), None);
    }
}
