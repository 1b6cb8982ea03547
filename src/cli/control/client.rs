//! The asking side of the control socket.

use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context as _, Result, bail};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;

use super::place::Place;
use super::{REPLY_BYTES_MAX, REQUEST_BYTES_MAX, SOCKET_NAME};
use crate::app::requests::{Reply, Request};

/// Asks the service whose state is in this directory; `None` when none listens there.
///
/// Waits for the answer as long as it takes: a round of a large firm is not quick.
pub async fn ask(state_directory: &Path, request: &Request) -> Result<Option<Reply>> {
    let Some(mut stream) = connect(state_directory).await? else {
        return Ok(None);
    };
    let mut line = serde_json::to_vec(request).context("cannot write the request as JSON")?;
    line.push(b'\n');
    if line.len() as u64 > REQUEST_BYTES_MAX {
        bail!(
            "the request has {} bytes, the service takes {REQUEST_BYTES_MAX}\nhint: do it in \
             several steps",
            line.len()
        );
    }
    // A service that refuses before it has read everything has its answer ready all the same.
    let written = stream.write_all(&line).await;
    let mut answer = Vec::new();
    let mut reader = BufReader::new(stream).take(REPLY_BYTES_MAX + 1);
    let read = reader.read_until(b'\n', &mut answer).await;
    if !answer.ends_with(b"\n") {
        written.and(read.map(|_| ())).context(BROKEN_OFF)?;
        bail!("{BROKEN_OFF}");
    }
    let reply = serde_json::from_slice(&answer).context(
        "the service's answer cannot be read\nhint: the service may be of another version: \
         restart it",
    )?;
    Ok(Some(reply))
}

const BROKEN_OFF: &str = "the service went away before it answered: nobody knows whether it was \
                          done\nhint: look with `facteur status` and `facteur history`";

/// Whether a service listens there.
pub async fn listens(state_directory: &Path) -> Result<bool> {
    Ok(connect(state_directory).await?.is_some())
}

/// `None`: no socket, or a stale one that nobody listens to.
pub(super) async fn connect(state_directory: &Path) -> Result<Option<UnixStream>> {
    let shown = state_directory.join(SOCKET_NAME);
    let place = match Place::of(state_directory, SOCKET_NAME) {
        Ok(place) => place,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot reach `{}`", shown.display()));
        }
    };
    match UnixStream::connect(place.path()).await {
        Ok(stream) => Ok(Some(stream)),
        Err(error) => match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused | ErrorKind::NotADirectory => {
                Ok(None)
            }
            ErrorKind::PermissionDenied => bail!(
                "you may not talk to the service: permission denied on `{}`\nhint: use sudo, or \
                 become a member of the group that `socket_group` names in routes.toml",
                shown.display()
            ),
            _ => Err(error).with_context(|| format!("cannot reach `{}`", shown.display())),
        },
    }
}
