//! The answering side of the control socket.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use nix::unistd::{Gid, Group, Uid};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::client::connect;
use super::peer::Peer;
use super::place::Place;
use super::{
    CONNECTIONS_MAX, HANDOVER_PREFIX, REPLY_BYTES_MAX, REPLY_WAIT_MAX, REQUEST_BYTES_MAX,
    REQUEST_WAIT_MAX, SOCKET_NAME, STOP_WAIT_MAX,
};
use crate::app::requests::{Answers, Ask, Outcome, Reply, Request};

/// The socket file's permissions: its owner and its group.
const SOCKET_MODE: u32 = 0o660;

/// The permission bits to go through a directory.
const ENTER_BY_GROUP: u32 = 0o010;
const ENTER_BY_OTHERS: u32 = 0o001;

/// The service's end of the control socket; the file goes with it.
#[derive(Debug)]
pub struct Listener {
    socket: UnixListener,
    directory: PathBuf,
    owner: Uid,
    group: Gid,
}

impl Listener {
    /// Listens in the state directory. A socket that nobody answers any more is replaced; the
    /// new one appears under its name only once its permissions are right.
    pub async fn bind(state_directory: &Path, group: Option<&str>) -> Result<Self> {
        let shown = state_directory.join(SOCKET_NAME);
        if connect(state_directory).await?.is_some() {
            bail!("another service answers at `{}`\nhint: stop it first", shown.display());
        }
        let fresh_name = format!("{SOCKET_NAME}.new");
        let fresh = state_directory.join(&fresh_name);
        remove_if_there(&fresh)?;
        remove_handovers(state_directory)?;
        let place = Place::of(state_directory, &fresh_name)
            .with_context(|| format!("cannot open `{}`", state_directory.display()))?;
        let socket = UnixListener::bind(place.path())
            .with_context(|| format!("cannot listen at `{}`", shown.display()))?;
        fs::set_permissions(&fresh, fs::Permissions::from_mode(SOCKET_MODE))
            .with_context(|| format!("cannot set the permissions of `{}`", fresh.display()))?;
        if let Some(name) = group {
            give_to_group(&fresh, state_directory, name)?;
        }
        fs::rename(&fresh, &shown)
            .with_context(|| format!("cannot put `{}` in place", shown.display()))?;
        let metadata = fs::symlink_metadata(&shown)
            .with_context(|| format!("cannot look at `{}`", shown.display()))?;
        let (owner, group) = (Uid::from_raw(metadata.uid()), Gid::from_raw(metadata.gid()));
        Ok(Self { socket, directory: state_directory.to_owned(), owner, group })
    }

    /// Where it listens.
    pub fn path(&self) -> PathBuf {
        self.directory.join(SOCKET_NAME)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Err(error) = remove_if_there(&self.path()) {
            tracing::warn!(%error, "the control socket's file stays behind");
        }
    }
}

fn remove_if_there(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove `{}`", path.display()))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Exports that nobody took over before the last stop.
fn remove_handovers(state_directory: &Path) -> Result<()> {
    let entries = fs::read_dir(state_directory)
        .with_context(|| format!("cannot read `{}`", state_directory.display()))?;
    for entry in entries.filter_map(Result::ok) {
        if is_handover(&entry.path(), state_directory) {
            remove_if_there(&entry.path())?;
        }
    }
    Ok(())
}

/// The group gets the socket, and may enter the directory it is in: no more than that.
fn give_to_group(socket: &Path, directory: &Path, name: &str) -> Result<()> {
    let group = Group::from_name(name).context("cannot read the groups of this machine")?;
    let Some(group) = group else {
        bail!(
            "there is no group `{name}` on this machine\nhint: `groupadd {name}`, or another \
             `socket_group` in routes.toml"
        );
    };
    let gid = group.gid.as_raw();
    std::os::unix::fs::chown(socket, None, Some(gid)).with_context(|| {
        format!("cannot give the control socket to group `{name}`: the robot must be a member")
    })?;
    let_group_enter(directory, gid)
        .with_context(|| format!("cannot let group `{name}` enter `{}`", directory.display()))
}

fn let_group_enter(directory: &Path, gid: u32) -> io::Result<()> {
    let metadata = fs::metadata(directory)?;
    let mode = metadata.permissions().mode();
    let its_own = metadata.gid() == gid;
    let entered = if its_own { ENTER_BY_GROUP } else { ENTER_BY_OTHERS };
    if mode & entered != 0 {
        return Ok(());
    }
    if !its_own {
        std::os::unix::fs::chown(directory, None, Some(gid))?;
    }
    // What another group could do there before is nothing that this one is given.
    let kept = if its_own { mode } else { mode & !0o070 };
    fs::set_permissions(directory, fs::Permissions::from_mode(kept | ENTER_BY_GROUP))
}

/// Answers requests until `shutdown` ends; what is being answered then may still end.
pub async fn serve(
    listener: Listener,
    answers: Arc<dyn Answers>,
    shutdown: impl Future<Output = ()>,
) {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let listener = Arc::new(listener);
    let mut shutdown = std::pin::pin!(shutdown);
    loop {
        let permit = tokio::select! {
            () = &mut shutdown => break,
            permit = Arc::clone(&places).acquire_owned() => permit,
        };
        let Ok(permit) = permit else { break };
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.socket.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let (listener, answers) = (Arc::clone(&listener), Arc::clone(&answers));
                tokio::spawn(async move {
                    talk(stream, &listener, answers).await;
                    drop(permit);
                });
            }
            Err(error) => tracing::warn!(%error, "a control connection could not be taken"),
        }
    }
    let all = u32::try_from(CONNECTIONS_MAX).expect("the number of connections is small");
    if timeout(STOP_WAIT_MAX, places.acquire_many(all)).await.is_err() {
        tracing::warn!("control requests were still being answered when the service stopped");
    }
}

