//! A plan made durable, in transactions that stay small.

use super::plan::{Plan, Unit};
use crate::app::error::Answer;
use crate::app::robot::Robot;
use crate::domain::company::Company;
use crate::domain::path::TreePath;
use crate::ports::store::{
    DepositRef, NameChange, NameChanges, OBSERVATION_RECORDS_MAX, Observation,
};

impl Robot {
    /// Names and deposits first, then the directories' stamps, the company last.
    pub(super) async fn commit(
        &self,
        company: &Company,
        plan: Plan,
        after: Option<Company>,
    ) -> Answer<()> {
        let mut transactions = Vec::new();
        let mut current = Observation::default();
        let mut records = 0;
        for unit in plan.units {
            if records + unit.records() > OBSERVATION_RECORDS_MAX && records > 0 {
                transactions.push(std::mem::take(&mut current));
                records = 0;
            }
            records += unit.records();
            add(&mut current, unit);
        }
        for directory in plan.directories {
            if records >= OBSERVATION_RECORDS_MAX {
                transactions.push(std::mem::take(&mut current));
                records = 0;
            }
            records += 1;
            current.directories.push(directory);
        }
        current.company = after;
        if current != Observation::default() {
            transactions.push(current);
        }
        let mut revision = company.revision;
        for transaction in transactions {
            let store = &self.ports().store;
            (_, revision) = store.observe(company.id, revision, transaction).await?;
        }
        Ok(())
    }
}

fn add(observation: &mut Observation, unit: Unit) {
    let offset = observation.deposits.len();
    for ((directory, name), change) in unit.names {
        let change = change.map(|change| NameChange {
            deposit: match change.deposit {
                DepositRef::Keep => DepositRef::Keep,
                DepositRef::New(index) => DepositRef::New(offset + index),
            },
            ..change
        });
        names_of(observation, directory).push((name, change));
    }
    observation.deposits.extend(unit.deposits);
}

fn names_of(observation: &mut Observation, directory: TreePath) -> &mut NameChanges {
    let index = match observation.names.iter().position(|(known, _)| *known == directory) {
        Some(index) => index,
        None => {
            observation.names.push((directory, Vec::new()));
            observation.names.len() - 1
        }
    };
    &mut observation.names[index].1
}
