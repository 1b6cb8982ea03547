//! The embedded outbox: each mail a `.eml` file, as a mail server would have got it.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt as _;

use super::compose::{Composed, Content, ContentError, compose};
use crate::ports::transport::{DotGate, Mail, Outcome, Probe, Stop, Transport};

/// Writes mails into a folder. A file that ends in `.eml` there is whole and durable.
#[derive(Debug, Clone)]
pub struct Outbox {
    directory: PathBuf,
}

/// Mails written side by side.
const CONNECTIONS: usize = 4;

impl Outbox {
    /// An outbox in `directory`, which is made when the first mail comes.
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    async fn write(
        &self,
        mail: &Mail,
        content: Box<dyn Read + Send>,
        gate: &dyn DotGate,
    ) -> Result<String, Outcome> {
        let name = file_name(mail);
        let part = Part::new(self.directory.join(format!(".{name}.part")));
        self.prepare().await.map_err(|error| self.unreachable(&error))?;
        let (sha256, size) = self.fill(&part, &compose(mail), content).await?;
        gate.open(sha256, size).await.map_err(Outcome::Stopped)?;
        let kept = self.directory.join(&name);
        fs::rename(&part.path, &kept).await.map_err(|error| self.unreachable(&error))?;
        part.keep();
        sync_directory(&self.directory).await.map_err(|error| {
            let answer = format!("`{name}` is there, and may not survive a power cut: {error}");
            Outcome::InDoubt { answer }
        })?;
        Ok(format!("250 written to {name}"))
    }

    /// Writes the whole mail to its temporary file, durably.
    async fn fill(
        &self,
        part: &Part,
        composed: &Composed,
        content: Box<dyn Read + Send>,
    ) -> Result<([u8; 32], u64), Outcome> {
        let mut file = part.create().await.map_err(|error| self.unreachable(&error))?;
        file.write_all(&composed.head).await.map_err(|error| self.unreachable(&error))?;
        let mut content = Content::of(composed, content);
        while let Some(block) = content.next().await.map_err(stopped)? {
            file.write_all(block.as_bytes()).await.map_err(|error| self.unreachable(&error))?;
        }
        file.write_all(&composed.tail).await.map_err(|error| self.unreachable(&error))?;
        // A flush first: it alone reports what the last write met.
        file.flush().await.map_err(|error| self.unreachable(&error))?;
        file.sync_all().await.map_err(|error| self.unreachable(&error))?;
        Ok(content.digest())
    }

    /// Makes the folder, durably.
    async fn prepare(&self) -> io::Result<()> {
        if fs::try_exists(&self.directory).await? {
            return Ok(());
        }
        fs::create_dir_all(&self.directory).await?;
        match self.directory.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => sync_directory(parent).await,
            Some(_) | None => Ok(()),
        }
    }

    fn unreachable(&self, error: &io::Error) -> Outcome {
        let answer = format!("cannot write to `{}`: {error}", self.directory.display());
        Outcome::Unreachable { answer }
    }
}

#[async_trait::async_trait]
impl Transport for Outbox {
    fn destination(&self) -> String {
        "outbox".to_owned()
    }

    fn connections(&self) -> usize {
        CONNECTIONS
    }

    fn size_of(&self, mail: &Mail) -> u64 {
        compose(mail).size()
    }

    async fn send(
        &self,
        mail: &Mail,
        content: Box<dyn Read + Send>,
        gate: &dyn DotGate,
    ) -> Outcome {
        match self.write(mail, content, gate).await {
            Ok(answer) => Outcome::Accepted { answer },
            Err(outcome) => outcome,
        }
    }

    async fn probe(&self) -> Probe {
        let part = Part::new(self.directory.join(".probe.part"));
        let tried = match self.prepare().await {
            Ok(()) => part.create().await,
            Err(error) => Err(error),
        };
        Probe {
            destination: self.directory.display().to_string(),
            result: match tried {
                Ok(_) => Ok("mails are written there as files".to_owned()),
                Err(error) => Err(error.to_string()),
            },
        }
    }
}

fn stopped(error: ContentError) -> Outcome {
    Outcome::Stopped(match error {
        ContentError::Grown => Stop::Changed,
        ContentError::Unreadable(problem) => Stop::Unreadable(problem),
    })
}

/// A file that vanishes unless it is kept: a stop or a dropped future leaves nothing behind.
struct Part {
    path: PathBuf,
}

impl Part {
    fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// A new file, whatever an earlier process left under its name.
    async fn create(&self) -> io::Result<File> {
        match fs::remove_file(&self.path).await {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        File::options().write(true).create_new(true).open(&self.path).await
    }

    fn keep(mut self) {
        self.path = PathBuf::new();
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            // Best effort: a left-over is hidden, and replaced by the next attempt.
            std::fs::remove_file(&self.path).ok();
        }
    }
}

async fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory).await?.sync_all().await
}

/// The most characters of a Message-ID in a file's name (255 bytes are allowed).
const ID_CHARS_MAX: usize = 150;

