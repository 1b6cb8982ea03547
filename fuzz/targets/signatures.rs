//! Mails with signatures: whatever they claim, without a key that was published nobody signed.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use facteur::adapters::origin::Signatures;
use facteur::ports::origin::Origins as _;
use tokio::runtime::{Builder, Runtime};

use super::Target;

/// A whole mail.
pub const TARGET: Target = Target {
    name: "signatures",
    check,
    words: &[
        "DKIM-Signature: ",
        "From: anne@cabinet.example\r\n",
        "v=1; ",
        "a=rsa-sha256; ",
        "a=ed25519-sha256; ",
        "c=relaxed/simple; ",
        "d=cabinet.example; ",
        "s=s; ",
        "h=from:from; ",
        "h=",
        "bh=",
        "b=",
        "l=0; ",
        "l=99999999999999999999; ",
        "x=1; ",
        "t=-1; ",
        "i=@",
        "r=y; ",
        "atps=cabinet.example; ",
        "\r\n",
        "\r\n\r\n",
        "\n ",
        ";",
        "=",
        "\0",
    ],
};

/// Nobody listens there.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9);

thread_local! {
    static RUNTIME: Runtime =
        Builder::new_current_thread().enable_all().build().expect("a runtime without threads");
}

fn check(bytes: &[u8]) {
    let origins = Signatures::with_name_server(NOWHERE, Duration::from_millis(20));
    let signers = RUNTIME.with(|runtime| runtime.block_on(origins.signers(bytes)));
    if let Ok(signers) = signers {
        assert!(signers.is_empty(), "{signers:?}");
    }
}
