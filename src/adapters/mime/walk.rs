//! The walk through a mail: each part that holds something becomes text, a file, or a reason.

use std::collections::BTreeSet;

use mail_parser::decoders::charsets::map::charset_decoder;

use super::entity::{Entity, shortened};
use super::limits::{
    ARCHIVE_BYTES_MAX, ARCHIVES_INSIDE_MAX, DECODED_TIMES_MAX, DEPTH_MAX, INSIDE_MAX, LEAVES_MAX,
};
use super::{archive, headers, kinds, multipart, transfer, uuencode};
use crate::domain::mail::received::{LeftOut, PART_CHARS_MAX, PARTS_MAX, Part, ReceivedFile};
use crate::domain::names;

/// What a walk found.
pub(super) struct Walk {
    pub(super) parts: Vec<Part>,
    pub(super) left_out: Vec<LeftOut>,
    files: Vec<(ReceivedFile, Option<String>)>,
    /// What the mail's pages show of its own files.
    pictures: BTreeSet<String>,
    bytes_left: usize,
    leaves: usize,
    beyond: usize,
}

/// Where something stands in the mail.
#[derive(Clone, Copy)]
struct Place<'p> {
    depth: usize,
    archives: usize,
    inside: &'p [String],
    parent: Parent,
    /// The last part of a multipart whose end is missing.
    is_cut: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Parent {
    Alternative,
    Digest,
    Encrypted,
    Other,
}

impl Parent {
    fn of(media_type: &str) -> Self {
        match media_type {
            "multipart/alternative" => Self::Alternative,
            "multipart/digest" => Self::Digest,
            "multipart/encrypted" => Self::Encrypted,
            _ => Self::Other,
        }
    }
}

impl Walk {
    /// Walks through a mail.
    pub(super) fn through(mail: &[u8]) -> Self {
        let mut walk = Self {
            parts: Vec::new(),
            left_out: Vec::new(),
            files: Vec::new(),
            pictures: BTreeSet::new(),
            bytes_left: mail.len().saturating_mul(DECODED_TIMES_MAX) + ARCHIVE_BYTES_MAX,
            leaves: 0,
            beyond: 0,
        };
        let place =
            Place { depth: 0, archives: 0, inside: &[], parent: Parent::Other, is_cut: false };
        walk.entity(&Entity::read(mail, false), place);
        if walk.beyond > 0 {
            let because = format!("a mail may have {LEAVES_MAX} parts");
            let name = format!("{} more parts", walk.beyond);
            walk.left_out.push(LeftOut { name, because });
        }
        walk
    }

    /// The files, knowing now which of them the mail's pages show.
    pub(super) fn files(&mut self) -> Vec<ReceivedFile> {
        let pictures = &self.pictures;
        let shown = |(mut file, id): (ReceivedFile, Option<String>)| {
            file.inline |= id.is_some_and(|id| pictures.contains(&id));
            file
        };
        self.files.drain(..).map(shown).collect()
    }

    fn entity(&mut self, entity: &Entity<'_>, place: Place<'_>) {
        if place.depth >= DEPTH_MAX {
            let because = format!("it lies deeper than {DEPTH_MAX} parts in one another");
            return self.leave_out(entity.name.as_deref(), &entity.media_type, place, because);
        }
        let room = LEAVES_MAX.saturating_sub(self.leaves);
        let parts = entity
            .is_multipart()
            .then(|| multipart::split(entity.body, entity.boundary.as_deref(), room));
        let Some(found) = parts.flatten() else { return self.leaf(entity, place) };
        self.beyond += found.beyond;
        let parent = Parent::of(&entity.media_type);
        let last = found.bodies.len().saturating_sub(1);
        for (index, part) in found.bodies.iter().enumerate() {
            let part = Entity::read(part, parent == Parent::Digest);
            let is_cut = index == last && (!found.is_closed || place.is_cut);
            self.entity(&part, Place { depth: place.depth + 1, parent, is_cut, ..place });
        }
    }

    fn leaf(&mut self, entity: &Entity<'_>, place: Place<'_>) {
        if entity.name.is_none() && entity.body.trim_ascii().is_empty() {
            return;
        }
        if self.leaves >= LEAVES_MAX {
            self.beyond += 1;
            return;
        }
        self.leaves += 1;
        let name = entity.name.as_deref();
        let sealed = kinds::sealed(entity, place.parent == Parent::Encrypted);
        if let Some(because) = sealed {
            self.keep_text(entity, entity.body, place);
            return self.leave_out(name, &entity.media_type, place, because);
        }
        if entity.body.len() > self.bytes_left {
            return self.leave_out(name, &entity.media_type, place, TOO_MUCH);
        }
        let is_text = kinds::is_text(entity, place.parent == Parent::Alternative);
        match transfer::decode(entity.body, &entity.encoding) {
            Ok(bytes) if is_text => self.text(entity, &bytes, place),
            Err(_) if is_text => self.text(entity, entity.body, place),
            Ok(bytes) if place.is_cut && kinds::ends_early(&bytes) => {
                let because = "it is damaged: the mail ends in the middle of it";
                self.leave_out(name, &entity.media_type, place, because);
            }
            Ok(bytes) => {
                self.bytes_left -= bytes.len().min(self.bytes_left);
                self.keep_text(entity, &bytes, place);
                let file = ReceivedFile {
                    name: entity.name.clone(),
                    media_type: entity.media_type.clone(),
                    inline: entity.is_inline,
                    inside: place.inside.to_vec(),
                    bytes,
                };
                self.file(file, entity.content_id.clone(), place);
            }
            Err(because) => self.leave_out(name, &entity.media_type, place, because),
        }
    }

