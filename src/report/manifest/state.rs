//! Which state a report set says it is in, read back from its manifest.

use serde::Deserialize;

use super::SCHEMA;

/// The schema before this one, whose sets say the same of their state.
const SCHEMA_BEFORE: &str = "subledger/report-set/v1";

/// As much of a manifest as tells what it is.
#[derive(Deserialize)]
struct Head {
    schema: String,
    state: String,
}

/// The state that the bytes of a `manifest.json` tell of, such as `provisional`; nothing if they are no manifest of ours, or
/// one of a schema that this version does not know.
pub fn state_in(manifest: &[u8]) -> Option<String> {
    let head: Head = serde_json::from_slice(manifest).ok()?;
    [SCHEMA, SCHEMA_BEFORE].contains(&head.schema.as_str()).then_some(head.state)
}

/// The parent account that a `manifest.json` says its set is of; nothing if it does not say.
pub fn account_in(manifest: &[u8]) -> Option<uuid::Uuid> {
    #[derive(Deserialize)]
    struct Owner {
        parent_account_id: uuid::Uuid,
    }
    serde_json::from_slice(manifest).ok().map(|owner: Owner| owner.parent_account_id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_manifest_of_our_schema_has_a_state() {
        let state = |text: &str| state_in(text.as_bytes());
        let ours = r#"{"schema": "subledger/report-set/v1", "tool": "x", "state": "final", "files": []}"#;
        assert_eq!(state(ours).as_deref(), Some("final"));
        for other in [
            "",
            "[]",
            &ours[..ours.len() - 1],
            &ours.replace("set/v1", "set/v3"),
            &ours.replace(r#""state": "final", "#, ""),
            &ours.replace(r#""final""#, "1"),
            &ours.replace(r#""tool": "x""#, r#""state": "provisional""#),
            &format!("{ours} {ours}"),
        ] {
            assert_eq!(state(other), None, "{other}");
        }
    }
}
