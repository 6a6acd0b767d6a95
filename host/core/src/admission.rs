//! Admission requests that were written by an API server or by hand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use thiserror::Error;

/// An AdmissionRequest as Kubewarden's policy-server keeps it: other fields are dropped, absent ones are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AdmissionRequest {
    /// Names the request in logs.
    pub uid: String,
    /// The object's type.
    pub kind: GroupVersionKind,
    /// The resource that is asked for.
    pub resource: GroupVersionResource,
    /// The subresource, such as `ephemeralcontainers`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_resource: Option<String>,
    /// The type of the original request, before a conversion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_kind: Option<GroupVersionKind>,
    /// The resource of the original request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_resource: Option<GroupVersionResource>,
    /// The subresource of the original request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_sub_resource: Option<String>,
    /// The object's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The object's namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    pub operation: String,
    /// Who asks.
    pub user_info: UserInfo,
    /// The object after the operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<Value>,
    /// The object before the operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_object: Option<Value>,
    /// Whether nothing will be stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// The operation's options.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub options: Option<Value>,
}

/// An object's type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupVersionKind {
    /// Empty for the core group.
    pub group: String,
    /// Such as `v1`.
    pub version: String,
    /// Such as `Pod`.
    pub kind: String,
}

/// A resource's type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupVersionResource {
    /// Empty for the core group.
    pub group: String,
    /// Such as `v1`.
    pub version: String,
    /// Such as `pods`.
    pub resource: String,
}

/// Who asks; may be empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    /// The user's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// The user's identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
    /// The user's groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// Whatever else the authenticator says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extra: Option<BTreeMap<String, Vec<String>>>,
}

/// A text that is no admission request.
#[derive(Debug, Error)]
pub enum RequestError {
    /// The text is not JSON, or a field is missing or has the wrong type. The error has line and column.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl AdmissionRequest {
    /// Reads an AdmissionReview or the request in one, as JSON.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn from_json(text: &str) -> Result<Self, RequestError> {
        #[derive(Deserialize)]
        struct Review {
            request: AdmissionRequest,
        }
        #[derive(Deserialize)]
        struct Probe {
            request: Option<serde::de::IgnoredAny>,
        }
        // Asked first, so that an error speaks about the form that was meant.
        let is_review = serde_json::from_str::<Probe>(text)?.request.is_some();
        Ok(if is_review { serde_json::from_str::<Review>(text)?.request } else { serde_json::from_str(text)? })
    }

    /// The payload of `validate` with these settings, which must be a JSON object. Keys are sorted at every level, as
    /// the policy-server sends them.
    ///
    /// # Errors
    /// Never for requests that were read from JSON.
    pub fn payload(&self, settings: &str) -> Result<Vec<u8>, RequestError> {
        // A `Value` keeps its keys sorted.
        let request = serde_json::to_value(self)?;
        Ok(format!(r#"{{"request":{request},"settings":{settings}}}"#).into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::AdmissionRequest;

    const REQUEST: &str = r#"{"uid":"1","operation":"CREATE","kind":{"group":"","version":"v1","kind":"Pod"},
        "resource":{"group":"","version":"v1","resource":"pods"},"userInfo":{},"object":{"b":1,"a":null},
        "oldObject":null,"future":true}"#;

    #[test]
    fn reads_reviews_and_requests_alike() {
        let request = AdmissionRequest::from_json(REQUEST).expect("a request");
        let review = format!(r#"{{"kind":"AdmissionReview","request":{REQUEST}}}"#);
        assert_eq!(AdmissionRequest::from_json(&review).expect("a review"), request);
        let payload = String::from_utf8(request.payload("{}").expect("a payload")).expect("UTF-8");
        assert_eq!(
            payload,
            concat!(
                r#"{"request":{"kind":{"group":"","kind":"Pod","version":"v1"},"object":{"a":null,"b":1},"#,
                r#""operation":"CREATE","resource":{"group":"","resource":"pods","version":"v1"},"uid":"1","#,
                r#""userInfo":{}},"settings":{}}"#
            )
        );
    }

    #[test]
    fn says_what_is_missing() {
        for (text, word) in [
            ("{}", "missing field `uid`"),
            (r#"{"request":{"uid":"1"}}"#, "missing field `kind`"),
            ("[", "EOF"),
            (&REQUEST.replace(r#""userInfo":{},"#, ""), "userInfo"),
        ] {
            let error = AdmissionRequest::from_json(text).expect_err("no request").to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
