//! Every setting with its meaning: what `docs/configuration.md` is made of. A test holds it against what the reader of the
//! file knows.

/// One setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// The table that it is in, as it is written; empty for the settings above all tables.
    pub table: &'static str,
    /// Its name.
    pub name: &'static str,
    /// What is written.
    pub kind: &'static str,
    /// What holds without it.
    pub default: &'static str,
    /// What it means.
    pub meaning: &'static str,
}

const fn is(
    table: &'static str,
    name: &'static str,
    kind: &'static str,
    default: &'static str,
    meaning: &'static str,
) -> Setting {
    Setting { table, name, kind, default, meaning }
}

/// All settings, table by table.
pub const SETTINGS: &[Setting] = &[
    is("", "account_id", "UUID", "`AHASEND_ACCOUNT_ID`", "the parent account"),
    is("", "label", "text", "the account's id", "names the folder of its reports"),
    is("", "account_name", "text", "none", "who the parent account is, on pages and in FOCUS files"),
    is("", "base_url", "URL", "`AHASEND_BASE_URL`, else the vendor's", "where the API is"),
    is("", "key_env", "name", "`AHASEND_API_KEY`", "the environment variable with the API key"),
    is("", "key_file", "path", "`/run/secrets/ahasend_api_key`, if it is there", "the file with the API key"),
    is("", "key_credential", "name", "`ahasend-api-key`, if it is there", "the systemd credential that is the API key"),
    is("", "key_command", "list of texts", "none", "a program and its arguments that print the API key"),
    is("", "archive", "path or URL", "`archive`", "the evidence: a folder, or `s3://…`, `gs://…`, `az://…`"),
    is("", "reports", "path", "`reports`", "the folder of report sets"),
    is("", "spool", "path", "`reports/.spool` beside a store, else none", "takes evidence when the archive does not"),
    is("", "mirror", "path or URL", "none", "where report sets are copied to"),
    is("", "customers", "path", "`customers.csv`, if it is there", "the customer map"),
    is("", "invoices", "path", "`invoices.csv`, if it is there", "the invoices of all periods"),
    is("", "allocation", "table", "as below", "how the pooled invoice is divided"),
    is("", "charges", "table", "as below", "what customers are charged beyond their cost"),
    is("", "checks", "table", "as below", "what findings go by"),
    is("", "caps", "table", "as below", "when caps are flagged"),
    is("", "invoice", "tables", "none", "invoices, for those who keep no table of them"),
    is("", "report", "table", "as below", "what a report set is made of"),
    is("", "limits", "table", "as below", "how the API is talked to"),
    is("", "notify", "tables", "none", "who is told what came of a night"),
    is("", "monitoring", "table", "as below", "what watches the nights"),
    is("", "parent", "tables", "none", "several parent accounts"),
    is("[allocation]", "weights", "`allocated-cost`, `messages`", "`allocated-cost`", "what the invoice is shared by"),
    is("[allocation]", "parent_usage", "`keep`, `spread`", "`keep`", "what becomes of what the parent account sends"),
    is(
        "[allocation]",
        "removed_usage",
        "`attribute`, `keep`, `spread`",
        "`attribute`",
        "what becomes of removed usage",
    ),
    is("[allocation]", "residual", "`rate`, `keep`", "`rate`", "what becomes of removed usage that nobody saw"),
    is("[allocation]", "tax", "`spread`, `keep`, `leave-out`", "`leave-out`", "what becomes of the invoice's tax"),
    is("[allocation]", "credit", "`spread`, `keep`, `leave-out`", "`spread`", "what becomes of its credit"),
    is("[allocation]", "add_on", "`spread`, `keep`, `leave-out`", "`spread`", "what becomes of its add-ons"),
    is(
        "[allocation]",
        "rest",
        "`spread`, `keep`, `leave-out`",
        "`keep`",
        "what becomes of a rest that nothing explains",
    ),
    is("[charges]", "markup_percent", "number in quotes", "`0`", "what is added to each cost, in per cent"),
    is("[charges]", "monthly_fee", "amount in quotes", "`0`", "what each customer is charged every period"),
    is("[charges]", "minimum_charge", "amount in quotes", "`0`", "what a customer's charges come to at the least"),
    is(
        "[charges]",
        "rounding",
        "`half-away-from-zero`, `half-even`",
        "`half-away-from-zero`",
        "how markups are rounded",
    ),
    is("[checks]", "currency", "ISO 4217 code", "any", "the currency that the API must answer in"),
    is(
        "[checks]",
        "tolerance",
        "amount in quotes",
        "`0`",
        "a difference that is no error, beyond what rounding explains",
    ),
    is("[checks]", "unmapped", "`error`, `warning`, `note`", "`warning`", "how bad a sub account is that nobody owns"),
    is("[checks]", "tail_minutes_max", "minutes", "`60`", "the longest that the end of a period may go unseen"),
    is("[caps]", "near_percent", "number in quotes", "`80`", "from when a cap is near"),
    is("[caps]", "critical_percent", "number in quotes", "`95`", "from when it is critical"),
    is("[caps]", "exceeded_percent", "number in quotes", "`100`", "from when it is exceeded"),
    is("[caps]", "customer", "tables", "none", "the same for one customer: `[caps.customer.acme]`"),
    is("[[invoice]]", "period", "date", "needed", "the first day of the billing period"),
    is("[[invoice]]", "number", "text", "none", "the invoice's number"),
    is("[[invoice]]", "amount", "amount in quotes", "needed", "the whole invoice"),
    is("[[invoice]]", "tax", "amount in quotes", "`0`", "of which tax"),
    is("[[invoice]]", "credit", "amount in quotes", "`0`", "of which credit"),
    is("[[invoice]]", "add_on", "amount in quotes", "`0`", "of which add-ons"),
    is("[[invoice]]", "currency", "ISO 4217 code", "any", "its currency"),
    is("[report]", "formats", "list of `csv`, `parquet`, `xlsx`, `html`, `focus`", "all", "the formats of a set"),
    is("[report]", "csv_profiles", "list of `plain`, `excel`, `excel-eu`", "`plain`", "forms of CSV for spreadsheets"),
    is("[report]", "without", "list of `statements`, `caps`, `tail`", "none", "parts that a set does without"),
    is("[limits]", "connect_timeout_secs", "seconds", "`10`", "the longest that a connection may take"),
    is("[limits]", "read_timeout_secs", "seconds", "`30`", "the longest pause within an answer"),
    is("[limits]", "request_timeout_secs", "seconds", "`120`", "the longest that one answer may take"),
    is("[limits]", "run_timeout_secs", "seconds", "`7200`", "the longest that one capture may take"),
    is("[limits]", "attempt_count_max", "number", "`8`", "how often a call is tried"),
    is("[limits]", "retry_delay_min_ms", "milliseconds", "`1000`", "the shortest pause between two tries"),
    is("[limits]", "retry_delay_max_secs", "seconds", "`30`", "the longest one"),
    is("[limits]", "retry_after_max_secs", "seconds", "`120`", "the longest pause that the server may ask for"),
    is(
        "[limits]",
        "requests_per_second",
        "1 to 99",
        "`50`",
        "how fast calls follow each other; sending shares the limit",
    ),
    is("[limits]", "body_mib_max", "MiB", "`256`", "the largest answer"),
    is("[limits]", "page_count_max", "number", "`10000`", "the most pages of the list"),
    is("[limits]", "store_timeout_secs", "seconds, up to 240", "`60`", "how long an object store is tried"),
    is("[[notify]]", "kind", "`slack`, `json`, `email`", "needed", "the channel"),
    is(
        "[[notify]]",
        "url_env",
        "name",
        "none",
        "the environment variable with the webhook's address, which is a secret",
    ),
    is("[[notify]]", "url_file", "path", "none", "the file with it"),
    is("[[notify]]", "secret_env", "name", "none", "the environment variable with what JSON messages are signed with"),
    is("[[notify]]", "secret_file", "path", "none", "the file with it"),
    is(
        "[[notify]]",
        "smtp",
        "URL",
        "needed for email",
        "the mail server: `smtps://HOST`, or `smtp://HOST:587?tls=required`",
    ),
    is("[[notify]]", "user", "text", "none", "the user at the mail server"),
    is("[[notify]]", "password_env", "name", "none", "the environment variable with the user's password"),
    is("[[notify]]", "password_file", "path", "none", "the file with it"),
    is("[[notify]]", "from", "address", "needed for email", "who writes"),
    is("[[notify]]", "to", "list of addresses", "needed for email", "who reads"),
    is("[monitoring]", "textfile", "path", "none", "the file with the metrics of the last run, for Prometheus"),
    is(
        "[monitoring]",
        "heartbeat_env",
        "name",
        "none",
        "the environment variable with the address that hears of every run",
    ),
    is("[monitoring]", "heartbeat_file", "path", "none", "the file with it"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::file::File;
    use super::*;

    /// The names that the reader of the file knows in a table, from what it says of one that it does not know.
    fn known(table: &str) -> BTreeSet<String> {
        let told = File::parse(&format!("{table}\nno_such_setting = 1\n")).unwrap_err();
        let names = told.split_once(", expected ").expect("what is known").1;
        names.split('`').skip(1).step_by(2).map(str::to_owned).collect()
    }

    #[test]
    fn every_setting_is_listed_and_no_other() {
        let tables: BTreeSet<&str> = SETTINGS.iter().map(|setting| setting.table).collect();
        assert_eq!(tables.len(), 10);
        for table in tables {
            let listed: BTreeSet<String> = SETTINGS
                .iter()
                .filter(|setting| setting.table == table)
                .map(|setting| setting.name.to_owned())
                .collect();
            assert_eq!(listed, known(table), "{table}");
        }
    }

    /// What holds without a setting is what holds when its default is written out.
    #[test]
    fn defaults_are_those_of_the_code() {
        let without = File::parse("").unwrap();
        let tables = ["[allocation]", "[charges]", "[checks]", "[caps]", "[limits]"];
        let mut tried = 0;
        for setting in SETTINGS.iter().filter(|setting| tables.contains(&setting.table)) {
            let Some(default) = setting.default.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) else {
                continue;
            };
            let is_number = ["seconds", "seconds, up to 240", "milliseconds", "minutes", "number", "MiB", "1 to 99"]
                .contains(&setting.kind);
            let value = if is_number { default.to_owned() } else { format!("\"{default}\"") };
            let written = File::parse(&format!("{}\n{} = {value}\n", setting.table, setting.name)).unwrap();
            assert_eq!(written.terms().unwrap(), without.terms().unwrap(), "{setting:?}");
            assert_eq!(written.limits().unwrap(), without.limits().unwrap(), "{setting:?}");
            assert_eq!(written.store_patience().unwrap(), without.store_patience().unwrap(), "{setting:?}");
            tried += 1;
        }
        assert_eq!(tried, 30, "of all that have a default");
    }
}
