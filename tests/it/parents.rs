//! Several parent accounts in one configuration: each has its own night, and nobody's failure is another's.

use std::net::TcpListener;
use std::path::Path;

use crate::support::look::{captures, json};
use crate::support::{Answers, Home, KEY, NIGHT, PARENT, Ran, Reply, Server, bare, base, home};

/// Two more parent accounts, which never get as far as to have a night.
const USD: &str = "11111111-1111-4111-8111-111111111111";
const GBP: &str = "22222222-2222-4222-8222-222222222222";

/// What the API says of a parent account that is billed in a currency.
fn answers(id: &str, currency: &str) -> Answers {
    let Answers { usage, pages, accounts } = base();
    let of_it = |text: &str| text.replace(PARENT, id).replace("\"usd\"", &format!("\"{currency}\""));
    Answers { usage: of_it(&usage), pages: pages.iter().map(|page| of_it(page)).collect(), accounts }
}

/// One configuration of three: the first is well, the key of the second is refused, and nobody answers for the third.
struct Three {
    folder: Home,
    eur: Server,
    usd: Server,
    gbp: String,
}

impl Three {
    fn new(more: &str) -> Self {
        let eur = Server::of(answers(PARENT, "eur"));
        let usd = Server::start(|_| Reply::error(401, "Invalid API key"));
        // a port that was free a moment ago, and that nobody listens on
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let gbp = format!("http://{}", free.local_addr().expect("an address"));
        Self::of(eur, usd, gbp, more)
    }

    fn of(eur: Server, usd: Server, gbp: String, more: &str) -> Self {
        let three = Self { folder: home(), eur, usd, gbp };
        three.configure(more);
        three
    }

    fn configure(&self, more: &str) {
        let parent = |label: &str, id: &str, url: &str, more: &str| {
            format!(
                "[[parent]]\nlabel = \"{label}\"\naccount_id = \"{id}\"\nbase_url = \"{url}\"\n\
                 key_env = \"KEY_{label}\"\n{more}\n",
            )
        };
        let text = [
            "[limits]\nrun_timeout_secs = 20\nattempt_count_max = 2\nretry_delay_min_ms = 1\n\n".to_owned(),
            parent("eur", PARENT, &self.eur.url(), more),
            parent("usd", USD, &self.usd.url(), ""),
            parent("gbp", GBP, &self.gbp, ""),
        ];
        std::fs::write(self.path().join("subledger.toml"), text.concat()).expect("a file");
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        self.run_with(&[], arguments)
    }

    /// The same with more variables.
    fn run_with(&self, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
        let mut command = bare(self.path());
        for label in ["eur", "usd", "gbp"] {
            command.env(format!("KEY_{label}"), KEY);
        }
        command.envs(variables.iter().copied()).args(["--now", NIGHT]).args(arguments);
        command.output().expect("the binary starts").into()
    }
}

#[test]
fn one_that_is_well_is_complete_beside_two_that_are_not() {
    let three = Three::new("");
    let ran = three.run(&["run"]);
    assert_eq!(ran.code, 21, "a key that is refused is more serious than a server that is away: {}", ran.stderr);
    assert!(ran.stdout.starts_with("== eur\n"), "{}", ran.stdout);
    assert!(ran.stdout.contains("60.00 EUR of the invoice"), "{}", ran.stdout);
    assert!(ran.stdout.contains("\n== usd\nfailed "), "{}", ran.stdout);
    let closing = ran.closing();
    assert!(closing.starts_with("evidence: NOT SAFE for 2 of 3 parent accounts: usd (21), gbp (20);"), "{closing}");
    let of_eur = ran.stderr.lines().filter(|line| line.starts_with("eur: ")).collect::<Vec<_>>();
    assert!(of_eur.iter().any(|line| line.starts_with("eur: evidence: safe in archive/parent=")), "{of_eur:?}");
    assert!(three.path().join("reports/eur/2024-01-01/latest/chargeback.csv").is_file());
    assert!(!captures(three.path()).is_empty());
    assert!(three.run(&["verify", "--parent", "eur"]).code == 0);

    let told = json(&Three::new("").run(&["run", "--output", "json"]).stdout);
    assert_eq!(told["schema"], "subledger/parents/v1");
    let codes: Vec<i64> =
        told["parents"].as_array().unwrap().iter().map(|each| each["exit_code"].as_i64().unwrap()).collect();
    assert_eq!(codes, [0, 21, 20]);
    assert_eq!(told["parents"][0]["result"]["schema"], "subledger/run/v1");
    assert_eq!(told["parents"][1]["failure"]["schema"], "subledger/failure/v1");
}

