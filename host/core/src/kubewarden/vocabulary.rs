//! What match conditions can name, as in a webhook configuration of Kubernetes.

/// Variables.
pub(super) const VARIABLES: [&str; 4] = ["object", "oldObject", "request", AUTHORIZER];

/// The variable that only an API server has.
pub(super) const AUTHORIZER: &str = "authorizer";

/// Names that are types, or that functions known here begin with.
#[rustfmt::skip]
pub(super) const TYPES: [&str; 13] = [
    "bool", "bytes", "double", "dyn", "int", "list", "map", "null_type", "optional", "optional_type", "string",
    "type", "uint",
];

/// Names that functions begin with which are not evaluated here.
#[rustfmt::skip]
pub(super) const NAMESPACES: [&str; 10] = [
    "base64", "cidr", "format", "ip", "lists", "math", "quantity", "sets", "strings", "url",
];

/// Functions and macros that are evaluated here, besides operators.
#[rustfmt::skip]
pub(super) const FUNCTIONS: [&str; 40] = [
    "all", "bool", "bytes", "charAt", "contains", "double", "dyn", "endsWith", "exists", "exists_one", "filter",
    "format", "has", "hasValue", "indexOf", "int", "join", "lastIndexOf", "lowerAscii", "map", "matches", "none",
    "of", "ofNonZeroValue", "optFlatMap", "optMap", "or", "orValue", "replace", "reverse", "size", "split",
    "startsWith", "string", "substring", "trim", "type", "uint", "upperAscii", "value",
];

/// Functions that the API server has, and that are not evaluated here.
#[rustfmt::skip]
pub(super) const ELSEWHERE: [&str; 81] = [
    "add", "allowed", "asApproximateFloat", "asInteger", "check", "cidr", "compareTo", "containsCIDR", "containsIP",
    "decode", "distinct", "duration", "encode", "errored", "error", "family", "fieldSelector", "find", "findAll",
    "first", "flatten", "getDate", "getDayOfMonth", "getDayOfWeek", "getDayOfYear", "getEscapedPath", "getFullYear",
    "getHost", "getHostname", "getHours", "getMilliseconds", "getMinutes", "getMonth", "getPort", "getQuery",
    "getScheme", "getSeconds", "group", "intersects", "ip", "isCIDR", "isCanonical", "isGlobalUnicast",
    "isGreaterThan", "isIP", "isInteger", "isLessThan", "isLinkLocalMulticast", "isLinkLocalUnicast", "isLoopback",
    "isQuantity", "isSemver", "isSorted", "isURL", "isUnspecified", "labelSelector", "last", "major", "masked", "max",
    "min", "minor", "name", "named", "namespace", "patch", "path", "prefixLength", "quantity", "reason",
    "requestResource", "resource", "semver", "serviceAccount", "sign", "sub", "subresource", "sum", "timestamp",
    "url", "validate",
];
