//! The rig the other tests stand on: real servers that take, refuse and give back mail.

mod rig;

use lettre::message::header::ContentType;
use lettre::message::{Attachment, Body, MultiPart, SinglePart};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use mail_parser::{MessageParser, MimeHeaders as _};
use rig::Rig;

const BOT: &str = "quickbooks+dupont@cabinet.example";
const TOOL: &str = "dupont@qbodocs.com";

#[tokio::test]
async fn a_document_sent_with_starttls_and_auth_is_read_back_byte_for_byte() {
    let rig = Rig::start();
    let document = every_byte_and_every_trap();

    smtp(&rig, rig.password()).send(mail_to(TOOL, &document)).await.unwrap();

    let mails = rig.mails(TOOL).await;
    assert_eq!(mails.len(), 1, "{}", rig.log());
    let mail = MessageParser::default().parse(&mails[0]).unwrap();
    assert_eq!(mail.attachment(0).unwrap().attachment_name(), Some("facture.pdf"));
    assert_eq!(mail.attachment(0).unwrap().contents(), document);
}

#[tokio::test]
async fn tls_from_the_first_byte_works_too() {
    let rig = Rig::start();
    let wrapped = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(rig.host())
        .port(rig.submissions_port())
        .tls(Tls::Wrapper(tls(&rig)))
        .credentials(Credentials::new(rig.user().to_owned(), rig.password().to_owned()))
        .build();

    wrapped.send(mail_to(TOOL, b"%PDF")).await.unwrap();

    assert_eq!(rig.mails(TOOL).await.len(), 1);
}

#[tokio::test]
async fn a_mail_to_the_bots_subaddress_is_read_by_its_subaddress() {
    let rig = Rig::start();
    let smtp = smtp(&rig, rig.password());

    smtp.send(mail_to("quickbooks+dupont@cabinet.example", b"%PDF")).await.unwrap();
    smtp.send(mail_to("quickbooks+martin@cabinet.example", b"%PDF")).await.unwrap();

    assert_eq!(rig.mails("quickbooks+dupont@cabinet.example").await.len(), 1);
    assert_eq!(rig.mails("quickbooks@cabinet.example").await.len(), 2);
    assert!(rig.mails("compta@cabinet.example").await.is_empty());
}

#[tokio::test]
async fn an_unknown_user_is_refused_for_good() {
    let rig = Rig::start();

    let refused = smtp(&rig, rig.password()).send(mail_to("nobody@cabinet.example", b"%PDF")).await;

    let error = refused.unwrap_err();
    assert!(error.is_permanent(), "{error}");
    assert!(error.to_string().contains("5.1.1"), "{error}");
}

#[tokio::test]
async fn a_wrong_password_is_refused() {
    let rig = Rig::start();

    let refused = smtp(&rig, "not the password").send(mail_to(TOOL, b"%PDF")).await;

    let error = refused.unwrap_err();
    assert!(error.to_string().contains("5.7.8"), "{error}");
    assert!(rig.mails(TOOL).await.is_empty());
}

#[tokio::test]
async fn a_sender_who_is_not_logged_in_is_refused() {
    let rig = Rig::start();
    let anonymous = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(rig.host())
        .port(rig.submission_port())
        .tls(Tls::Required(tls(&rig)))
        .build();

    let error = anonymous.send(mail_to(TOOL, b"%PDF")).await.unwrap_err();

    assert!(error.is_permanent(), "{error}");
    assert!(rig.mails(TOOL).await.is_empty());
}

/// All 256 bytes, and what mail treats in a way of its own: bare line ends, dots, `From `.
fn every_byte_and_every_trap() -> Vec<u8> {
    let mut document = b"%PDF-1.7\n.\n..\r.\r\n.\r\nFrom here\n\0".to_vec();
    document.extend((0..=u8::MAX).cycle().take(100_000));
    document
}

fn mail_to(recipient: &str, document: &[u8]) -> Message {
    let pdf = ContentType::parse("application/pdf").expect("a media type");
    let attachment = Attachment::new("facture.pdf".to_owned());
    let parts = MultiPart::mixed()
        .singlepart(SinglePart::plain("A document.".to_owned()))
        .singlepart(attachment.body(Body::new(document.to_vec()), pdf));
    Message::builder()
        .from(BOT.parse().expect("an address"))
        .to(recipient.parse().expect("an address"))
        .subject("A document")
        .multipart(parts)
        .expect("a whole mail")
}

fn smtp(rig: &Rig, password: &str) -> AsyncSmtpTransport<Tokio1Executor> {
    AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(rig.host())
        .port(rig.submission_port())
        .tls(Tls::Required(tls(rig)))
        .credentials(Credentials::new(rig.user().to_owned(), password.to_owned()))
        .build()
}

fn tls(rig: &Rig) -> TlsParameters {
    let pem = std::fs::read(rig.ca_file()).expect("the rig wrote its authority");
    let authority = Certificate::from_pem(&pem).expect("a certificate");
    TlsParameters::builder(rig.host().to_owned())
        .add_root_certificate(authority)
        .build_rustls()
        .expect("TLS parameters")
}
