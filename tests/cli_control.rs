//! The control socket, with an answerer that remembers what it was asked.

use std::fs;
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use facteur::app::requests::{Answers, Ask, Outcome, Reply, Request};
use facteur::cli::control::{self, CONNECTIONS_MAX, Listener, REQUEST_BYTES_MAX, SOCKET_NAME};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;
use tokio::sync::{Semaphore, mpsc, oneshot};

#[derive(Default)]
struct Echo {
    asked: Mutex<Vec<Request>>,
}

fn done(value: serde_json::Value) -> Reply {
    Reply { outcome: Outcome::Done, value, notices: vec!["a notice".to_owned()] }
}

#[async_trait::async_trait]
impl Answers for Echo {
    async fn answer(&self, request: Request) -> Reply {
        let by = request.by.clone();
        self.asked.lock().expect("no test panics while it asks").push(request);
        done(serde_json::json!({ "by": by }))
    }
}

/// A service in this process.
struct Service {
    stop: oneshot::Sender<()>,
    served: tokio::task::JoinHandle<()>,
}

impl Service {
    async fn start(directory: &Path, answers: Arc<dyn Answers>) -> Self {
        let listener = Listener::bind(directory, None).await.expect("a socket can be bound");
        let (stop, stopped) = oneshot::channel();
        let served = tokio::spawn(control::serve(listener, answers, async {
            stopped.await.expect("a test stops its service");
        }));
        Self { stop, served }
    }

    async fn stop(self) {
        self.stop.send(()).expect("the service still runs");
        self.served.await.expect("the service stops in peace");
    }
}

fn status() -> Request {
    Request { by: "léa".to_owned(), ask: Ask::Status }
}

async fn raw(directory: &Path, bytes: &[u8]) -> Reply {
    let mut stream = UnixStream::connect(directory.join(SOCKET_NAME)).await.expect("it listens");
    stream.write_all(bytes).await.expect("it reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.expect("it answers");
    serde_json::from_slice(&answer).expect("the answer is one line of JSON")
}

fn failure(reply: &Reply) -> &str {
    match &reply.outcome {
        Outcome::Failed(text) => text,
        Outcome::Done | Outcome::WrongWords(_) | Outcome::NeedsPerson | Outcome::Confirm(_) => {
            panic!("not a failure: {reply:?}")
        }
    }
}

#[tokio::test]
async fn a_request_is_answered_and_the_owner_may_say_for_whom() {
    let directory = tempfile::tempdir().unwrap();
    let echo = Arc::new(Echo::default());
    let service = Service::start(directory.path(), echo.clone()).await;
    let reply = control::ask(directory.path(), &status()).await.unwrap().unwrap();
    assert_eq!(reply, done(serde_json::json!({ "by": "léa" })));
    assert_eq!(*echo.asked.lock().unwrap(), [status()]);
    service.stop().await;
}

#[tokio::test]
async fn who_says_nothing_bears_the_kernels_name() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(directory.path(), Arc::new(Echo::default())).await;
    let request = Request { by: String::new(), ask: Ask::Status };
    let reply = control::ask(directory.path(), &request).await.unwrap().unwrap();
    let user = nix::unistd::User::from_uid(nix::unistd::Uid::effective()).unwrap().unwrap();
    assert_eq!(reply.value, serde_json::json!({ "by": user.name }));
    service.stop().await;
}

#[tokio::test]
async fn nobody_answers_where_no_service_runs() {
    let directory = tempfile::tempdir().unwrap();
    assert_eq!(control::ask(directory.path(), &status()).await.unwrap(), None);
    assert_eq!(control::ask(&directory.path().join("none"), &status()).await.unwrap(), None);
    assert!(!control::listens(directory.path()).await.unwrap());
}

#[tokio::test]
async fn only_the_owner_and_the_group_can_open_the_socket_and_it_goes_with_the_service() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(directory.path(), Arc::new(Echo::default())).await;
    let metadata = fs::symlink_metadata(directory.path().join(SOCKET_NAME)).unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o660);
    service.stop().await;
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_stale_socket_is_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(SOCKET_NAME);
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    assert!(path.exists());
    assert_eq!(control::ask(directory.path(), &status()).await.unwrap(), None);
    let service = Service::start(directory.path(), Arc::new(Echo::default())).await;
    assert!(control::ask(directory.path(), &status()).await.unwrap().is_some());
    service.stop().await;
}

#[tokio::test]
async fn exports_that_nobody_took_over_are_removed_at_the_next_start() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("handover-1"), "the whole state").unwrap();
    let service = Service::start(directory.path(), Arc::new(Echo::default())).await;
    assert!(!directory.path().join("handover-1").exists());
    service.stop().await;
}

#[tokio::test]
async fn a_second_service_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(directory.path(), Arc::new(Echo::default())).await;
    let error = Listener::bind(directory.path(), None).await.unwrap_err();
    assert!(error.to_string().contains("another service answers"), "{error}");
    assert!(control::ask(directory.path(), &status()).await.unwrap().is_some());
    service.stop().await;
}

#[tokio::test]
async fn a_group_that_does_not_exist_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let error = Listener::bind(directory.path(), Some("no-such-group")).await.unwrap_err();
    assert!(error.to_string().contains("there is no group `no-such-group`"), "{error}");
}

