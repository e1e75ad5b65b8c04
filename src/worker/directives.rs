//! Directives: lines `@callboard <verb> …` on a command's standard output that control the worker.

use crate::domain::usage::ReportUsage;

/// A parsed directive.
#[derive(Debug, Clone, PartialEq)]
pub enum Directive {
    /// `progress 40 "text"`
    Progress(f64, Option<String>),
    /// `message "text"`
    Message(String),
    /// `commit <sha> "message"`
    Commit(String, Option<String>),
    /// `ask "question" "option" …`
    Ask(String, Vec<String>),
    /// `app spec.json prd.md`
    App(String, Option<String>),
    /// `usage {"model": "…", "input_tokens": 1200, …}`
    Usage(Box<ReportUsage>),
}

/// Parses a line. Returns `None` for ordinary output, and an error to show to users for an invalid directive.
pub fn parse(line: &str) -> Option<Result<Directive, String>> {
    let rest = line.trim().strip_prefix("@callboard")?;
    if !rest.starts_with([' ', '\t']) {
        return None;
    }
    if let Some(report) =
        rest.trim_start().strip_prefix("usage").filter(|rest| !rest.starts_with(char::is_alphanumeric))
    {
        return Some(usage(report));
    }
    let words = words(rest);
    let mut words = words.into_iter();
    let verb = words.next().unwrap_or_default();
    let rest: Vec<String> = words.collect();
    let text = || rest.first().filter(|text| !text.trim().is_empty()).cloned();
    let read = match verb.as_str() {
        "progress" => {
            let percent = rest.first().and_then(|text| text.trim_end_matches('%').parse::<f64>().ok());
            let percent = percent.filter(|percent| (0.0..=100.0).contains(percent));
            percent.map(|percent| Directive::Progress(percent, rest.get(1).cloned()))
        }
        "message" => text().map(|_| Directive::Message(rest.join(" "))),
        "commit" => text()
            .filter(|sha| (4..=64).contains(&sha.len()) && sha.bytes().all(|b| b.is_ascii_hexdigit()))
            .map(|sha| Directive::Commit(sha, rest.get(1).cloned())),
        "ask" => text().map(|question| Directive::Ask(question, rest[1..].to_vec())),
        "app" => text().map(|spec| Directive::App(spec, rest.get(1).cloned())),
        _ => None,
    };
    Some(read.ok_or_else(|| format!("The worker does not understand: {}", line.trim())))
}

/// Reads a report of usage, a JSON object.
fn usage(report: &str) -> Result<Directive, String> {
    let report = report.trim();
    match serde_json::from_str::<ReportUsage>(report) {
        Ok(usage) => Ok(Directive::Usage(Box::new(usage))),
        Err(error) => Err(format!("The worker cannot read this report of usage, {error}: {report}")),
    }
}

/// Splits a line into words. Double quotes group words; within them a backslash escapes the next character, and `\n` is
/// a line break.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            '\\' if quoted => match characters.next() {
                Some('n') => word.get_or_insert_default().push('\n'),
                Some(next) => word.get_or_insert_default().push(next),
                None => {}
            },
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_parsed_and_other_lines_are_output() {
        assert_eq!(parse("hello @callboard progress 1"), None);
        assert_eq!(parse("@callboarding"), None);
        let read = |line: &str| parse(line).expect("a directive").expect("readable");
        assert_eq!(
            read("@callboard progress 40 \"half \\\"done\\\"\""),
            Directive::Progress(40.0, Some("half \"done\"".into()))
        );
        assert_eq!(read(" @callboard progress 7%"), Directive::Progress(7.0, None));
        assert_eq!(read("@callboard message \"a b\""), Directive::Message("a b".into()));
        assert_eq!(read("@callboard message plain words"), Directive::Message("plain words".into()));
        assert_eq!(read("@callboard commit abc123 \"Fix\""), Directive::Commit("abc123".into(), Some("Fix".into())));
        assert_eq!(
            read("@callboard ask \"Ship?\" yes no"),
            Directive::Ask("Ship?".into(), vec!["yes".into(), "no".into()])
        );
        assert_eq!(read("@callboard app spec.json prd.md"), Directive::App("spec.json".into(), Some("prd.md".into())));
        let Directive::Usage(usage) = read("@callboard usage {\"model\": \"m\", \"input_tokens\": 12, \"cost\": 0.5}")
        else {
            panic!("usage");
        };
        assert_eq!((usage.model.as_deref(), usage.input_tokens), (Some("m"), Some(12)));
        for wrong in [
            "@callboard",
            "@callboard usage",
            "@callboard usage 12",
            "@callboard usage {\"input_tokens\": \"many\"}",
            "@callboard usage {\"tokens\": 1}",
            "@callboard progress",
            "@callboard progress 140",
            "@callboard commit xyz!",
            "@callboard ask",
            "@callboard dance",
        ] {
            assert!(!matches!(parse(wrong), Some(Ok(_))), "{wrong}");
        }
    }
}
