//! Any days of office life, and what must be true at the end of each.

use std::collections::{BTreeMap, BTreeSet};

use facteur::domain::company::{CompanyHold, CompanyHoldReason, CompanyId};
use facteur::domain::decision::Ruling;
use facteur::domain::delivery::{Act, Delivery, DeliveryId, Finish, HeldReason, State};
use facteur::domain::deposit::{Deposit, Verdict};
use facteur::ports::store::{DeliveryFilter, Store as _};
use proptest::prelude::*;

use crate::rig::{NO_LIMIT, Rig, app, at, candidate, content, path, rules, sent, turn};

const FOLDERS: [&str; 3] = ["Achats", "Frais", "Achats/Perso"];

#[derive(Debug, Clone)]
enum Move {
    Deposit { folder: usize, bytes: u8 },
    Queue { nth: usize, proven: bool },
    Claim,
    Dot { nth: usize },
    Finish { nth: usize, how: u8 },
    Act { nth: usize, act: u8 },
    HoldDelivery { nth: usize },
    Turn { folder: usize, on: bool },
    HoldCompany { held: bool },
    MarkSome,
    Crash,
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        4 => (0..3_usize, 0..3_u8).prop_map(|(folder, bytes)| Move::Deposit { folder, bytes }),
        4 => (0..9_usize, prop::bool::weighted(0.1))
            .prop_map(|(nth, proven)| Move::Queue { nth, proven }),
        3 => Just(Move::Claim),
        3 => (0..3_usize).prop_map(|nth| Move::Dot { nth }),
        4 => (0..3_usize, 0..7_u8).prop_map(|(nth, how)| Move::Finish { nth, how }),
        4 => (0..9_usize, 0..6_u8).prop_map(|(nth, act)| Move::Act { nth, act }),
        1 => (0..9_usize).prop_map(|nth| Move::HoldDelivery { nth }),
        2 => (0..3_usize, any::<bool>()).prop_map(|(folder, on)| Move::Turn { folder, on }),
        1 => any::<bool>().prop_map(|held| Move::HoldCompany { held }),
        1 => Just(Move::MarkSome),
        1 => Just(Move::Crash),
    ]
}

/// The office: a ledger, the senders' claims, and the marks on the documents.
struct Office {
    rig: Rig,
    company: CompanyId,
    bytes: BTreeMap<u64, u8>,
    claimed: Vec<Delivery>,
    marked: BTreeSet<u64>,
    seconds: i64,
}

impl Office {
    async fn open() -> Self {
        let rig = Rig::in_memory();
        let company = rig.company().await.id;
        let (bytes, claimed, marked) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
        Self { rig, company, bytes, claimed, marked, seconds: 0 }
    }

    async fn deliveries(&self) -> Vec<Delivery> {
        let every = DeliveryFilter::default();
        self.rig.store().deliveries(&every, None, usize::MAX).await.unwrap()
    }

    /// One move. What the ledger refuses is refused for a reason that other tests look at.
    async fn make(&mut self, made: &Move) {
        self.seconds += 1;
        match made {
            Move::Deposit { folder, bytes } => self.deposit(*folder, *bytes).await,
            Move::Queue { nth, proven } => self.queue(*nth, *proven).await,
            Move::Claim => {
                let claimed = self.rig.store().claim(&rules(), 2, at(self.seconds)).await.unwrap();
                self.claimed.extend(claimed);
            }
            Move::Dot { nth } => {
                let Some(delivery) = self.claimed.get(*nth) else { return };
                let before = self.rig.delivery(delivery.id).await;
                if self.rig.dot(delivery).await.is_ok() {
                    assert_eq!(before.attempt, delivery.attempt);
                    assert!(before.leased || before.state == State::Sending);
                }
            }
            Move::Finish { nth, how } => self.finish(*nth, *how).await,
            Move::Act { nth, act } => self.act(*nth, *act).await,
            Move::HoldDelivery { nth } => {
                let Some(delivery) = self.deliveries().await.get(*nth).cloned() else { return };
                let (reason, now) = (HeldReason::Rule, at(self.seconds));
                drop(self.rig.store().hold_delivery(delivery.id, reason, "looked odd", now).await);
            }
            Move::Turn { folder, on } => {
                self.rig.decide(self.company, turn(FOLDERS[*folder], *on)).await.unwrap();
            }
            Move::HoldCompany { held } => {
                let (since, message) = (at(0), "another disk".to_owned());
                let reason = CompanyHoldReason::RootChanged;
                let hold = held.then_some(CompanyHold { reason, since, message });
                self.rig.store().hold(self.company, hold).await.unwrap();
            }
            Move::MarkSome => self.mark(1).await,
            Move::Crash => {
                self.rig.reopen();
                self.claimed.clear();
                self.rig.store().recover(at(self.seconds)).await.unwrap();
            }
        }
    }

    async fn deposit(&mut self, folder: usize, bytes: u8) {
        let decisions = self.rig.store().decisions(self.company).await.unwrap();
        let folder = FOLDERS[folder];
        if let Ruling::On(..) = decisions.ruling(&app("quickbooks"), &path(folder)) {
            let place = format!("{folder}/{}.pdf", self.seconds);
            let number = self.rig.deposit(self.company, &place).await;
            self.bytes.insert(number, bytes);
        }
    }

