//! What leads to report sets: `latest`, and nothing else that is a link.

use super::Broken;
use crate::archive::Archive;
use crate::config::Config;
use crate::failure::Failure;
use crate::publish::name::overdue;
use crate::publish::sets;

/// Pointers that do not lead to the current set of their period, and links where sets should be.
pub(super) fn pointers(config: &Config, archive: &Archive) -> Result<Vec<Broken>, Failure> {
    let folder = config.storage.reports.join(config.label(archive.account_id()));
    let mut broken = Vec::new();
    for period in sets::periods(&folder).map_err(Failure::of_reports_reading)? {
        let home = folder.join(&period);
        for link in sets::linked(&home).map_err(Failure::of_reports_reading)? {
            let problem = "it is a link, and no report set is one".to_owned();
            broken.push(Broken { path: link.display().to_string(), problem });
        }
        let there = sets::sets(&home).map_err(Failure::of_reports_reading)?.into_iter().map(|set| set.name);
        let there: Vec<String> = there.collect();
        let problem = match sets::latest(&home) {
            Ok(Some(latest)) if !latest.is_there => format!("it leads to `{}`, which is not there", latest.name),
            Ok(latest) => match overdue(latest.as_ref().map(|latest| latest.name.as_str()), &there) {
                Some(current) => format!("it does not lead to the current set, `{current}`"),
                None => continue,
            },
            Err(error) => crate::failure::causes(&error).pop().unwrap_or_else(|| error.to_string()),
        };
        broken.push(Broken { path: home.join("latest").display().to_string(), problem });
    }
    Ok(broken)
}
