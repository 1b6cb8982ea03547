//! Marks: what was sent is shown as validated on the file itself (R9).

use std::collections::BTreeSet;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::error::Answer;
use super::robot::Robot;
use crate::domain::company::{Company, CompanyId};
use crate::domain::delivery::{Delivery, State};
use crate::domain::deposit::Content;
use crate::domain::profile::AppId;
use crate::ports::folders::{FolderError, Mark, Marked};
use crate::ports::store::MarkWork;

/// Marks looked after in one pass; the rest waits for the next.
const MARKS_MAX: usize = 10_000;

/// Apps of one company whose combinations are tried on a mark; with more it proves nothing.
const PROVABLE_APPS_MAX: usize = 10;

/// The opaque part of a mark: says to this state alone which apps of this company have this very
/// content, and names neither app nor recipient (R5).
fn token(state_id: &str, company: CompanyId, content: &Content, apps: &BTreeSet<&AppId>) -> String {
    let mut hasher = Sha256::new();
    hasher.update(format!("facteur validated {state_id} {}", company.0));
    hasher.update(content.sha256);
    for app in apps {
        hasher.update(format!(" {app}"));
    }
    let digest: [u8; 32] = hasher.finalize().into();
    hex::encode(&digest[..12])
}

/// The apps that have this content by a mark's word; none where it is not this state's, of another
/// company (the file was moved or copied with its mark) or of other bytes.
pub(super) fn proven<'a>(
    mark: &Mark,
    state_id: &str,
    company: CompanyId,
    content: &Content,
    apps: impl Iterator<Item = &'a AppId>,
) -> BTreeSet<&'a AppId> {
    let apps: Vec<&AppId> = apps.collect();
    if apps.len() > PROVABLE_APPS_MAX {
        return BTreeSet::new();
    }
    let some = |chosen: usize| -> BTreeSet<&AppId> {
        let each = apps.iter().enumerate();
        each.filter(|(place, _)| chosen & (1 << place) != 0).map(|(_, app)| *app).collect()
    };
    let mut combinations = (1..1 << apps.len()).map(some);
    combinations
        .find(|apps| token(state_id, company, content, apps) == mark.token)
        .unwrap_or_default()
}

/// What became of a mark.
enum Set {
    /// It is on the file, or taken away.
    Now,
    /// It is as it can be: the file system holds none, or another file is there.
    AsItCanBe,
    /// The file moved, and the next observation follows it.
    Later,
    /// The disk is full, read-only or away just now.
    Failed(String),
}

impl Robot {
    /// Brings the marks on the files in line with the ledger. Failing to mark never fails
    /// anything else.
    pub(super) async fn mark(&self) -> Answer<()> {
        let store = &self.ports().store;
        let work = store.marks(MARKS_MAX).await?;
        let (mut marked, mut failed) = (0_u64, Vec::new());
        // Where none can be set for ever, the oldest give way.
        let too_many = work.len() >= MARKS_MAX;
        let identity = store.identity().await?;
        let companies = store.companies().await?;
        for wanted in work {
            let MarkWork { deposit, deliveries, change: _ } = &wanted;
            let company = companies.iter().find(|company| company.id == deposit.company);
            let Some(company) = company.filter(|company| company.hold.is_none()) else { continue };
            let sent_at = deliveries.iter().filter_map(sent_at).max();
            let mark = match (deposit.content, sent_at) {
                (Some(content), Some(at)) if deposit.is_validated(deliveries) => {
                    let sent = deliveries
                        .iter()
                        .filter(|delivery| delivery.state == State::Sent && !delivery.rehearsal);
                    let apps = sent.map(|delivery| &delivery.app).collect();
                    let token = token(&identity.id, deposit.company, &content, &apps);
                    Some(Mark { at, token })
                }
                (_, _) => None,
            };
            let set = if deposit.gone {
                Set::AsItCanBe
            } else {
                self.set_mark(company, deposit, mark).await
            };
            let settled = match set {
                Set::Now => {
                    marked += 1;
                    true
                }
                Set::AsItCanBe => true,
                Set::Later => false,
                Set::Failed(problem) => {
                    failed.push(problem);
                    too_many
                }
            };
            if settled {
                store.marked(&wanted).await?;
            }
        }
        self.shared.set_marking(marked > 0, failed.len(), failed.pop(), self.now());
        Ok(())
    }

    /// Sets a mark, or takes it away.
    async fn set_mark(
        &self,
        company: &Company,
        deposit: &crate::domain::deposit::Deposit,
        mark: Option<Mark>,
    ) -> Set {
        let folders = Arc::clone(&self.ports().folders);
        let (folder, path) = (company.folder.clone(), deposit.path.clone());
        let fingerprint = deposit.fingerprint;
        let number = deposit.number;
        let set = tokio::task::spawn_blocking(move || {
            folders.set_mark(&folder, &path, fingerprint, mark.as_ref())
        });
        match set.await {
            Ok(Ok(Marked::Done)) => Set::Now,
            Ok(
                Ok(Marked::Impossible)
                | Err(FolderError::Denied(_) | FolderError::Outside(_) | FolderError::Changed(_)),
            ) => Set::AsItCanBe,
            Ok(Err(FolderError::Missing(_))) => Set::Later,
            Ok(Err(FolderError::Io { source, .. } | FolderError::Unwritable { source, .. })) => {
                Set::Failed(source.to_string())
            }
            Err(died) => {
                tracing::warn!(deposit = number, %died, "marking a document failed");
                Set::Later
            }
        }
    }
}

fn sent_at(delivery: &Delivery) -> Option<crate::domain::Timestamp> {
    let sent = delivery.events.iter().rev().find(|event| event.what == State::Sent.as_str());
    sent.filter(|_| delivery.state == State::Sent).map(|event| event.at)
}
