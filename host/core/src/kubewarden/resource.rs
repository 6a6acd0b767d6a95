//! Kubewarden's policies as resources of a cluster.

use super::definition::{Body, Definition, FailurePolicy, Group, Member, Mode, Place};
use super::expression::{Expression, check_name};
use super::field::{Field, Text, nearest};
use super::mistake::{Mistake, MistakeKind};
use super::{Condition, Definitions, MatchPolicy, Matching, Scope, ScopedRule, Selector};
use crate::metadata::{ContextAwareResource, Operation, Rule};
use crate::object::{Contents, Object};
use crate::review::Notice;
use serde_json::{Map, Value};

const API_GROUP: &str = "policies.kubewarden.io";

/// The kinds of the group.
const KINDS: [&str; 5] = [
    "ClusterAdmissionPolicy",
    "AdmissionPolicy",
    "ClusterAdmissionPolicyGroup",
    "AdmissionPolicyGroup",
    "PolicyServer",
];

/// Fields that all four kinds have.
const COMMON: [&str; 11] = [
    "rules",
    "policyServer",
    "mode",
    "failurePolicy",
    "matchPolicy",
    "matchConditions",
    "objectSelector",
    "sideEffects",
    "timeoutSeconds",
    "backgroundAudit",
    "message",
];

/// Fields of policies of the whole cluster.
const CLUSTER: [&str; 2] = ["namespaceSelector", "allowInsideAdmissionControllerNamespace"];

/// Fields of single policies.
const SINGLE: [&str; 4] = ["module", "mutating", "settings", "timeoutEvalSeconds"];

/// Fields of groups.
const GROUP: [&str; 2] = ["expression", "policies"];

/// Fields of a policy in a group.
const MEMBER: [&str; 3] = ["module", "settings", "timeoutEvalSeconds"];

/// The field of policies of the whole cluster, in a group or not, that lets them ask about other objects.
const CONTEXT: &str = "contextAwareResources";

/// The most conditions that a policy may have.
const MAX_CONDITIONS: usize = 64;

/// One of the four kinds.
#[derive(Clone, Copy)]
struct Kind {
    cluster: bool,
    group: bool,
}

/// Reads the policies among a document's objects; the items of lists too, as `kubectl get -o yaml` prints them.
pub(super) fn read(text: &Text<'_>, found: &mut Definitions) {
    let objects = Contents::of(text.document).objects;
    let is_ours = |object: &&Object| object.identity().group() == API_GROUP;
    if !objects.iter().any(|object| is_ours(&object)) {
        return;
    }
    let Some(json) = text.json() else { return };
    for object in objects.iter().filter(is_ours) {
        let Some(value) = json.pointer(object.pointer()) else { continue };
        let root = text.at(object.pointer(), value);
        match definition(object, &root, &mut found.notices) {
            Ok(Some(definition)) => found.definitions.push(definition),
            Ok(None) => {}
            Err(mistake) => found.mistakes.push(mistake),
        }
    }
}

fn definition(object: &Object, root: &Field<'_>, notices: &mut Vec<Notice>) -> Result<Option<Definition>, Mistake> {
    let identity = object.identity();
    let at = |key| root.get(key).unwrap_or_else(|| root.clone());
    let kind = match identity.kind.as_str() {
        "ClusterAdmissionPolicy" => Kind { cluster: true, group: false },
        "AdmissionPolicy" => Kind { cluster: false, group: false },
        "ClusterAdmissionPolicyGroup" => Kind { cluster: true, group: true },
        "AdmissionPolicyGroup" => Kind { cluster: false, group: true },
        "PolicyServer" => {
            if let Some(field) = root.get("spec").and_then(|spec| spec.get("namespacedPoliciesCapabilities")) {
                let message = "`spec.namespacedPoliciesCapabilities` is not honoured: policies in namespaces may call \
                               every host function here";
                notices.push(field.notice(message, None));
            }
            return Ok(None);
        }
        other => {
            let kind = MistakeKind::Kind { kind: other.to_owned(), near: nearest(other, KINDS) };
            return Err(at("kind").mistake(kind));
        }
    };
    match identity.version() {
        "v1" => {}
        "v1alpha2" => {
            let message = format!("`{API_GROUP}/v1alpha2` is deprecated, and a later Kubewarden will not know it");
            let help = format!("write `apiVersion: {API_GROUP}/v1`");
            notices.push(at("apiVersion").notice(message, Some(&help)));
        }
        _ => {
            let (api_version, kind) = (identity.api_version.clone(), identity.kind.clone());
            return Err(at("apiVersion").mistake(MistakeKind::Version { api_version, kind }));
        }
    }
    let name = root.required("metadata")?.required("name")?.some_string()?;
    let namespace = identity.namespace.as_deref().unwrap_or("default");
    let id = if kind.cluster { name.to_owned() } else { format!("{namespace}/{name}") };
    let spec = root.required("spec")?;
    spec.only(&kind.fields(), notices);
    let matching = matching(&spec, kind, namespace, notices)?;
    let mode = mode(spec.get("mode"))?;
    let (body, message) = if kind.group {
        let members = group_members(&spec, notices, |entry, notices| {
            let mut known = MEMBER.to_vec();
            known.extend(kind.cluster.then_some(CONTEXT));
            entry.only(&known, notices);
            member(entry, false, kind.cluster)
        })?;
        let expression = parse_expression(&spec, &members, notices)?;
        let message = spec.required("message")?.some_string()?.to_owned();
        (Body::Group(Group { expression, message, members }), None)
    } else {
        let mutating = spec.required("mutating")?.boolean()?;
        let message = spec.get("message").map(|message| message.string()).transpose()?;
        let message = message.filter(|message| !message.is_empty()).map(str::to_owned);
        (Body::Single(member(&spec, mutating, kind.cluster)?), message)
    };
    let key = format!("{} {id}", identity.kind);
    Ok(Some(Definition { id, key, place: root.place(), matching, mode, message, body }))
}

