//! What `callboard connect` changes in files: shown as differences first, then applied to the files as they are at that
//! moment, because the tools write them too.

use std::path::PathBuf;

use console::Style;
use similar::{ChangeTag, TextDiff};

use super::files;
use crate::cli::output;
use crate::domain::agent_setup::{Document, Fill, Format, Hooks, Invalid, Scope, Tool, instructions, secrets};
use crate::{Error, Result};

/// A change of one file.
#[derive(Debug)]
pub struct Change<'a> {
    /// The file.
    pub path: PathBuf,
    /// What is done to it.
    pub edit: Edit<'a>,
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

impl Change<'_> {
    /// The text after the change; none if the change leaves the file as it is.
    fn apply(&self, before: Option<&str>, key: &str) -> Result<Option<String>> {
        let text = before.unwrap_or_default();
        let refused = |error: Invalid| {
            let place = error.at.map(|(line, column)| format!(" at line {line}, column {column}")).unwrap_or_default();
            Error::Setup(format!(
                "{} cannot be edited: {}{place}. Nothing was changed.",
                self.path.display(),
                error.what.trim_end_matches('.')
            ))
        };
        let edit = |format, fresh, change: &dyn Fn(&mut Document) -> Result<(), Invalid>| -> Result<String, Invalid> {
            let text = if text.trim().is_empty() { fresh } else { text };
            let mut document = Document::parse(format, text)?;
            change(&mut document)?;
            Ok(document.to_string())
        };
        let after = match &self.edit {
            Edit::Connect { tool, scope, endpoint } => {
                let fill = Fill { url: endpoint, key, command: "" };
                let write = |document: &mut Document| tool.connect(document, *scope, &fill);
                edit(tool.format, tool.fresh, &write).map_err(refused)?
            }
            Edit::AddHooks(tool, hooks, scope, program) => {
                let add = |document: &mut Document| hooks.connect(document, tool, *scope, program);
                edit(Format::Json, hooks.fresh, &add).map_err(refused)?
            }
            Edit::AddInstructions => instructions::with_block(text),
            // Nothing is removed from a file that does not exist.
            _ if before.is_none() => return Ok(None),
            Edit::Disconnect(tool) => {
                let remove = |document: &mut Document| {
                    tool.disconnect(document);
                    Ok(())
                };
                edit(tool.format, text, &remove).map_err(refused)?
            }
            Edit::RemoveHooks(tool, hooks) => {
                let remove = |document: &mut Document| {
                    hooks.disconnect(document, tool);
                    Ok(())
                };
                edit(Format::Json, text, &remove).map_err(refused)?
            }
            Edit::RemoveInstructions => instructions::without_block(text).unwrap_or_else(|| text.to_owned()),
        };
        Ok((before != Some(after.as_str())).then_some(after))
    }

    /// The difference that the change makes, with keys shortened; none if it makes none. An error if it is impossible.
    pub fn preview(&self, key: &str) -> Result<Option<String>> {
        let before = files::read(&self.path)?;
        let Some(after) = self.apply(before.as_deref(), key)? else { return Ok(None) };
        Ok(Some(difference(&self.path.display().to_string(), before.as_deref(), &after)))
    }

    /// Makes the change; false if there was nothing to change.
    pub fn write(&self, key: &str) -> Result<bool> {
        let before = files::read(&self.path)?;
        let Some(after) = self.apply(before.as_deref(), key)? else { return Ok(false) };
        files::replace(&self.path, &after, secrets::find_key(&after).is_some())?;
        Ok(true)
    }
}

/// A difference for people, in the form of `diff -u`.
fn difference(path: &str, before: Option<&str>, after: &str) -> String {
    let (old, new) = (secrets::mask_keys(before.unwrap_or_default()), secrets::mask_keys(after));
    let (removed, added) = (Style::new().for_stderr().red(), Style::new().for_stderr().green());
    let from = if before.is_some() { path } else { "/dev/null" };
    let mut shown = format!("--- {from}\n+++ {path}\n");
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
