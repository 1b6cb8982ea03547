//! Control requests: whatever comes over the socket is answered with one line, and leaves the
//! service, its folders and its files as they were.

use std::path::Path;
use std::sync::Arc;

use facteur::app::requests::{Outcome, Reply, Request};
use facteur::cli::control::{self, Listener, SOCKET_NAME};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};

use super::{Target, robot};

/// What a peer sends before it stops sending.
pub const TARGET: Target = Target {
    name: "requests",
    check,
    words: &[
        "{\"by\":\"x\",\"ask\":",
        "}",
        "\"status\"",
        "\"companies\"",
        "{\"round\":{\"dry_run\":true}}",
        "null",
        "\n",
        "\\u0000",
        "\\ud800",
        "\"dupont-maconnerie\"",
        "\"quickbooks\"",
        "\"Achats\"",
        "\"..\"",
        "\"/etc/passwd\"",
        "\"a\\nb\"",
        "true",
        "[[[[[[[[",
        "{\"ids\":[\"1\"]}",
        "1e999",
        "-1",
        "\"9999-12-31\"",
        "\"-262143-01-01\"",
        "\"toml\":\"[[connections]]\"",
        "\x1b[2J",
    ],
};

thread_local! {
    static SERVICE: Service = Service::start();
}

fn check(bytes: &[u8]) {
    SERVICE.with(|service| service.runtime.block_on(service.asked(bytes)));
}

struct Service {
    runtime: Runtime,
    folder: tempfile::TempDir,
}

impl Service {
    fn start() -> Self {
        let folder = robot::folder();
        let runtime =
            Builder::new_current_thread().enable_all().build().expect("a runtime without threads");
        let robot = robot::robot(folder.path());
        let state = folder.path().join("state");
        std::fs::create_dir(&state).expect("a folder to write to");
        runtime.block_on(async {
            robot::live(&robot, folder.path()).await;
            let listener = Listener::bind(&state, None).await.expect("a socket");
            tokio::spawn(control::serve(listener, Arc::new(robot), std::future::pending()));
        });
        Self { runtime, folder }
    }

    async fn asked(&self, bytes: &[u8]) {
        let path = self.folder.path().join("state").join(SOCKET_NAME);
        let mut stream = UnixStream::connect(path).await.expect("the service still listens");
        stream.write_all(bytes).await.expect("the service reads it");
        stream.shutdown().await.expect("the service is still there");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("the service answers");
        let text = std::str::from_utf8(&answer).expect("an answer is UTF-8");
        assert!(text.ends_with('\n') && text.lines().count() == 1, "{text:?}");
        let reply: Reply = serde_json::from_str(text).expect("an answer is a reply");
        judge(bytes, &reply);
        assert_untouched(self.folder.path());
    }
}

fn judge(bytes: &[u8], reply: &Reply) {
    let line = bytes.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default();
    if serde_json::from_slice::<Request>(line).is_err() {
        assert!(matches!(reply.outcome, Outcome::Failed(_)), "{reply:?}");
        assert!(reply.value.is_null(), "{reply:?}");
    }
    if let Outcome::Failed(problem) = &reply.outcome {
        assert!(!problem.is_empty());
        assert!(!problem.contains("the service failed"), "it panicked: {problem}");
    }
}

/// A peer has no say over any file: the documents stay, and nothing new appears beside them.
fn assert_untouched(folder: &Path) {
    let names = |below: &str| {
        let entries = std::fs::read_dir(folder.join(below)).expect("it is still there");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .filter(|name| !name.starts_with("handover-"))
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(""), ["documents", "outbox", "state"]);
    assert_eq!(names("state"), [SOCKET_NAME]);
    let documents = names("documents/Dupont Maçonnerie/Achats");
    assert_eq!(documents, ["a.pdf", "ancienne.pdf", "b.pdf", "c.exe"]);
}
