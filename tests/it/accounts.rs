//! Managing sub accounts and keys with the real binary against the simulator.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use chrono::TimeDelta;
use subledger::simulator::world::Event;
use uuid::Uuid;

use crate::support::look::captures;
use crate::support::simulated::{NOW, Simulated};

const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

#[test]
fn a_sub_account_is_created_changed_paused_and_shown() {
    let api = Simulated::new(3);
    let created = api.json(&["accounts", "create", "--name", " Acme ", "--website", "https://Acme.example.com/about"]);
    assert_eq!(created["schema"], "subledger/account-created/v1");
    let account = &created["account"];
    assert_eq!((&account["name"], &account["website"]), (&"Acme".into(), &"acme.example.com".into()));
    assert_eq!((&account["status"], &account["monthly_credit"]), (&"active".into(), &0.into()));
    let id = account["id"].as_str().unwrap();
    let changed = api.json(&["accounts", "update", id, "--monthly-credit", "50000", "--name", "Acme Ltd"]);
    assert_eq!(changed["account"]["monthly_credit"], 50_000);
    let paused = api.json(&["accounts", "suspend", id, "--reason", "invoice overdue", "--yes"]);
    assert_eq!(paused["account"]["status"], "suspended");
    let listed = api.json(&["accounts", "list", "--status", "suspended"]);
    assert_eq!(listed["accounts"].as_array().unwrap().iter().filter(|listed| listed["id"] == *id).count(), 1);
    let active = api.json(&["accounts", "unsuspend", id]);
    assert_eq!(active["account"]["status"], "active");
    assert_eq!(api.json(&["accounts", "show", id])["account"], active["account"]);
    assert_eq!(api.json(&["accounts", "list"])["accounts"].as_array().unwrap().len(), api.account_count());
}

/// A shell empties the file before the command begins that is to fill it.
#[test]
fn a_customer_map_that_is_being_made_is_in_nobodys_way() {
    let api = Simulated::new(2);
    fs::write(api.home.path().join("customers.csv"), "").unwrap();
    assert_eq!(api.run(&["accounts", "list"]).code, 0);
    assert_eq!(api.run(&["caps", "plan"]).code, 2);
}

#[test]
fn text_is_made_for_reading() {
    let api = Simulated::new(0);
    let id = api.account("Müller & Söhne GmbH", 50_000, 1_234).to_string();
    insta::assert_snapshot!(api.run(&["accounts", "show", &id]).stdout);
    insta::assert_snapshot!(api.run(&["accounts", "list"]).stdout);
}

