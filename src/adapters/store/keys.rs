//! The keys of all records: readable, and in the order in which they are walked.
//!
//! Numbers have fixed widths so that they sort; a path is spelled as in the interface and ends
//! with a tab, which no spelled path contains. Every kind is known to `record::check`.

use crate::domain::Timestamp;
use crate::domain::company::CompanyId;
use crate::domain::delivery::{DeliveryId, HeldReason, State};
use crate::domain::mail::invitation::InvitationKey;
use crate::domain::mail::received::MailIdentity;
use crate::domain::path::TreePath;
use crate::domain::profile::AppId;
use crate::domain::slug::Slug;
use crate::domain::template::Address;

/// Whose state it is.
pub(super) const IDENTITY: &str = "identity/1";
/// The last round.
pub(super) const ROUND: &str = "round/last";
/// The book of alarms.
pub(super) const ALARMS: &str = "alarms/book";
/// All companies.
pub(super) const COMPANIES: &str = "company/";
/// All histories.
pub(super) const HISTORY: &str = "history/";
/// All deliveries.
pub(super) const DELIVERIES: &str = "delivery/";
/// All leases.
pub(super) const LEASES: &str = "lease/";
/// All wanted marks.
pub(super) const MARKS: &str = "mark/";
/// All servers put off.
pub(super) const PUT_OFFS: &str = "putoff/";
/// All consequences not drawn yet.
pub(super) const SWEEPS: &str = "sweep/";
/// All deposits of a type that some app doesn't take.
pub(super) const UNSUPPORTED: &str = "unsupported/";

/// All mails read.
pub(super) const MAILS: &str = "mail/";
/// All mails put aside.
pub(super) const MAILS_ASIDE: &str = "mail-aside/";

/// All invitations.
pub(super) const INVITATIONS: &str = "invitation/";
/// All mails to be filed.
pub(super) const MAILS_TO_FILE: &str = "mail-to-file/";
/// All mails in the tray.
pub(super) const MAILS_IN_TRAY: &str = "mail-in-tray/";

/// What is counted, each in a record of its own.
#[derive(Debug, Clone, Copy)]
pub(super) enum Counter {
    Company,
    Deposit,
    Delivery,
    Activation,
    History,
    Follower,
    Change,
    Mail,
}

pub(super) fn counter(counter: Counter) -> &'static str {
    match counter {
        Counter::Company => "counter/company",
        Counter::Deposit => "counter/deposit",
        Counter::Delivery => "counter/delivery",
        Counter::Activation => "counter/activation",
        Counter::History => "counter/history",
        Counter::Follower => "counter/follower",
        Counter::Change => "counter/change",
        Counter::Mail => "counter/mail",
    }
}

fn number(value: u64) -> String {
    format!("{value:016}")
}

fn id(company: CompanyId) -> String {
    format!("{:010}", company.0)
}

pub(super) fn company(company: CompanyId) -> String {
    format!("{COMPANIES}{}", id(company))
}

pub(super) fn folder(folder: &TreePath) -> String {
    format!("folder/{folder}\t")
}

pub(super) fn decisions(company: CompanyId) -> String {
    format!("decisions/{}", id(company))
}

pub(super) fn sweep(company: CompanyId, app: &AppId) -> String {
    format!("{SWEEPS}{}/{app}", id(company))
}

pub(super) fn history(entry: u64) -> String {
    format!("{HISTORY}{}", number(entry))
}

pub(super) fn company_history(company: CompanyId) -> String {
    format!("company-history/{}/", id(company))
}

pub(super) fn company_history_entry(company: CompanyId, entry: u64) -> String {
    format!("{}{}", company_history(company), number(entry))
}

pub(super) fn directories(company: CompanyId) -> String {
    format!("directory/{}/", id(company))
}

pub(super) fn directory(company: CompanyId, directory: &TreePath) -> String {
    format!("{}{directory}\t", directories(company))
}

pub(super) fn all_names(company: CompanyId) -> String {
    format!("names/{}/", id(company))
}

/// The shards of one directory's names; each key goes on with the least name it may hold.
pub(super) fn names(company: CompanyId, directory: &TreePath) -> String {
    format!("{}{directory}\t", all_names(company))
}

pub(super) fn deposit(deposit: u64) -> String {
    format!("deposit/{}", number(deposit))
}

pub(super) fn company_deposits(company: CompanyId) -> String {
    format!("company-deposit/{}/", id(company))
}

pub(super) fn company_deposit(company: CompanyId, deposit: u64) -> String {
    format!("{}{}", company_deposits(company), number(deposit))
}

pub(super) fn path_deposits(company: CompanyId, path: &TreePath) -> String {
    format!("path-deposit/{}/{path}\t", id(company))
}

pub(super) fn path_deposit(company: CompanyId, path: &TreePath, deposit: u64) -> String {
    format!("{}{}", path_deposits(company, path), number(deposit))
}