/// The mail's date and Message-ID: sorts by time, and the same mail again takes the same name,
/// so it replaces its first copy.
fn file_name(mail: &Mail) -> String {
    let id = mail.message_id.trim_matches(['<', '>']);
    let safe = |character: char| character.is_ascii_alphanumeric() || "._@+-".contains(character);
    let shown: String = id
        .chars()
        .take(ID_CHARS_MAX)
        .map(|character| if safe(character) { character } else { '_' })
        .collect();
    let date = mail.date.format("%Y%m%dT%H%M%SZ");
    if shown == id {
        return format!("{date}-{shown}.eml");
    }
    // Two ids must not share a name because they were cut or cleaned alike.
    let digest = hex::encode(Sha256::digest(id.as_bytes()));
    format!("{date}-{shown}-{}.eml", digest.chars().take(16).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::template::Address;
    use crate::ports::transport::Attachment;

    struct Gate(Result<(), Stop>);

    #[async_trait::async_trait]
    impl DotGate for Gate {
        async fn open(&self, sha256: [u8; 32], size: u64) -> Result<(), Stop> {
            assert_eq!((sha256, size), (Sha256::digest(b"abc").into(), 3));
            self.0.clone()
        }
    }

    fn mail(message_id: &str) -> Mail {
        Mail {
            message_id: message_id.to_owned(),
            date: Timestamp::from_timestamp(1_790_000_000, 0).unwrap(),
            sender: Address::parse("quickbooks+dupont@cabinet.example").unwrap(),
            return_path: Some(Address::parse("quickbooks+dupont@cabinet.example").unwrap()),
            sender_name: "Cabinet Exemple".to_owned(),
            recipient: Address::parse("dupont@tool.example").unwrap(),
            witness: None,
            in_reply_to: None,
            subject: "Facture".to_owned(),
            text: "Bonjour".to_owned(),
            envelope_id: "1".to_owned(),
            attachment: Some(Attachment {
                file_name: "a.pdf".to_owned(),
                media_type: "application/pdf".to_owned(),
                size: 3,
            }),
        }
    }

    fn names(directory: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[tokio::test]
    async fn a_mail_becomes_one_file_however_often_it_is_sent() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::new(folder.path().join("new/outbox"));
        let mail = mail("<1.abc@cabinet.example>");
        for _ in 0..2 {
            let outcome = outbox.send(&mail, Box::new(&b"abc"[..]), &Gate(Ok(()))).await;
            assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
        }
        let directory = folder.path().join("new/outbox");
        assert_eq!(names(&directory), ["20260921T141320Z-1.abc@cabinet.example.eml"]);
        let written = std::fs::read(directory.join(&names(&directory)[0])).unwrap();
        assert_eq!(written.len() as u64, outbox.size_of(&mail));
        let composed = compose(&mail);
        assert_eq!(written, [composed.head.as_slice(), b"YWJj", &composed.tail].concat());
    }

    #[tokio::test]
    async fn a_stopped_mail_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::new(folder.path().to_owned());
        let stop = Stop::Gate("cancelled".to_owned());
        let mail = mail("<1@cabinet.example>");
        let outcome = outbox.send(&mail, Box::new(&b"abc"[..]), &Gate(Err(stop.clone()))).await;
        assert_eq!(outcome, Outcome::Stopped(stop));
        let outcome = outbox.send(&mail, Box::new(&b"abcd"[..]), &Gate(Ok(()))).await;
        assert_eq!(outcome, Outcome::Stopped(Stop::Changed));
        assert_eq!(names(folder.path()), Vec::<String>::new());
    }

    #[tokio::test]
    async fn what_an_earlier_process_left_behind_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let outbox = Outbox::new(folder.path().to_owned());
        let mail = mail("<1@cabinet.example>");
        std::fs::write(folder.path().join(format!(".{}.part", file_name(&mail))), [0; 9999])
            .unwrap();
        let outcome = outbox.send(&mail, Box::new(&b"abc"[..]), &Gate(Ok(()))).await;
        assert!(matches!(outcome, Outcome::Accepted { .. }), "{outcome:?}");
        let written = std::fs::metadata(folder.path().join(file_name(&mail))).unwrap();
        assert_eq!(written.len(), outbox.size_of(&mail));
        assert_eq!(names(folder.path()).len(), 1);
    }

    #[tokio::test]
    async fn a_folder_that_cannot_be_written_is_unreachable() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, "").unwrap();
        let outbox = Outbox::new(file);
        let outcome = outbox.send(&mail("<1@a>"), Box::new(&b"abc"[..]), &Gate(Ok(()))).await;
        assert!(matches!(outcome, Outcome::Unreachable { .. }), "{outcome:?}");
        assert!(outbox.probe().await.result.is_err());
        let outbox = Outbox::new(folder.path().join("outbox"));
        assert!(outbox.probe().await.result.is_ok());
        assert_eq!(names(&folder.path().join("outbox")), Vec::<String>::new());
    }

    #[test]
    fn no_message_id_leads_out_of_the_folder_or_takes_the_name_of_another() {
        let names =
            ["<../../x@a>", "<.._.._x@a>", "<a/b@a>", "<a_b@a>"].map(|id| file_name(&mail(id)));
        for name in &names {
            assert!(!name.contains('/'), "{name}");
        }
        let distinct: std::collections::BTreeSet<_> = names.iter().collect();
        assert_eq!(distinct.len(), names.len());
        let long = format!("<{}@a>", "é".repeat(400));
        assert!(file_name(&mail(&long)).len() < 230);
    }
}
