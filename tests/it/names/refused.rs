//! Names that a customer map must not have: the night is captured, no report is made, and the line is named.

use super::rows;
use crate::support::{ACME, NIGHT, Server, base, home, run_at};

#[test]
fn a_map_with_a_name_that_would_have_to_be_altered_is_refused_without_repeating_it() {
    let names = rows::unfit_for_a_map();
    assert!(names.len() > 15, "{names:?}");
    for (at, name) in names.iter().enumerate() {
        let folder = home();
        let mut map = csv::Writer::from_writer(Vec::new());
        let column = ["customer_id", "customer_name"][at % 2];
        map.write_record(["sub_account_id", "customer_id", "customer_name"]).expect("a row");
        let row = if at % 2 == 0 { [ACME, name, "Acme"] } else { [ACME, "acme", name] };
        map.write_record(row).expect("a row");
        std::fs::write(folder.path().join("customers.csv"), map.into_inner().expect("a map")).expect("a map");
        let night = run_at(folder.path(), &Server::of(base()), NIGHT, &[]);
        assert_eq!(night.code, 2, "{name:?}: {}", night.stderr);
        assert!(night.stderr.contains(&format!("line 2, column `{column}`: ")), "{name:?}: {}", night.stderr);
        assert!(night.closing().starts_with("evidence: safe in "), "{}", night.stderr);
        assert!(!folder.path().join("reports").exists(), "{name:?}");
    }
}
