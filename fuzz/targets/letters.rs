//! The mail that the targets send.

use facteur::domain::Timestamp;
use facteur::domain::template::Address;
use facteur::ports::transport::{Attachment, Mail};

/// What every mail carries: all bytes, bare line feeds, lines that are a dot.
pub fn document() -> Vec<u8> {
    let mut bytes = b"%PDF\n.\r\n.\n..\r\nQUIT\r\n".to_vec();
    bytes.extend(0..=255_u8);
    bytes
}

/// A mail with that document.
pub fn letter(file_name: String) -> Mail {
    Mail {
        message_id: "<1.a@cabinet.example>".to_owned(),
        date: Timestamp::from_timestamp(1_790_000_000, 0).expect("a time"),
        sender: address("quickbooks+dupont@cabinet.example"),
        return_path: Some(address("quickbooks+dupont@cabinet.example")),
        sender_name: "Cabinet Exemple".to_owned(),
        recipient: address("dupont@tool.example"),
        witness: None,
        in_reply_to: None,
        subject: "Facture".to_owned(),
        text: "Bonjour,\n.\n..deux points\n".to_owned(),
        envelope_id: "d1".to_owned(),
        attachment: Some(Attachment {
            file_name,
            media_type: "application/pdf".to_owned(),
            size: document().len() as u64,
        }),
    }
}

fn address(text: &str) -> Address {
    Address::parse(text).expect("a well-formed address")
}
