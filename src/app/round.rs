//! A round: the straight line once, for every company.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use super::alarms::Depth;
use super::collection::Retried;
use super::error::{Answer, Error};
use super::observe::{Observed, Scope};
use super::robot::Robot;
use crate::domain::company::Company;
use crate::domain::delivery::{Delivery, State};
use crate::domain::deposit::{Deposit, Verdict};
use crate::domain::shell;
use crate::domain::verdict::folder_of;
use crate::ports::folders::FolderError;
use crate::ports::store::{PROBLEMS_MAX, Problem, RoundReport};

/// A document that is still changing after this long is shown as never settling.
const NEVER_SETTLING_AFTER: TimeDelta = TimeDelta::hours(1);

/// What a round queued, with its report.
#[derive(Debug, Default)]
pub(super) struct Rounded {
    pub(super) report: RoundReport,
    /// The deposits that got their deliveries or their final verdicts.
    pub(super) deposits: Vec<Deposit>,
}

/// Whether a round waits for a second look at what it sees for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SecondLook {
    /// It waits up to the settle time (`facteur round`).
    Wait,
    /// The next round, or a hint, comes soon enough (the service).
    Later,
}

impl Robot {
    /// Before the first round: puts in doubt what was being sent when the robot stopped, cancels
    /// what waits for apps that were turned off meanwhile (R14), removes kept mails that nobody
    /// waits for, and claims the tree for this state.
    pub async fn recover(&self) -> Answer<()> {
        let store = &self.ports().store;
        let doubts = store.recover(self.now()).await?;
        if !doubts.is_empty() {
            tracing::warn!(count = doubts.len(), "deliveries are in doubt after a stop");
        }
        self.turn_off_apps().await?;
        self.remove_unneeded_mails().await?;
        self.claim_tree().await
    }

    /// The tree belongs to one state: a copy of the robot with a copy of its tree refuses.
    pub(super) async fn claim_tree(&self) -> Answer<()> {
        let ours = self.ports().store.claimant().await?;
        let state = |claim: &str| claim.split(' ').next().map(str::to_owned);
        match self.ports().folders.claim(&ours) {
            Ok(Some(owner)) if owner != ours && state(&owner) == state(&ours) => {
                Err(Error::Refused(format!(
                    "the state is a copy (or was moved): the documents belong to its original ({owner}), and two robots would send them twice\n\
                     hint: run the original; or, if that one is gone for ever, delete the file `.facteur` in the documents' root"
                )))
            }
            Ok(Some(owner)) if owner != ours => Err(Error::Refused(format!(
                "the documents belong to another robot's state ({owner}), and two robots would send them twice\n\
                 hint: run this one with that state; if that one was lost, `facteur import FILE` with its last export; if that is gone too, delete the file `.facteur` in the documents' root, and connect anew"
            ))),
            // A root that can't be written to, or that is away, holds its companies by itself.
            Ok(Some(_) | None) | Err(FolderError::Missing(_)) => Ok(()),
            Err(error) => {
                tracing::warn!(%error, "the documents' root could not be claimed");
                Ok(())
            }
        }
    }

    /// One round with its deliveries: `facteur round`.
    pub(super) async fn full_round(&self) -> Answer<Rounded> {
        let mut rounded = {
            let _turn = self.shared.round.lock().await;
            if self.shared.next_round().is_none() {
                // Else the service's own tasks read them all the time.
                self.read_mailboxes().await?;
            }
            self.look_round(SecondLook::Wait).await?
        };
        // Without the turn: a server that hangs holds up no other round.
        self.deliver_all().await?;
        self.finish_round(&mut rounded).await?;
        Ok(rounded)
    }

    /// One round of the service: the deliveries go beside it.
    pub(super) async fn service_round(&self, second_look: SecondLook) -> Answer<RoundReport> {
        let _turn = self.shared.round.lock().await;
        let mut rounded = self.look_round(second_look).await?;
        self.finish_round(&mut rounded).await?;
        Ok(rounded.report)
    }