    fn text(&mut self, entity: &Entity<'_>, bytes: &[u8], place: Place<'_>) {
        let text = decoded(entity, bytes);
        self.keep_text(entity, bytes, place);
        if entity.media_type == "text/html" {
            self.pictures.extend(kinds::pictures(&text));
        } else if text.contains("-----BEGIN PGP MESSAGE-----") {
            self.leave_out(Some("the mail's text"), &entity.media_type, place, kinds::PGP);
        }
        if entity.media_type != "text/plain" {
            return;
        }
        for embedded in uuencode::files(bytes, LEAVES_MAX.saturating_sub(self.leaves)) {
            self.leaves += 1;
            match embedded.bytes {
                Ok(bytes) => self.unpacked(&embedded.name, bytes, place),
                Err(because) => self.leave_out(Some(&embedded.name), "", place, because),
            }
        }
    }

    /// A file that came without a type of its own.
    fn unpacked(&mut self, name: &str, bytes: Vec<u8>, place: Place<'_>) {
        let file = ReceivedFile {
            name: Some(shortened(name)).filter(|name| !name.is_empty()),
            media_type: names::media_type(name.as_bytes()).to_owned(),
            inline: false,
            inside: place.inside.to_vec(),
            bytes,
        };
        self.file(file, None, place);
    }

    /// A file, or what is in it.
    fn file(&mut self, file: ReceivedFile, content_id: Option<String>, place: Place<'_>) {
        let (name, media_type) = (file.name.as_deref(), file.media_type.as_str());
        if kinds::is_tnef(name, media_type, &file.bytes) {
            self.leave_out(name, media_type, place, kinds::TNEF);
        } else if kinds::is_mail(name, media_type, &file.bytes) {
            self.mail_inside(&file, place);
        } else if kinds::is_archive(name, media_type, &file.bytes) {
            self.archive_inside(&file, place);
        } else {
            self.files.push((file, content_id));
        }
    }

    fn mail_inside(&mut self, file: &ReceivedFile, place: Place<'_>) {
        let name = file.name.as_deref();
        if place.inside.len() >= INSIDE_MAX {
            return self.leave_out(name, &file.media_type, place, too_deep());
        }
        let subject = || headers::headers(&file.bytes).first("Subject").map(str::to_owned);
        let label = file.name.clone().or_else(subject).unwrap_or_else(|| "a mail".to_owned());
        let inside = inside(place, &label);
        let parent = Parent::Other;
        let depth = place.depth + 1;
        self.entity(
            &Entity::read(&file.bytes, false),
            Place { depth, inside: &inside, parent, ..place },
        );
    }

    fn archive_inside(&mut self, file: &ReceivedFile, place: Place<'_>) {
        let name = file.name.as_deref();
        if place.archives >= ARCHIVES_INSIDE_MAX || place.inside.len() >= INSIDE_MAX {
            return self.leave_out(name, &file.media_type, place, too_deep());
        }
        let entries = match archive::unpack(&file.bytes, &mut self.bytes_left) {
            Ok(entries) => entries,
            Err(because) => return self.leave_out(name, &file.media_type, place, because),
        };
        let inside = inside(place, name.unwrap_or("an archive"));
        let archives = place.archives + 1;
        let within =
            Place { depth: place.depth + 1, archives, inside: &inside, is_cut: false, ..place };
        for entry in entries {
            if self.leaves >= LEAVES_MAX {
                self.beyond += 1;
                continue;
            }
            self.leaves += 1;
            match entry.bytes {
                Ok(bytes) => self.unpacked(&entry.name, bytes, within),
                Err(because) => self.leave_out(Some(&entry.name), "", within, because),
            }
        }
    }

    /// Keeps what a report or an answer says; of a mail inside this one its headers alone.
    fn keep_text(&mut self, entity: &Entity<'_>, bytes: &[u8], place: Place<'_>) {
        let readable = ["text/", "message/", "multipart/"];
        let is_readable = readable.iter().any(|kind| entity.media_type.starts_with(kind));
        if !is_readable || !place.inside.is_empty() || self.parts.len() >= PARTS_MAX {
            return;
        }
        // At most four bytes make a character.
        let beginning = bytes.get(..4 * PART_CHARS_MAX).unwrap_or(bytes);
        let text = decoded(entity, beginning);
        let text: String = if entity.is_mail() {
            let lines = text.lines().skip_while(|line| line.trim().is_empty());
            lines.take_while(|line| !line.trim().is_empty()).collect::<Vec<&str>>().join("\n")
        } else {
            text
        };
        let text = text.chars().take(PART_CHARS_MAX).collect();
        self.parts.push(Part { media_type: entity.media_type.clone(), text });
    }

    fn leave_out(
        &mut self,
        name: Option<&str>,
        media_type: &str,
        place: Place<'_>,
        because: impl Into<String>,
    ) {
        self.left_out.push(LeftOut::new(name, media_type, place.inside, because));
    }
}

const TOO_MUCH: &str = "the mail unpacks to more bytes than one mail may have";

fn too_deep() -> String {
    format!(
        "it lies too deep: at most {INSIDE_MAX} mails and archives in one another are opened, \
         and {ARCHIVES_INSIDE_MAX} archives"
    )
}

fn inside(place: Place<'_>, label: &str) -> Vec<String> {
    let mut inside = place.inside.to_vec();
    inside.push(shortened(label));
    inside
}

/// The text of an entity by its charset, else as it looks.
fn decoded(entity: &Entity<'_>, bytes: &[u8]) -> String {
    let decode = entity.charset.as_deref().and_then(|name| charset_decoder(name.as_bytes()));
    match decode {
        // What says ASCII, or nothing, and isn't, is read as it looks.
        Some(decode) if !bytes.is_ascii() => decode(bytes),
        Some(_) | None => headers::text(bytes).into_owned(),
    }
}
