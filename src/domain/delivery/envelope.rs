//! What names a delivery to mail servers: the ENVID, and an envelope sender that holds it.

use super::{Delivery, DeliveryId};
use crate::domain::template::Address;

/// Characters of the Message-ID in an ENVID: nobody guesses them who never saw the mail.
const ENVELOPE_TOKEN_CHARS: usize = 16;

impl Delivery {
    /// The ENVID of this attempt (RFC 3461 §4.4): `<delivery>-<attempt>-<token>`, xtext-safe.
    pub fn envelope_id(&self) -> String {
        format!("{}-{}-{}", self.id, self.attempt, self.envelope_token())
    }

    /// Where answers of mail servers to this attempt go: the sender, with the ENVID as a detail
    /// where a separator is given and the address doesn't get too long by it.
    pub fn return_path(&self, separator: Option<char>) -> Address {
        let named =
            separator.and_then(|separator| self.sender.with_detail(separator, &self.envelope_id()));
        named.unwrap_or_else(|| self.sender.clone())
    }

    /// The attempt that an ENVID names, if it is one of this delivery's.
    pub fn attempt_of(&self, envelope_id: &str) -> Option<u32> {
        let (id, attempt, token) = parts(envelope_id)?;
        let ours = id == self.id && (1..=self.attempt).contains(&attempt);
        (ours && token.eq_ignore_ascii_case(&self.envelope_token())).then_some(attempt)
    }

    fn envelope_token(&self) -> String {
        let letters = self.message_id.chars().filter(char::is_ascii_alphanumeric);
        letters.take(ENVELOPE_TOKEN_CHARS).collect()
    }
}

/// Which delivery an ENVID names, whoever wrote it.
pub fn delivery_of_envelope(envelope_id: &str) -> Option<DeliveryId> {
    parts(envelope_id).map(|(id, _, _)| id)
}

/// The ENVID in the local part of an address, whatever stands around it: servers that forward
/// write an address of theirs around it (SRS, VERP).
pub fn envelope_in(address: &str) -> Option<&str> {
    let (local, _) = address.rsplit_once('@')?;
    let mut before = None;
    for (at, letter) in local.char_indices() {
        let begins = letter.is_ascii_digit() && !before.is_some_and(char::is_alphanumeric);
        before = Some(letter);
        let rest = local.get(at..).filter(|_| begins);
        if let Some(found) = rest.and_then(leading_envelope) {
            return Some(found);
        }
    }
    None
}

fn leading_envelope(text: &str) -> Option<&str> {
    let id = text.split('-').next()?;
    let attempt = text.get(id.len() + 1..)?.split('-').next()?;
    let token_at = id.len() + attempt.len() + 2;
    let token = text.get(token_at..)?;
    let token_bytes = token.bytes().take_while(u8::is_ascii_alphanumeric).count();
    let found = text.get(..token_at + token_bytes)?;
    (token_bytes == ENVELOPE_TOKEN_CHARS && parts(found).is_some()).then_some(found)
}

fn parts(envelope_id: &str) -> Option<(DeliveryId, u32, &str)> {
    let mut parts = envelope_id.trim().splitn(3, '-');
    let id = parts.next()?.parse().ok()?;
    let attempt = parts.next()?.parse().ok()?;
    Some((DeliveryId(id), attempt, parts.next()?))
}

#[cfg(test)]
mod tests {
    use super::super::sample::{accepted, after, attempt, queued};
    use super::*;

    #[test]
    fn an_envelope_id_names_its_attempt_and_cannot_be_guessed() {
        let sent = after(&queued(), &attempt(1, accepted()));
        assert_eq!(sent.envelope_id(), "12-1-0123456789abcdef");
        assert_eq!(delivery_of_envelope(&sent.envelope_id()), Some(DeliveryId(12)));
        assert_eq!(sent.attempt_of("12-1-0123456789ABCDEF"), Some(1));
        for wrong in [
            "12-1",
            "12-1-",
            "12-2-0123456789abcdef",
            "12-0-0123456789abcdef",
            "13-1-0123456789abcdef",
            "12-1-0123456789abcde",
            "x",
        ] {
            assert_eq!(sent.attempt_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_return_path_names_its_attempt_unless_it_gets_too_long() {
        let sent = after(&queued(), &attempt(1, accepted()));
        let plain = sent.return_path(None);
        assert_eq!(plain, sent.sender);
        let named = sent.return_path(Some('+'));
        assert_eq!(named.as_str(), "a+12-1-0123456789abcdef@cabinet.example");
        assert_eq!(envelope_in(named.as_str()), Some("12-1-0123456789abcdef"));
        let sender = Address::parse(&format!("{}@cabinet.example", "a".repeat(60))).unwrap();
        let long = Delivery { sender: sender.clone(), ..sent };
        assert_eq!(long.return_path(Some('+')), sender);
    }

    #[test]
    fn an_envelope_id_is_found_whatever_stands_around_it() {
        let id = "12-1-0123456789abcdef";
        for (local, found) in [
            (format!("quickbooks+dupont+{id}"), true),
            (format!("quickbooks-dupont-2-{id}"), true),
            (format!("SRS0=xY3=4B=cabinet.example=quickbooks+dupont+{id}"), true),
            (format!("{id}=tool.example"), true),
            (format!("quickbooks+dupont+x{id}"), false),
            (format!("quickbooks+dupont+{id}0"), false),
            ("quickbooks+dupont+12-1".to_owned(), false),
            ("quickbooks+dupont-2026-1".to_owned(), false),
            ("é12-1-0123456789abcdef".to_owned(), false),
            (String::new(), false),
        ] {
            let expected = found.then_some(id);
            assert_eq!(envelope_in(&format!("{local}@cabinet.example")), expected, "{local}");
        }
        assert_eq!(envelope_in(id), None);
    }
}
