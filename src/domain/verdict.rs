//! What a deposit means for each app: the rules R4, R6, R7 as one table.

use std::collections::{BTreeMap, BTreeSet};

use super::decision::{Connection, Decisions, Ruling};
use super::delivery::{DeliveryId, HeldReason};
use super::deposit::{Cause, Deposit, Due, Fate, Origin, Skip, Verdict};
use super::path::TreePath;
use super::profile::{AppId, Profile, ReplacedPolicy};

/// What the rules need to know besides the document.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// The firm's apps.
    pub apps: &'a BTreeMap<AppId, Profile>,
    /// The company's decisions.
    pub decisions: &'a Decisions,
    /// The state is older than the world: what is found beyond it is held.
    pub after_import: bool,
}

impl Rules<'_> {
    /// The verdicts of a document first observed at `path`: one for each app ever connected.
    pub fn of_deposit(&self, path: &TreePath) -> BTreeMap<AppId, Verdict> {
        self.each_app(|app, profile, connection| {
            self.at(app, profile, connection, path, Fate::Queue)
        })
    }

    /// The verdicts of another file under a known name: the app's `replaced` policy rules where
    /// its switch is on, `earlier` elsewhere. A version is ignored only where the tool has, or
    /// may have, an earlier one: `unsent` are the deliveries of `earlier` that never got there.
    pub fn of_replaced(
        &self,
        path: &TreePath,
        earlier: Option<&Deposit>,
        unsent: &BTreeSet<DeliveryId>,
    ) -> BTreeMap<AppId, Verdict> {
        self.each_app(|app, profile, connection| {
            let known = earlier.and_then(|deposit| deposit.verdicts.get(app));
            let before = || known.cloned().unwrap_or(Verdict::Skipped(Skip::BeforeActivation));
            let never_got_there = matches!(known, Some(Verdict::Queued(id)) if unsent.contains(id));
            let policy = profile.map_or(ReplacedPolicy::Hold, |profile| profile.replaced);
            let verdict = match policy {
                ReplacedPolicy::Hold => {
                    let fate = Fate::Hold(HeldReason::Replaced);
                    self.at(app, profile, connection, path, fate)
                }
                ReplacedPolicy::Ignore if !never_got_there => return before(),
                ReplacedPolicy::Send | ReplacedPolicy::Ignore => {
                    self.at(app, profile, connection, path, Fate::Queue)
                }
            };
            match verdict {
                // What went was another version: a back-fill may still ask for this one.
                Verdict::Skipped(skip @ (Skip::SwitchOff | Skip::NotConnected)) => match known {
                    Some(Verdict::Queued(_) | Verdict::Duplicate(_) | Verdict::Due(_)) => {
                        Verdict::Skipped(skip)
                    }
                    Some(Verdict::Skipped(_)) | None => before(),
                },
                verdict @ (Verdict::Due(_)
                | Verdict::Queued(_)
                | Verdict::Duplicate(_)
                | Verdict::Skipped(Skip::BeforeActivation | Skip::Unsupported)) => verdict,
            }
        })
    }

    /// The verdicts of a document moved inside its company: due for the switches that didn't
    /// cover its former place, and for those alone; what is known of the others stays.
    pub fn of_moved(
        &self,
        from: &TreePath,
        to: &TreePath,
        before: Option<&BTreeMap<AppId, Verdict>>,
    ) -> BTreeMap<AppId, Verdict> {
        self.each_app(|app, profile, connection| {
            let known = before.and_then(|verdicts| verdicts.get(app));
            let covered_before = self.covers(app, from);
            match known {
                Some(verdict @ (Verdict::Due(_) | Verdict::Queued(_) | Verdict::Duplicate(_))) => {
                    verdict.clone()
                }
                // A wrong ending was mended: it never could go before.
                Some(Verdict::Skipped(Skip::Unsupported)) => {
                    self.at(app, profile, connection, to, Fate::Queue)
                }
                Some(verdict @ Verdict::Skipped(_)) if covered_before => verdict.clone(),
                None if covered_before => Verdict::Skipped(Skip::BeforeActivation),
                Some(Verdict::Skipped(_)) | None => {
                    self.at(app, profile, connection, to, Fate::Queue)
                }
            }
        })
    }

    fn each_app(
        &self,
        verdict: impl Fn(&AppId, Option<&Profile>, &Connection) -> Verdict,
    ) -> BTreeMap<AppId, Verdict> {
        let each = self.decisions.connections.iter();
        each.map(|(app, connection)| (app.clone(), verdict(app, self.apps.get(app), connection)))
            .collect()
    }

    fn covers(&self, app: &AppId, path: &TreePath) -> bool {
        match self.decisions.ruling(app, &folder_of(path)) {
            Ruling::On(..) | Ruling::Renamed(..) => true,
            Ruling::Off | Ruling::NotConnected => false,
        }
    }

    fn at(
        &self,
        app: &AppId,
        profile: Option<&Profile>,
        connection: &Connection,
        path: &TreePath,
        fate: Fate,
    ) -> Verdict {
        let Some(profile) = profile.filter(|profile| profile.enabled) else {
            return Verdict::Skipped(Skip::SwitchOff);
        };
        let place = folder_of(path);
        let (folder, switch, renamed) = match self.decisions.ruling(app, &place) {
            Ruling::NotConnected => return Verdict::Skipped(Skip::NotConnected),
            Ruling::Off => return Verdict::Skipped(Skip::SwitchOff),
            Ruling::On(folder, switch) => (folder, switch, false),
            Ruling::Renamed(folder, switch) => {
                // Which of the two places it came to tells later whether the switch went there.
                let there = switch.renamed_to.as_ref().filter(|to| place.is_within(to));
                (there.unwrap_or(folder), switch, true)
            }
        };
        if !profile.accepts_name(path.name()) {
            return Verdict::Skipped(Skip::Unsupported);
        }
        let fate = if self.after_import {
            Fate::Hold(HeldReason::AfterImport)
        } else if renamed && fate == Fate::Queue {
            Fate::Hold(HeldReason::FolderRenamed)
        } else if connection.recipient_for(switch.inbox.as_deref()).is_none() {
            Fate::Hold(HeldReason::Rule)
        } else {
            fate
        };
        let cause = Cause::Switch {
            folder: folder.clone(),
            activation: switch.activation,
            at: switch.at,
            by: switch.by.clone(),
        };
        Verdict::Due(Due { cause, inbox: switch.inbox.clone(), fate })
    }
}

/// The folder a document is in.
pub fn folder_of(path: &TreePath) -> TreePath {
    path.parent().unwrap_or_default()
}

/// Whether a replaced or moved document has something to wait for: some app is due.
pub fn any_due(verdicts: &BTreeMap<AppId, Verdict>) -> bool {
    verdicts.values().any(|verdict| matches!(verdict, Verdict::Due(_)))
}

impl Origin {
    /// In words, for the story.
    pub fn words(&self) -> String {
        match self {
            Self::Found | Self::Received { .. } => "deposited: first observed".to_owned(),
            Self::Moved { from } => format!("deposited: moved here from `{from}`"),
            Self::Replaced { .. } => "another file was found under a known name".to_owned(),
            Self::Backfill { by } => format!("an older document, asked for by {by}"),
        }
    }
}
