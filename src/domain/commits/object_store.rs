//! Checks that a repository stores its objects inside the folder of repositories: git follows symbolic links and alternate
//! object stores to anywhere on the disk.

use std::path::{Path, PathBuf};

use crate::{Error, Result};

/// Maximum entries of the object stores; a repository with more loose objects has to be packed.
const MAX_ENTRIES: usize = 500_000;
/// Maximum object stores that alternates lead to.
const MAX_STORES: usize = 10;
/// Maximum size of the list of alternates, in bytes.
const MAX_ALTERNATES: u64 = 100_000;

const OUTSIDE: &str = "it lies outside of CALLBOARD_REPOSITORIES_DIR";

/// The error for a repository that cannot be read; `why` completes its sentence.
pub fn unusable(why: &str) -> Error {
    Error::problem(409, "repository_unusable", format!("The repository of this workflow cannot be read: {why}."))
}

/// Refuses folders outside `root`, and an object store (the last of `folders`) with links or alternates that lead outside.
pub async fn check(folders: Vec<PathBuf>, root: PathBuf) -> Result<()> {
    let checked = tokio::task::spawn_blocking(move || {
        for folder in &folders {
            inside(folder, &root)?;
        }
        let objects = folders.last().ok_or_else(|| unusable("git printed something unknown"))?;
        check_objects(objects, &root)
    });
    checked.await.map_err(|_| unusable("its objects cannot be checked"))?
}

/// The real path, if it is inside.
fn inside(path: &Path, root: &Path) -> Result<PathBuf> {
    let real = path.canonicalize().map_err(|_| unusable("its folder is not there"))?;
    if real.starts_with(root) { Ok(real) } else { Err(unusable(OUTSIDE)) }
}

fn check_objects(objects: &Path, root: &Path) -> Result<()> {
    let mut stores = vec![inside(objects, root)?];
    let mut next = 0;
    let mut entries = 0;
    while let Some(store) = stores.get(next).cloned() {
        next += 1;
        check_links(&store, root, 0, &mut entries)?;
        for alternate in alternates(&store)? {
            let alternate = inside(&alternate, root)?;
            if !stores.contains(&alternate) {
                stores.push(alternate);
            }
        }
        if stores.len() > MAX_STORES {
            return Err(unusable("it has too many alternate object stores"));
        }
    }
    Ok(())
}

/// Refuses symbolic links to outside; objects are at most two folders deep.
fn check_links(folder: &Path, root: &Path, depth: u32, entries: &mut usize) -> Result<()> {
    let unreadable = |_| unusable("its objects cannot be read");
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        *entries += 1;
        if *entries > MAX_ENTRIES {
            return Err(unusable("it has too many loose objects; run `git gc` in it"));
        }
        let kind = entry.file_type().map_err(unreadable)?;
        let is_folder = if kind.is_symlink() { inside(&entry.path(), root)?.is_dir() } else { kind.is_dir() };
        if is_folder && depth < 2 {
            check_links(&entry.path(), root, depth + 1, entries)?;
        }
    }
    Ok(())
}

/// The alternate object stores that a store names, which are relative to it.
fn alternates(store: &Path) -> Result<Vec<PathBuf>> {
    let list = store.join("info/alternates");
    match std::fs::metadata(&list) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Ok(data) if data.len() <= MAX_ALTERNATES => {}
        _ => return Err(unusable("its alternate object stores cannot be read")),
    }
    let text = std::fs::read_to_string(list).map_err(|_| unusable("its alternate object stores cannot be read"))?;
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    // Git also accepts quoted paths; they are not needed, so they count as outside.
    Ok(lines.map(|line| store.join(line)).collect())
}
