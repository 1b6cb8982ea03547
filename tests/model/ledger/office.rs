//! One state of the model: the ledger's records, who is at work on them, and what really happened.

use std::collections::BTreeMap;
use std::sync::Arc;

use facteur::adapters::store::Ledger;
use facteur::domain::company::Company;
use facteur::domain::delivery::DeliveryId;
use facteur::domain::deposit::{Cause, Deposit};
use facteur::domain::path::TreePath;
use facteur::domain::template::Address;
use facteur::ports::store::{Candidate, Observation, Store as _, Stored};
use futures::executor::block_on;

use super::books::{Books, COMPANY, Told};
use super::key::digest;
use crate::rig::{Rig, path, turn};
use crate::system::Phase;

/// The records of a ledger; what two states have in common they share.
pub(crate) type Records = BTreeMap<Arc<str>, Record>;

/// The bytes of a record, and what of them tells states apart.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    bytes: Arc<[u8]>,
    pub(crate) told: Told,
    pub(crate) digest: Option<u64>,
}

/// Where the documents of the model arrive: one content in all of them, each under a switch of
/// its own.
pub(crate) const PLACES: [&str; 2] = ["Achats/a.pdf", "Frais/b.pdf"];

/// A folder below the first switch, which an exception may turn off.
pub(crate) const ASIDE: &str = "Achats/Privé/a.pdf";

/// Everything that matters for what may happen next.
#[derive(Debug, Clone)]
pub(crate) struct Office {
    pub(crate) records: Arc<Records>,
    /// What they say.
    pub(crate) books: Arc<Books>,
    /// False between a crash and the recovery.
    pub(crate) is_up: bool,
    /// Where each document is on the disk, in the order of their arrival.
    pub(crate) disk: Vec<TreePath>,
    /// What an observing pass has seen and not written yet.
    pub(crate) sight: Option<Sight>,
    /// What a queuing pass has read and not written yet.
    pub(crate) chosen: Option<Chosen>,
    /// How far a person's wish for a duplicate has come.
    pub(crate) wish: Option<Wish>,
    /// In order.
    pub(crate) senders: Vec<Sender>,
    pub(crate) truth: BTreeMap<DeliveryId, Truth>,
    /// By which decision each document was first due.
    pub(crate) causes: BTreeMap<u64, Cause>,
    /// routes.toml says `enabled = false`.
    pub(crate) is_app_off: bool,
    /// What may still come from outside.
    pub(crate) events_left: u8,
}

/// The disk and the ledger as an observation read them.
#[derive(Debug, Clone)]
pub(crate) struct Sight {
    pub(crate) disk: Vec<TreePath>,
    pub(crate) books: Arc<Books>,
    pub(crate) is_app_off: bool,
}

/// A settled document with what its delivery is to be made from.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub(crate) deposit: u64,
    pub(crate) candidates: Vec<Candidate>,
}

/// A person's wish to send a document although it is a duplicate: read, made due, then queued.
#[derive(Debug, Clone)]
pub(crate) enum Wish {
    Read(Box<Deposit>),
    Due(u64),
}

/// One attempt at work.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Sender {
    pub(crate) delivery: DeliveryId,
    pub(crate) attempt: u32,
    pub(crate) phase: Phase,
}

/// What really happened to one delivery, whatever the ledger says.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Truth {
    /// The attempts whose mail the server took, less those that came back or are not there by a
    /// person's word.
    pub(crate) copies: Vec<u32>,
    /// All that the server ever took.
    pub(crate) taken: Vec<u32>,
    /// Those of which a copy was found.
    pub(crate) witnessed: Vec<u32>,
    /// Those that the tool sent back.
    pub(crate) returned: Vec<u32>,
    /// To whom.
    pub(crate) to: Option<Address>,
    /// The story said, since the last copy it knew of, that nobody knows or that it goes again.
    pub(crate) announced: bool,
    /// A person or a proof called it sent.
    pub(crate) vouched: bool,
    /// A person queued it, whatever its switch says.
    pub(crate) by_hand: bool,
    /// A person asked for it beside another copy.
    pub(crate) asked: bool,
    /// It was cancelled with its whole app.
    pub(crate) app_off: bool,
}

impl Office {
    /// A company whose two folders are switched on, the first document on its disk, and nothing
    /// observed yet; so much may come from outside.
    pub(crate) fn new(events: u8) -> Self {
        let rig = Rig::in_memory();
        block_on(async {
            let company = rig.company().await;
            rig.decide(company.id, turn("Frais", true)).await.unwrap();
            rig.decide(company.id, turn("Achats/Privé", false)).await.unwrap();
            let company = rig.company_of(company.id).await;
            let known = Company { baseline: true, ..company.clone() };
            let baseline = Observation { company: Some(known), ..Observation::default() };
            rig.store().observe(COMPANY, company.revision, baseline).await.unwrap();
        });
        let records = Arc::new(shared(rig.store().records(), &Records::new()));
        Self {
            books: Arc::new(Books::read(&records)),
            records,
            is_up: true,
            disk: vec![path(PLACES[0])],
            sight: None,
            chosen: None,
            wish: None,
            senders: Vec::new(),
            truth: BTreeMap::new(),
            causes: BTreeMap::new(),
            is_app_off: false,
            events_left: events,
        }
    }

    pub(crate) fn ledger(&self) -> Ledger {
        let owned = |(key, record): (&Arc<str>, &Record)| (key.to_string(), record.bytes.to_vec());
        Ledger::of_records(self.records.iter().map(owned).collect())
    }

    /// What the ledger answers to a request, and the office after it.
    pub(crate) fn ask<T>(
        &self,
        request: impl AsyncFnOnce(&Ledger) -> Stored<T>,
    ) -> (Stored<T>, Self) {
        let ledger = self.ledger();
        let answer = block_on(request(&ledger));
        let records = shared(ledger.records(), &self.records);
        let mut after = self.clone();
        if !same(&records, &self.records) {
            after.books = Arc::new(Books::read(&records));
            after.records = Arc::new(records);
        }
        (answer, after)
    }

    /// One thing more has come from outside; none when nothing more may.
    pub(crate) fn disturbed(&self) -> Option<Self> {
        let events_left = self.events_left.checked_sub(1)?;
        Some(Self { events_left, ..self.clone() })
    }

    /// The same with one sender changed (`None`: it is done).
    pub(crate) fn with_sender(&self, index: usize, phase: Option<Phase>) -> Self {
        let mut next = self.clone();
        match phase {
            Some(phase) => next.senders[index].phase = phase,
            None => drop(next.senders.remove(index)),
        }
        next.senders.sort_unstable();
        next
    }
}

/// Whether a request wrote nothing.
fn same(one: &Records, other: &Records) -> bool {
    let same = |(one, other): (&Record, &Record)| Arc::ptr_eq(&one.bytes, &other.bytes);
    one.len() == other.len() && one.values().zip(other.values()).all(same)
}

fn shared(records: BTreeMap<String, Vec<u8>>, former: &Records) -> Records {
    let share = |(key, value): (String, Vec<u8>)| match former.get_key_value(key.as_str()) {
        Some((known, same)) if *same.bytes == *value => (Arc::clone(known), same.clone()),
        Some(_) | None => {
            let told = Told::of(&key, &value);
            let digest = digest(&key, &value, &told);
            (key.into(), Record { bytes: value.into(), told, digest })
        }
    };
    records.into_iter().map(share).collect()
}
