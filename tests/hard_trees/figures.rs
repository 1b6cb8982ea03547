//! What was measured: one printed line, and a small file below `target/reliability`
//! (`target/reliability/long` with `FACTEUR_LONG=1`).

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::Value;

/// A stop-watch.
pub(crate) struct Watch(Instant);

impl Watch {
    #[expect(
        clippy::disallowed_methods,
        reason = "the seconds that real work takes are the figure"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn stop(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Keeps the figures of one test.
pub(crate) fn keep(name: &str, figures: &Value) {
    println!("{name}: {figures}");
    let long = std::env::var_os("FACTEUR_LONG").is_some();
    let folder = if long { "target/reliability/long" } else { "target/reliability" };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    std::fs::create_dir_all(&folder).unwrap();
    let command =
        format!("FACTEUR_FULL_SIZES=1 cargo test --test hard_trees {name} -- --nocapture");
    let report = serde_json::json!({ "name": name, "command": command, "figures": figures });
    std::fs::write(folder.join(format!("{name}.json")), report.to_string()).unwrap();
}