impl Kind {
    fn fields(self) -> Vec<&'static str> {
        let mut fields = COMMON.to_vec();
        if self.cluster {
            fields.extend(CLUSTER);
        }
        if self.group {
            fields.extend(GROUP);
        } else {
            fields.extend(SINGLE);
            fields.extend(self.cluster.then_some(CONTEXT));
        }
        fields
    }
}

fn matching(spec: &Field<'_>, kind: Kind, namespace: &str, notices: &mut Vec<Notice>) -> Result<Matching, Mistake> {
    let rules = spec.required("rules")?.some_items()?;
    let mut rules: Vec<_> = rules.iter().map(|field| rule(field, notices)).collect::<Result<_, _>>()?;
    if !kind.cluster {
        // The controller does the same.
        rules.iter_mut().for_each(|rule| rule.scope = Scope::Namespaced);
    }
    let match_policy = spec.get("matchPolicy").map(|field| {
        let choices = [("Equivalent", MatchPolicy::Equivalent), ("Exact", MatchPolicy::Exact)];
        field.choice("`Equivalent` or `Exact`", &choices)
    });
    let failure_policy = spec.get("failurePolicy").map(|field| {
        field.choice("`Fail` or `Ignore`", &[("Fail", FailurePolicy::Fail), ("Ignore", FailurePolicy::Ignore)])
    });
    let allow_inside = spec.get("allowInsideAdmissionControllerNamespace").map(|field| field.boolean());
    let spares_controller = kind.cluster && !allow_inside.transpose()?.unwrap_or(false);
    let namespace_selector = spec.get("namespaceSelector").filter(|_| kind.cluster);
    if let Some(labels) = namespace_selector.as_ref().and_then(|selector| selector.get("matchLabels"))
        && spares_controller
    {
        let message = "`spec.namespaceSelector.matchLabels` is honoured here, but Kubewarden's controller (seen in 1.36) \
                       drops it unless `allowInsideAdmissionControllerNamespace` is true: in the cluster the policy is \
                       asked in other namespaces too";
        notices.push(labels.notice(message, Some("write it as `matchExpressions` with the operator `In`")));
    }
    let mut selector = |field: Option<Field<'_>>| {
        field.map(|field| Selector::read(&field, notices)).transpose().map(Option::unwrap_or_default)
    };
    let namespace_selector = selector(namespace_selector)?;
    let object_selector = selector(spec.get("objectSelector"))?;
    Ok(Matching {
        rules: Some(rules),
        match_policy: match_policy.transpose()?.unwrap_or(MatchPolicy::Equivalent),
        namespace: (!kind.cluster).then(|| namespace.to_owned()),
        spares_controller,
        namespace_selector,
        object_selector,
        conditions: conditions(spec, notices)?,
        failure_policy: failure_policy.transpose()?.unwrap_or(FailurePolicy::Fail),
    })
}

fn rule(field: &Field<'_>, notices: &mut Vec<Notice>) -> Result<ScopedRule, Mistake> {
    field.only(&["apiGroups", "apiVersions", "operations", "resources", "scope"], notices);
    let strings = |key| -> Result<Vec<String>, Mistake> {
        let items = field.required(key)?.some_items()?;
        items.iter().map(|item| Ok(item.string()?.to_owned())).collect()
    };
    let operations = field.required("operations")?.some_items()?;
    let operations = operations.iter().map(|operation| {
        let choices = [
            ("CREATE", Operation::Create),
            ("UPDATE", Operation::Update),
            ("DELETE", Operation::Delete),
            ("CONNECT", Operation::Connect),
            ("*", Operation::All),
        ];
        operation.choice("`CREATE`, `UPDATE`, `DELETE`, `CONNECT` or `*`", &choices)
    });
    let rule = Rule {
        api_groups: strings("apiGroups")?,
        api_versions: strings("apiVersions")?,
        resources: strings("resources")?,
        operations: operations.collect::<Result<_, _>>()?,
    };
    let scope = field.get("scope").map(|scope| {
        let choices = [("*", Scope::All), ("Namespaced", Scope::Namespaced), ("Cluster", Scope::Cluster)];
        scope.choice("`*`, `Namespaced` or `Cluster`", &choices)
    });
    Ok(ScopedRule { rule, scope: scope.transpose()?.unwrap_or(Scope::All) })
}