#[test]
fn what_cannot_be_undone_needs_a_yes_before_anything_is_asked_of_the_api() {
    let api = Simulated::new(1);
    for arguments in [
        ["accounts", "delete", NOBODY].as_slice(),
        &["accounts", "suspend", NOBODY, "--reason", "x"],
        &["accounts", "keys", "delete", NOBODY, NOBODY],
        &["caps", "apply"],
    ] {
        let ran = api.run(arguments);
        assert_eq!(ran.code, 2, "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains("`--yes`"), "{}", ran.stderr);
        assert_eq!(ran.closing(), "evidence: untouched; nothing was done");
    }
    assert_eq!(api.simulator.requests(), 0);
}

#[test]
fn deleting_captures_first_and_says_what_moves_into_the_aggregate() {
    let api = Simulated::new(5);
    let id = api.account("Acme", 0, 12_345);
    let deleted = api.run(&["accounts", "delete", &id.to_string(), "--yes"]);
    assert_eq!(deleted.code, 0, "{}", deleted.stderr);
    // said before it is done, and again when it is
    for (said, verb) in [(&deleted.stderr, "will move"), (&deleted.stdout, "moved")] {
        assert!(said.contains("12,345 messages, "), "{said}");
        assert!(said.contains(&format!("{verb} into the anonymous aggregate")), "{said}");
    }
    assert!(deleted.stdout.starts_with(&format!("deleted Acme ({id})\n")), "{}", deleted.stdout);
    assert!(deleted.closing().starts_with("evidence: safe in"), "{}", deleted.closing());
    assert!(api.ids("Acme").is_empty());
    assert_eq!(api.simulator.with_world(|world| world.removed_sub_accounts().last().unwrap().account.id), id);
    // the capture still names it
    let folder = api.home.path();
    assert_eq!(captures(folder).len(), 1);
    let report = api.run(&["report"]);
    assert!(report.code == 0 || report.code == 10, "{}", report.stderr);
    let sets = folder.join("reports");
    let chargeback = crate::support::tree(&sets);
    let (_, csv) = chargeback.iter().find(|(path, _)| path.ends_with("Z/chargeback.csv")).unwrap();
    assert!(String::from_utf8_lossy(csv).contains("Acme"));
}

#[test]
fn nothing_is_deleted_if_its_usage_cannot_be_captured() {
    let api = Simulated::new(5);
    let id = api.account("Acme", 0, 12_345);
    api.fault("500,path=/usage");
    let ran = api.run(&["accounts", "delete", &id.to_string(), "--yes"]);
    assert_eq!(ran.code, 20, "{}", ran.stderr);
    assert!(ran.stderr.contains("was not deleted, because its usage could not be captured"), "{}", ran.stderr);
    assert_eq!(api.ids("Acme"), [id]);
}

#[test]
fn a_deletion_whose_answer_was_lost_is_told_as_done() {
    let api = Simulated::new(1);
    let id = api.account("Acme", 0, 1);
    api.fault("reset,method=DELETE,count=1");
    let ran = api.run(&["accounts", "delete", &id.to_string(), "--yes"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stdout.contains("by an attempt whose answer was lost"), "{}", ran.stdout);
}

#[test]
fn a_suspension_is_asked_for_once_and_its_doubt_is_told() {
    let api = Simulated::new(1);
    let id = api.account("Acme", 0, 1);
    api.fault("reset,path=/suspend,count=1");
    let ran = api.run(&["accounts", "suspend", &id.to_string(), "--reason", "x", "--yes"]);
    assert_eq!(ran.code, 20, "{}", ran.stderr);
    assert!(ran.stderr.contains("whether it took effect is not known"), "{}", ran.stderr);
    assert_eq!(ran.closing(), "evidence: untouched; look before you run it again");
    assert_eq!(api.simulator.requests(), 1);
}

#[test]
fn a_refusal_is_shown_in_the_servers_words_and_is_no_reason_to_act_tonight() {
    let api = Simulated::new(1);
    let ran = api.run(&["accounts", "create", "--name", "Acme", "--website", "not a domain"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("website must be a valid domain"), "{}", ran.stderr);
    assert!(!ran.stderr.contains("NOT SAFE"), "{}", ran.stderr);
    let gone = api.run(&["accounts", "show", NOBODY]);
    assert_eq!(gone.code, 2, "{}", gone.stderr);
    assert!(gone.stderr.contains("Sub account not found"), "{}", gone.stderr);
}

#[test]
fn an_idempotency_key_makes_one_account_and_refuses_another() {
    let api = Simulated::new(1);
    let create = |name: &'static str| {
        ["accounts", "create", "--name", name, "--website", "acme.example.com", "--idempotency-key", "order-1"]
    };
    assert_eq!(api.run(&create("Acme")).code, 0);
    let again = api.run(&create("Acme"));
    assert!(again.code == 0 && again.stdout.starts_with("created before"), "{}{}", again.stdout, again.stderr);
    let other = api.run(&create("Other"));
    assert_eq!(other.code, 2, "{}", other.stderr);
    assert!(other.stderr.contains("idempotency key"), "{}", other.stderr);
    assert_eq!((api.ids("Acme").len(), api.ids("Other").len()), (1, 0));
}

/// Each command with the scope that it needs and does not have.
#[test]
fn a_missing_scope_is_named_from_our_own_table() {
    let api = Simulated::with_scopes(1, &["domains:read"]);
    let key = ["--scope", "messages:send:all", "--secret-stdout"];
    let create_key = [["accounts", "keys", "create", NOBODY].as_slice(), &key].concat();
    for (scope, arguments) in [
        ("sub-accounts:read", ["accounts", "list"].as_slice()),
        ("sub-accounts:read", &["accounts", "show", NOBODY]),
        ("sub-accounts:write", &["accounts", "create", "--name", "A", "--website", "a.example.com"]),
        ("sub-accounts:write", &["accounts", "update", NOBODY, "--name", "A"]),
        ("sub-accounts:suspend", &["accounts", "suspend", NOBODY, "--reason", "x", "--yes"]),
        ("sub-accounts:suspend", &["accounts", "unsuspend", NOBODY]),
        ("sub-account-api-keys:read", &["accounts", "keys", "list", NOBODY]),
        ("sub-account-api-keys:read", &["accounts", "keys", "show", NOBODY, NOBODY]),
        ("sub-account-api-keys:write", &create_key),
        ("sub-account-api-keys:write", &["accounts", "keys", "update", NOBODY, NOBODY, "--label", "x"]),
        ("sub-account-api-keys:read", &["accounts", "keys", "delete", NOBODY, NOBODY, "--yes"]),
        ("sub-accounts:usage", &["run"]),
    ] {
        let ran = api.run(arguments);
        assert_eq!(ran.code, 21, "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(&format!("it needs the scope `{scope}`")), "{arguments:?}: {}", ran.stderr);
    }
    // deleting reads first; a key that may do all but that is told so
    let scopes = ["sub-accounts:read", "sub-accounts:usage", "sub-account-api-keys:read", "sub-account-api-keys:write"];
    let api = Simulated::with_scopes(1, &scopes);
    let id = api.account("Acme", 0, 1).to_string();
    let key = api.json(&[["accounts", "keys", "create", &id].as_slice(), &key].concat())["key"]["id"].clone();
    for (scope, arguments) in [
        ("sub-account-api-keys:delete", ["accounts", "keys", "delete", &id, key.as_str().unwrap(), "--yes"].as_slice()),
        ("sub-accounts:delete", &["accounts", "delete", &id, "--yes"]),
    ] {
        let ran = api.run(arguments);
        assert_eq!(ran.code, 21, "{arguments:?}: {}", ran.stderr);
        assert!(ran.stderr.contains(&format!("it needs the scope `{scope}`")), "{arguments:?}: {}", ran.stderr);
    }
}

#[test]
fn keys_are_created_changed_listed_and_deleted() {
    let api = Simulated::new(0);
    let id = api.account("Acme", 0, 0).to_string();
    let created = api.json(&[
        "accounts",
        "keys",
        "create",
        &id,
        "--label",
        "Web shop",
        "--scope",
        "messages:send:all",
        "--allow-ip",
        "203.0.113.7/24",
        "--secret-stdout",
    ]);
    assert!(created["secret_key"].as_str().unwrap().starts_with("aha-sk-"));
    assert_eq!(created["key"]["ip_allow_list"], serde_json::json!(["203.0.113.0/24"]));
    let key = created["key"]["id"].as_str().unwrap();
    let changed = api.json(&["accounts", "keys", "update", &id, key, "--scope", "domains:read", "--any-ip"]);
    assert_eq!(changed["key"]["scopes"], serde_json::json!(["domains:read"]));
    assert_eq!(changed["key"]["ip_allow_list"], serde_json::json!([]));
    assert_eq!(api.json(&["accounts", "keys", "list", &id])["keys"][0], changed["key"]);
    assert_eq!(api.json(&["accounts", "keys", "show", &id, key])["key"], changed["key"]);
    api.json(&["accounts", "keys", "delete", &id, key, "--yes"]);
    assert_eq!(api.json(&["accounts", "keys", "list", &id])["keys"], serde_json::json!([]));
}

const PROVISION: [&str; 10] = [
    "accounts",
    "provision",
    "--name",
    "Acme",
    "--website",
    "acme.example.com",
    "--scope",
    "messages:send:all",
    "--secret-file",
    "acme.key",
];

#[test]
fn a_provisioned_secret_is_in_its_file_and_nowhere_else() {
    let api = Simulated::new(1);
    let ran = api.run(&[PROVISION.as_slice(), &["-vv"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let path = api.home.path().join("acme.key");
    let secret = fs::read_to_string(&path).unwrap();
    assert!(secret.starts_with("aha-sk-") && secret.ends_with('\n'));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(!ran.stdout.contains(secret.trim()) && !ran.stderr.contains(secret.trim()));
    assert!(ran.stdout.contains("secret in acme.key"), "{}", ran.stdout);
    let again = api.run(&PROVISION);
    assert_eq!(again.code, 2, "a secret is never overwritten: {}", again.stderr);
    assert_eq!(fs::read_to_string(&path).unwrap(), secret);
}

#[test]
fn a_secret_on_stdout_is_alone_there() {
    let api = Simulated::new(1);
    let ran = api.run(&[&PROVISION[..8], &["--secret-stdout", "-vv"]].concat());
    assert_eq!((ran.code, ran.stdout.lines().count()), (0, 1), "{}", ran.stderr);
    assert!(ran.stdout.starts_with("aha-sk-") && !ran.stderr.contains(ran.stdout.trim()));
}

#[test]
fn provisioning_that_failed_between_its_calls_goes_on_without_a_second_account() {
    let api = Simulated::new(1);
    api.fault("503,path=/api-keys");
    let ran = api.run(&PROVISION);
    assert_eq!(ran.code, 20, "{}", ran.stderr);
    let [id] = api.ids("Acme")[..] else { panic!("one account") };
    assert!(
        ran.stderr.contains(&format!("subledger accounts keys create {id} --label 'Bootstrap key'")),
        "{}",
        ran.stderr
    );
    assert!(!api.home.path().join("acme.key").exists(), "no file without a secret");
    api.simulator.clear_faults();
    let again = api.run(&PROVISION);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(api.ids("Acme"), [id]);
    assert_eq!(api.json(&["accounts", "keys", "list", &id.to_string()])["keys"].as_array().unwrap().len(), 1);
}

#[test]
fn provisioning_that_was_killed_between_its_calls_goes_on_without_a_second_account() {
    let api = Simulated::new(1);
    api.fault("stalled,path=/api-keys");
    let mut child = api.process(&PROVISION).spawn().unwrap();
    while api.simulator.requests() < 2 {
        assert!(child.try_wait().unwrap().is_none(), "it waits for the second answer");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let [id] = api.ids("Acme")[..] else { panic!("one account") };
    api.simulator.clear_faults();
    // until its lease ends the first attempt counts as being at it still, and that is said
    let early = api.run(&PROVISION);
    assert_eq!(early.code, 20, "{}", early.stderr);
    let later = NOW.parse::<chrono::DateTime<chrono::Utc>>().unwrap() + TimeDelta::minutes(6);
    api.simulator.apply(Event::Advance(later)).unwrap();
    let again = api.run(&PROVISION);
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert_eq!(api.ids("Acme"), [id]);
    assert!(fs::read_to_string(api.home.path().join("acme.key")).unwrap().starts_with("aha-sk-"));
}

#[test]
fn provisioning_whose_second_answer_was_lost_goes_on_with_the_command_of_the_hint() {
    let api = Simulated::new(1);
    api.fault("reset,path=/api-keys");
    let ran = api.run(&PROVISION);
    assert_eq!(ran.code, 20, "{}", ran.stderr);
    assert!(ran.stderr.contains("its key may be"), "{}", ran.stderr);
    api.simulator.clear_faults();
    // the key is there, and nobody has its secret: the command of the hint gets it without making another
    let hinted = ran.stderr.lines().find_map(|line| line.trim().strip_prefix("subledger ")).expect("a command");
    let resumed = api.shell(hinted);
    assert_eq!(resumed.code, 0, "{}", resumed.stderr);
    let [id] = api.ids("Acme")[..] else { panic!("one account") };
    assert_eq!(api.json(&["accounts", "keys", "list", &id.to_string()])["keys"].as_array().unwrap().len(), 1);
    assert!(fs::read_to_string(api.home.path().join("acme.key")).unwrap().starts_with("aha-sk-"));
}

#[test]
fn provisioning_names_the_key_that_a_forgotten_attempt_left_over() {
    let api = Simulated::new(1);
    assert_eq!(api.run(&PROVISION).code, 0);
    let [id] = api.ids("Acme")[..] else { panic!("one account") };
    let first = api.json(&["accounts", "keys", "list", &id.to_string()])["keys"][0]["id"].clone();
    fs::remove_file(api.home.path().join("acme.key")).unwrap();
    let later = NOW.parse::<chrono::DateTime<chrono::Utc>>().unwrap() + TimeDelta::minutes(6);
    api.simulator.apply(Event::Advance(later)).unwrap();
    let again = api.json(&PROVISION);
    assert_eq!(again["left_over_keys"], serde_json::json!([first]));
    assert_eq!((&again["replayed"], &again["key_replayed"]), (&true.into(), &false.into()));
    assert_eq!(api.ids("Acme"), [id]);
}

#[test]
fn values_that_are_refused_lead_to_a_command_with_others() {
    let api = Simulated::new(1);
    let nonsense = [&PROVISION[..7], &["nonsense", "--secret-file", "acme.key"]].concat();
    let ran = api.run(&nonsense);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    let [id] = api.ids("Acme")[..] else { panic!("one account") };
    assert!(ran.stderr.contains(&format!("subledger accounts keys create {id} --scope …")), "{}", ran.stderr);
    assert!(!ran.stderr.contains("--scope nonsense"), "{}", ran.stderr);
    // other values for the account itself meet what the API remembers of it
    let other = api.run(&[&PROVISION[..], &["--monthly-credit", "5"]].concat());
    assert_eq!(other.code, 2, "{}", other.stderr);
    assert!(other.stderr.contains("another `--idempotency-key` begins anew"), "{}", other.stderr);
}

#[test]
fn one_website_in_two_spellings_makes_one_account() {
    let api = Simulated::new(1);
    assert_eq!(api.run(&PROVISION).code, 0);
    let again = PROVISION.map(|word| match word {
        "acme.example.com" => "https://ACME.example.com/shop",
        "acme.key" => "other.key",
        word => word,
    });
    let ran = api.run(&again);
    assert_eq!((ran.code, api.ids("Acme").len()), (2, 1), "{}", ran.stderr);
}

#[test]
fn a_write_that_worked_is_never_told_as_one_that_did_not() {
    let api = Simulated::new(1);
    api.fault("malformed,method=POST,count=1");
    let create = ["accounts", "create", "--name", "Acme", "--website", "acme.example.com", "--output", "json"];
    let ran = api.run(&create);
    assert_eq!(ran.code, 22, "{}", ran.stderr);
    assert!(ran.stderr.contains("creating the sub account worked, but the answer cannot be used"), "{}", ran.stderr);
    let told: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(told["outcome"], "done");
    assert_eq!(api.ids("Acme").len(), 1);
    api.fault("503,method=POST");
    let told: serde_json::Value = serde_json::from_str(&api.run(&create).stdout).unwrap();
    assert_eq!(told["outcome"], "unknown");
}

#[test]
fn a_secret_that_stdout_does_not_take_is_not_told_as_delivered() {
    let api = Simulated::new(0);
    let id = api.account("Acme", 0, 0).to_string();
    let mut command = api.process(&["accounts", "keys", "create", &id, "--scope", "domains:read", "--secret-stdout"]);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = command.stdout(full).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(12), "{stderr}");
    let key = api.json(&["accounts", "keys", "list", &id])["keys"][0]["id"].as_str().unwrap().to_owned();
    assert!(stderr.contains(&format!("subledger accounts keys delete {id} {key}")), "{stderr}");
    assert!(stderr.contains("`--idempotency-key ") && !stderr.contains("aha-sk-"), "{stderr}");
}

#[test]
fn a_key_that_was_never_there_is_not_told_as_deleted() {
    let api = Simulated::new(0);
    let id = api.account("Acme", 0, 0).to_string();
    api.fault("503,method=DELETE,count=1");
    let ran = api.run(&["accounts", "keys", "delete", &id, NOBODY, "--yes"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("API key not found"), "{}", ran.stderr);
}

#[test]
fn provisioning_whose_first_answer_was_lost_makes_one_account() {
    let api = Simulated::new(1);
    api.fault("reset,method=POST,count=1");
    let ran = api.run(&PROVISION);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert_eq!(api.ids("Acme").len(), 1);
}

#[test]
fn provisioning_an_account_that_was_deleted_meanwhile_says_so() {
    let api = Simulated::new(1);
    assert_eq!(api.run(&PROVISION).code, 0);
    let [id]: [Uuid; 1] = api.ids("Acme").try_into().unwrap();
    api.simulator.apply(Event::Delete(id)).unwrap();
    fs::remove_file(api.home.path().join("acme.key")).unwrap();
    let ran = api.run(&PROVISION);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
    assert!(ran.stderr.contains("has been deleted since"), "{}", ran.stderr);
    assert!(ran.stderr.contains("give another `--idempotency-key`"), "{}", ran.stderr);
}
