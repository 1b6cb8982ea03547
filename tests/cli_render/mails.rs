//! Mails and the tray.

use facteur::app::requests::{Ask, MailsAsk};
use facteur::app::views::{LeftOutView, MailFileView, MailView, TrayView};

use super::{at, shown, text};

fn mail(number: &str, state: &str) -> MailView {
    MailView {
        number: text(number),
        mailbox: text("compta@cabinet.example"),
        state: text(state),
        because: None,
        received_at: at(40),
        from: text("Client <client@client.example>"),
        date: text("Sat, 21 Nov 2026 18:39:00 +0100"),
        subject: text("Factures\u{1b}[2J"),
        message_id: text("<1@client.example>"),
        size: 12_345,
        company: None,
        by: None,
        admitted: None,
        acknowledged_at: None,
        delivery: None,
        files: Vec::new(),
        left_out: Vec::new(),
    }
}

fn filed() -> MailView {
    MailView {
        company: Some(text("dupont-maconnerie")),
        by: Some(text("lea")),
        admitted: Some(text("client@client.example is a known sender")),
        acknowledged_at: Some(at(45)),
        files: vec![MailFileView {
            name: text("facture.pdf"),
            path: Some(text("Reçus par mail/2026/11/facture.pdf")),
            size: 1_234,
            sha256: "0".repeat(64),
        }],
        left_out: vec![LeftOutView { name: text("logo.png"), because: text("it is a logo") }],
        ..mail("12", "filed")
    }
}

fn trayed() -> MailView {
    MailView {
        because: Some(text("no company has the slug `duponnt`")),
        files: vec![MailFileView { path: None, ..filed().files.remove(0) }],
        ..mail("13", "tray")
    }
}

#[test]
fn mails_are_listed_and_shown() {
    let list = MailsAsk::List { mailbox: None, state: None, limit: 50 };
    insta::assert_snapshot!(shown(&Ask::Mails(list.clone()), &[trayed(), filed()]));
    let show =
        |view: MailView| shown(&Ask::Mails(MailsAsk::Show { number: view.number.clone() }), &view);
    insta::assert_snapshot!(show(filed()));
    insta::assert_snapshot!(show(trayed()));
    let none = Vec::<MailView>::new();
    assert!(shown(&Ask::Mails(list), &none).starts_with("No mails."));
    let filtered = MailsAsk::List { mailbox: None, state: Some(text("filed")), limit: 50 };
    assert!(shown(&Ask::Mails(filtered), &none).starts_with("No mail fits."));
}

#[test]
fn the_tray_says_what_to_do() {
    insta::assert_snapshot!(shown(&Ask::Mails(MailsAsk::Tray), &[trayed()]));
    let empty = shown(&Ask::Mails(MailsAsk::Tray), &Vec::<MailView>::new());
    assert_eq!(empty, "The tray is empty.\n");
    let file = MailsAsk::File {
        numbers: vec![text("12")],
        company: Some(text("dupont-maconnerie")),
        folder: None,
        all: false,
    };
    let view = TrayView { count: 1, mails: vec![filed()], refused: Vec::new() };
    insta::assert_snapshot!(shown(&Ask::Mails(file), &view));
    let drop = |confirmed| Ask::Mails(MailsAsk::Drop { numbers: vec![text("12")], confirmed });
    assert_eq!(shown(&drop(false), &view), "1 mail would be thrown away.\n");
    assert_eq!(shown(&drop(true), &view), "1 mail thrown away.\n");
}
