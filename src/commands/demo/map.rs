//! The customer map of the demo, which somebody keeps up to date in the mornings.

use std::collections::BTreeSet;
use std::io;

use uuid::Uuid;

use crate::simulator::world::World;

/// Most sub accounts of one customer of the first day; those that come later are customers of their own.
const ACCOUNTS_PER_CUSTOMER_MAX: usize = 4;
/// The columns of the map.
const COLUMNS: [&str; 5] = ["sub_account_id", "customer_id", "customer_name", "cost_center", "markup_percent"];

/// Who is charged for which sub account, so far.
#[derive(Default)]
pub(super) struct Map {
    rows: Vec<[String; COLUMNS.len()]>,
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
        while let Some(((first, _), _)) = rest.split_first() {
            self.customer_count += 1;
            let number = self.customer_count;
            let size = if is_first_day { number % ACCOUNTS_PER_CUSTOMER_MAX + 1 } else { 1 };
            let (own, others) = rest.split_at(size.min(rest.len()));
            let (id, cost_center) = (format!("C-{number:04}"), format!("CC-{:02}", number % 12));
            let markup = ["", "5", "12.5"][number % 3].to_owned();
            for (account, _) in own {
                let account_id = account.id.to_string();
                self.rows.push([account_id, id.clone(), first.name.clone(), cost_center.clone(), markup.clone()]);
                self.known.insert(account.id);
            }
            rest = others;
        }
    }

    /// The map as a file.
    pub(super) fn to_csv(&self) -> io::Result<String> {
        let mut csv = csv::Writer::from_writer(Vec::new());
        csv.write_record(COLUMNS)?;
        for row in &self.rows {
            csv.write_record(row)?;
        }
        let bytes = csv.into_inner().map_err(csv::IntoInnerError::into_error)?;
        String::from_utf8(bytes).map_err(io::Error::other)
    }

    pub(super) fn customer_count(&self) -> usize {
        self.customer_count
    }
}