    /// Sends what is due, and brings the marks in line. One at a time.
    pub(super) async fn deliver_all(&self) -> Answer<()> {
        self.deliver_in_turn().await?;
        self.announce(Depth::BetweenRounds).await
    }

    async fn deliver_in_turn(&self) -> Answer<()> {
        let _turn = self.shared.delivering.lock().await;
        self.settle_doubts().await?;
        self.deliver().await?;
        self.send_acknowledgements().await;
        self.mark().await
    }

    async fn finish_round(&self, rounded: &mut Rounded) -> Answer<()> {
        self.mark().await?;
        let report = &mut rounded.report;
        let tally = std::mem::take(&mut *self.shared.tally());
        report.sent += tally.sent;
        report.deferred += tally.deferred;
        report.refused += tally.refused;
        report.held += tally.held;
        report.in_doubt += tally.in_doubt;
        report.cancelled += tally.cancelled;
        report.finished_at = self.now();
        let elapsed = (report.finished_at - report.started_at).num_milliseconds();
        report.elapsed_ms = u64::try_from(elapsed).unwrap_or(0);
        report.problems.truncate(PROBLEMS_MAX);
        self.ports().store.keep_round(report).await?;
        self.announce(Depth::Round).await
    }

    /// Observe, settle, decide, queue, for every company; sends nothing.
    pub(super) async fn look_round(&self, second_look: SecondLook) -> Answer<Rounded> {
        let mut rounded = Rounded::default();
        rounded.report.started_at = self.now();
        if let Some(problem) = self.full_disk().await? {
            rounded.report.problems.push(problem);
            return Ok(rounded);
        }
        let reconciled = self.reconcile().await?;
        rounded.report.problems = reconciled.problems;
        self.file_mails(Retried::All).await?;
        self.settle_by_marks(&reconciled.present).await?;
        let mut present = Vec::new();
        for company in reconciled.present {
            match self.observe(company.id, Scope::Changed).await {
                Ok(observed) => {
                    note(&mut rounded.report, &company, observed);
                    present.push(company);
                }
                // One company's disk never stops the others.
                Err(error @ (Error::Folder(_) | Error::Refused(_))) => {
                    rounded.report.problems.push(unreadable(&company, &error));
                }
                Err(error) => return Err(error),
            }
        }
        if second_look == SecondLook::Wait {
            self.look_again(&present).await?;
        }
        for company in &present {
            let company = self.company_by_id(company.id).await?;
            let queued = self.queue(&company).await?;
            rounded.deposits.extend(queued.deposits);
            self.look_at_unread(&company, &queued.problems).await?;
            note_unread(&mut rounded.report, queued.problems);
            self.note_settling(&company, &mut rounded.report).await?;
        }
        self.note_queued(&mut rounded).await?;
        Ok(rounded)
    }

