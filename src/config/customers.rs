//! `customers.csv`: which customer owns which sub account.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use uuid::Uuid;

use crate::ahasend::wire::display;
use crate::billing::cap_plan::WantedCaps;
use crate::billing::customers::{Customer, CustomerMap};

/// The columns, by the names of the header; order does not matter, the last three may be missing.
const COLUMNS: [&str; 6] =
    ["sub_account_id", "customer_id", "customer_name", "cost_center", "markup_percent", "monthly_credit"];
/// Columns that must be there.
const REQUIRED_COUNT: usize = 3;
/// Longest text, in characters. A longer one is refused: two customers must not become one by being cut.
const TEXT_CHAR_COUNT_MAX: usize = 255;
/// A markup beyond this is a slip, in per cent.
const MARKUP_MAX: i64 = 1_000;
/// The largest cap that the API takes, in messages a month.
const MONTHLY_CREDIT_MAX: i64 = 1_000_000_000;

/// What is wrong with the customer map, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column `{column}`: {problem}")]
pub struct CustomersError {
    line: u64,
    column: String,
    problem: String,
}

fn error(line: u64, column: &str, problem: impl Into<String>) -> CustomersError {
    CustomersError { line, column: column.to_owned(), problem: problem.into() }
}

/// Reads a customer map, and the caps that it wants; the first thing that is wrong ends it.
pub(super) fn parse(bytes: &[u8]) -> Result<(CustomerMap, WantedCaps), CustomersError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let header = reader.headers().map_err(|problem| malformed(&problem))?.clone();
    let positions = positions(&header)?;
    let mut map = CustomerMap::default();
    let mut caps = WantedCaps::new();
    let mut lines: BTreeMap<Uuid, u64> = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|problem| malformed(&problem))?;
        let line = record.position().map_or(0, |position| line_of(bytes, position));
        let cell = |column: usize| positions.get(COLUMNS[column]).and_then(|at| record.get(*at)).unwrap_or_default();
        let account = Uuid::parse_str(cell(0)).map_err(|_| error(line, COLUMNS[0], "is not a UUID"))?;
        if cell(1).is_empty() {
            return Err(error(line, COLUMNS[1], "is empty"));
        }
        for column in [1, 2, 3] {
            if display(cell(column), TEXT_CHAR_COUNT_MAX) != cell(column) {
                let problem = format!("is longer than {TEXT_CHAR_COUNT_MAX} characters or has control characters");
                return Err(error(line, COLUMNS[column], problem));
            }
        }
        let name = if cell(2).is_empty() { cell(1) } else { cell(2) };
        let customer = Customer {
            id: cell(1).to_owned(),
            name: name.to_owned(),
            cost_center: cell(3).to_owned(),
            markup_percent: markup(cell(4)).map_err(|problem| error(line, COLUMNS[4], problem))?,
        };
        if let Some(first) = lines.insert(account, line) {
            return Err(error(line, COLUMNS[0], format!("is mapped in line {first} already")));
        }
        map.insert(account, customer).map_err(|conflict| error(line, COLUMNS[1], conflict.to_string()))?;
        if !cell(5).is_empty() {
            caps.insert(account, monthly_credit(cell(5)).map_err(|problem| error(line, COLUMNS[5], problem))?);
        }
    }
    Ok((map, caps))
}

/// The line that a record begins in; the reader counts from the blank lines before it.
fn line_of(bytes: &[u8], position: &csv::Position) -> u64 {
    let rest = usize::try_from(position.byte()).ok().and_then(|at| bytes.get(at..)).unwrap_or_default();
    let blank = rest.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).filter(|byte| **byte == b'\n');
    position.line() + u64::try_from(blank.count()).unwrap_or(0)
}

fn positions(header: &csv::StringRecord) -> Result<BTreeMap<&'static str, usize>, CustomersError> {
    let mut positions = BTreeMap::new();
    for (at, name) in header.iter().enumerate() {
        let known = COLUMNS.iter().find(|column| **column == name);
        let known = known.ok_or_else(|| {
            error(
                1,
                &display(name, 40),
                format!("is not known; the columns are {}, separated by commas", COLUMNS.join(",")),
            )
        })?;
        if positions.insert(*known, at).is_some() {
            return Err(error(1, known, "is there twice"));
        }
    }
    match COLUMNS[..REQUIRED_COUNT].iter().find(|column| !positions.contains_key(**column)) {
        Some(missing) => Err(error(1, missing, format!("is missing; the columns are {}", COLUMNS.join(",")))),
        None => Ok(positions),
    }
}

