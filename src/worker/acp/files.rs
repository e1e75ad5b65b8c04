//! Files that an agent reads and writes through its client: text files below the stage's directory. An agent is a process
//! of the same user, so this keeps mistakes out, not attackers.

use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

/// The largest file that is read.
const MAX_FILE_BYTES: u64 = 4 * 1024 * 1024;

/// The text files below a directory.
#[derive(Debug, Clone)]
pub(crate) struct Files {
    root: PathBuf,
}

impl Files {
    /// The files below `root`, which must exist.
    pub(crate) fn below(root: &Path) -> std::io::Result<Self> {
        Ok(Self { root: root.canonicalize()? })
    }

    /// The directory, absolute and without symbolic links.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Reads a text file, or `limit` of its lines from the line number `line` (from 1) on.
    pub(crate) fn read(&self, path: &Path, line: Option<u32>, limit: Option<u32>) -> Result<String, String> {
        let found = path.canonicalize().map_err(|error| describe(path, &error))?;
        self.require_inside(path, &found)?;
        // Without O_NONBLOCK a pipe would block.
        let file = std::fs::OpenOptions::new()
            .read(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(&found)
            .map_err(|error| describe(path, &error))?;
        let data = file.metadata().map_err(|error| describe(path, &error))?;
        if !data.is_file() {
            return Err(format!("{} is not a file.", path.display()));
        }
        let mut bytes = Vec::new();
        file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes).map_err(|error| describe(path, &error))?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(format!("{} is larger than {} MiB.", path.display(), MAX_FILE_BYTES / 1024 / 1024));
        }
        let text = String::from_utf8(bytes).map_err(|_| format!("{} is not UTF-8 text.", path.display()))?;
        if line.is_none() && limit.is_none() {
            return Ok(text);
        }
        let skipped = usize::try_from(line.unwrap_or(1).saturating_sub(1)).unwrap_or(usize::MAX);
        let limit = limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(text.split_inclusive('\n').skip(skipped).take(limit).collect())
    }

    /// Writes a text file; creates it and its folders if there is none.
    pub(crate) fn write(&self, path: &Path, content: &str) -> Result<(), String> {
        let target = self.target(path)?;
        if let Some(folder) = target.parent() {
            std::fs::create_dir_all(folder).map_err(|error| describe(path, &error))?;
        }
        let mut file = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK)
            .open(&target)
            .map_err(|error| describe(path, &error))?;
        file.write_all(content.as_bytes()).map_err(|error| describe(path, &error))
    }

    /// Where a file to be written is: its deepest folder that exists, resolved, and the names below that.
    fn target(&self, path: &Path) -> Result<PathBuf, String> {
        let path_is_plain = path.components().all(|part| matches!(part, Component::RootDir | Component::Normal(_)));
        if !path.is_absolute() || !path_is_plain {
            return Err(format!("{} must be an absolute path without “..”.", path.display()));
        }
        let exists = |ancestor: &&Path| ancestor.symlink_metadata().is_ok();
        let existing = path.ancestors().find(exists).ok_or_else(|| format!("{} has no folder.", path.display()))?;
        let resolved = existing.canonicalize().map_err(|error| describe(path, &error))?;
        self.require_inside(path, &resolved)?;
        let rest = path.strip_prefix(existing).unwrap_or(Path::new(""));
        // Joining an empty path would add a slash.
        Ok(if rest.as_os_str().is_empty() { resolved } else { resolved.join(rest) })
    }

    fn require_inside(&self, path: &Path, found: &Path) -> Result<(), String> {
        if found.starts_with(&self.root) {
            return Ok(());
        }
        Err(format!("{} is outside of the stage's directory {}.", path.display(), self.root.display()))
    }
}

fn describe(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}.", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stay_below_the_directory() {
        let outside = tempfile::tempdir().expect("a folder");
        std::fs::write(outside.path().join("secret"), "hidden").expect("a file");
        let inside = outside.path().join("project");
        std::fs::create_dir(&inside).expect("a folder");
        std::os::unix::fs::symlink(outside.path().join("secret"), inside.join("link")).expect("a link");
        std::os::unix::fs::symlink(outside.path(), inside.join("up")).expect("a link");
        std::os::unix::fs::symlink(outside.path().join("made"), inside.join("dangling")).expect("a link");
        let files = Files::below(&inside).expect("files");
        let root = files.root().to_owned();

        files.write(&root.join("src/deep/a.txt"), "one\ntwo\nthree").expect("written");
        assert_eq!(files.read(&root.join("src/deep/a.txt"), None, None).expect("read"), "one\ntwo\nthree");
        assert_eq!(files.read(&root.join("src/deep/a.txt"), Some(2), Some(1)).expect("read"), "two\n");
        assert_eq!(files.read(&root.join("src/deep/a.txt"), Some(9), None).expect("read"), "");
        files.write(&root.join("src/deep/a.txt"), "x").expect("overwritten");
        assert_eq!(files.read(&root.join("src/deep/a.txt"), None, None).expect("read"), "x");

        for path in ["link", "up/secret", "../secret"] {
            let error = files.read(&root.join(path), None, None).expect_err(path);
            assert!(error.contains("outside"), "{error}");
        }
        for path in ["link", "up/new", "up/deep/new", "../new", "dangling", "src"] {
            files.write(&root.join(path), "x").expect_err(path);
        }
        files.write(Path::new("relative"), "x").expect_err("relative");
        assert_eq!(std::fs::read_to_string(outside.path().join("secret")).expect("a file"), "hidden");
        assert!(!outside.path().join("new").exists() && !outside.path().join("made").exists());

        std::fs::write(root.join("binary"), [0xff, 0xfe]).expect("a file");
        assert!(files.read(&root.join("binary"), None, None).expect_err("binary").contains("UTF-8"));
        std::fs::write(root.join("large"), vec![b'x'; 5 * 1024 * 1024]).expect("a file");
        assert!(files.read(&root.join("large"), None, None).expect_err("large").contains("4 MiB"));
        assert!(files.read(&root, None, None).expect_err("a folder").contains("not a file"));
    }
}
