//! The account of Postgres, and starting programs as that account.
//!
//! Postgres refuses to run as root. If the server runs as root, Postgres gets another account: the owner of an existing
//! cluster, else `callboard` if that exists, else `nobody`.

use std::ffi::{CStr, CString, OsStr};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use super::StartError;

/// Accounts for Postgres if the server runs as root, in order of preference.
const ACCOUNTS: [&CStr; 2] = [c"callboard", c"nobody"];

/// The account of Postgres.
#[derive(Clone, Debug)]
pub(super) struct Owner {
    pub uid: u32,
    pub gid: u32,
    pub name: String,
    /// Whether this process is root and switches to the account before it starts a program.
    pub switch: bool,
}

impl Owner {
    /// The account for a cluster: its owner if it exists, else its future owner.
    pub fn of(cluster: &Path) -> Result<Self, StartError> {
        let (uid, gid) = current();
        let found = fs::metadata(cluster).ok().map(|found| (found.uid(), found.gid()));
        match found {
            Some((0, _)) if uid == 0 => Err(StartError::OtherOwner {
                path: cluster.into(),
                owner: "root, and Postgres does not run as root".into(),
                remedy: "give it to another account (chown -R nobody)".into(),
            }),
            Some((owner, group)) if uid == 0 => {
                Ok(Self { uid: owner, gid: group, name: name_of(owner), switch: true })
            }
            Some((owner, _)) if owner != uid => Err(StartError::OtherOwner {
                path: cluster.into(),
                owner: format!("the account {}", name_of(owner)),
                remedy: "start Callboard as that account or as root".into(),
            }),
            None if uid == 0 => ACCOUNTS.into_iter().find_map(account).ok_or_else(|| {
                StartError::NoAccount(
                    "Postgres does not run as root, and there is neither an account callboard nor nobody: add one (useradd --system callboard), or start Callboard as another user.".into(),
                )
            }),
            _ => Ok(Self { uid, gid, name: name_of(uid), switch: false }),
        }
    }

    /// Makes the account the owner of a path that root has written.
    pub fn give(&self, path: &Path) -> io::Result<()> {
        if self.switch { chown(path, Some(self.uid), Some(self.gid)) } else { Ok(()) }
    }

    /// Whether the account can reach this path and enter or execute it.
    pub fn reaches(&self, path: &Path) -> bool {
        if !self.switch {
            return true;
        }
        let Ok(path) = path.canonicalize() else {
            return false;
        };
        path.ancestors().all(|step| {
            fs::metadata(step).is_ok_and(|step| {
                let shift = match (step.uid() == self.uid, step.gid() == self.gid) {
                    (true, _) => 6,
                    (false, true) => 3,
                    (false, false) => 0,
                };
                step.mode() >> shift & 1 == 1
            })
        })
    }

    /// A command that runs as the account in `folder`, in a new process group (Ctrl-C in the terminal reaches only the
    /// server, which then shuts Postgres down), with an empty environment (no secrets, no PG… variables). The kernel sends
    /// it `signal` when the calling thread ends; 0 for none.
    pub fn command(&self, program: &Path, folder: &Path, signal: i32) -> io::Result<Command> {
        let folder = CString::new(folder.as_os_str().as_bytes())?;
        let (uid, gid, switch) = (self.uid, self.gid, self.switch);
        let parent = std::process::id();
        let mut command = Command::new(program);
        command.env_clear().env("LC_ALL", "C").env("TZ", "UTC");
        command.env("PATH", std::env::var_os("PATH").as_deref().unwrap_or(OsStr::new("/usr/bin:/bin")));
        // SAFETY: only async-signal-safe system calls are made between fork and exec, on values moved into the closure.
        unsafe {
            command.pre_exec(move || {
                libc::umask(0o077);
                check(libc::setpgid(0, 0))?;
                // Before the account changes, which may not be able to reach the folder.
                check(libc::chdir(folder.as_ptr()))?;
                if switch {
                    check(libc::setgroups(0, std::ptr::null()))?;
                    check(libc::setgid(gid))?;
                    check(libc::setuid(uid))?;
                }
                die_with_parent(signal, parent)
            });
        }
        Ok(command)
    }

    /// Whether the account has an entry in the user database, which initdb requires.
    pub fn is_known(&self) -> bool {
        passwd(Lookup::Id(self.uid)).is_some()
    }
}

/// This process's effective user and group.
pub(super) fn current() -> (u32, u32) {
    // SAFETY: these calls have no parameters and cannot fail.
    unsafe { (libc::geteuid(), libc::getegid()) }
}

#[cfg(target_os = "linux")]
fn die_with_parent(signal: i32, parent: u32) -> io::Result<()> {
    // SAFETY: plain system calls. Set after setuid, which clears it.
    unsafe {
        check(libc::prctl(libc::PR_SET_PDEATHSIG, signal as libc::c_ulong, 0, 0, 0))?;
        if libc::getppid() as u32 != parent {
            return Err(io::Error::from_raw_os_error(libc::ESRCH)); // the parent died in between
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn die_with_parent(_signal: i32, _parent: u32) -> io::Result<()> {
    Ok(())
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

fn account(name: &CStr) -> Option<Owner> {
    let (uid, gid, name) = passwd(Lookup::Name(name))?;
    (uid != 0).then_some(Owner { uid, gid, name, switch: true })
}

fn name_of(uid: u32) -> String {
    passwd(Lookup::Id(uid)).map_or_else(|| format!("with id {uid}"), |(_, _, name)| name)
}

enum Lookup<'a> {
    Name(&'a CStr),
    Id(u32),
}

fn passwd(lookup: Lookup) -> Option<(u32, u32, String)> {
    let mut buffer = vec![0; 16 * 1024];
    // SAFETY: the entry and the buffer outlive the call, and the strings are read before either goes.
    unsafe {
        let mut entry: libc::passwd = std::mem::zeroed();
        let mut found = std::ptr::null_mut();
        let (at, size) = (buffer.as_mut_ptr(), buffer.len());
        let code = match lookup {
            Lookup::Name(name) => libc::getpwnam_r(name.as_ptr(), &mut entry, at, size, &mut found),
            Lookup::Id(uid) => libc::getpwuid_r(uid, &mut entry, at, size, &mut found),
        };
        if code != 0 || found.is_null() {
            return None;
        }
        let name = CStr::from_ptr(entry.pw_name).to_string_lossy().into_owned();
        Some((entry.pw_uid, entry.pw_gid, name))
    }
}