    /// The second look, as soon as everything seen for the first time can have settled.
    async fn look_again(&self, present: &[Company]) -> Answer<()> {
        let config = self.config();
        let mut folders = Vec::new();
        let mut wait = TimeDelta::zero();
        for company in present {
            let settling = self.ports().store.settling(company.id).await?;
            let within: BTreeSet<_> =
                settling.iter().map(|deposit| folder_of(&deposit.path)).collect();
            let longest = within.iter().map(|folder| config.robot.settle_of(folder)).max();
            wait = wait.max(longest.unwrap_or_default());
            folders.push((company.id, within));
        }
        if wait > TimeDelta::zero() {
            self.ports().clock.sleep_until(self.now() + wait).await;
        }
        for (company, within) in folders {
            if within.is_empty() {
                continue;
            }
            match self.observe(company, Scope::Only(within)).await {
                Ok(_) | Err(Error::Folder(_) | Error::Refused(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// What could not be read may be another file by now, or gone: in a folder whose stamp never
    /// moved no later observation would notice.
    async fn look_at_unread(&self, company: &Company, problems: &[Problem]) -> Answer<()> {
        let paths = problems.iter().filter_map(|problem| problem.path.as_ref());
        let within: BTreeSet<_> = paths.map(folder_of).collect();
        if within.is_empty() {
            return Ok(());
        }
        match self.observe(company.id, Scope::Only(within)).await {
            Ok(_) | Err(Error::Folder(_) | Error::Refused(_)) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn note_settling(&self, company: &Company, report: &mut RoundReport) -> Answer<()> {
        let settling = self.ports().store.settling(company.id).await?;
        report.settling += settling.len() as u64;
        let old = self.now() - NEVER_SETTLING_AFTER;
        for deposit in settling.into_iter().filter(|deposit| deposit.observed_at < old) {
            report.problems.push(Problem {
                company: company.slug.to_string(),
                path: Some(deposit.path),
                kind: "never_settling".to_owned(),
                message: "it has kept changing for over an hour: is a program still writing it?"
                    .to_owned(),
            });
        }
        Ok(())
    }

    async fn note_queued(&self, rounded: &mut Rounded) -> Answer<()> {
        for deposit in &rounded.deposits {
            for verdict in deposit.verdicts.values() {
                match verdict {
                    Verdict::Queued(id) => {
                        if let Some(delivery) = self.ports().store.delivery(*id).await? {
                            match delivery.state {
                                State::Held => rounded.report.held += 1,
                                State::Cancelled => rounded.report.cancelled += 1,
                                State::Queued
                                | State::Sending
                                | State::Deferred
                                | State::Sent
                                | State::Refused
                                | State::InDoubt => rounded.report.queued += 1,
                            }
                        }
                    }
                    Verdict::Duplicate(_) => rounded.report.duplicates += 1,
                    Verdict::Due(_) | Verdict::Skipped(_) => {}
                }
            }
        }
        Ok(())
    }
}

/// What deliveries came to since the last report.
#[derive(Debug, Default)]
pub(super) struct Tally {
    sent: u64,
    deferred: u64,
    refused: u64,
    held: u64,
    in_doubt: u64,
    cancelled: u64,
}

/// Counts a delivery as it came out of an attempt.
pub(super) fn count(tally: &mut Tally, delivery: &Delivery) {
    match delivery.state {
        State::Sent => tally.sent += 1,
        // Still queued after an attempt: its server is out of reach, it is put off.
        State::Deferred | State::Queued => tally.deferred += 1,
        State::Refused => tally.refused += 1,
        State::Held => tally.held += 1,
        State::InDoubt | State::Sending => tally.in_doubt += 1,
        State::Cancelled => tally.cancelled += 1,
    }
}

fn note(report: &mut RoundReport, company: &Company, observed: Observed) {
    report.observed += observed.documents;
    report.deposited += observed.deposited;
    let problems = observed.unreadable.into_iter().map(|(path, message)| Problem {
        company: company.slug.to_string(),
        path: Some(path),
        kind: "unreadable".to_owned(),
        message: format!("{message}: let the robot's user read it"),
    });
    report.problems.extend(problems);
    report.problems.extend(observed.vanished.into_iter().map(|folder| Problem {
        company: company.slug.to_string(),
        kind: "folder_vanished".to_owned(),
        message: format!(
            "the switched folder `{folder}` is not there any more: make it again, or `facteur switch clear {} {}`",
            company.slug,
            shell::folder(&folder)
        ),
        path: Some(folder),
    }));
}

/// Each file that can't be read is told once.
fn note_unread(report: &mut RoundReport, problems: Vec<Problem>) {
    for problem in problems {
        let same = |told: &Problem| told.company == problem.company && told.path == problem.path;
        if !report.problems.iter().any(same) {
            report.problems.push(problem);
        }
    }
}

fn unreadable(company: &Company, error: &Error) -> Problem {
    Problem {
        company: company.slug.to_string(),
        path: None,
        kind: "unreadable".to_owned(),
        message: format!("{error}; the company is looked at again in the next round"),
    }
}
