//! A clamd that misbehaves: whatever it does, only its whole answer to whole bytes counts.

use std::time::Duration;

use facteur::adapters::clamd::{Clamd, Limits};
use facteur::config::ClamdAddress;
use facteur::ports::scanner::{Scan, Scanner as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// What it does with one question.
#[derive(Debug, Clone, Copy)]
enum Does {
    /// Takes everything, then says this in pieces of so many bytes, and hangs up.
    Says(&'static [u8], usize),
    /// Says this after the first chunk, reads no more and hangs up.
    Interrupts(&'static [u8]),
    /// Takes everything and says nothing.
    Waits,
    /// Takes nothing more, says nothing and stays.
    Sticks,
    /// Says the same for ever.
    Babbles,
}

async fn clamd(does: Does) -> Clamd {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that hangs up ends only its own question.
            tokio::spawn(async move { drop(answer(stream, does).await) });
        }
    });
    let short = Duration::from_millis(200);
    let limits = Limits { connect: short, chunk: short, answer: short };
    Clamd::with_limits(ClamdAddress::Tcp(address), limits)
}

async fn answer(mut stream: TcpStream, does: Does) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut command = Vec::new();
    while !command.ends_with(b"\0") {
        command.push(stream.read_u8().await?);
    }
    if command == b"zINSTREAM\0" {
        let mut first = true;
        loop {
            if let (Does::Interrupts(words), false) = (does, first) {
                return stream.write_all(words).await;
            }
            if matches!(does, Does::Sticks) {
                return std::future::pending().await;
            }
            let size = stream.read_u32().await?;
            if size == 0 {
                break;
            }
            let mut chunk = vec![0; usize::try_from(size).unwrap()];
            stream.read_exact(&mut chunk).await?;
            first = false;
        }
    }
    match does {
        Does::Says(words, piece) => {
            for part in words.chunks(piece) {
                stream.write_all(part).await?;
                stream.flush().await?;
                tokio::task::yield_now().await;
            }
            Ok(())
        }
        Does::Interrupts(words) => stream.write_all(words).await,
        Does::Waits | Does::Sticks => std::future::pending().await,
        Does::Babbles => loop {
            stream.write_all(&[b'x'; 1000]).await?;
        },
    }
}

/// Larger than what the kernel takes for a reader that reads nothing.
fn large() -> Vec<u8> {
    vec![b'x'; 30_000_000]
}

#[tokio::test]
async fn an_answer_counts_however_it_is_cut() {
    for piece in [1, 3, 100] {
        let says = |words: &'static [u8]| clamd(Does::Says(words, piece));
        assert_eq!(says(b"stream: OK\0").await.scan(b"x").await, Ok(Scan::Clean));
        let found = says(b"stream: Win.Test FOUND\0").await.scan(b"x").await;
        assert_eq!(found, Ok(Scan::Infected("Win.Test".to_owned())));
        let large = says(b"INSTREAM size limit exceeded. ERROR\0").await.scan(b"x").await;
        assert!(matches!(large, Ok(Scan::TooLarge(_))), "{large:?}");
    }
    assert_eq!(clamd(Does::Says(b"stream: OK\0", 99)).await.scan(&large()).await, Ok(Scan::Clean));
}

#[tokio::test]
async fn nothing_but_a_whole_ok_is_clean() {
    for words in [
        &b""[..],
        b"stream: OK",
        b"stream: O",
        b"stream: OK\n",
        b"stream: OK \0",
        b"OK\0",
        b"stream: \0",
        b"stream:OK\0",
        b"\0",
        b"\0stream: OK\0",
        b"PONG\0",
        b"stream: x ERROR\0",
        b"UNKNOWN COMMAND\0",
        b"stream: Can't allocate memory ERROR\0",
        b"HTTP/1.1 200 OK\r\n\r\n\0",
        b"\xff\xfe\x1b[2J\0",
    ] {
        let said = clamd(Does::Says(words, 100)).await.scan(b"x").await;
        let because = said.unwrap_err();
        assert!(because.starts_with("the antivirus "), "{words:?}: {because}");
        assert!(!because.contains(char::is_control), "{because:?}");
    }
    for does in [Does::Waits, Does::Sticks, Does::Babbles] {
        let said = clamd(does).await.scan(&large()).await;
        assert!(said.unwrap_err().starts_with("the antivirus cannot say: "), "{does:?}");
    }
}

#[tokio::test]
async fn what_it_says_before_it_saw_everything_is_never_clean() {
    let early = clamd(Does::Interrupts(b"stream: OK\0")).await.scan(&large()).await;
    assert!(early.is_err(), "{early:?}");
    // Over TCP, hanging up on a sender may lose what was said: then nobody knows.
    let limit = clamd(Does::Interrupts(b"INSTREAM size limit exceeded. ERROR\0")).await;
    let said = limit.scan(&large()).await;
    assert!(matches!(said, Ok(Scan::TooLarge(_)) | Err(_)), "{said:?}");
}

#[tokio::test]
async fn a_probe_tells_an_antivirus_from_something_else() {
    let nobody = Clamd::new(ClamdAddress::Socket("/nowhere/clamd.ctl".into())).probe().await;
    assert_eq!(nobody.destination, "/nowhere/clamd.ctl");
    assert!(nobody.result.unwrap_err().starts_with("connect: "));
    let other = clamd(Does::Says(b"220 mail.example ESMTP\0", 99)).await.probe().await;
    assert!(other.result.unwrap_err().contains("it is no clamd"));
}
