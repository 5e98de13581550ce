//! The customer map of the demo, which somebody keeps up to date in the mornings.

use std::collections::BTreeSet;
use std::fmt::Write;

use uuid::Uuid;

use crate::simulator::world::World;

/// Most sub accounts of one customer of the first day; those that come later are customers of their own.
const ACCOUNTS_PER_CUSTOMER_MAX: usize = 4;

/// Who is charged for which sub account, so far.
#[derive(Default)]
pub(super) struct Map {
    rows: String,
    known: BTreeSet<Uuid>,
    customer_count: usize,
}

impl Map {
    /// Adds the sub accounts that are new.
    pub(super) fn add(&mut self, world: &World) {
        let is_first_day = self.known.is_empty();
        let usage = world.usage();
        let new: Vec<_> = usage.sub_accounts.iter().filter(|(account, _)| !self.known.contains(&account.id)).collect();
        let mut rest = new.as_slice();
        while let Some((first, _)) = rest.split_first() {
            self.customer_count += 1;
            let number = self.customer_count;
            let size = if is_first_day { number % ACCOUNTS_PER_CUSTOMER_MAX + 1 } else { 1 };
            let (own, others) = rest.split_at(size.min(rest.len()));
            let markup = ["", "5", "12.5"][number % 3];
            for (account, _) in own {
                let name = first.0.name.replace('"', "\"\"");
                let cost_center = number % 12;
                let _ = writeln!(self.rows, "{},C-{number:04},\"{name}\",CC-{cost_center:02},{markup}", account.id);
                self.known.insert(account.id);
            }
            rest = others;
        }
    }

    pub(super) fn to_csv(&self) -> String {
        format!("sub_account_id,customer_id,customer_name,cost_center,markup_percent\n{}", self.rows)
    }

    pub(super) fn customer_count(&self) -> usize {
        self.customer_count
    }
}
