//! The generator's memory held against the mails, the ledger and what the robot says.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use facteur::app::requests::Ask;
use facteur::app::views::{DocumentView, StatusView, WhyView};

use crate::firm::Firm;
use crate::oracle::{APPS, Copy, Want, is_unfinished};
use crate::world::path;

/// Rounds after which a year must have come to rest.
const ROUNDS_MAX: usize = 60;

/// What a year was made of, so that it cannot become empty unnoticed.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Year {
    pub(crate) mails: usize,
    pub(crate) must: usize,
    pub(crate) may: usize,
    pub(crate) stops: usize,
    pub(crate) documents: usize,
}

impl Firm {
    /// The mails since the last look: none that must not go.
    pub(crate) fn judge_mails(&mut self) -> Result<(), String> {
        let server = self.office.world.post.delivered();
        for mail in server.iter().skip(self.mails_seen) {
            let recipient = mail.mail.recipient.as_str();
            let (slug, app) = whose(recipient);
            if self.oracle.want(&slug, app, &mail.bytes) == Want::Never {
                let content = String::from_utf8_lossy(&mail.bytes).into_owned();
                return Err(format!("`{content}` ({}) went to {recipient}", mail.file_name()));
            }
            self.oracle.arrived.insert((slug, app.to_owned(), mail.bytes.clone()));
        }
        self.mails_seen = server.len();
        Ok(())
    }

    /// No delivery left twice unless the record says so; what is called sent was sent.
    pub(crate) fn judge_copies(&mut self) -> Result<(), String> {
        let mut copies: BTreeMap<(String, Vec<u8>), usize> = BTreeMap::new();
        for mail in self.office.world.post.delivered() {
            *copies.entry((mail.mail.recipient.to_string(), mail.bytes)).or_default() += 1;
        }
        let mut announced: BTreeMap<(String, String), usize> = BTreeMap::new();
        for delivery in self.deliveries() {
            let copy = (delivery.recipient.clone(), delivery.sha256.clone());
            *announced.entry(copy).or_default() += self.announced(&delivery.id);
            // A mark proves that the tool has it, at its address of that time.
            if delivery.state == "sent" && !self.has_arrived(&delivery) {
                return Err(format!("delivery {} is called sent: {delivery:?}", delivery.id));
            }
        }
        for (copy, count) in copies {
            let sha256 = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&copy.1));
            let again = announced.get(&(copy.0.clone(), sha256)).copied().unwrap_or_default();
            let allowed = self.copies_before.get(&copy).copied().unwrap_or_default().max(1) + again;
            if count > allowed {
                let content = String::from_utf8_lossy(&copy.1).into_owned();
                return Err(format!(
                    "{count} copies of `{content}` at {}, {again} of them announced",
                    copy.0
                ));
            }
        }
        Ok(())
    }

    /// Rounds and people's work until nothing waits any more.
    pub(crate) fn come_to_rest(&mut self) -> Result<(), String> {
        let mut former = None;
        for _ in 0..ROUNDS_MAX {
            self.pass(TimeDelta::hours(7));
            self.round()?;
            self.judge_mails()?;
            self.resolve_renames();
            self.attend();
            let counts = self.look::<StatusView>(&Ask::Status).counts;
            let waits = ["queued", "sending", "deferred", "in_doubt"];
            let quiet =
                waits.iter().all(|state| counts.get(*state).is_none_or(|count| *count == 0));
            let rows = self.deliveries().into_iter();
            let deliveries: Vec<_> = rows.map(|row| (row.id, row.state, row.reason)).collect();
            if quiet && former.as_ref() == Some(&deliveries) {
                return Ok(());
            }
            former = Some(deliveries);
        }
        Err(format!("no rest after {ROUNDS_MAX} rounds: {former:?}"))
    }

    /// At the end: what must go has gone, and everything is explained.
    pub(crate) fn judge_all(&mut self) -> Result<Year, String> {
        self.judge_copies()?;
        let mut year = Year { stops: self.stops_met, ..Year::default() };
        let server = self.office.world.post.delivered();
        year.mails = server.len();
        for (copy, want) in self.oracle.wants.clone() {
            year.must += usize::from(want == Want::Must);
            year.may += usize::from(want == Want::May);
            if want == Want::Must && !self.oracle.arrived.contains(&copy) {
                return Err(self.lost(&copy));
            }
        }
        let known: Vec<String> = self.oracle.known.iter().cloned().collect();
        for slug in known {
            year.documents += self.judge_explanations(&slug)?;
        }
        Ok(year)
    }

    /// What the robot says of a content that never went.
    fn lost(&mut self, (slug, app, content): &Copy) -> String {
        let tree = self.oracle.trees.get(slug).cloned().unwrap_or_default();
        let places = tree.into_iter().filter(|(_, file)| file.content == *content);
        let told: Vec<WhyView> = places
            .map(|(document, _)| Ask::Why { company: slug.clone(), path: path(&document) })
            .map(|ask| self.look(&ask))
            .collect();
        let content = String::from_utf8_lossy(content);
        format!("`{content}` never went to {app} of {slug}: {told:#?}")
    }

    /// `documents` has a row and `why` an answer for each document on the disk, and they agree.
    fn judge_explanations(&mut self, slug: &str) -> Result<usize, String> {
        let company = slug.to_owned();
        let ask = Ask::Documents { company: company.clone(), folder: None, state: None };
        let rows: Vec<DocumentView> = self.look(&ask);
        let tree = self.oracle.trees.get(slug).cloned().unwrap_or_default();
        for (document, file) in &tree {
            let why: WhyView =
                self.look(&Ask::Why { company: company.clone(), path: path(document) });
            if why.stories.is_empty() || why.stories.iter().any(|story| story.because.is_empty()) {
                return Err(format!("`why` has no answer for {slug} `{document}`: {why:?}"));
            }
            if is_unfinished(document, file) {
                continue;
            }
            for story in &why.stories {
                let same = |row: &&DocumentView| row.path == *document && row.app == story.app;
                let shown: Vec<&str> =
                    rows.iter().filter(same).map(|row| row.state.as_str()).collect();
                if !shown.contains(&story.state.as_str()) {
                    return Err(format!("{slug} `{document}` is {shown:?}, and {why:?}"));
                }
            }
        }
        Ok(tree.len())
    }
}

/// The company and the app of an address.
fn whose(recipient: &str) -> (String, &'static str) {
    let (local, domain) = recipient.split_once('@').unwrap();
    let slug = local.split('.').next().unwrap_or(local).to_owned();
    (slug, if domain == "dext.cc" { APPS[1] } else { APPS[0] })
}