fn markup(text: &str) -> Result<Decimal, String> {
    if text.is_empty() {
        return Ok(Decimal::ZERO);
    }
    let percent = Decimal::from_str_exact(text).map_err(|_| "is not a plain decimal such as 12.5".to_owned())?;
    let usable =
        percent >= Decimal::from(-100) && percent <= Decimal::from(MARKUP_MAX) && percent.normalize().scale() <= 4;
    if usable {
        Ok(percent.normalize())
    } else {
        Err(format!("must be from -100 to {MARKUP_MAX}, with at most 4 decimals"))
    }
}

fn monthly_credit(text: &str) -> Result<i64, String> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let credit = text.parse().ok().filter(|credit| digits && *credit <= MONTHLY_CREDIT_MAX);
    credit.ok_or_else(|| format!("must be a whole number of messages from 0 (uncapped) to {MONTHLY_CREDIT_MAX}"))
}

/// The CSV reader's own complaint: a row of another length, or bytes that are not UTF-8.
fn malformed(problem: &csv::Error) -> CustomersError {
    let line = problem.position().map_or(0, csv::Position::line);
    let (column, what) = match problem.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            let last = usize::try_from((*len).min(*expected_len)).unwrap_or(0);
            (format!("number {}", last + 1), format!("the row has {len} cells where the header has {expected_len}"))
        }
        csv::ErrorKind::Utf8 { err, .. } => {
            (format!("number {}", err.field() + 1), "is not UTF-8; save the file as CSV in UTF-8".to_owned())
        }
        other => ("number 1".to_owned(), format!("the row cannot be read: {other:?}")),
    };
    error(line, &column, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3a";
    const OTHER: &str = "2f3c5d2a-9ef8-4c91-a5f4-79990c8c1d3b";

    fn refused(text: &str) -> String {
        parse(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn several_sub_accounts_make_one_customer() {
        let text = format!(
            "\u{feff}customer_id,sub_account_id,customer_name,cost_center,markup_percent\r\nacme,{ID},Acme,C1,12.50\nacme, {OTHER} ,Acme,C1,12.5\n"
        );
        let (map, caps) = parse(text.as_bytes()).unwrap();
        assert!(caps.is_empty());
        assert_eq!(map.rows().count(), 2);
        let owner = map.owner(OTHER.parse().unwrap()).unwrap();
        assert_eq!((owner.id.as_str(), owner.markup_percent.to_string()), ("acme", "12.5".to_owned()));
    }

    #[test]
    fn caps_are_wanted_where_a_cell_says_so() {
        let header = "sub_account_id,customer_id,customer_name,monthly_credit";
        let (_, caps) = parse(format!("{header}\n{ID},a,A,50000\n{OTHER},a,A,\n").as_bytes()).unwrap();
        assert_eq!(caps, WantedCaps::from([(ID.parse().unwrap(), 50_000)]));
        for wrong in ["-1", "+1", "5.0", "1000000001", "50 000"] {
            let problem = refused(&format!("{header}\n{ID},a,A,{wrong}\n"));
            assert!(problem.starts_with("line 2, column `monthly_credit`: must be a whole number"), "{problem}");
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_line_and_column() {
        let header = "sub_account_id,customer_id,customer_name,cost_center,markup_percent";
        for (rows, expected) in [
            ("nope,a,A,,", "line 2, column `sub_account_id`: is not a UUID".to_owned()),
            (&format!("{ID},,A,,"), "line 2, column `customer_id`: is empty".to_owned()),
            (
                &format!("{ID},a,A,,ten"),
                "line 2, column `markup_percent`: is not a plain decimal such as 12.5".to_owned(),
            ),
            (
                &format!("{ID},a,A,,-101"),
                "line 2, column `markup_percent`: must be from -100 to 1000, with at most 4 decimals".to_owned(),
            ),
            (
                &format!("{ID},a,A,,\n\n{ID},b,B,,"),
                "line 4, column `sub_account_id`: is mapped in line 2 already".to_owned(),
            ),
            (
                &format!("{ID},a,A,,\n{OTHER},a,B,,"),
                "line 3, column `customer_id`: customer `a` has another name, cost center or markup in an earlier row"
                    .to_owned(),
            ),
            (&format!("{ID},a"), "line 2, column `number 3`: the row has 2 cells where the header has 5".to_owned()),
        ] {
            assert_eq!(refused(&format!("{header}\n{rows}\n")), expected);
        }
        assert!(refused("sub_account_id,customer_id\n").starts_with("line 1, column `customer_name`: is missing"));
        assert!(
            refused("sub_account_id;customer_id\n")
                .starts_with("line 1, column `sub_account_id;customer_id`: is not known")
        );
        assert!(
            refused(&format!("{header},customer_id\n")).starts_with("line 1, column `customer_id`: is there twice")
        );
    }
}
