//! `subledger verify`: whether everything is as it was written, without key and without network.

use super::Outcome;
use super::progress::Spinner;
use super::selection::open;
use crate::config::Config;
use crate::failure::{Evidence, Failure, Kind, closing};
use crate::nightly::{self, Signals, Verdict, Verified};
use crate::report::text::counted;
use crate::report::verification::{BrokenFile, Proof, SetLine, Sheet};

/// Walks the archive and rebuilds every report set.
pub async fn run(config: &Config, signals: &Signals, show_progress: bool) -> Result<Outcome, Failure> {
    let archive = open(config)?;
    let spinner = Spinner::start(show_progress);
    let verified = nightly::verify(config, &archive, signals, &|message| spinner.tell(message)).await?;
    drop(spinner);
    if verified.audit.captures.is_empty() {
        return Err(super::selection::nothing_there(&archive, &[], "capture"));
    }
    let sheet = sheet(&archive, &verified);
    let exit_code = if verified.is_broken() { Kind::ArchiveUnusable.exit_code() } else { 0 };
    let (text, json) = (sheet.text(), sheet.json(exit_code));
    let next = match (exit_code, sheet.broken.len()) {
        (0, _) if sheet.unproved() == 0 => "everything is as it was written, nothing to do".to_owned(),
        (0, _) => format!("nothing was changed, but not all is proved: {}", counted(sheet.unproved(), "report set")),
        (_, 1) => "1 file is not as it was: restore it from a backup; nothing was changed".to_owned(),
        (_, count) => format!("{count} files are not as they were: restore them from a backup; nothing was changed"),
    };
    Ok(Outcome { exit_code, text, json, closing: closing(&Evidence::Untouched, &next), ..Outcome::default() })
}

fn sheet<'a>(archive: &'a crate::archive::Archive, verified: &'a Verified) -> Sheet<'a> {
    let Verified { audit, tables, broken, sets, notes } = verified;
    let of_archive = audit.problems.iter().map(|problem| BrokenFile {
        path: &problem.path,
        problem: &problem.problem,
        affected: &problem.affected,
    });
    let of_files = broken.iter().chain(sets.iter().flat_map(|set| &set.broken));
    let of_files = of_files.map(|broken| BrokenFile { path: &broken.path, problem: &broken.problem, affected: &[] });
    let notes_of_archive = audit.notes.iter().map(|note| format!("`{}`: {}", note.path, note.note));
    Sheet {
        archive: archive.location(),
        account_id: archive.account_id(),
        captures: (audit.captures.len(), audit.captures.iter().filter(|capture| capture.is_intact).count()),
        closes: (audit.closes.len(), audit.closes.iter().filter(|close| close.is_intact).count()),
        objects: audit.objects,
        bodies: audit.bodies,
        bytes: audit.bytes,
        tables: *tables,
        sets: sets
            .iter()
            .map(|set| SetLine {
                period: &set.period,
                name: &set.name,
                state: set.state.as_deref(),
                files: set.files,
                proof: match &set.verdict {
                    Verdict::Proved => Proof::Proved,
                    Verdict::OtherVersion(why) => Proof::OtherVersion(why),
                    Verdict::NotRebuilt(why) => Proof::NotRebuilt(why),
                    Verdict::Broken => Proof::Broken,
                },
            })
            .collect(),
        broken: of_archive.chain(of_files).collect(),
        notes: notes_of_archive.chain(notes.iter().cloned()).collect(),
    }
}