/// Deposits of a company that are due and not settled.
pub(super) fn settling(company: CompanyId) -> String {
    format!("settling/{}/", id(company))
}

/// Deposits of a company that are due and settled.
pub(super) fn ready(company: CompanyId) -> String {
    format!("ready/{}/", id(company))
}

/// One deposit below [`settling`], [`ready`] or [`UNSUPPORTED`].
pub(super) fn below(prefix: &str, deposit: u64) -> String {
    format!("{prefix}{}", number(deposit))
}

pub(super) fn delivery(delivery: DeliveryId) -> String {
    format!("{DELIVERIES}{}", number(delivery.0))
}

pub(super) fn state(state: State) -> String {
    format!("state/{}/", state.as_str())
}

pub(super) fn company_state(company: CompanyId, state: State) -> String {
    format!("company-state/{}/{}/", id(company), state.as_str())
}

pub(super) fn held(reason: HeldReason) -> String {
    format!("held/{}/", reason.as_str())
}

/// One delivery below a prefix.
pub(super) fn delivery_below(prefix: &str, delivery: DeliveryId) -> String {
    format!("{prefix}{}", number(delivery.0))
}

/// The number at the end of a key.
pub(super) fn last_number(key: &str) -> Option<u64> {
    key.rsplit(['/', '\t']).next()?.parse().ok()
}

pub(super) fn due(app: &AppId) -> String {
    format!("due/{app}/")
}

/// When a delivery is due, milliseconds since 1970 (times before count as 1970).
pub(super) fn due_until(app: &AppId, due_at: Timestamp) -> String {
    format!("{}{}/", due(app), number(u64::try_from(due_at.timestamp_millis()).unwrap_or(0)))
}

pub(super) fn due_delivery(app: &AppId, due_at: Timestamp, delivery: DeliveryId) -> String {
    format!("{}{}", due_until(app, due_at), number(delivery.0))
}

/// The time in a key of [`due_delivery`].
pub(super) fn due_at(key: &str) -> Option<Timestamp> {
    let millis = key.split('/').nth(2)?.parse().ok()?;
    Timestamp::from_timestamp_millis(millis)
}

pub(super) fn leases(app: &AppId) -> String {
    format!("{LEASES}{app}/")
}

pub(super) fn claim(
    company: CompanyId,
    app: &AppId,
    recipient: &Address,
    sha256: &[u8; 32],
) -> String {
    format!("claim/{}/{app}/{recipient}/{}", id(company), hex::encode(sha256))
}

pub(super) fn followers(holder: DeliveryId) -> String {
    format!("follower/{}/", number(holder.0))
}

pub(super) fn follower(holder: DeliveryId, place: u64) -> String {
    format!("{}{}", followers(holder), number(place))
}

pub(super) fn message(message_id: &str) -> String {
    format!("message/{message_id}")
}

pub(super) fn mark(deposit: u64) -> String {
    format!("{MARKS}{}", number(deposit))
}

pub(super) fn flood(company: CompanyId, app: &AppId) -> String {
    format!("flood/{}/{app}", id(company))
}

pub(super) fn rate(app: &AppId) -> String {
    format!("rate/{app}")
}

pub(super) fn put_off(destination: &str) -> String {
    format!("{PUT_OFFS}{destination}")
}

pub(super) fn by_hand(delivery: DeliveryId) -> String {
    format!("by-hand/{}", number(delivery.0))
}

pub(super) fn mailbox(address: &str) -> String {
    format!("mailbox/{address}")
}

pub(super) fn mail(mail: u64) -> String {
    below(MAILS, mail)
}

pub(super) fn mail_identity(identity: &MailIdentity) -> String {
    format!("mail-identity/{}", identity.as_str())
}

/// Mails of a mailbox that its server is to be told of.
pub(super) fn owed_mails(address: &str) -> String {
    format!("mail-owed/{address}/")
}

pub(super) fn owed_mail(address: &str, mail: u64) -> String {
    below(&owed_mails(address), mail)
}

/// The invitations of a company by an app.
pub(super) fn invitations(company: CompanyId, app: &AppId) -> String {
    format!("{INVITATIONS}{}/{app}/", id(company))
}

pub(super) fn invitation(invitation: &InvitationKey) -> String {
    below(&invitations(invitation.company, &invitation.app), invitation.mail)
}

/// The places of a company that files of mails were put at, or are to be.
pub(super) fn all_filed(company: &Slug) -> String {
    format!("filed/{company}/")
}

pub(super) fn filed(company: &Slug, path: &TreePath) -> String {
    format!("{}{path}\t", all_filed(company))
}

/// A mail that was filed in a company, by its content.
pub(super) fn collected(company: &Slug, content: &MailIdentity) -> String {
    format!("collected/{company}/{}", content.as_str())
}
