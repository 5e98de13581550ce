//! The first evening: `init` writes what is missing, `doctor` says what to mend, and `status` what is secured.

use std::process::Command;

use crate::support::look::{files, json};
use crate::support::simulated::Simulated;
use crate::support::{ACME, Answers, NIGHT, PARENT, Ran, Reply, Server, account, base, home, page, subledger_at};

fn done(command: &mut Command) -> Ran {
    command.output().expect("the binary starts").into()
}

#[test]
fn a_first_evening_from_nothing() {
    let simulated = Simulated::new(12);
    let place = simulated.home.path();
    std::fs::remove_file(place.join("subledger.toml")).expect("the usual limits");
    let parent = simulated.parent.to_string();
    let init = ["init", "--account-id", &parent, "--label", "acme", "--schedule", "systemd"];
    let ran = done(&mut simulated.process(&init));
    assert_eq!(ran.code, 0, "{}{}", ran.stdout, ran.stderr);
    let written: Vec<String> = files(place).into_keys().collect();
    for name in ["subledger.toml", "customers.csv", "subledger.service", "subledger.timer"] {
        assert!(written.iter().any(|path| path == name), "{name} in {written:?}");
        assert!(ran.stdout.contains(name), "{name} in {}", ran.stdout);
    }
    assert!(!ran.stdout.contains('✗'), "nothing is to mend: {}", ran.stdout);
    let map = std::fs::read_to_string(place.join("customers.csv")).expect("a map");
    assert_eq!(map.lines().count(), 1 + simulated.account_count(), "a row for each account: {map}");

    // asked again, it leaves everything as it is
    let before = files(place);
    let again = done(&mut simulated.process(&init));
    assert_eq!(again.code, 0, "{}", again.stderr);
    assert!(again.stdout.contains("left      "), "{}", again.stdout);
    let kept = |files: &std::collections::BTreeMap<String, Vec<u8>>| {
        files.iter().filter(|(path, _)| !path.starts_with("archive/")).map(|(path, _)| path.clone()).collect::<Vec<_>>()
    };
    assert_eq!(kept(&files(place)), kept(&before));

    let run = done(&mut simulated.process(&["run", "--formats", "csv"]));
    assert!(matches!(run.code, 0 | 10), "{}", run.stderr);
    let status = done(&mut simulated.process(&["status"]));
    assert_eq!(status.code, 0, "{}{}", status.stdout, status.stderr);
    assert!(status.stdout.contains("next      capture "), "{}", status.stdout);
}

#[test]
fn nobody_is_asked_where_nobody_is() {
    let folder = home();
    std::fs::remove_file(folder.path().join("subledger.toml")).expect("the usual limits");
    let ran = done(crate::support::bare(folder.path()).arg("init"));
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("say it with `--account-id`"), "{}", ran.stderr);
    assert!(files(folder.path()).is_empty(), "nothing was written");
}

#[test]
fn what_the_environment_says_is_not_asked_and_a_wrong_answer_writes_nothing() {
    let simulated = Simulated::new(3);
    let place = simulated.home.path();
    std::fs::remove_file(place.join("subledger.toml")).expect("the usual limits");
    let wrong = done(&mut simulated.process(&["init", "--label", "../x"]));
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
    assert!(wrong.stderr.contains("names a folder"), "{}", wrong.stderr);
    assert!(files(place).is_empty(), "nothing was written: {:?}", files(place).keys());
    let ignored = done(&mut simulated.process(&["init", "--config", "other.toml"]));
    assert!(ignored.code == 2 && ignored.stderr.contains("`--folder` says where to"), "{}", ignored.stderr);

    std::fs::create_dir(place.join("below")).expect("a folder");
    std::fs::write(place.join("key"), crate::support::KEY).expect("a key");
    simulated.home.may_hold_the_key(|path| path == "key");
    let init = ["init", "--folder", "below", "--key-file", "key", "--schedule", "kubernetes"];
    let ran = done(&mut simulated.process(&init));
    let written = std::fs::read_to_string(place.join("below/subledger.toml")).expect("a configuration");
    let parent = simulated.parent.to_string();
    assert!(written.contains(&format!("account_id = \"{parent}\"")), "{written}");
    assert!(written.contains(&format!("label = \"{parent}\"")), "the id where nobody says a label: {written}");
    assert!(written.contains(place.join("key").to_str().expect("a path")), "named from here: {written}");
    let job = std::fs::read_to_string(place.join("below/cronjob.yaml")).expect("a schedule");
    assert!(job.contains(&parent) && !job.contains("acme-platform"), "{job}");
    assert!(ran.stdout.contains("before  put your customers.csv"), "{}", ran.stdout);

    // what is there already is read for a schedule that comes later, and where it cannot be, what was written is said
    let later = done(&mut simulated.process(&["init", "--folder", "below", "--schedule", "github"]));
    assert!(later.stdout.contains("wrote     below/.github/workflows/subledger.yml"), "{}", later.stdout);
    std::fs::write(place.join("below/subledger.toml"), "nonsense = 1\n").expect("a file");
    let broken = done(&mut simulated.process(&["init", "--folder", "below", "--schedule", "cron"]));
    assert_eq!(broken.code, 2, "{}", broken.stderr);
    assert!(broken.stdout.contains("wrote     below/subledger.cron"), "{}", broken.stdout);
}

