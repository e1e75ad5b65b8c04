//! Runs Postgres' own programs, such as pg_basebackup, to their end.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::owner::{Owner, current};
use super::{Options, StartError};

/// The last bytes of a program's messages that are kept to explain its failure.
const MAX_MESSAGES: usize = 16 << 10;

/// The program of the runtime, if it is installed.
pub fn program(options: &Options, name: &str) -> Result<PathBuf, StartError> {
    let path = options.runtime_dir.join(format!("postgres-{}/bin/{name}", options.major));
    path.canonicalize().map_err(|_| StartError::NoRuntime(path))
}

/// A program of the runtime that runs in `folder` as this process's account. It is killed when the calling thread ends, so
/// that nothing goes on working after a kill -9 of this process.
pub fn command(options: &Options, name: &str, folder: &Path) -> Result<Command, StartError> {
    command_with_signal(options, name, folder, libc::SIGKILL)
}

/// The same, but it goes on after the end of this process, until Postgres ends: it receives what Postgres still sends.
pub fn command_that_follows_postgres(options: &Options, name: &str, folder: &Path) -> Result<Command, StartError> {
    command_with_signal(options, name, folder, 0)
}

fn command_with_signal(options: &Options, name: &str, folder: &Path, signal: i32) -> Result<Command, StartError> {
    let program = program(options, name)?;
    let (uid, gid) = current();
    let owner = Owner { uid, gid, name: String::new(), switch: false };
    owner
        .command(&program, folder, signal)
        .map_err(|error| StartError::Unusable { path: folder.into(), why: error.to_string() })
}

/// Runs a command to its end and passes on each line of its output, also those that end in a carriage return, as progress
/// does. The error is the last line that names one.
pub fn run(mut command: Command, mut on_line: impl FnMut(&str)) -> Result<(), String> {
    let outcome = || -> io::Result<_> {
        // One pipe: some programs write their errors to standard output.
        let (reader, writer) = io::pipe()?;
        command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
        let mut child = command.spawn()?;
        // Its copies of the writing end would keep the pipe open.
        drop(command);
        let messages = read_lines(reader, &mut on_line);
        Ok((child.wait()?, messages?))
    }();
    let (status, messages) = outcome.map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(());
    }
    Err(failure(&messages).unwrap_or_else(|| status.to_string()))
}

fn read_lines(mut output: impl Read, on_line: &mut impl FnMut(&str)) -> io::Result<String> {
    let (mut kept, mut line, mut buffer) = (String::new(), Vec::new(), [0; 4096]);
    loop {
        let read = output.read(&mut buffer)?;
        for byte in buffer.iter().take(read) {
            match byte {
                b'\r' | b'\n' => {
                    let text = String::from_utf8_lossy(&line).trim().to_owned();
                    line.clear();
                    if !text.is_empty() {
                        on_line(&text);
                        kept.push_str(&text);
                        kept.push('\n');
                    }
                }
                _ if line.len() < MAX_MESSAGES => line.push(*byte),
                _ => {}
            }
        }
        if kept.len() > 2 * MAX_MESSAGES {
            let from = kept.len() - MAX_MESSAGES;
            kept = kept.split_off(kept.ceil_char_boundary(from));
        }
        if read == 0 {
            kept.push_str(&String::from_utf8_lossy(&line));
            return Ok(kept);
        }
    }
}

/// What a program says is wrong: its last line with a mark of an error, else its last line.
pub fn failure(messages: &str) -> Option<String> {
    let marks = ["error: ", "fatal: ", "ERROR:  ", "FATAL:  ", "PANIC:  "];
    let marked = messages
        .lines()
        .rev()
        .find_map(|line| marks.iter().find_map(|mark| Some(line.split_once(mark)?.1.trim().to_owned())));
    let says_more = |line: &&str| !line.trim().is_empty() && line.trim() != "Failure, exiting";
    marked.or_else(|| messages.lines().rev().find(says_more).map(|line| line.trim().to_owned()))
}
