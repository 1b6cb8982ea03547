//! The addresses in a header field: display names, groups, comments and quotes taken off.

/// Bytes of a field looked at; an address behind them is passed over.
const FIELD_BYTES_MAX: usize = 100_000;

/// The addresses of a field (RFC 5322 §3.4) in their order, without what stands around them:
/// `"Dupont, Jean" <jean@dupont.example>, Amis: (les deux) a@b.example;`.
///
/// Nothing is decoded: what a display name holds never becomes an address. What is no address is
/// passed over.
pub fn addresses(field: &str) -> Vec<String> {
    let mut reading = Reading::default();
    for character in field.chars().take(FIELD_BYTES_MAX) {
        reading.take(character);
    }
    reading.end_of_mailbox();
    reading.found
}

#[derive(Default)]
struct Reading {
    found: Vec<String>,
    /// What stands outside angle brackets, and inside them.
    bare: String,
    angle: Option<String>,
    place: Place,
    escaped: bool,
}

/// Where a character stands.
#[derive(Default, Clone, Copy, PartialEq)]
enum Place {
    #[default]
    Bare,
    Quoted {
        in_angle: bool,
    },
    Angle,
    /// Comments nest (RFC 5322 §3.2.2).
    Comment {
        depth: u32,
        in_angle: bool,
    },
}

impl Reading {
    fn take(&mut self, character: char) {
        match self.place {
            Place::Quoted { in_angle } => self.quoted(character, in_angle),
            Place::Comment { depth, in_angle } => self.comment(character, depth, in_angle),
            Place::Angle => match character {
                '>' => self.place = Place::Bare,
                '"' => self.place = Place::Quoted { in_angle: true },
                '(' => self.place = Place::Comment { depth: 1, in_angle: true },
                _ => self.put(character, true),
            },
            Place::Bare => match character {
                '<' => {
                    self.angle = Some(String::new());
                    self.place = Place::Angle;
                }
                '"' => self.place = Place::Quoted { in_angle: false },
                '(' => self.place = Place::Comment { depth: 1, in_angle: false },
                ',' | ';' => self.end_of_mailbox(),
                // The name of a group ends here (RFC 5322 §3.4).
                ':' => self.bare.clear(),
                _ => self.put(character, false),
            },
        }
    }

    fn quoted(&mut self, character: char, in_angle: bool) {
        match character {
            _ if self.escaped => {
                self.escaped = false;
                self.put_quoted(character, in_angle);
            }
            '\\' => self.escaped = true,
            '"' => self.place = if in_angle { Place::Angle } else { Place::Bare },
            _ => self.put_quoted(character, in_angle),
        }
    }

    fn comment(&mut self, character: char, depth: u32, in_angle: bool) {
        match character {
            _ if self.escaped => self.escaped = false,
            '\\' => self.escaped = true,
            '(' => self.place = Place::Comment { depth: depth.saturating_add(1), in_angle },
            ')' if depth == 1 => self.place = if in_angle { Place::Angle } else { Place::Bare },
            ')' => self.place = Place::Comment { depth: depth - 1, in_angle },
            _ => {}
        }
    }

    /// What is quoted is one word: its spaces and signs must not look like those of the field.
    fn put_quoted(&mut self, character: char, in_angle: bool) {
        let inert = if character == '@' || character.is_whitespace() { '\0' } else { character };
        self.put(inert, in_angle);
    }

    fn put(&mut self, character: char, in_angle: bool) {
        match (&mut self.angle, in_angle) {
            (Some(angle), true) => angle.push(character),
            (_, _) => self.bare.push(character),
        }
    }

    fn end_of_mailbox(&mut self) {
        let bare = std::mem::take(&mut self.bare);
        let text = self.angle.take().unwrap_or(bare);
        // RFC 5322 §4.4: an obsolete route, `<@a.example,@b.example:user@c.example>`.
        let text = match text.rsplit_once(':') {
            Some((route, address)) if route.starts_with('@') => address,
            Some(_) | None => &text,
        };
        let text: String = joined(text);
        if is_address(&text) {
            self.found.push(text);
        }
    }
}

/// Without the spaces that may stand around the `@` and the dots.
fn joined(text: &str) -> String {
    let mut pieces = text.split_whitespace();
    let mut joined = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let glued = joined.ends_with(['@', '.']) || piece.starts_with(['@', '.']);
        joined.push_str(if glued { "" } else { " " });
        joined.push_str(piece);
    }
    joined.trim_end_matches('.').to_owned()
}

fn is_address(text: &str) -> bool {
    match text.rsplit_once('@') {
        Some((local, domain)) => {
            !local.is_empty()
                && !domain.is_empty()
                && !text.contains(|sign: char| sign.is_whitespace() || sign.is_control())
                && local.bytes().filter(|byte| *byte == b'@').count() == 0
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_and_nothing_else_is() {
        for (field, expected) in [
            ("a@b.example", vec!["a@b.example"]),
            ("<a@b.example>", vec!["a@b.example"]),
            ("Jean <a@b.example>, c@d.example", vec!["a@b.example", "c@d.example"]),
            ("\"Dupont, x@y.example\" <a@b.example>", vec!["a@b.example"]),
            ("\"a \\\" <x@y.example>, z@y.example\" <a@b.example>", vec!["a@b.example"]),
            ("(x@y.example (z@y.example)) a@b.example", vec!["a@b.example"]),
            ("a@b.example (Jean, c@d.example)", vec!["a@b.example"]),
            ("Amis: a@b.example, Jean <c@d.example>;", vec!["a@b.example", "c@d.example"]),
            ("undisclosed-recipients:;", vec![]),
            ("\"compta+dupont\"@b.example", vec!["compta+dupont@b.example"]),
            ("<\"compta+dupont\"@b.example>", vec!["compta+dupont@b.example"]),
            ("compta+dupont @ b . example", vec!["compta+dupont@b.example"]),
            ("<@x.example,@y.example:a@b.example>", vec!["a@b.example"]),
            ("=?utf-8?Q?x=40y.example=2C?= <a@b.example>", vec!["a@b.example"]),
            ("x@y.example <a@b.example>", vec!["a@b.example"]),
            ("a@b.example.", vec!["a@b.example"]),
            ("a@b.example; c@d.example", vec!["a@b.example", "c@d.example"]),
            ("Jean", vec![]),
            ("\"a@b.example", vec![]),
            ("", vec![]),
        ] {
            assert_eq!(addresses(field), expected, "{field}");
        }
    }
}
