//! Who may ask what: the key, the ids in the path, and the scope, in the order in which the real API looks at them.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::header;
use axum::http::request::Parts;
use uuid::Uuid;

use super::refusal::Refusal;
use super::shared::Shared;

/// The ids in a path; nil where the path has none, which is nobody's id.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ids {
    pub(super) sub_account: Uuid,
    pub(super) key: Uuid,
}

/// The ids that a request is about, if its key opens the parent account and grants the scope.
pub(super) async fn authorise(shared: &Shared, parts: &mut Parts, scope: &str) -> Result<Ids, Refusal> {
    let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let secret = authorization.and_then(|value| value.strip_prefix("Bearer ")).filter(|secret| !secret.is_empty());
    let secret = secret.ok_or(Refusal::NoBearerToken)?.to_owned();
    let key = shared.parent_key(&secret);
    // a sub account's own key is a good key, only not for the parent's paths
    if key.is_none() && !shared.world().is_secret_of_sub_account(&secret) {
        return Err(Refusal::UnknownKey);
    }
    let params = RawPathParams::from_request_parts(parts, &()).await.ok();
    let text = |wanted| params.iter().flatten().find(|(name, _)| *name == wanted).map(|(_, value)| value);
    let id = |text: &str, name| Uuid::try_parse(text).map_err(|_| Refusal::MalformedId(name));
    let account = text("account_id").ok_or(Refusal::MalformedId("account_id"))?;
    let account = id(account, "account_id")?;
    let key = key.filter(|_| account == shared.world().parent_account_id()).ok_or(Refusal::KeyOfAnotherAccount)?;
    let optional = |name| text(name).map_or(Ok(Uuid::nil()), |text| id(text, name));
    let ids = Ids { sub_account: optional("sub_account_id")?, key: optional("key_id")? };
    if key.grants(scope) { Ok(ids) } else { Err(Refusal::MissingScope) }
}