#[test]
fn nights_are_missed_before_the_first_and_after_the_last_capture_as_well() {
    let folder = home();
    let at = |start: &str, end: &str, now: &str, command: &str| -> Ran {
        let usage = base().usage.replace("2024-02-01T", end).replace("2024-01-01T", start);
        let server = Server::of(Answers { usage, ..base() });
        let mut process = subledger_at(folder.path(), &server);
        process.args([command, "--now", now]).output().expect("the binary starts").into()
    };
    let (january, february) = (("2024-01-01T", "2024-02-01T"), ("2024-02-01T", "2024-03-01T"));
    assert_eq!(at(january.0, january.1, "2024-01-28T02:00:00Z", "capture").code, 0);
    assert_eq!(at(february.0, february.1, "2024-02-03T02:00:00Z", "capture").code, 0);
    let status = at(february.0, february.1, "2024-02-06T01:00:00Z", "status");
    assert_eq!(status.code, 14, "{}", status.stdout);
    for missed in ["2024-01-29, 2024-01-30, 2024-01-31", "2024-02-01, 2024-02-02, 2024-02-04, 2024-02-05"] {
        assert!(status.stdout.contains(missed), "{missed} in {}", status.stdout);
    }
    assert!(!status.stdout.contains("2024-01-27"), "nobody watched then: {}", status.stdout);
    // the last hour of a period is told of before it is lost, and after
    assert_eq!(at(february.0, february.1, "2024-02-29T02:00:00Z", "capture").code, 0);
    let soon = at(february.0, february.1, "2024-02-29T23:30:00Z", "status");
    assert_eq!(soon.code, 0, "{}", soon.stdout);
    assert!(soon.stdout.contains("next      DUE NOW, before 2024-03-01"), "{}", soon.stdout);
    let lost = at(february.0, february.1, "2024-03-01T00:00:00Z", "status");
    assert_eq!(lost.code, 14, "{}", lost.stdout);
    assert!(lost.closing().contains("the end of the billing period went unseen"), "{}", lost.stderr);
}

fn doctor(answers: Answers, map: Option<&str>) -> Ran {
    examined(&Server::of(answers), map)
}

fn examined(server: &Server, map: Option<&str>) -> Ran {
    let folder = home();
    if let Some(map) = map {
        std::fs::write(folder.path().join("customers.csv"), map).expect("a map");
    }
    subledger_at(folder.path(), server).args(["doctor", "--now", NIGHT]).output().expect("the binary starts").into()
}

#[test]
fn each_thing_that_is_wrong_has_its_fix() {
    let ran = doctor(base(), None);
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.closing().contains("the night can come"), "{}", ran.stderr);

    let refused = examined(
        &Server::start(|asked| match asked.what() {
            "/usage" => Reply::json(&*base().usage),
            _ => Reply::error(403, "Insufficient scope"),
        }),
        None,
    );
    assert_eq!(refused.code, 2, "{}", refused.stdout);
    assert!(refused.stdout.contains("✓ usage") && refused.stdout.contains("✗ list"), "{}", refused.stdout);

    let unmapped = "sub_account_id,customer_id,customer_name,cost_center\n11111111-1111-4111-8111-111111111111,x,X,\n";
    let ran = doctor(base(), Some(unmapped));
    assert_eq!(ran.code, 0, "{}", ran.stdout);
    assert!(ran.stdout.contains("! customers") && ran.stdout.contains(ACME), "{}", ran.stdout);

    let ran = doctor(base(), Some("nonsense\n"));
    assert_eq!(ran.code, 2, "{}", ran.stdout);
    assert!(ran.stdout.contains("✗ tables") && ran.stdout.contains("✓ usage"), "the rest is tried: {}", ran.stdout);

    let folder = home();
    std::fs::write(folder.path().join("archive"), "").expect("a file");
    let server = Server::of(base());
    let mut command = subledger_at(folder.path(), &server);
    let ran: Ran = command.args(["doctor", "--output", "json"]).output().expect("the binary starts").into();
    assert_eq!(ran.code, 2);
    let told = json(&ran.stdout);
    let marks: Vec<&str> =
        told["checks"].as_array().unwrap().iter().filter_map(|check| check["mark"].as_str()).collect();
    assert!(marks.contains(&"fix"), "{told}");
}