    async fn queue(&self, nth: usize, proven: bool) {
        let ready = self.rig.store().to_queue(self.company, 100).await.unwrap();
        let Some(deposit) = ready.get(nth) else { return };
        let Verdict::Due(due) = &deposit.verdicts[&app("quickbooks")] else { return };
        let bytes = content(&self.bytes[&deposit.number].to_string());
        let proof = proven.then(|| "its mark".to_owned());
        let candidates = vec![candidate(due.cause.clone())];
        let now = at(self.seconds);
        self.rig.store().queue(deposit.number, bytes, candidates, proof, now).await.unwrap();
    }

    async fn finish(&mut self, nth: usize, how: u8) {
        if nth >= self.claimed.len() {
            return;
        }
        let delivery = self.claimed.remove(nth);
        let words = || "words".to_owned();
        let due_at = at(self.seconds + 3);
        let finish = match how {
            0 | 1 => sent(),
            2 => Finish::Deferred { answer: words(), due_at },
            3 => Finish::Refused { answer: words() },
            4 => Finish::InDoubt { answer: words() },
            5 => Finish::Superseded { because: words() },
            _ => Finish::Requeued { because: words(), due_at },
        };
        drop(self.rig.finish(&delivery, finish).await);
    }

    async fn act(&self, nth: usize, act: u8) {
        let Some(delivery) = self.deliveries().await.get(nth).cloned() else { return };
        let acts = [
            Act::Retry,
            Act::Release,
            Act::Cancel,
            Act::SettleSent,
            Act::SettleNotSent,
            Act::Resend,
        ];
        let (act, now) = (acts[usize::from(act)], at(self.seconds));
        drop(self.rig.store().act(delivery.id, act, "lea", now).await);
    }

    async fn mark(&mut self, limit: usize) {
        for work in self.rig.store().marks(limit).await.unwrap() {
            if work.deposit.is_validated(&work.deliveries) {
                self.marked.insert(work.deposit.number);
            } else {
                self.marked.remove(&work.deposit.number);
            }
            self.rig.store().marked(&work).await.unwrap();
        }
    }

    async fn check(&mut self) {
        let deliveries = self.deliveries().await;
        self.check_lists(&deliveries).await;
        let mut live = BTreeSet::new();
        for delivery in deliveries.iter().filter(|delivery| delivery.state.is_live()) {
            assert!(live.insert(delivery.content.sha256), "two live deliveries of one content");
        }
        let by_id: BTreeMap<DeliveryId, &Delivery> =
            deliveries.iter().map(|delivery| (delivery.id, delivery)).collect();
        self.mark(usize::MAX).await;
        for deposit in self.rig.store().deposits(self.company).await.unwrap() {
            self.check_deposit(&deposit, &by_id);
        }
        self.check_claims(&deliveries).await;
    }

    async fn check_lists(&self, deliveries: &[Delivery]) {
        let counts = self.rig.store().counts().await.unwrap();
        for state in State::ALL {
            let expected: Vec<&Delivery> =
                deliveries.iter().filter(|delivery| delivery.state == state).collect();
            assert_eq!(counts[&state], expected.len() as u64, "{state:?}");
            for company in [None, Some(self.company)] {
                let states = vec![state];
                let filter = DeliveryFilter { states, company, ..DeliveryFilter::default() };
                let listed = self.rig.store().deliveries(&filter, None, 100).await.unwrap();
                assert!(listed.iter().eq(expected.iter().copied()), "{state:?}");
            }
        }
        let held: u64 = self.rig.store().held_counts().await.unwrap().values().sum();
        assert_eq!(held, counts[&State::Held]);
    }

    fn check_deposit(&self, deposit: &Deposit, by_id: &BTreeMap<DeliveryId, &Delivery>) {
        match &deposit.verdicts[&app("quickbooks")] {
            Verdict::Queued(id) => assert_eq!(by_id[id].deposit, deposit.number),
            Verdict::Duplicate(id) => {
                assert_eq!(Some(by_id[id].content), deposit.content);
            }
            Verdict::Due(_) => assert_eq!(deposit.content, None),
            Verdict::Skipped(skip) => panic!("{skip:?}"),
        }
        let named: Vec<Delivery> = deposit.deliveries().map(|id| by_id[&id].clone()).collect();
        let validated = deposit.is_validated(&named);
        assert_eq!(self.marked.contains(&deposit.number), validated, "{deposit:?}");
    }

    /// What can be claimed is what waits, is due and is not with a sender.
    async fn check_claims(&self, deliveries: &[Delivery]) {
        self.rig.store().hold(self.company, None).await.unwrap();
        let now = self.seconds;
        let expected: BTreeSet<DeliveryId> = deliveries
            .iter()
            .filter(|delivery| matches!(delivery.state, State::Queued | State::Deferred))
            .filter(|delivery| !delivery.leased && delivery.due_at <= at(now))
            .map(|delivery| delivery.id)
            .collect();
        let claimed = self.rig.store().claim(&rules(), 1000, at(now)).await.unwrap();
        let claimed: BTreeSet<DeliveryId> = claimed.iter().map(|delivery| delivery.id).collect();
        assert_eq!(claimed, expected);
        for id in expected {
            let delivery = self.rig.delivery(id).await;
            let dot = self.rig.store().dot(id, delivery.attempt, NO_LIMIT, at(now)).await;
            assert_eq!(dot, Ok(()), "what waits may go: {delivery:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn any_office_life_ends_in_order(made in prop::collection::vec(moves(), 1..60)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut office = Office::open().await;
            for next in &made {
                office.make(next).await;
            }
            office.check().await;
        });
    }
}
