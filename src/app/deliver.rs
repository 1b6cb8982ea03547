//! Deliver: what is due leaves, each with its mark just before the final dot.

use std::sync::{Arc, OnceLock};

use tokio::task::JoinSet;

use super::error::{Answer, Error};
use super::mail::{self, Envelope};
use super::observe::Scope;
use super::robot::Robot;
use super::round::count;
use super::witness;
use super::words::{local_words, size_words};
use crate::config::Config;
use crate::domain::Timestamp;
use crate::domain::company::Company;
use crate::domain::delivery::{Delivery, DeliveryId, Finish, HeldReason};
use crate::domain::deposit::{Content, Deposit};
use crate::domain::limits::Retry;
use crate::ports::folders::FolderError;
use crate::ports::store::{ClaimRules, PutOff, Rate, StoreError, app_destination};
use crate::ports::transport::{DotGate, Outcome, Stop};

/// How long a delivery waits that was stopped by something passing: a disk that gives errors, a
/// limit, a decision that came between.
const PAUSE: chrono::TimeDelta = chrono::TimeDelta::minutes(1);

impl Robot {
    /// Sends what is due until nothing is, on as many connections as are allowed, and counts the
    /// deliveries as they come out.
    pub(super) async fn deliver(&self) -> Answer<()> {
        let connections = self.ports().transport.connections().max(1);
        let mut senders: JoinSet<Answer<Delivery>> = JoinSet::new();
        loop {
            let free = connections - senders.len();
            if free > 0 && !self.shared.is_stopping() {
                let rules = self.claim_rules();
                let claimed = self.ports().store.claim(&rules, free, self.now()).await?;
                for delivery in claimed {
                    let robot = self.clone();
                    senders.spawn(async move { robot.deliver_one(delivery).await });
                }
            }
            let done = tokio::select! {
                done = senders.join_next() => done,
                // A server that is silent on one connection holds up no other.
                () = self.shared.due.notified(), if !senders.is_empty() => continue,
            };
            match done {
                Some(delivered) => count(&mut self.shared.tally(), &delivered??),
                None => return Ok(()),
            }
        }
    }

    /// What may be claimed under the configuration of this moment.
    pub(super) fn claim_rules(&self) -> ClaimRules {
        let config = self.config();
        let enabled = config.apps.iter().filter(|(_, profile)| profile.enabled);
        let rates = enabled.map(|(app, profile)| {
            let rate = Rate {
                per_hour_max: profile.mails_per_hour_max,
                per_day_max: profile.mails_per_day_max,
            };
            (app.clone(), rate)
        });
        ClaimRules { destination: self.ports().transport.destination(), rates: rates.collect() }
    }

    async fn deliver_one(&self, delivery: Delivery) -> Answer<Delivery> {
        let (id, attempt) = (delivery.id, delivery.attempt);
        let finish = match self.attempt(&delivery).await {
            Ok(finish) => finish,
            // One document's trouble, before its dot: no other waits for it.
            Err(
                error @ (Error::Folder(_)
                | Error::Refused(_)
                | Error::Words(_)
                | Error::Store(StoreError::Conflict)),
            ) => Finish::Requeued { because: error.to_string(), due_at: self.now() + PAUSE },
            Err(error @ (Error::Store(_) | Error::Task(_))) => return Err(error),
        };
        match self.ports().store.finish(id, attempt, finish, self.now()).await {
            Ok(delivery) => Ok(delivery),
            // Cancelled, or claimed anew, while it was stopped before its dot: as it is now.
            Err(StoreError::Step(_)) => self.as_it_is(id).await,
            Err(error) => Err(error.into()),
        }
    }

    async fn as_it_is(&self, id: DeliveryId) -> Answer<Delivery> {
        let found = self.ports().store.delivery(id).await?;
        found.ok_or_else(|| Error::Store(StoreError::NotFound(format!("delivery {id}"))))
    }

    /// Why the gate stays shut, with times as the firm reads them.
    fn shut_because(&self, error: &StoreError) -> String {
        match error {
            StoreError::OverLimit(until) => {
                let until = local_words(&self.config(), *until);
                format!("the app's limit of mails is used up until {until}")
            }
            StoreError::Conflict
            | StoreError::Step(_)
            | StoreError::Duplicate(_)
            | StoreError::NotFound(_)
            | StoreError::Unreadable { .. }
            | StoreError::Unknown(_)
            | StoreError::Import(_) => error.to_string(),
        }
    }

