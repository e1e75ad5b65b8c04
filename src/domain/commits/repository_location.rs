//! Path checks: a repository must be inside the configured folder after symbolic links are resolved.

use std::path::Path;

use serde::Deserialize;

use super::git::Repository;
use super::object_store::unusable;
use crate::Result;
use crate::config::Config;

/// The repository path of a workflow, as returned by SQL.
#[derive(Debug, Deserialize)]
pub struct RepositoryLocation {
    pub workflow_id: String,
    pub repository_path: String,
    /// The agent that linked the commit.
    pub agent_id: Option<String>,
    /// The id to look up, which is that of a linked commit unless the caller is an owner; null means the requested one.
    pub commit_sha: Option<String>,
    /// Whether the caller may see the ids of the commit's parents.
    #[serde(default)]
    pub shows_parents: bool,
}

impl RepositoryLocation {
    /// Opens the repository if it exists inside the configured folder.
    pub fn open(&self, config: &Config) -> Result<Repository> {
        let Some(root) = &config.repositories_dir else {
            return Err(unusable("this server shows no repositories until CALLBOARD_REPOSITORIES_DIR is set"));
        };
        let root = root.canonicalize().map_err(|_| unusable("the folder CALLBOARD_REPOSITORIES_DIR is not there"))?;
        // A relative path is resolved against that folder; an absolute one replaces it.
        let folder = root
            .join(Path::new(&self.repository_path))
            .canonicalize()
            .map_err(|_| unusable("its folder is not there"))?;
        if !folder.starts_with(&root) {
            return Err(unusable("it lies outside of CALLBOARD_REPOSITORIES_DIR"));
        }
        Ok(Repository { folder, root })
    }
}