async fn talk(mut stream: UnixStream, listener: &Listener, answers: Arc<dyn Answers>) {
    let reply = match read_request(&mut stream, listener).await {
        Ok((request, peer)) => match refusal(&request.ask, &peer, listener) {
            Some(refusal) => failed(refusal),
            // In a task of its own: a peer that goes away stops nothing half-way.
            None => tokio::spawn(async move { answers.answer(request).await })
                .await
                .unwrap_or_else(|error| failed(format!("the service failed: {error}"))),
        },
        Err(error) => failed(format!("{error:#}")),
    };
    let sent = async {
        stream.write_all(&line(&reply)).await?;
        stream.shutdown().await
    };
    match timeout(REPLY_WAIT_MAX, sent).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a control peer went away before its answer"),
        Err(_) => tracing::debug!("a control peer did not read its answer"),
    }
}

async fn read_request(stream: &mut UnixStream, listener: &Listener) -> Result<(Request, Peer)> {
    let peer = Peer::of(stream).context("the kernel doesn't say who asks")?;
    if !peer.may_ask(listener.owner, listener.group) {
        bail!(
            "you may not talk to the service\nhint: use sudo, or become a member of its \
             `socket_group`"
        );
    }
    let mut text = Vec::new();
    let mut reader = BufReader::new(stream).take(REQUEST_BYTES_MAX + 1);
    timeout(REQUEST_WAIT_MAX, reader.read_until(b'\n', &mut text))
        .await
        .context("the request did not come in time")?
        .context("the request broke off")?;
    if text.len() as u64 > REQUEST_BYTES_MAX {
        bail!("the request has more than {REQUEST_BYTES_MAX} bytes");
    }
    let mut request: Request = serde_json::from_slice(&text).context(
        "the service does not understand the request\nhint: the service and the command line may \
         be of two versions: restart the service",
    )?;
    request.by = peer.signs(&request.by, listener.owner);
    Ok((request, peer))
}

/// What a running service doesn't do for a peer.
fn refusal(ask: &Ask, peer: &Peer, listener: &Listener) -> Option<String> {
    match ask {
        Ask::Import { .. } => Some(
            "the state of a running service can't be replaced\nhint: stop the service, import, \
             start it again"
                .to_owned(),
        ),
        // What is written there, nobody else can read.
        Ask::Export { .. } if !peer.is_trusted(listener.owner) => Some(
            "only root and the service's own user can take the whole state\nhint: use sudo, or \
             `facteur decisions export`"
                .to_owned(),
        ),
        // The service may write where its peers may not: only into its own directory.
        Ask::Export { file } if !is_handover(file, &listener.directory) => {
            Some(format!("the service writes exports into `{}` only", listener.directory.display()))
        }
        Ask::Export { .. }
        | Ask::Round { .. }
        | Ask::Status
        | Ask::Companies
        | Ask::Connect { .. }
        | Ask::Disconnect { .. }
        | Ask::Readdress { .. }
        | Ask::Switch { .. }
        | Ask::SwitchList { .. }
        | Ask::SwitchResolve { .. }
        | Ask::Documents { .. }
        | Ask::Why { .. }
        | Ask::Deliveries(_)
        | Ask::Act { .. }
        | Ask::ResendDocument { .. }
        | Ask::Backfill { .. }
        | Ask::Invitations { .. }
        | Ask::Invitation { .. }
        | Ask::AcceptInvitation { .. }
        | Ask::History { .. }
        | Ask::DecisionsExport
        | Ask::DecisionsDiff { .. }
        | Ask::DecisionsImport { .. }
        | Ask::SendTest { .. }
        | Ask::Mails(_)
        | Ask::CheckTree => None,
    }
}

fn is_handover(file: &Path, state_directory: &Path) -> bool {
    let name = file.file_name().and_then(|name| name.to_str());
    file.parent() == Some(state_directory)
        && name.is_some_and(|name| name.starts_with(HANDOVER_PREFIX))
}

fn failed(text: String) -> Reply {
    Reply { outcome: Outcome::Failed(text), value: serde_json::Value::Null, notices: Vec::new() }
}

fn line(reply: &Reply) -> Vec<u8> {
    let text = serde_json::to_vec(reply)
        .unwrap_or_else(|error| line(&failed(format!("the answer can't be written: {error}"))));
    let mut text = if text.len() as u64 >= REPLY_BYTES_MAX {
        let remedy = "the answer is too long\nhint: ask for less: a COMPANY, a FOLDER, a --state";
        serde_json::to_vec(&failed(remedy.to_owned())).unwrap_or_default()
    } else {
        text
    };
    text.push(b'\n');
    text
}
