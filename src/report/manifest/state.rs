//! Which state a report set says it is in, read back from its manifest.

use serde::Deserialize;

use super::SCHEMA;

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
    (head.schema == SCHEMA).then_some(head.state)
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
            &ours.replace("set/v1", "set/v2"),
            &ours.replace(r#""state": "final", "#, ""),
            &ours.replace(r#""final""#, "1"),
            &ours.replace(r#""tool": "x""#, r#""state": "provisional""#),
            &format!("{ours} {ours}"),
        ] {
            assert_eq!(state(other), None, "{other}");
        }
    }
}