    /// One attempt, and what is to be recorded of it.
    async fn attempt(&self, delivery: &Delivery) -> Answer<Finish> {
        let config = self.config();
        let store = &self.ports().store;
        let Some(mut deposit) = store.deposit(delivery.deposit).await? else {
            let because = "its document is not in the ledger".to_owned();
            return Ok(Finish::Held { reason: HeldReason::Missing, because });
        };
        let company = self.company_by_id(delivery.company).await?;
        if let Some(held) = self.misdirected(delivery).await? {
            return Ok(held);
        }
        let content = match self.open(&company, &deposit).await {
            Err(FolderError::Missing(_)) => {
                // Renamed since it was last observed? An observation follows it.
                match self.observe(company.id, Scope::Changed).await {
                    Err(Error::Folder(_) | Error::Refused(_)) => {
                        let because = "its company's folder cannot be looked at".to_owned();
                        return Ok(Finish::Requeued { because, due_at: self.now() + PAUSE });
                    }
                    observed => observed?,
                };
                deposit = store.deposit(deposit.number).await?.unwrap_or(deposit);
                self.open(&company, &deposit).await
            }
            opened => opened,
        };
        let content = match content {
            Ok(content) => content,
            Err(error) => return self.unopened(&company, &deposit, &error).await,
        };
        let envelope = Envelope {
            sender: &delivery.sender,
            return_path: delivery.return_path(subaddress(&config, delivery)),
            recipient: &delivery.recipient,
            // A rehearsal reaches nobody but who rehearses.
            witness: config.mail.witness.clone().filter(|_| !delivery.rehearsal),
            message_id: &delivery.message_id,
            envid: delivery.envelope_id(),
        };
        // The date is the delivery's own, so that a second copy is the same mail to the byte.
        let mail =
            mail::of_document(&config, &company.name, envelope, &deposit, delivery.queued_at);
        let gate = Gate { robot: self, delivery, unwitnessed: OnceLock::new() };
        let outcome = self.ports().transport.send(&mail, content, &gate).await;
        let unwitnessed = gate.unwitnessed.into_inner();
        if mail.witness.is_some() {
            self.shared.note_witness(&outcome, unwitnessed.as_deref(), self.now());
        }
        let outcome = witness::with_refusal(outcome, unwitnessed);
        self.came_out(&config, delivery, &company, &deposit, outcome).await
    }

    /// The one recipient can only be the connection's, or the rehearsal's.
    async fn misdirected(&self, delivery: &Delivery) -> Answer<Option<Finish>> {
        let config = self.config();
        let decisions = self.ports().store.decisions(delivery.company).await?;
        let connection = decisions.connections.get(&delivery.app);
        let tools = connection.and_then(|found| found.recipient_for(delivery.inbox.as_deref()));
        let expected = if delivery.rehearsal { config.mail.redirect_to.as_ref() } else { tools };
        let in_rehearsal = config.mail.redirect_to.is_some();
        if expected == Some(&delivery.recipient) && in_rehearsal == delivery.rehearsal {
            return Ok(None);
        }
        let because = if in_rehearsal && !delivery.rehearsal {
            "a rehearsal is on (`redirect_to`): it was queued for the tool itself".to_owned()
        } else if delivery.rehearsal {
            "it was queued by a rehearsal (`redirect_to`) that is over or goes elsewhere now"
                .to_owned()
        } else {
            format!(
                "its connection was re-addressed from `{}`, and the same document is with another delivery there",
                delivery.recipient
            )
        };
        Ok(Some(Finish::Held { reason: HeldReason::Rule, because }))
    }

    async fn open(
        &self,
        company: &Company,
        deposit: &Deposit,
    ) -> Result<Box<dyn std::io::Read + Send>, FolderError> {
        let folders = Arc::clone(&self.ports().folders);
        let (folder, path) = (company.folder.clone(), deposit.path.clone());
        let fingerprint = deposit.fingerprint;
        let opened =
            tokio::task::spawn_blocking(move || folders.open(&folder, &path, fingerprint)).await;
        opened.unwrap_or_else(|died| {
            let source = std::io::Error::other(died.to_string());
            Err(FolderError::Io { path: deposit.path.to_string(), source })
        })
    }

