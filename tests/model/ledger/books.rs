//! What a state's records say, judged from every side.

use std::collections::BTreeMap;
use std::sync::Arc;

use facteur::domain::company::{Company, CompanyId};
use facteur::domain::decision::{Coverage, Decisions};
use facteur::domain::delivery::{Delivery, DeliveryId};
use facteur::domain::deposit::{Deposit, Verdict};
use facteur::domain::directory::Names;
use facteur::domain::path::TreePath;
use facteur::domain::verdict::folder_of;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::office::Records;
use crate::rig::app;

/// The one company of the model.
pub(crate) const COMPANY: CompanyId = CompanyId(1);

/// A record as the model reads it.
#[derive(Debug, Clone)]
pub(crate) enum Told {
    Company(Arc<Company>),
    Decisions(Arc<Decisions>),
    Deposit(Arc<Deposit>),
    Delivery(Arc<Delivery>),
    Names(TreePath, Arc<Names>),
    /// An index, a claim, a counter….
    Else,
}

impl Told {
    pub(crate) fn of(key: &str, bytes: &[u8]) -> Self {
        match key.split('/').next().unwrap_or_default() {
            "company" => Self::Company(Arc::new(read(bytes))),
            "decisions" => Self::Decisions(Arc::new(read(bytes))),
            "deposit" => Self::Deposit(Arc::new(read(bytes))),
            "delivery" => Self::Delivery(Arc::new(read(bytes))),
            "names" => {
                let directory = key.split('\t').next().unwrap_or_default();
                let directory = directory.splitn(3, '/').nth(2).unwrap_or_default();
                Self::Names(directory.parse().unwrap(), Arc::new(read(bytes)))
            }
            _ => Self::Else,
        }
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> T {
    #[derive(Deserialize)]
    struct Written<T> {
        d: T,
    }
    serde_json::from_slice::<Written<T>>(bytes).unwrap().d
}

#[derive(Debug, Clone)]
pub(crate) struct Books {
    pub(crate) company: Arc<Company>,
    pub(crate) decisions: Arc<Decisions>,
    pub(crate) deposits: Vec<Arc<Deposit>>,
    pub(crate) deliveries: Vec<Arc<Delivery>>,
    pub(crate) names: BTreeMap<TreePath, Arc<Names>>,
}

impl Books {
    pub(crate) fn read(records: &Records) -> Self {
        let (mut company, mut decisions) = (None, None);
        let (mut deposits, mut deliveries) = (Vec::new(), Vec::new());
        let mut names = BTreeMap::new();
        for record in records.values() {
            match &record.told {
                Told::Company(told) => company = Some(Arc::clone(told)),
                Told::Decisions(told) => decisions = Some(Arc::clone(told)),
                Told::Deposit(told) => deposits.push(Arc::clone(told)),
                Told::Delivery(told) => deliveries.push(Arc::clone(told)),
                Told::Names(directory, told) => {
                    names.insert(directory.clone(), Arc::clone(told));
                }
                Told::Else => {}
            }
        }
        let company = company.expect("the model has a company");
        let decisions = decisions.expect("which has decided something");
        Self { company, decisions, deposits, deliveries, names }
    }

    pub(crate) fn delivery(&self, id: DeliveryId) -> Option<&Delivery> {
        self.deliveries.iter().find(|delivery| delivery.id == id).map(Arc::as_ref)
    }

    pub(crate) fn deposit(&self, number: u64) -> Option<&Deposit> {
        self.deposits.iter().find(|deposit| deposit.number == number).map(Arc::as_ref)
    }

    /// Whether what was decided lets a delivery go.
    pub(crate) fn coverage(&self, delivery: &Delivery) -> Coverage {
        let deposit = self.deposit(delivery.deposit).expect("a delivery has a document");
        self.decisions.coverage(&delivery.app, &folder_of(&deposit.path), &delivery.cause)
    }

    pub(crate) fn is_connected(&self) -> bool {
        let connection = self.decisions.connections.get(&app("quickbooks"));
        connection.is_some_and(|connection| connection.connected)
    }
}

/// The verdict of a document for the one app of the model.
pub(crate) fn verdict(deposit: &Deposit) -> Option<&Verdict> {
    deposit.verdicts.get(&app("quickbooks"))
}
