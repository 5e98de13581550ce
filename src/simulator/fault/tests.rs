//! Which rules can be written, and which requests they strike.

use super::*;

fn fault(text: &str) -> Fault {
    text.parse().unwrap()
}

/// The numbers of the requests, counted from 1, that a rule strikes.
fn struck(text: &str, requests: &[(&str, &str)]) -> Vec<usize> {
    let mut faults = Faults::new([fault(text)], 1);
    let stage = fault(text).kind.stage();
    let mut strikes = |(method, target): &(&str, &str)| faults.strike(stage, method, target, |_| Some(())).is_some();
    let numbered = requests.iter().enumerate().filter(|(_, request)| strikes(request));
    numbered.map(|(index, _)| index + 1).collect()
}

#[test]
fn every_kind_reads_as_text_as_toml_and_as_json() {
    for (name, kind) in Kind::ALL {
        let expected = Fault::new(kind);
        assert_eq!(fault(name), expected);
        assert_eq!(toml::from_str::<Fault>(&format!("kind = \"{name}\"")).unwrap(), expected);
        assert_eq!(serde_json::from_value::<Fault>(serde_json::json!({ "kind": name })).unwrap(), expected);
        assert_eq!(kind.name(), name);
    }
    let text = fault("slow, path=/usage?a=b, method=get, count=2, skip=3, percent=50, millis=7");
    let json = r#"{"kind": "slow", "path": "/usage?a=b", "method": "get", "count": 2, "skip": 3, "percent": 50,
        "millis": 7}"#;
    assert_eq!(text, serde_json::from_str(json).unwrap());
    assert_eq!((text.path.as_deref(), text.millis), (Some("/usage?a=b"), 7));
}

#[test]
fn what_cannot_be_a_rule_is_named() {
    for (text, named) in [
        ("", "the kind ``"),
        ("504", "the kind `504` is none of 429, 500, 503, slow"),
        ("path=/usage", "the kind `path=/usage`"),
        ("503,usage", "`usage` is not written as name=value"),
        ("503,method=HEAD", "`method` must be one of GET, POST, PUT, DELETE"),
        ("503,colour=red", "`colour` is none of path, method, count, skip, percent, millis"),
        ("503,count=0", "`count` must be at least 1"),
        ("503,count=many", "`count` must be a whole number, and is `many`"),
        ("503,count=-1", "`count` must be a whole number"),
        ("503,percent=101", "`percent` must be from 0 to 100"),
        ("slow,millis=3600001", "`millis` must be from 0 to 3600000"),
        ("503,skip=1,skip=2", "`skip` is there twice"),
    ] {
        let error = text.parse::<Fault>().unwrap_err().to_string();
        assert!(error.starts_with(named), "{text}: {error}");
    }
    let unknown = serde_json::from_str::<Fault>(r#"{"kind": "503", "colour": "red"}"#).unwrap_err().to_string();
    assert!(unknown.contains("unknown field `colour`"), "{unknown}");
    assert!(toml::from_str::<Fault>("kind = \"503\"\npercent = 101").unwrap_err().message().contains("`percent`"));
}

#[test]
fn rules_choose_their_requests() {
    let requests =
        [("GET", "/sub-accounts?limit=1"), ("GET", "/sub-accounts/usage"), ("POST", "/sub-accounts"), ("GET", "/x")];
    assert_eq!(struck("503", &requests), [1, 2, 3, 4]);
    assert_eq!(struck("503,path=/usage", &requests), [2]);
    assert_eq!(struck("503,path=limit=1", &requests), [1], "the query counts");
    assert_eq!(struck("503,method=get", &requests), [1, 2, 4]);
    assert_eq!(struck("503,count=2", &requests), [1, 2]);
    assert_eq!(struck("503,skip=1,count=2", &requests), [2, 3]);
    assert_eq!(struck("503,method=GET,skip=1,count=1", &requests), [2], "only what matches is let pass");
    assert_eq!(struck("503,percent=0", &requests), [0_usize; 0]);
}

#[test]
fn chance_is_the_seeds() {
    let requests = [("GET", "/"); 200];
    let half = struck("503,percent=50", &requests);
    assert!((60..140).contains(&half.len()), "{}", half.len());
    assert_eq!(half, struck("503,percent=50", &requests));
}

#[test]
fn the_first_rule_that_fits_strikes_and_nothing_else_is_used_up() {
    let mut faults = Faults::new([fault("wrong-total,count=1"), fault("truncated,count=1"), fault("500")], 1);
    let mut strike = |fits: &[Kind]| {
        faults.strike(Stage::After, "GET", "/", |fault| fits.contains(&fault.kind).then_some(fault.kind))
    };
    assert_eq!(strike(&[]), None);
    assert_eq!(strike(&[Kind::Truncated, Kind::ServerError]), Some(Kind::Truncated));
    assert_eq!(strike(&[Kind::Truncated, Kind::WrongTotal]), Some(Kind::WrongTotal));
    assert_eq!(strike(&[Kind::Truncated, Kind::WrongTotal]), None, "both are over");
    assert_eq!(faults.rules().iter().map(|rule| rule.struck).collect::<Vec<_>>(), [1, 1, 0]);
    assert_eq!(
        [Stage::Before, Stage::During, Stage::After].map(|stage| faults.is_any_left(stage)),
        [true, false, false]
    );
}