    async fn unopened(
        &self,
        company: &Company,
        deposit: &Deposit,
        error: &FolderError,
    ) -> Answer<Finish> {
        Ok(match error {
            FolderError::Missing(_) => Finish::Held {
                reason: HeldReason::Missing,
                because: format!("its file `{}` is gone", deposit.path),
            },
            FolderError::Changed(_) => self.superseded(company, deposit).await?,
            FolderError::Denied(_) | FolderError::Outside(_) => {
                Finish::Held { reason: HeldReason::Unreadable, because: error.to_string() }
            }
            FolderError::Io { .. } | FolderError::Unwritable { .. } => {
                Finish::Requeued { because: error.to_string(), due_at: self.now() + PAUSE }
            }
        })
    }

    /// Its bytes are not those that were hashed: the new version is a deposit of its own, under
    /// the app's `replaced` policy, and this delivery never carries other bytes.
    async fn superseded(&self, company: &Company, deposit: &Deposit) -> Answer<Finish> {
        self.observe_replaced(company.id, deposit).await?;
        let because =
            "the file was changed before it was sent; the new version is a document of its own";
        Ok(Finish::Superseded { because: because.to_owned() })
    }

    async fn came_out(
        &self,
        config: &Config,
        delivery: &Delivery,
        company: &Company,
        deposit: &Deposit,
        outcome: Outcome,
    ) -> Answer<Finish> {
        let now = self.now();
        self.end_put_offs(delivery, &outcome).await?;
        Ok(match outcome {
            Outcome::Accepted { answer } => Finish::Sent { answer },
            Outcome::Deferred { answer } if is_out_of_reach(&answer) => {
                let until = self.put_off(config, app_destination(&delivery.app), &answer).await?;
                put_off_until(config, delivery, answer, until, now)
            }
            Outcome::Deferred { answer } => deferred(&config.mail.retry, delivery, answer, now),
            Outcome::Refused { answer } => Finish::Refused { answer },
            Outcome::InDoubt { answer } => Finish::InDoubt { answer },
            Outcome::TooLarge { limit_bytes } => Finish::Held {
                reason: HeldReason::TooLarge,
                because: format!("the mail server takes {} at most", size_words(limit_bytes)),
            },
            Outcome::Unreachable { answer } => {
                let destination = self.ports().transport.destination();
                let until = self.put_off(config, destination, &answer).await?;
                put_off_until(config, delivery, answer, until, now)
            }
            Outcome::Stopped(Stop::Changed) => self.superseded(company, deposit).await?,
            Outcome::Stopped(Stop::Unreadable(because) | Stop::Gate(because)) => {
                Finish::Requeued { because, due_at: now + PAUSE }
            }
        })
    }

    /// Whoever answered is in reach: the mail server, and the tool behind it.
    async fn end_put_offs(&self, delivery: &Delivery, outcome: &Outcome) -> Answer<()> {
        let (server, tool) = match outcome {
            Outcome::Unreachable { .. } | Outcome::Stopped(_) => (false, false),
            Outcome::TooLarge { .. } | Outcome::InDoubt { .. } => (true, false),
            Outcome::Deferred { answer } => (true, !is_out_of_reach(answer)),
            Outcome::Accepted { .. } | Outcome::Refused { .. } => (true, true),
        };
        let server = server.then(|| self.ports().transport.destination());
        let tool = tool.then(|| app_destination(&delivery.app));
        for put_off in self.ports().store.put_offs().await? {
            let destination = &put_off.destination;
            if [&server, &tool].into_iter().flatten().any(|heard| heard == destination) {
                self.ports().store.put_off(destination, None).await?;
            }
        }
        Ok(())
    }

    /// Puts a mail server, or a tool behind it, off as a whole; answers until when.
    async fn put_off(
        &self,
        config: &Config,
        destination: String,
        answer: &str,
    ) -> Answer<Timestamp> {
        let now = self.now();
        let known = self.ports().store.put_offs().await?;
        let before = known.into_iter().find(|put_off| put_off.destination == destination);
        // Senders that were under way together fail together: that is one failure.
        if let Some(put_off) = before.as_ref().filter(|put_off| put_off.until > now) {
            return Ok(put_off.until);
        }
        let failures = before.as_ref().map_or(1, |put_off| put_off.failures.saturating_add(1));
        let until = now + config.mail.retry.wait(failures);
        let since = before.map_or(now, |put_off| put_off.since);
        let answer = answer.to_owned();
        let put_off = PutOff { destination: destination.clone(), since, until, failures, answer };
        self.ports().store.put_off(&destination, Some(put_off)).await?;
        Ok(until)
    }
}

