//! A capture in the making: usage first, then pages and lookups, the manifest last, and its seal.

use std::error::Error as _;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use object_store::path::Path;

use super::manifest::{BodyEntry, Counts, Manifest, ObjectEntry, PeriodEntry, Previous};
use super::paths::{MANIFEST_NAME, USAGE_NAME};
use super::{Archive, CaptureKey, Error, packing, sha256};

/// Bytes of page bodies gathered before a segment is written: bounds memory, and keeps files few.
const SEGMENT_BYTES: usize = 8 << 20;
/// Captures among which the head of the chain is looked for: more than any clock mends itself in.
const HEAD_CANDIDATE_COUNT: usize = 8;

/// One answer as received.
#[derive(Debug, Clone)]
pub struct Body {
    /// Path and query of the request.
    pub request: String,
    /// The HTTP status.
    pub status: u16,
    /// The server's `Date`.
    pub server_date: Option<DateTime<Utc>>,
    /// The server's `X-Request-Id`.
    pub request_id: Option<String>,
    /// The body, byte for byte.
    pub bytes: Bytes,
}

/// A capture that is complete and durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Its place.
    pub key: CaptureKey,
    /// SHA-256 of its manifest.
    pub sha256: String,
    /// How much of everything.
    pub counts: Counts,
    /// Bytes that its objects take in the archive.
    pub stored_bytes: u64,
    /// Whether some of it is in the spool, because the archive did not take it.
    pub is_spooled: bool,
}

/// A capture whose usage is durable and whose manifest is not written yet.
///
/// Dropping a draft loses nothing: its objects stay as they are, and the usage stays in the inbox.
#[derive(Debug)]
pub struct Draft<'a> {
    archive: &'a Archive,
    id: String,
    at: DateTime<Utc>,
    previous: Option<CaptureKey>,
    /// Whether the archive was asked to take the usage.
    has_reached: bool,
    /// Whether the archive failed to take something, so that all that follows goes to the spool.
    is_spooled: bool,
    /// Whether the archive could not even be asked which captures it has.
    is_away: bool,
    usage: (BodyEntry, Bytes),
    place: Option<(CaptureKey, PeriodEntry)>,
    segment: Vec<Body>,
    segment_count: usize,
    lookups: Vec<Body>,
    objects: Vec<ObjectEntry>,
    counts: Counts,
}

impl Archive {
    /// Makes the usage answer durable, before anything of it is read, and begins a capture with it.
    ///
    /// `at` names the capture, to the second; [`Error::Taken`] if other usage of that second is in the inbox. What else
    /// is in the archive is not looked at: [`Draft::link`] does, once nothing can be lost any more.
    pub async fn begin(&self, at: DateTime<Utc>, usage: &Body) -> Result<Draft<'_>, Error> {
        let id = at.format("%Y%m%dT%H%M%SZ").to_string();
        let mut draft = Draft {
            archive: self,
            id,
            at,
            previous: None,
            has_reached: false,
            is_spooled: false,
            is_away: false,
            usage: (entry(usage), pack([usage])?),
            place: None,
            segment: Vec::new(),
            segment_count: 0,
            lookups: Vec::new(),
            objects: Vec::new(),
            counts: Counts::default(),
        };
        match draft.receive().await {
            Err(Error::Conflict { .. }) => Err(Error::Taken { id: draft.id }),
            received => received.map(|()| draft),
        }
    }

    /// The capture that no other names as the one before it: the last one taken, even if a clock stepped back since.
    async fn head(&self, captures: &[CaptureKey]) -> Option<CaptureKey> {
        let latest = captures.get(captures.len().saturating_sub(HEAD_CANDIDATE_COUNT)..).unwrap_or_default();
        let mut named = Vec::with_capacity(latest.len());
        for key in latest {
            let path = self.capture_path(key).join(MANIFEST_NAME);
            let manifest = self.fetch(&path).await.and_then(|bytes| Manifest::from_bytes(path.as_ref(), &bytes));
            // one that cannot be read names nobody
            named.extend(manifest.ok().and_then(|manifest| manifest.previous).map(|previous| previous.capture));
        }
        latest.iter().rev().find(|key| !named.contains(&key.id)).or(captures.last()).cloned()
    }
}

