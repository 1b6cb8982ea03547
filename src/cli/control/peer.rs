//! Who is at the other end of the socket, by the kernel's word, and what they may.

use std::ffi::CString;
use std::io;

use nix::unistd::{Gid, Uid, User, getgrouplist};
use tokio::net::UnixStream;

/// The longest name shown of a person, in characters.
const NAME_CHARS_MAX: usize = 64;

/// A user of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Peer {
    uid: Uid,
    gid: Gid,
    name: String,
}

impl Peer {
    /// The user at the other end.
    pub(super) fn of(stream: &UnixStream) -> io::Result<Self> {
        let credentials = stream.peer_cred()?;
        let uid = Uid::from_raw(credentials.uid());
        let gid = Gid::from_raw(credentials.gid());
        let user = User::from_uid(uid).map_err(io::Error::from)?;
        let name = user.map_or_else(|| format!("user {uid}"), |user| user.name);
        Ok(Self { uid, gid, name })
    }

    /// Root, the service's own user, and the members of the socket's group may ask.
    pub(super) fn may_ask(&self, owner: Uid, group: Gid) -> bool {
        self.is_trusted(owner) || self.gid == group || self.groups().contains(&group)
    }

    /// Whose decision it is. Root and the service's own user may say for whom they ask (sudo,
    /// `--as`); for everybody else it is the kernel's name, with the other beside it.
    pub(super) fn signs(&self, claimed: &str, owner: Uid) -> String {
        let claimed: String =
            claimed.chars().filter(|letter| !letter.is_control()).take(NAME_CHARS_MAX).collect();
        let claimed = claimed.trim();
        if claimed.is_empty() || claimed == self.name {
            self.name.clone()
        } else if self.is_trusted(owner) {
            claimed.to_owned()
        } else {
            format!("{} (as {claimed})", self.name)
        }
    }

    /// Root, or the service's own user.
    pub(super) fn is_trusted(&self, owner: Uid) -> bool {
        self.uid.is_root() || self.uid == owner
    }

    fn groups(&self) -> Vec<Gid> {
        let name = CString::new(self.name.as_str()).unwrap_or_default();
        getgrouplist(&name, self.gid).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(uid: u32, gid: u32, name: &str) -> Peer {
        Peer { uid: Uid::from_raw(uid), gid: Gid::from_raw(gid), name: name.to_owned() }
    }

    #[test]
    fn only_root_the_owner_and_the_group_may_ask() {
        let (owner, group) = (Uid::from_raw(990), Gid::from_raw(880));
        assert!(peer(0, 0, "root").may_ask(owner, group));
        assert!(peer(990, 990, "facteur").may_ask(owner, group));
        assert!(peer(1000, 880, "lea-of-no-machine").may_ask(owner, group));
        assert!(!peer(1000, 1000, "lea-of-no-machine").may_ask(owner, group));
    }

    #[test]
    fn a_decision_bears_the_kernels_name() {
        let owner = Uid::from_raw(990);
        let cases = [
            (peer(0, 0, "root"), "lea", "lea"),
            (peer(990, 990, "facteur"), "lea", "lea"),
            (peer(990, 990, "facteur"), "", "facteur"),
            (peer(1000, 1000, "lea"), "lea", "lea"),
            (peer(1000, 1000, "lea"), "marie", "lea (as marie)"),
            (peer(1000, 1000, "lea"), "ma\u{1b}[2Jrie\n", "lea (as ma[2Jrie)"),
        ];
        for (peer, claimed, signed) in cases {
            assert_eq!(peer.signs(claimed, owner), signed, "{claimed}");
        }
    }
}
