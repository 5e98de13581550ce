//! The thirteen operations, as the vendor declares them: how each is asked, what it grants, and what it may answer.

use super::bodies::{
    API_KEY, API_KEYS, DELETED, ERROR, KEY_CHANGE, NEW_API_KEY, NEW_KEY, NEW_SUB_ACCOUNT, SUB_ACCOUNT,
    SUB_ACCOUNT_CHANGE, SUB_ACCOUNTS, SUSPENSION, USAGE,
};
use super::schema::Schema;
use super::wire::Request;

/// Statuses that come although no operation declares them: the rate limit, and a server that is not there.
pub(crate) const UNDECLARED: [u16; 2] = [429, 503];

/// One operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    /// The vendor's name for it.
    pub(crate) name: &'static str,
    pub(crate) method: &'static str,
    path: &'static str,
    /// What a key must grant.
    pub(crate) scope: &'static str,
    /// The status of success.
    pub(crate) success: u16,
    /// What success brings.
    answer: Schema,
    /// What it is sent, and a body that does something; nothing for one that takes no body.
    pub(crate) body: Option<(Schema, &'static str)>,
    /// Whether it declares the idempotency header, and 409 and 422 with it.
    pub(crate) is_idempotent: bool,
}

/// The ids that a request names.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    pub(crate) parent: String,
    pub(crate) sub_account: String,
    pub(crate) key: String,
}

const ALL: &str = "/v2/accounts/{account_id}/sub-accounts";
const USAGE_PATH: &str = "/v2/accounts/{account_id}/sub-accounts/usage";
const ONE: &str = "/v2/accounts/{account_id}/sub-accounts/{sub_account_id}";
const SUSPEND: &str = "/v2/accounts/{account_id}/sub-accounts/{sub_account_id}/suspend";
const UNSUSPEND: &str = "/v2/accounts/{account_id}/sub-accounts/{sub_account_id}/unsuspend";
const KEYS: &str = "/v2/accounts/{account_id}/sub-accounts/{sub_account_id}/api-keys";
const KEY: &str = "/v2/accounts/{account_id}/sub-accounts/{sub_account_id}/api-keys/{key_id}";

/// A sub account to be created.
pub(crate) const ACME: &str = r#"{"name":"Acme Subsidiary","website":"acme.example.com","monthly_credit":0}"#;
const OTHER_NAME: &str = r#"{"name":"Acme Renamed","website":"renamed.example.com","monthly_credit":50000}"#;
const REASON: &str = r#"{"reason":"Customer requested temporary pause"}"#;
/// A key to be created.
pub(crate) const BOOTSTRAP: &str =
    r#"{"label":"Bootstrap key","scopes":["messages:send:all","domains:read"],"ip_allow_list":["203.0.113.0/24"]}"#;
const OTHER_LABEL: &str = r#"{"label":"Updated key","scopes":["domains:read"],"ip_allow_list":[]}"#;

#[rustfmt::skip]
pub(crate) const OPERATIONS: [Operation; 13] = [
    Operation::new("listSubAccounts", "GET", ALL, "sub-accounts:read", SUB_ACCOUNTS),
    Operation::new("createSubAccount", "POST", ALL, "sub-accounts:write", SUB_ACCOUNT)
        .sent(NEW_SUB_ACCOUNT, ACME).creation(),
    Operation::new("getSubAccountsUsage", "GET", USAGE_PATH, "sub-accounts:usage", USAGE),
    Operation::new("getSubAccount", "GET", ONE, "sub-accounts:read", SUB_ACCOUNT),
    Operation::new("updateSubAccount", "PUT", ONE, "sub-accounts:write", SUB_ACCOUNT)
        .sent(SUB_ACCOUNT_CHANGE, OTHER_NAME),
    Operation::new("deleteSubAccount", "DELETE", ONE, "sub-accounts:delete", DELETED),
    Operation::new("suspendSubAccount", "POST", SUSPEND, "sub-accounts:suspend", SUB_ACCOUNT)
        .sent(SUSPENSION, REASON),
    Operation::new("unsuspendSubAccount", "POST", UNSUSPEND, "sub-accounts:suspend", SUB_ACCOUNT),
    Operation::new("listSubAccountAPIKeys", "GET", KEYS, "sub-account-api-keys:read", API_KEYS),
    Operation::new("createSubAccountAPIKey", "POST", KEYS, "sub-account-api-keys:write", NEW_API_KEY)
        .sent(NEW_KEY, BOOTSTRAP).creation(),
    Operation::new("getSubAccountAPIKey", "GET", KEY, "sub-account-api-keys:read", API_KEY),
    Operation::new("updateSubAccountAPIKey", "PUT", KEY, "sub-account-api-keys:write", API_KEY)
        .sent(KEY_CHANGE, OTHER_LABEL),
    Operation::new("deleteSubAccountAPIKey", "DELETE", KEY, "sub-account-api-keys:delete", DELETED),
];

impl Operation {
    const fn new(
        name: &'static str,
        method: &'static str,
        path: &'static str,
        scope: &'static str,
        answer: Schema,
    ) -> Self {
        Self { name, method, path, scope, success: 200, answer, body: None, is_idempotent: false }
    }

    const fn sent(mut self, schema: Schema, body: &'static str) -> Self {
        self.body = Some((schema, body));
        self
    }

    const fn creation(mut self) -> Self {
        self.success = 201;
        self.is_idempotent = true;
        self
    }

    /// The operation of this name.
    pub(crate) fn named(name: &str) -> &'static Self {
        OPERATIONS.iter().find(|operation| operation.name == name).expect("an operation")
    }

    /// The statuses that the vendor declares for it.
    pub(crate) fn declared(&self) -> Vec<u16> {
        let mut declared = vec![self.success, 400, 401, 403, 404, 500];
        if self.is_idempotent {
            declared.extend([409, 422]);
        }
        declared
    }

    /// What the body of an answer must be.
    pub(crate) fn schema(&self, status: u16) -> Schema {
        if status == self.success { self.answer } else { ERROR }
    }

    /// Whether its path names this parameter.
    pub(crate) fn names(&self, parameter: &str) -> bool {
        self.path.contains(&format!("{{{parameter}}}"))
    }

    /// As it is meant to be asked, but for the key.
    pub(crate) fn request(&self, ids: &Ids) -> Request {
        let path = self.path.replace("{account_id}", &ids.parent);
        let path = path.replace("{sub_account_id}", &ids.sub_account).replace("{key_id}", &ids.key);
        let request = Request::new(self.method, path);
        match self.body {
            Some((_, body)) => request.json(body),
            None => request,
        }
    }
}