impl Draft<'_> {
    /// Where the usage is until the capture is complete, for people.
    pub fn shown_inbox(&self) -> String {
        let kept = self.receiver().unwrap_or(self.archive);
        kept.shown(&kept.inbox_path(&self.id))
    }

    /// The spool, where the usage goes there in any case: this machine's own disk takes it in a moment, and a store may take a
    /// minute to say that it does not.
    fn receiver(&self) -> Option<&Archive> {
        self.archive.spool.as_deref().filter(|_| self.is_spooled || self.archive.folder.is_none())
    }

    /// Makes the usage durable where that takes no time.
    async fn receive(&mut self) -> Result<(), Error> {
        if let Some(spool) = self.receiver() {
            match spool.create(&spool.inbox_path(&self.id).join(USAGE_NAME), self.usage.1.clone()).await {
                Err(error) if !matches!(error, Error::Conflict { .. }) => {
                    tracing::warn!(%error, "the spool does not take the usage: it goes to the archive alone");
                }
                received => return received,
            }
        }
        self.reach().await
    }

    /// Lets the archive have the usage, once it is known that it keeps what it has.
    async fn reach(&mut self) -> Result<(), Error> {
        let archive = self.archive;
        self.has_reached = true;
        if archive.folder.is_none() {
            match archive.probe().await {
                Err(error @ Error::Overwritten { .. }) => return Err(error),
                Err(error) if archive.spool.is_some() => {
                    self.is_away = true;
                    self.goes_to_spool(&error);
                }
                // the evidence itself will tell whether that lasts
                Err(error) => tracing::warn!(%error, "the archive could not be probed"),
                Ok(()) => {}
            }
        }
        if archive.waiting().await.is_ok_and(|waiting| !waiting.captures.is_empty()) {
            // the archive gets captures in their order
            self.is_spooled = true;
        }
        match self.create(&archive.inbox_path(&self.id).join(USAGE_NAME), self.usage.1.clone()).await {
            Err(Error::Conflict { .. }) => {
                if let Some(spool) = self.receiver() {
                    // somebody else's is in the archive; ours gets another name
                    spool.clear_inbox(&self.id).await;
                }
                Err(Error::Taken { id: self.id.clone() })
            }
            created => created,
        }
    }

    /// Lets the archive have the usage, if it has not got it yet, and finds the capture that this one follows.
    ///
    /// # Errors
    ///
    /// [`Error::Overwritten`] if the archive does not keep what it has; [`Error::Taken`] if it has a capture, or other usage,
    /// of the same second.
    pub async fn link(&mut self) -> Result<(), Error> {
        if !self.has_reached {
            self.reach().await?;
        }
        if self.is_away && self.archive.remembered().is_some() {
            // what this machine captured last was kept in mind
            return Ok(());
        }
        let captures = match self.archive.captures_in_sight().await {
            Err(error) if self.archive.spool.is_some() => {
                self.is_away = true;
                self.goes_to_spool(&error);
                return Ok(());
            }
            captures => {
                self.is_away = false;
                captures?
            }
        };
        if captures.iter().any(|key| key.id == self.id) {
            self.clear_inbox().await;
            return Err(Error::Taken { id: self.id.clone() });
        }
        self.previous = self.archive.head(&captures).await;
        Ok(())
    }

    /// Puts the capture into its billing period.
    pub async fn place(&mut self, start: DateTime<Utc>, end: DateTime<Utc>, account_count: usize) -> Result<(), Error> {
        let rfc3339 = |at: DateTime<Utc>| at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true);
        let key = CaptureKey { id: self.id.clone(), period: start.format("%Y-%m-%d").to_string() };
        self.place = Some((key, PeriodEntry { start: rfc3339(start), end: rfc3339(end) }));
        self.counts.usage_accounts = account_count;
        let (entry, packed) = self.usage.clone();
        self.write(USAGE_NAME.to_owned(), vec![entry], packed).await
    }

    /// Adds a page of the account list; writes a segment when enough have gathered.
    pub async fn page(&mut self, page: Body, account_count: usize) -> Result<(), Error> {
        self.counts.pages += 1;
        self.counts.listed_accounts += account_count;
        self.segment.push(page);
        let gathered: usize = self.segment.iter().map(|body| body.bytes.len()).sum();
        if gathered >= SEGMENT_BYTES { self.write_segment().await } else { Ok(()) }
    }

    /// Leaves out the pages so far, because they are read again. Segments that are written stay where they are.
    pub fn forget_list(&mut self) {
        self.segment.clear();
        self.objects.retain(|object| object.name == USAGE_NAME);
        (self.counts.pages, self.counts.listed_accounts) = (0, 0);
    }

    /// Adds the answer about a single account.
    pub fn lookup(&mut self, answer: Body) {
        self.counts.lookups += 1;
        self.lookups.push(answer);
    }

    /// Writes what has gathered, as well as it can: a capture that fails keeps the pages it had.
    pub async fn keep(mut self) {
        if let Err(error) = self.flush().await {
            tracing::warn!(%error, "the pages read so far could not be kept");
        }
    }

    async fn flush(&mut self) -> Result<(), Error> {
        if !self.segment.is_empty() {
            self.write_segment().await?;
        }
        if !self.lookups.is_empty() {
            let bodies = std::mem::take(&mut self.lookups);
            let packed = pack(&bodies)?;
            self.write("lookups.json.zst".to_owned(), bodies.iter().map(entry).collect(), packed).await?;
        }
        Ok(())
    }

    /// Writes what is left, then the manifest. From then on the capture exists; its seal may be missing.
    pub async fn commit(mut self, tool: &str, base_url: &str) -> Result<Committed, Error> {
        self.flush().await?;
        let previous = self.previous_link().await;
        let (key, billing_period) = self.placed()?.clone();
        let objects = std::mem::take(&mut self.objects);
        let bodies_bytes: usize = objects.iter().map(|object| object.bytes).sum();
        let manifest = Manifest {
            schema: Manifest::schema(),
            tool: tool.to_owned(),
            parent_account_id: self.archive.account_id,
            capture: self.id.clone(),
            captured_at: self.at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
            base_url: base_url.to_owned(),
            billing_period,
            previous_unknown: self.is_away && previous.is_none(),
            previous,
            counts: self.counts,
            objects,
        };
        let bytes = Bytes::from(manifest.to_bytes());
        let sha256 = sha256(&bytes);
        let stored_bytes = u64::try_from(bodies_bytes + bytes.len()).unwrap_or(u64::MAX);
        self.create(&self.path(MANIFEST_NAME)?, bytes.clone()).await?;
        let kept = self.kept_in();
        kept.seal(&kept.capture_path(&key), MANIFEST_NAME, &sha256).await;
        self.archive.remember(&bytes);
        self.clear_inbox().await;
        Ok(Committed { key, sha256, counts: self.counts, stored_bytes, is_spooled: self.is_spooled })
    }

    /// The link to the capture before. One that cannot be read leaves a hole in the chain, which is better than no
    /// capture tonight.
    async fn previous_link(&self) -> Option<Previous> {
        let remembered = self.archive.remembered();
        let Some(key) = &self.previous else { return remembered.filter(|_| self.is_away) };
        let sha256 = match self.archive.fetch(&self.archive.capture_path(key).join(MANIFEST_NAME)).await {
            Ok(bytes) => Some(sha256(&bytes)),
            Err(_) if remembered.as_ref().is_some_and(|last| last.capture == key.id) => return remembered,
            Err(error) => {
                tracing::warn!(capture = key.id, %error, "the capture before cannot be read: the chain has a hole");
                None
            }
        };
        Some(Previous { period: key.period.clone(), capture: key.id.clone(), sha256 })
    }

    /// Clears the inboxes that have the usage. One that is away is cleared when the capture is shipped.
    async fn clear_inbox(&self) {
        if let Some(spool) = &self.archive.spool {
            spool.clear_inbox(&self.id).await;
        }
        if !self.is_spooled {
            self.archive.clear_inbox(&self.id).await;
        }
    }

    async fn write_segment(&mut self) -> Result<(), Error> {
        let bodies = std::mem::take(&mut self.segment);
        self.segment_count += 1;
        let name = format!("accounts-{:04}.json.zst", self.segment_count);
        let packed = pack(&bodies)?;
        self.write(name, bodies.iter().map(entry).collect(), packed).await
    }

    async fn write(&mut self, name: String, bodies: Vec<BodyEntry>, packed: Bytes) -> Result<(), Error> {
        let path = self.path(&name)?;
        self.objects.push(ObjectEntry { name, bytes: packed.len(), sha256: sha256(&packed), bodies });
        self.create(&path, packed).await
    }

    /// Makes an object durable: in the archive, or in the spool from the first one on that the archive does not take.
    async fn create(&mut self, path: &Path, bytes: Bytes) -> Result<(), Error> {
        let archive = self.archive;
        let Some(spool) = archive.spool.as_deref() else { return archive.create(path, bytes).await };
        if !self.is_spooled {
            match archive.create(path, bytes.clone()).await {
                Err(error @ (Error::Store { .. } | Error::Full { .. })) => self.goes_to_spool(&error),
                created => return created,
            }
        }
        spool.create(&spool.path_of(archive, path), bytes).await
    }

    /// From here on everything goes to the spool: a manifest in the archive whose bodies are not there would be a torn capture.
    fn goes_to_spool(&mut self, error: &Error) {
        let cause = error.source().map(ToString::to_string);
        if !self.is_spooled {
            tracing::warn!(%error, cause, "the archive does not take the evidence: it goes to the spool");
        }
        self.is_spooled = true;
    }

    /// Where the manifest is to be.
    fn kept_in(&self) -> &Archive {
        self.archive.spool.as_deref().filter(|_| self.is_spooled).unwrap_or(self.archive)
    }

    fn placed(&self) -> Result<&(CaptureKey, PeriodEntry), Error> {
        let problem = || "the capture has no billing period yet".to_owned();
        self.place.as_ref().ok_or_else(|| Error::Damaged { path: self.id.clone(), problem: problem() })
    }

    fn path(&self, name: &str) -> Result<Path, Error> {
        Ok(self.archive.capture_path(&self.placed()?.0).join(name))
    }
}

fn entry(body: &Body) -> BodyEntry {
    BodyEntry {
        request: body.request.clone(),
        status: body.status,
        bytes: body.bytes.len(),
        sha256: sha256(&body.bytes),
        server_date: body.server_date.map(|at| at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)),
        request_id: body.request_id.clone(),
    }
}

fn pack<'a>(bodies: impl IntoIterator<Item = &'a Body>) -> Result<Bytes, Error> {
    let joined: Vec<u8> = bodies.into_iter().flat_map(|body| body.bytes.iter().copied()).collect();
    packing::pack("body", &joined).map(Bytes::from)
}
