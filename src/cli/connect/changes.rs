//! What `callboard connect` changes in files: shown as differences first, then applied to the files as they are at that
//! moment, because the tools write them too.

use std::path::PathBuf;

use console::Style;
use similar::{ChangeTag, TextDiff};

use super::files;
use super::noted::{self, Noted};
use crate::cli::output;
use crate::domain::agent_setup::{Document, Fill, Format, Hooks, Invalid, Scope, Tool, instructions, secrets};
use crate::{Error, Result};

/// A change of one file.
#[derive(Debug)]
pub struct Change<'a> {
    /// The file.
    pub path: PathBuf,
    /// What is done to it, in this order.
    pub edits: Vec<Edit<'a>>,
}

/// What is done to a file.
#[derive(Debug)]
pub enum Edit<'a> {
    /// Writes the entry of the server.
    Connect {
        /// The tool.
        tool: &'a Tool,
        /// Whose configuration it is.
        scope: Scope,
        /// The address of the MCP endpoint.
        endpoint: &'a str,
    },
    /// Removes the entry.
    Disconnect(&'a Tool),
    /// Adds the hooks that call a program.
    AddHooks(&'a Tool, &'a Hooks, Scope, String),
    /// Removes the hooks.
    RemoveHooks(&'a Tool, &'a Hooks),
    /// Writes the block of instructions.
    AddInstructions,
    /// Removes the block of instructions.
    RemoveInstructions,
}

impl<'a> Change<'a> {
    /// Adds an edit to the changes. Edits of one file are one change.
    pub fn add(changes: &mut Vec<Self>, path: PathBuf, edit: Edit<'a>) {
        match changes.iter_mut().find(|change| change.path == path) {
            Some(change) => change.edits.push(edit),
            None => changes.push(Self { path, edits: vec![edit] }),
        }
    }

    /// The text after the change, which may be the same; none if there is no file and none is made.
    pub fn apply(&self, before: Option<&str>, key: &str) -> Result<Option<String>> {
        let mut text = before.map(str::to_owned);
        for edit in &self.edits {
            text = edit.apply(text.as_deref(), key).map_err(|error| {
                let place =
                    error.at.map(|(line, column)| format!(" at line {line}, column {column}")).unwrap_or_default();
                let what = error.what.trim_end_matches('.');
                Error::Setup(format!("{} cannot be edited: {what}{place}. Nothing was changed.", self.path.display()))
            })?;
        }
        Ok(text)
    }

    /// Whether the file holds the key afterwards.
    fn holds_key(&self) -> bool {
        self.edits.iter().any(|edit| matches!(edit, Edit::Connect { scope: Scope::User, .. }))
    }

    /// The permissions before, if the file would hold a key that others can read.
    fn open_mode(&self) -> Option<u32> {
        files::mode(&self.path).filter(|mode| self.holds_key() && mode & 0o077 != 0)
    }

    /// The difference that the change makes, with keys shortened; none if it makes none. An error if it is impossible.
    pub fn preview(&self, key: &str) -> Result<Option<String>> {
        let before = files::read(&self.path)?;
        let after = self.apply(before.as_deref(), key)?;
        let mode = self.open_mode();
        let (true, Some(text)) = (after != before || mode.is_some(), &after) else { return Ok(None) };
        files::check_writable(&self.path)?;
        let path = self.path.display().to_string();
        if self.is_left_over(text) {
            return Ok(Some(difference([&path, "/dev/null"], before.as_deref().unwrap_or_default(), "")));
        }
        let from = if before.is_some() { &path } else { "/dev/null" };
        let mut shown = difference([from, &path], before.as_deref().unwrap_or_default(), text);
        if let Some(mode) = mode {
            let after = mode & 0o7700;
            shown.push_str(&format!("{path}: permissions {mode:03o} become {after:03o}, because it holds the key\n"));
        }
        Ok(Some(shown))
    }

    /// Makes the change. A new file is noted, so that it can be removed with what was written.
    pub fn write(&self, key: &str) -> Result<()> {
        let before = files::read(&self.path)?;
        let Some(after) = self.apply(before.as_deref(), key)? else { return Ok(()) };
        if before.as_ref() == Some(&after) && self.open_mode().is_none() {
            return Ok(());
        }
        files::replace(&self.path, &after, self.holds_key())?;
        if before.is_none() {
            noted::change(|noted| _ = noted.created.insert(self.path.clone()));
        }
        Ok(())
    }

