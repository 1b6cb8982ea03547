//! Who logs in at a server, ready to prove it.

use super::oauth::{Account, Tokens};
use super::tls::TlsError;
use crate::config::{Credential, Login, Secret};

/// A name and its proof.
pub(super) struct Identity {
    pub(super) user: String,
    pub(super) proof: Proof,
}

/// What proves a name.
pub(super) enum Proof {
    Password(Secret),
    /// XOAUTH2.
    Tokens(Box<Tokens>),
}

impl Identity {
    /// Sets it up; asks nobody for a token yet.
    pub(super) fn new(login: &Login) -> Result<Self, TlsError> {
        let proof = match &login.credential {
            Credential::Password(password) => Proof::Password(password.clone()),
            Credential::OAuth(oauth) => {
                Proof::Tokens(Box::new(Tokens::new(Account::new(&login.user, oauth)?)))
            }
        };
        Ok(Self { user: login.user.clone(), proof })
    }
}

/// What XOAUTH2 says of a name and its token.
pub(super) fn xoauth2(user: &str, token: &Secret) -> String {
    format!("user={user}\u{1}auth=Bearer {}\u{1}\u{1}", token.reveal())
}
