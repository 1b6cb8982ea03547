//! Who decides, as far as this side can tell; the service asks the kernel besides.

use nix::unistd::{Uid, User};

/// `--as NAME`, else the user behind sudo, else the user.
pub(super) fn who(named: Option<String>) -> String {
    let sudo_user = std::env::var("SUDO_USER").ok();
    let uid = Uid::current();
    named.unwrap_or_else(|| signer(uid.is_root(), sudo_user, || name_of(uid)))
}

fn signer(is_root: bool, sudo_user: Option<String>, name: impl FnOnce() -> String) -> String {
    match sudo_user {
        // Anybody can set SUDO_USER; it only says something to root.
        Some(behind) if is_root && !behind.is_empty() => behind,
        Some(_) | None => name(),
    }
}

fn name_of(uid: Uid) -> String {
    match User::from_uid(uid) {
        Ok(Some(user)) => user.name,
        Ok(None) | Err(_) => format!("user {uid}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sudo_is_looked_behind_and_nobody_else_is_believed() {
        let cases = [
            (true, Some("lea"), "lea"),
            (true, Some(""), "root"),
            (true, None, "root"),
            (false, Some("lea"), "marie"),
        ];
        for (is_root, sudo_user, expected) in cases {
            let name = || if is_root { "root" } else { "marie" }.to_owned();
            assert_eq!(signer(is_root, sudo_user.map(str::to_owned), name), expected);
        }
    }
}
