//! `callboard commit-hook`: prints or installs the git hook that links new commits to tickets.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;

use super::commits::git;
use super::output;
use crate::{Error, Result};

const HOOK: &str = include_str!("commit_hook.sh");
/// Marks a hook that this command has written.
const HOOK_MARKER: &str = "Made by `callboard commit-hook`";
/// The names under which the hook is installed.
const HOOK_NAMES: [&str; 4] = ["post-commit", "post-applypatch", "post-merge", "post-rewrite"];

/// Flags of `callboard commit-hook`.
#[derive(Debug, Args)]
pub struct HookArgs {
    /// Install it in this repository as post-commit, post-applypatch, post-merge and post-rewrite.
    #[arg(long)]
    pub install: bool,
    /// With --install: keep hooks that are there already as NAME.chained, and run them before this one.
    #[arg(long, requires = "install")]
    pub chain: bool,
}

/// Runs `callboard commit-hook`.
pub fn command(args: &HookArgs) -> Result<()> {
    // Used if the program is not on the PATH, as in some editors.
    let program = std::env::current_exe().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
    if !args.install {
        output::write(script(&program).as_bytes());
        return Ok(());
    }
    let configured = PathBuf::from(git(&["rev-parse", "--git-path", "hooks"])?);
    let (folder, script) = match of_husky(&configured) {
        // Its hooks are part of the repository, so they name no program of this machine.
        Some(folder) => (folder, script("")),
        None => (configured, script(&program)),
    };
    let foreign: Vec<PathBuf> =
        HOOK_NAMES.iter().map(|name| folder.join(name)).filter(|file| is_foreign(file)).collect();
    if let Some(first) = foreign.first()
        && !args.chain
    {
        return Err(Error::Setup(format!(
            "{} already exists; nothing was written. Add --chain to keep it and run it first, or add `callboard commits push HEAD &` to it.",
            first.display()
        )));
    }
    let failed =
        |error: std::io::Error| Error::Setup(format!("The hooks in {} cannot be written: {error}.", folder.display()));
    fs::create_dir_all(&folder).map_err(failed)?;
    for file in &foreign {
        let kept = chained(file);
        if kept.exists() {
            return Err(Error::Setup(format!("{} is in the way; nothing more was written.", kept.display())));
        }
        fs::rename(file, kept).map_err(failed)?;
    }
    for name in HOOK_NAMES {
        install(&folder, name, &script).map_err(failed)?;
    }
    eprintln!("Installed {} in {}.", HOOK_NAMES.join(", "), folder.display());
    for file in &foreign {
        eprintln!("{} runs first, as {}.", file.display(), chained(file).display());
    }
    Ok(())
}

fn script(program: &str) -> String {
    HOOK.replace("@PROGRAM@", &format!("'{}'", program.replace('\'', r"'\''")))
}

/// Husky points git to a folder `_` of generated hooks, which it overwrites; each runs the hook of its name in the folder
/// above.
fn of_husky(folder: &Path) -> Option<PathBuf> {
    let generated = folder.ends_with("_") && (folder.join("h").exists() || folder.join("husky.sh").exists());
    generated.then(|| folder.parent().map(Path::to_owned)).flatten()
}

/// Whether a hook exists that this command has not written.
fn is_foreign(file: &Path) -> bool {
    match fs::read(file) {
        Ok(text) => !String::from_utf8_lossy(&text).contains(HOOK_MARKER),
        Err(error) => error.kind() != ErrorKind::NotFound,
    }
}

/// The name under which a hook that was there before is kept.
fn chained(file: &Path) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".chained");
    name.into()
}

/// Replaces a hook atomically, so that git never runs a partial file.
fn install(folder: &Path, name: &str, script: &str) -> std::io::Result<()> {
    let next = folder.join(format!("{name}.callboard-new"));
    let _ = fs::remove_file(&next);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o755).open(&next)?;
    std::io::Write::write_all(&mut file, script.as_bytes())?;
    file.sync_all()?;
    fs::rename(next, folder.join(name))
}