fn subaddress(config: &Config, delivery: &Delivery) -> Option<char> {
    config.apps.get(&delivery.app).and_then(|profile| profile.subaddress)
}

fn deferred(retry: &Retry, delivery: &Delivery, answer: String, now: Timestamp) -> Finish {
    if delivery.has_expired(retry.expire, now) {
        return expired(retry, &answer);
    }
    Finish::Deferred { answer, due_at: now + retry.wait(delivery.failures + 1) }
}

/// Queued still: it is the destination that failed.
fn put_off_until(
    config: &Config,
    delivery: &Delivery,
    answer: String,
    until: Timestamp,
    now: Timestamp,
) -> Finish {
    if delivery.has_expired(config.mail.retry.expire, now) {
        return expired(&config.mail.retry, &answer);
    }
    Finish::Requeued { because: answer, due_at: until }
}

/// Whether a transient answer speaks of the tool's server and not of this mail: no answer from
/// the host, a bad connection, no route (RFC 3463 §3.5, X.4.1 to X.4.4).
fn is_out_of_reach(answer: &str) -> bool {
    let is_code = |word: &&str| {
        word.len() == 3 && word.starts_with('4') && word.bytes().all(|byte| byte.is_ascii_digit())
    };
    // What was asked stands before the code.
    let mut words = answer.split(' ').skip_while(|word| !is_code(word)).skip(1);
    matches!(words.next(), Some("4.4.1" | "4.4.2" | "4.4.3" | "4.4.4"))
}

fn expired(retry: &Retry, answer: &str) -> Finish {
    let (days, hours) = (retry.expire.num_days(), retry.expire.num_hours());
    let tried = if days >= 2 { format!("{days} days") } else { format!("{hours} hours") };
    Finish::Held {
        reason: HeldReason::Expired,
        because: format!("tried for {tried} in vain; the last answer was: {answer}"),
    }
}

/// Opens when the bytes were the right ones, the recipient still is, and the ledger holds the
/// mark at the dot.
struct Gate<'a> {
    robot: &'a Robot,
    delivery: &'a Delivery,
    /// What the server said of the witness, where it refused it.
    unwitnessed: OnceLock<String>,
}

#[async_trait::async_trait]
impl DotGate for Gate<'_> {
    async fn open(&self, sha256: [u8; 32], size: u64) -> Result<(), Stop> {
        let Self { robot, delivery, unwitnessed: _ } = self;
        if (Content { sha256, size }) != delivery.content {
            return Err(Stop::Changed);
        }
        // The configuration may have changed while the document was on its way.
        let Some(rate) = robot.claim_rules().rates.get(&delivery.app).copied() else {
            return Err(Stop::Gate("its app is turned off".to_owned()));
        };
        match robot.misdirected(delivery).await {
            Ok(None) => {}
            Ok(Some(_)) => return Err(Stop::Gate("its address was changed meanwhile".to_owned())),
            Err(error) => return Err(Stop::Gate(error.to_string())),
        }
        let store = &robot.ports().store;
        let marked = store.dot(delivery.id, delivery.attempt, rate, robot.now()).await;
        marked.map_err(|error| Stop::Gate(robot.shut_because(&error)))
    }

    fn unwitnessed(&self, because: &str) {
        // The first refusal is the one that tells.
        self.unwitnessed.get_or_init(|| because.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::is_out_of_reach;

    #[test]
    fn only_the_status_of_the_answer_tells_that_a_tool_is_out_of_reach() {
        for (answer, expected) in [
            ("450 4.4.1 tool.example: no answer from host", true),
            ("RCPT TO: 451 4.4.3 name server failure", true),
            ("the final dot: 450 4.4.4 unable to route", true),
            ("RCPT TO: 450 4.2.0 greylisted, see 450 4.4.1", false),
            ("RCPT TO: 452 4.2.2 mailbox full", false),
            ("RCPT TO: 450 no status", false),
            ("550 4.4.1 permanent all the same", false),
            ("no answer within 300 s", false),
            ("", false),
        ] {
            assert_eq!(is_out_of_reach(answer), expected, "{answer}");
        }
    }
}
