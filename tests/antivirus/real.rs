//! A clamd of the tests: its database knows one file.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use facteur::adapters::clamd::Clamd;
use facteur::config::ClamdAddress;
use facteur::ports::scanner::{Scan, Scanner as _};

use crate::eicar;
use crate::trials::figures::Figures;

/// Bytes it takes at most.
const STREAM_BYTES_MAX: usize = 1_000_000;

/// It ends, and its folder goes, when this is dropped.
struct RealClamd {
    process: Child,
    folder: tempfile::TempDir,
}

impl RealClamd {
    /// Starts it and returns once it listens; in words why it doesn't.
    fn start() -> Result<Self, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().display();
        fs::create_dir(folder.path().join("database")).unwrap();
        let signature = format!("Eicar:0:*:{}\n", hex::encode(eicar()));
        fs::write(folder.path().join("database/eicar.ndb"), signature).unwrap();
        let configuration = folder.path().join("clamd.conf");
        let lines = format!(
            "Foreground yes\nLocalSocket {path}/socket\nDatabaseDirectory {path}/database\n\
             TemporaryDirectory {path}\nStreamMaxLength {STREAM_BYTES_MAX}\nSelfCheck 0\n"
        );
        fs::write(&configuration, lines).unwrap();
        let started = Command::new("/usr/sbin/clamd")
            .arg(format!("--config-file={}", configuration.display()))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut process = started.map_err(|_| "clamd is not here (clamav-daemon)".to_owned())?;
        let output = BufReader::new(process.stdout.take().unwrap());
        // The last thing it says before it waits for questions.
        let listens = |line: &String| line.contains("Self checking disabled");
        if output.lines().map_while(Result::ok).any(|line| listens(&line)) {
            return Ok(Self { process, folder });
        }
        let mut words = String::new();
        process.stderr.take().unwrap().read_to_string(&mut words).unwrap();
        process.wait().unwrap();
        Err(format!("clamd does not start: {}", words.trim().replace(['\n', '"'], " ")))
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }
}

impl Drop for RealClamd {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[tokio::test]
async fn a_real_clamd_finds_what_it_knows_and_nothing_else() {
    let mut figures = Figures::begin("antivirus", "cargo test --test antivirus");
    let server = match RealClamd::start() {
        Ok(server) => server,
        Err(because) => {
            figures.note("staged", false);
            figures.note("because", because);
            return figures.publish();
        }
    };
    let clamd = Clamd::new(ClamdAddress::Socket(server.socket()));

    assert!(clamd.probe().await.result.unwrap().starts_with("ClamAV "));
    let infected = Ok(Scan::Infected("Eicar.UNOFFICIAL".to_owned()));
    assert_eq!(clamd.scan(&eicar()).await, infected);
    assert_eq!(clamd.scan(&mail_with(&eicar())).await, infected, "it takes mails apart");
    assert_eq!(clamd.scan(&mail_with(b"%PDF facture")).await, Ok(Scan::Clean));
    assert_eq!(clamd.scan(b"").await, Ok(Scan::Clean));
    assert_eq!(clamd.scan(&vec![b'x'; STREAM_BYTES_MAX]).await, Ok(Scan::Clean));
    for bytes in [STREAM_BYTES_MAX + 1, 20 * STREAM_BYTES_MAX] {
        let said = clamd.scan(&vec![b'x'; bytes]).await.unwrap();
        assert!(matches!(said, Scan::TooLarge(_)), "{bytes}: {said:?}");
    }

    let socket = server.socket();
    drop(server);
    let gone = Clamd::new(ClamdAddress::Socket(socket));
    assert!(gone.scan(b"").await.unwrap_err().starts_with("the antivirus cannot say: connect"));
    figures.note("staged", true);
    figures.publish();
}

fn mail_with(attachment: &[u8]) -> Vec<u8> {
    let mut encoded = String::new();
    email_encoding::body::base64::encode(attachment, &mut encoded).unwrap();
    format!(
        "From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: application/pdf; name=a.pdf\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{encoded}\r\n"
    )
    .into_bytes()
}