fn conditions(spec: &Field<'_>, notices: &mut Vec<Notice>) -> Result<Vec<Condition>, Mistake> {
    let Some(list) = spec.get("matchConditions") else { return Ok(Vec::new()) };
    let fields = list.items()?;
    if fields.len() > MAX_CONDITIONS {
        let (field, value) = (list.path(), format!("a list of {}", fields.len()));
        return Err(list.mistake(MistakeKind::Value { field, value, allowed: "at most 64 conditions" }));
    }
    let mut conditions: Vec<Condition> = Vec::new();
    for field in fields {
        field.only(&["name", "expression"], notices);
        let name_field = field.required("name")?;
        let name = name_field.some_string()?;
        if conditions.iter().any(|other| other.name == name) {
            let kind =
                MistakeKind::Value { field: name_field.path(), value: name.to_owned(), allowed: "each name once" };
            return Err(name_field.mistake(kind));
        }
        let expression = field.required("expression")?;
        let condition = Condition::compile(name, expression.string()?)
            .map_err(|error| expression.mistake(MistakeKind::Condition { name: name.to_owned(), error }))?;
        let unknown: Vec<_> = condition.unknown().map(|unknown| format!("`{unknown}`")).collect();
        if !unknown.is_empty() {
            let message = format!(
                "`{}` needs {}, which only an API server can answer: the condition counts as met",
                expression.path(),
                unknown.join(", ")
            );
            notices.push(expression.notice(message, None));
        } else if condition.is_about_users() {
            let message = format!(
                "`{}` looks at `request.userInfo`, and nobody asks here: the user is `forewarn` of the group \
                 `system:authenticated`",
                expression.path()
            );
            notices.push(expression.notice(message, None));
        }
        conditions.push(condition);
    }
    Ok(conditions)
}

/// What a denial does, which counts unless something else is said.
pub(super) fn mode(field: Option<Field<'_>>) -> Result<Mode, Mistake> {
    let choices = [("protect", Mode::Protect), ("monitor", Mode::Monitor)];
    let mode = field.map(|field| field.choice("`protect` or `monitor`", &choices));
    Ok(mode.transpose()?.unwrap_or(Mode::Protect))
}

/// A module and how it is asked; only those of the whole cluster may ask about other objects.
pub(super) fn member(entry: &Field<'_>, mutating: bool, cluster: bool) -> Result<Member, Mistake> {
    let module = entry.required("module")?;
    let (settings, settings_place) = settings(entry)?;
    Ok(Member {
        module: module.some_string()?.to_owned(),
        place: module.place(),
        settings,
        settings_place: settings_place.unwrap_or_else(|| module.place()),
        mutating,
        context_aware_resources: if cluster { context_aware_resources(entry)? } else { Vec::new() },
        capabilities: None,
    })
}

/// The settings of a policy, and where they are.
fn settings(entry: &Field<'_>) -> Result<(Map<String, Value>, Option<Place>), Mistake> {
    let Some(field) = entry.get("settings") else { return Ok((Map::new(), None)) };
    Ok((field.mapping()?.clone(), Some(field.place())))
}

/// The kinds that a policy may ask about.
fn context_aware_resources(entry: &Field<'_>) -> Result<Vec<ContextAwareResource>, Mistake> {
    let kinds = entry.get(CONTEXT).map(|kinds| kinds.items()).transpose()?.unwrap_or_default();
    let kinds = kinds.iter().map(|kind| {
        let api_version = kind.required("apiVersion")?.some_string()?.to_owned();
        Ok(ContextAwareResource { api_version, kind: kind.required("kind")?.some_string()?.to_owned() })
    });
    kinds.collect()
}

/// The policies of a group, each read by `read`.
pub(super) fn group_members(
    entry: &Field<'_>,
    notices: &mut Vec<Notice>,
    read: impl Fn(&Field<'_>, &mut Vec<Notice>) -> Result<Member, Mistake>,
) -> Result<Vec<(String, Member)>, Mistake> {
    let policies = entry.required("policies")?;
    let fields = policies.entries()?;
    if fields.is_empty() {
        return Err(policies.mistake(MistakeKind::Empty { field: policies.path() }));
    }
    let members = fields.into_iter().map(|(name, field)| {
        check_name(name).map_err(|error| field.mistake(MistakeKind::Expression(error)))?;
        Ok((name.to_owned(), read(&field, notices)?))
    });
    members.collect()
}

/// The expression of a group.
pub(super) fn parse_expression(
    entry: &Field<'_>,
    members: &[(String, Member)],
    notices: &mut Vec<Notice>,
) -> Result<Expression, Mistake> {
    let field = entry.required("expression")?;
    let names: Vec<_> = members.iter().map(|(name, _)| name.as_str()).collect();
    let expression = Expression::parse(field.some_string()?, &names)
        .map_err(|error| field.mistake(MistakeKind::Expression(error)))?;
    let named = expression.members();
    for name in names.iter().filter(|name| !named.contains(*name)) {
        notices.push(field.notice(format!("`{}` does not name `{name}`, which is never asked", field.path()), None));
    }
    Ok(expression)
}
