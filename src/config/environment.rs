//! What routes.toml is read in: the current directory and the environment variables.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Handed in, so that tests need not change their process.
#[derive(Clone)]
pub struct Environment {
    directory: PathBuf,
    variables: BTreeMap<String, String>,
    checks_machine: bool,
}

impl Environment {
    /// The process's own.
    pub fn system() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let directory = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("/"));
        Self { directory, variables, checks_machine: true }
    }

    /// One with a directory and no variables.
    pub fn new(directory: &Path) -> Self {
        let directory = directory.to_owned();
        Self { directory, variables: BTreeMap::new(), checks_machine: true }
    }

    /// With one more variable.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Leaves out what only the robot's own user can check: that folders and files are there,
    /// and the secrets, which stay empty. For a command of another user that only has to find
    /// the running service; never send with such a [`Config`](super::Config).
    #[must_use]
    pub fn without_machine(mut self) -> Self {
        self.checks_machine = false;
        self
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    pub(super) fn checks_machine(&self) -> bool {
        self.checks_machine
    }
}