    /// Makes a change that removes. A file that was made by a change and holds nothing else is removed.
    pub fn undo(&self) -> Result<()> {
        self.write("")?;
        if files::read(&self.path)?.is_some_and(|text| self.is_left_over(&text)) {
            files::remove(&self.path)?;
        }
        if Noted::read().created.contains(&self.path) {
            noted::change(|noted| _ = noted.created.remove(&self.path));
        }
        Ok(())
    }

    /// Whether a text is no more than what a new file began with, and the file was made by `connect`.
    fn is_left_over(&self, text: &str) -> bool {
        self.edits.iter().all(|edit| edit.removes() && text == edit.fresh())
            && Noted::read().created.contains(&self.path)
            && !self.path.is_symlink()
    }
}

impl Edit<'_> {
    const fn removes(&self) -> bool {
        matches!(self, Self::Disconnect(_) | Self::RemoveHooks(..) | Self::RemoveInstructions)
    }

    /// The text of a new file.
    const fn fresh(&self) -> &'static str {
        match self {
            Self::Connect { tool, .. } | Self::Disconnect(tool) => tool.fresh,
            Self::AddHooks(_, hooks, ..) | Self::RemoveHooks(_, hooks) => hooks.fresh,
            Self::AddInstructions | Self::RemoveInstructions => "",
        }
    }

    /// The text after the edit; none if there is no file and none is made.
    fn apply(&self, before: Option<&str>, key: &str) -> Result<Option<String>, Invalid> {
        let text = before.unwrap_or_default();
        let edit = |format, change: &dyn Fn(&mut Document) -> Result<(), Invalid>| -> Result<String, Invalid> {
            let mut document = Document::parse(format, if text.trim().is_empty() { self.fresh() } else { text })?;
            change(&mut document)?;
            Ok(document.to_string())
        };
        // Nothing is removed from a file that does not exist.
        let removal = |format, remove: &dyn Fn(&mut Document)| -> Result<Option<String>, Invalid> {
            let Some(text) = before else { return Ok(None) };
            let mut document = Document::parse(format, text)?;
            remove(&mut document);
            Ok(Some(document.to_string()))
        };
        Ok(Some(match self {
            Self::Connect { tool, scope, endpoint } => {
                let fill = Fill { url: endpoint, key, command: "" };
                edit(tool.format, &|document| tool.connect(document, *scope, &fill))?
            }
            Self::AddHooks(tool, hooks, scope, program) => {
                edit(Format::Json, &|document| hooks.connect(document, tool, *scope, program))?
            }
            Self::AddInstructions => instructions::with_block(text),
            Self::Disconnect(tool) => return removal(tool.format, &|document| _ = tool.disconnect(document)),
            Self::RemoveHooks(tool, hooks) => {
                return removal(Format::Json, &|document| _ = hooks.disconnect(document, tool));
            }
            Self::RemoveInstructions => {
                return Ok(before.map(|text| instructions::without_block(text).unwrap_or_else(|| text.to_owned())));
            }
        }))
    }
}

/// A difference for people, in the form of `diff -u`.
fn difference([from, to]: [&str; 2], before: &str, after: &str) -> String {
    let (old, new) = (secrets::mask_keys(before), secrets::mask_keys(after));
    let (removed, added) = (Style::new().for_stderr().red(), Style::new().for_stderr().green());
    let mut shown = format!("--- {from}\n+++ {to}\n");
    let lines = TextDiff::from_lines(&old, &new);
    for hunk in lines.unified_diff().context_radius(3).iter_hunks() {
        shown.push_str(&format!("{}\n", hunk.header()));
        for change in hunk.iter_changes() {
            let text = output::one_line(change.value().trim_end_matches(['\r', '\n']));
            let line = match change.tag() {
                ChangeTag::Equal => format!(" {text}"),
                ChangeTag::Delete => removed.apply_to(format!("-{text}")).to_string(),
                ChangeTag::Insert => added.apply_to(format!("+{text}")).to_string(),
            };
            shown.push_str(&format!("{line}\n"));
        }
    }
    shown
}