#[test]
fn a_capture_that_is_overdue_is_told_with_a_code_of_its_own() {
    let (folder, server) =
        (home(), Server::of(Answers { pages: vec![page(&[account(ACME, "Acme", 0)], None)], ..base() }));
    let at = |now: &str, command: &str| -> Ran {
        let mut process = subledger_at(folder.path(), &server);
        process.args([command, "--now", now]).output().expect("the binary starts").into()
    };
    assert_eq!(at("2024-01-15T02:00:00Z", "run").code, 0);
    assert_eq!(at("2024-01-17T02:00:00Z", "run").code, 0);
    let status = at("2024-01-17T03:00:00Z", "status");
    assert_eq!(status.code, 0, "{}", status.stdout);
    assert!(status.stdout.contains("2024-01-16"), "the night that was missed: {}", status.stdout);
    assert!(status.stdout.contains(PARENT), "{}", status.stdout);
    let late = at("2024-01-20T03:00:00Z", "status");
    assert_eq!(late.code, 14, "{}", late.stdout);
    assert!(late.stdout.contains("OVERDUE since 2024-01-19T00:00:00Z"), "{}", late.stdout);
}

#[test]
fn a_key_file_that_everybody_can_read_is_warned_of() {
    use std::os::unix::fs::PermissionsExt;
    let (folder, server) = (home(), Server::of(base()));
    folder.may_hold_the_key(|path| path == "key");
    let settings = folder.path().join("subledger.toml");
    let usual = std::fs::read_to_string(&settings).expect("a file");
    std::fs::write(&settings, format!("key_file = \"key\"\n{usual}")).expect("a file");
    let key = folder.path().join("key");
    std::fs::write(&key, crate::support::KEY).expect("a key");
    for (mode, is_warned) in [(0o600, false), (0o644, true)] {
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).expect("a mode");
        let mut command = subledger_at(folder.path(), &server);
        command.env_remove("AHASEND_API_KEY").args(["capture", "--now", NIGHT]);
        let ran: Ran = command.output().expect("the binary starts").into();
        assert_eq!(ran.stderr.contains("everybody on this machine can read the secret"), is_warned, "{}", ran.stderr);
    }
}

#[test]
fn a_log_for_programs_is_one_object_a_line() {
    let (folder, server) = (home(), Server::of(base()));
    let mut command = subledger_at(folder.path(), &server);
    let ran: Ran = command.args(["run", "--log", "json", "--now", NIGHT]).output().expect("the binary starts").into();
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let (last, lines) = ran.stderr.trim_end().rsplit_once('\n').map(|(lines, last)| (last, lines)).expect("a log");
    assert!(last.starts_with("evidence: safe in "), "{last}");
    for line in lines.lines() {
        let told = json(line);
        assert!(told["level"].is_string() && told["fields"]["message"].is_string(), "{line}");
    }
}

#[test]
fn a_store_that_replaces_evidence_is_refused_before_it_is_given_any() {
    let (folder, api) = (home(), Server::of(base()));
    let at_store = |store: &Server| -> Ran {
        let mut command = subledger_at(folder.path(), &api);
        command.args(["run", "--now", NIGHT, "--archive", "s3://evidence/of"]);
        command.env("AWS_ENDPOINT", store.url()).env("AWS_ALLOW_HTTP", "true").env("AWS_REGION", "x");
        command.env("AWS_ACCESS_KEY_ID", "x").env("AWS_SECRET_ACCESS_KEY", "x");
        command.output().expect("the binary starts").into()
    };
    let done = |status: u16| Reply { status, headers: vec![("etag", "\"1\"".to_owned())], body: Vec::new() };
    // whatever is put is taken, whether it is there already or not
    let ran = at_store(&Server::start(move |_| done(200)));
    assert_eq!(ran.code, 23, "{}", ran.stderr);
    assert!(ran.stderr.contains("`s3://evidence/of` replaces objects that are there"), "{}", ran.stderr);
    assert!(ran.closing().starts_with("evidence: NOT SAFE"), "{}", ran.stderr);
    assert_eq!(api.log().len(), 1, "the usage, which cannot be had again, and nothing else: {:?}", api.log());
    assert!(ran.stderr.contains("reports/.spool/"), "it is kept where it came first: {}", ran.stderr);
    // one that refuses the second time passes the probe, and then the API is asked
    at_store(&Server::start(move |asked| if asked.before == 0 { done(200) } else { done(412) }));
    assert!(api.log().len() > 2, "the night goes on");
}
