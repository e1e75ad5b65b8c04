//! Where a repository may lie: below the folder that the operator named, symbolic links followed.

use std::path::Path;

use serde::Deserialize;

use super::git::Repository;
use crate::config::Config;
use crate::{Error, Result};

/// A workflow's repository, as SQL answers it.
#[derive(Debug, Deserialize)]
pub struct Place {
    pub workflow_id: String,
    pub repository_path: String,
    /// Who linked the commit.
    pub agent_id: Option<String>,
}

impl Place {
    /// The repository, if it is there and lies where repositories may.
    pub fn open(&self, config: &Config) -> Result<Repository> {
        let Some(home) = &config.repositories_dir else {
            return Err(unusable("this server shows no repositories until CALLBOARD_REPOSITORIES_DIR is set"));
        };
        let home = home.canonicalize().map_err(|_| unusable("the folder CALLBOARD_REPOSITORIES_DIR is not there"))?;
        // A relative path counts from that folder; an absolute one replaces it.
        let folder = home
            .join(Path::new(&self.repository_path))
            .canonicalize()
            .map_err(|_| unusable("its folder is not there"))?;
        if !folder.starts_with(&home) {
            return Err(unusable("it lies outside of CALLBOARD_REPOSITORIES_DIR"));
        }
        Ok(Repository { folder, home })
    }
}

/// The repository cannot be read, and why.
pub fn unusable(why: &str) -> Error {
    Error::problem(409, "repository_unusable", format!("The repository of this workflow cannot be read: {why}."))
}