#[tokio::test]
async fn a_state_directory_with_a_long_path_has_its_socket_all_the_same() {
    let directory = tempfile::tempdir().unwrap();
    for length in [60, 200] {
        let deep: PathBuf = directory.path().join("é".repeat(length / 2));
        fs::create_dir(&deep).unwrap();
        let service = Service::start(&deep, Arc::new(Echo::default())).await;
        assert!(control::ask(&deep, &status()).await.unwrap().is_some(), "{length}");
        let socket = fs::symlink_metadata(deep.join(SOCKET_NAME)).unwrap();
        assert!(socket.file_type().is_socket());
        service.stop().await;
        assert_eq!(fs::read_dir(&deep).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn a_request_too_large_is_refused_on_both_sides() {
    let directory = tempfile::tempdir().unwrap();
    let echo = Arc::new(Echo::default());
    let service = Service::start(directory.path(), echo.clone()).await;
    let toml = "x".repeat(usize::try_from(REQUEST_BYTES_MAX).unwrap());
    let request = Request { by: String::new(), ask: Ask::DecisionsDiff { toml } };
    let error = control::ask(directory.path(), &request).await.unwrap_err();
    assert!(error.to_string().contains("the service takes 1000000"), "{error}");
    let mut line = serde_json::to_vec(&request).unwrap();
    line.truncate(usize::try_from(REQUEST_BYTES_MAX).unwrap() + 1);
    let reply = raw(directory.path(), &line).await;
    assert!(failure(&reply).contains("more than 1000000 bytes"));
    assert!(echo.asked.lock().unwrap().is_empty());
    service.stop().await;
}

#[tokio::test]
async fn words_that_are_no_request_are_answered_with_a_remedy() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(directory.path(), Arc::new(Echo::default())).await;
    for text in ["{}\n", "GET / HTTP/1.1\n", "\n", "{\"by\":\"x\",\"ask\":{\"fly\":1}}\n"] {
        let reply = raw(directory.path(), text.as_bytes()).await;
        assert!(failure(&reply).contains("restart the service"), "{text}");
    }
    service.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_sends_nothing_is_let_go() {
    let directory = tempfile::tempdir().unwrap();
    let service = Service::start(directory.path(), Arc::new(Echo::default())).await;
    let mut silent = UnixStream::connect(directory.path().join(SOCKET_NAME)).await.unwrap();
    let mut answer = String::new();
    silent.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("did not come in time"), "{answer}");
    service.stop().await;
}

#[tokio::test]
async fn a_running_service_takes_no_import_and_exports_into_its_own_directory_only() {
    let directory = tempfile::tempdir().unwrap();
    let echo = Arc::new(Echo::default());
    let service = Service::start(directory.path(), echo.clone()).await;
    let refused = [
        Ask::Import { file: "/x".into(), confirmed: true },
        Ask::Export { file: "/etc/passwd".into() },
        Ask::Export { file: directory.path().join("db") },
        Ask::Export { file: directory.path().join("..").join("handover-1") },
    ];
    for ask in refused {
        let request = Request { by: String::new(), ask };
        let reply = control::ask(directory.path(), &request).await.unwrap().unwrap();
        assert_eq!(reply.outcome.exit_code(), 1, "{request:?}");
    }
    assert!(echo.asked.lock().unwrap().is_empty());
    let ask = Ask::Export { file: directory.path().join("handover-1") };
    let request = Request { by: String::new(), ask };
    let reply = control::ask(directory.path(), &request).await.unwrap().unwrap();
    assert_eq!(reply.outcome, Outcome::Done);
    service.stop().await;
}

/// Answers when told to, and remembers how many it answered at once.
struct Gate {
    entered: mpsc::UnboundedSender<()>,
    passes: Semaphore,
    running: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait::async_trait]
impl Answers for Gate {
    async fn answer(&self, _: Request) -> Reply {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        self.entered.send(()).expect("the test listens");
        self.passes.acquire().await.expect("the gate is never closed").forget();
        self.running.fetch_sub(1, Ordering::SeqCst);
        done(serde_json::Value::Null)
    }
}

#[tokio::test]
async fn many_ask_at_once_and_those_beyond_the_limit_wait_their_turn() {
    let directory = tempfile::tempdir().unwrap();
    let (entered, mut entries) = mpsc::unbounded_channel();
    let gate = Arc::new(Gate {
        entered,
        passes: Semaphore::new(0),
        running: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
    });
    let service = Service::start(directory.path(), gate.clone()).await;
    let peers: Vec<_> = (0..CONNECTIONS_MAX + 8)
        .map(|_| {
            let directory = directory.path().to_owned();
            tokio::spawn(async move { control::ask(&directory, &status()).await.unwrap().unwrap() })
        })
        .collect();
    for _ in 0..CONNECTIONS_MAX {
        entries.recv().await.unwrap();
    }
    for _ in 0..1_000 {
        tokio::task::yield_now().await;
    }
    assert!(entries.try_recv().is_err());
    gate.passes.add_permits(CONNECTIONS_MAX + 8);
    for peer in peers {
        assert_eq!(peer.await.unwrap().outcome, Outcome::Done);
    }
    assert_eq!(gate.most.load(Ordering::SeqCst), CONNECTIONS_MAX);
    service.stop().await;
}

#[tokio::test]
async fn a_peer_that_goes_away_does_not_stop_what_it_asked_for() {
    let directory = tempfile::tempdir().unwrap();
    let (entered, mut entries) = mpsc::unbounded_channel();
    let gate = Arc::new(Gate {
        entered,
        passes: Semaphore::new(0),
        running: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
    });
    let service = Service::start(directory.path(), gate.clone()).await;
    let mut stream = UnixStream::connect(directory.path().join(SOCKET_NAME)).await.unwrap();
    let mut line = serde_json::to_vec(&status()).unwrap();
    line.push(b'\n');
    stream.write_all(&line).await.unwrap();
    entries.recv().await.unwrap();
    drop(stream);
    gate.passes.add_permits(1);
    service.stop().await;
    assert_eq!(gate.running.load(Ordering::SeqCst), 0);
}