#[test]
fn three_currencies_are_three_books() {
    let gbp = Server::of(answers(GBP, "gbp"));
    let three = Three::of(Server::of(answers(PARENT, "eur")), Server::of(answers(USD, "usd")), gbp.url(), "");
    let ran = three.run(&["run"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    for label in ["eur", "usd", "gbp"] {
        let (_, own) = ran.stdout.split_once(&format!("== {label}\n")).expect("a part of its own");
        let own = own.split("\n== ").next().unwrap_or_default();
        let mut others = ["EUR", "USD", "GBP"].into_iter().filter(|other| !other.eq_ignore_ascii_case(label));
        assert!(own.contains(&format!("60.00 {} of the invoice", label.to_uppercase())), "{own}");
        assert!(others.all(|other| !own.contains(other)), "{own}");
        let path = three.path().join("reports").join(label).join("2024-01-01/latest/chargeback.csv");
        let csv = std::fs::read_to_string(path).expect("its chargeback");
        assert!(csv.contains(&label.to_uppercase()), "{csv}");
    }
    assert_eq!(ran.closing(), "evidence: safe for 3 parent accounts; nothing to do");
}

#[test]
fn one_heartbeat_for_all_of_them_would_cover_a_night_that_failed() {
    let three = Three::new("");
    let file = three.path().join("subledger.toml");
    let usual = std::fs::read_to_string(&file).expect("a file");
    std::fs::write(&file, format!("{usual}\n[monitoring]\nheartbeat_env = \"BEAT\"\n")).expect("a file");
    let run = |beat: String| three.run_with(&[("BEAT", &beat)], &["run", "--parent", "eur"]);
    // nobody listens where the third one's API would be
    let ran = run(format!("{}/ping", three.gbp));
    assert!(ran.stderr.contains("is one address for several parent accounts: put `{label}` into it"), "{}", ran.stderr);
    let ran = run(format!("{}/ping-{{label}}", three.gbp));
    assert!(ran.stderr.contains("the heartbeat was not heard"), "{}", ran.stderr);
}

#[test]
fn one_of_them_is_picked_by_its_label() {
    let three = Three::new("");
    let ran = three.run(&["run", "--parent", "eur"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(!ran.stdout.starts_with("=="), "{}", ran.stdout);
    let history = three.run(&["history"]);
    assert_eq!(history.code, 2);
    assert!(history.stderr.contains("pick one with `--parent`: eur, usd, gbp"), "{}", history.stderr);
    assert_eq!(three.run(&["history", "--parent", "eur"]).code, 0);
    let unknown = three.run(&["run", "--parent", "chf"]);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.stderr.contains("no parent account has the label `chf`; there is eur, usd, gbp"),
        "{}",
        unknown.stderr
    );
    assert!(unknown.closing().starts_with("evidence: NOT SAFE"), "{}", unknown.stderr);
}

#[test]
fn machines_share_them_without_asking_each_other() {
    let three = Three::new("");
    let asked = |part: &str| {
        let told = json(&three.run(&["run", "--output", "json", "--shard", part]).stdout);
        let parents = told["parents"].as_array().expect("a list").clone();
        parents.iter().map(|each| each["label"].as_str().expect("a text").to_owned()).collect::<Vec<_>>()
    };
    let mut all = [asked("0/2"), asked("1/2")].concat();
    all.sort();
    assert_eq!(all, ["eur", "gbp", "usd"], "each once");
    let wrong = three.run(&["run", "--shard", "2/2"]);
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
    std::fs::write(three.path().join("subledger.toml"), "").expect("a file");
    let single = three.run(&["run", "--shard", "0/2"]);
    assert!(single.stderr.contains("has no [[parent]]"), "{}", single.stderr);
}

#[test]
fn invoices_that_are_nobodys_cost_no_evidence() {
    let three = Three::new("");
    std::fs::write(three.path().join("invoices.csv"), "period,amount\n").expect("a file");
    let ran = three.run(&["run", "--parent", "eur"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("call it `invoices-eur.csv`"), "{}", ran.stderr);
    assert!(ran.closing().starts_with("evidence: safe in "), "{}", ran.stderr);
}

#[test]
fn a_mistake_of_one_keeps_the_others_going() {
    let three = Three::new("customers = \"missing.csv\"");
    let ran = three.run(&["run"]);
    // its evidence is taken although there can be no reports
    assert!(ran.stderr.contains("eur: error: the configuration cannot be used"), "{}", ran.stderr);
    assert!(ran.stderr.contains("eur: evidence: safe in archive/parent="), "{}", ran.stderr);
    assert_eq!(ran.code, 21, "{}", ran.stderr);
    for (config, problem) in [
        ("[[parent]]\naccount_id = \"x\"\n", "[[parent]] number 1 has no `label`"),
        ("[[parent]]\nlabel = \"a\"\n", "(`a`) has no `account_id`"),
        ("label = \"a\"\n[[parent]]\nlabel = \"b\"\naccount_id = \"x\"\n", "belong into each of them"),
    ] {
        std::fs::write(three.path().join("subledger.toml"), config).expect("a file");
        let ran = three.run(&["run"]);
        assert_eq!(ran.code, 2, "{}", ran.stderr);
        assert!(ran.stderr.contains(problem), "{}", ran.stderr);
        assert!(ran.closing().starts_with("evidence: NOT SAFE"), "{}", ran.stderr);
    }
}
