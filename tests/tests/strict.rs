//! Objects that k8s-openapi's types accept have no strict findings: of every kind, with every field.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking, its helpers too")]

use std::fmt;
use std::sync::Arc;

use forewarn_core::engine::{Engine, EngineError};
use forewarn_core::host_calls::HostCalls;
use forewarn_core::policy::Policy;
use forewarn_core::review::Reviewer;
use forewarn_core::strict::Strict;
use k8s_openapi::Resource;
use serde::de::{
    self, DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use serde::{Deserialize as _, Serialize, forward_to_deserialize_any};
use serde_json::{Value, json};

/// How many objects of each kind are made besides the one with all fields.
const SEEDS: u64 = 12;

/// No policy is asked.
struct Nobody;

impl Engine for Nobody {
    type Module = ();

    fn call(&self, _: &(), _: &str, _: &[u8], _: &Arc<dyn HostCalls>) -> Result<Vec<u8>, EngineError> {
        panic!("there is no policy to ask")
    }
}

fn findings(object: &Value) -> Vec<String> {
    let none: [&Policy<()>; 0] = [];
    let review = Reviewer::new(&Nobody, none).strict(Strict::Deny).review("object.json", &object.to_string());
    assert_eq!(review.objects, 1, "{:?}", review.problems);
    // The made-up names of containers are all alike.
    let findings = review.findings.iter().filter(|located| located.finding.code != "strict/duplicate-name");
    findings.map(|located| format!("{} {}", located.finding.pointer, located.finding.message)).collect()
}

fn check<K: Resource + DeserializeOwned + Serialize>() {
    for seed in 0..=SEEDS {
        let fill = Fill { seed, within: &[], time: false };
        let object = serde_json::to_value(K::deserialize(fill).unwrap()).unwrap();
        assert_eq!(object.get("kind"), Some(&json!(K::KIND)));
        assert_eq!(findings(&object), Vec::<String>::new(), "{object:#}");
        let mut misspelt = object;
        misspelt.as_object_mut().unwrap().insert("zzzz".to_owned(), json!(1));
        assert_eq!(findings(&misspelt).len(), 1, "{} is not looked at", K::KIND);
    }
}

/// Checks kinds of one version of a group.
macro_rules! check {
    ($($module:ident::$version:ident: $($kind:ident)*;)*) => {
        $($(check::<k8s_openapi::api::$module::$version::$kind>();)*)*
    };
}

#[test]
fn what_the_types_accept_has_no_finding() {
    check! {
        core::v1: Binding ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolume PersistentVolumeClaim Pod
            PodTemplate ReplicationController ResourceQuota Secret Service ServiceAccount;
        apps::v1: ControllerRevision DaemonSet Deployment ReplicaSet StatefulSet;
        batch::v1: CronJob Job;
        autoscaling::v1: HorizontalPodAutoscaler Scale;
        autoscaling::v2: HorizontalPodAutoscaler;
        policy::v1: Eviction PodDisruptionBudget;
        networking::v1: IPAddress Ingress IngressClass NetworkPolicy ServiceCIDR;
        rbac::v1: ClusterRole ClusterRoleBinding Role RoleBinding;
        storage::v1: CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment VolumeAttributesClass;
        admissionregistration::v1: MutatingWebhookConfiguration ValidatingAdmissionPolicy
            ValidatingAdmissionPolicyBinding ValidatingWebhookConfiguration;
        authentication::v1: TokenReview;
        authorization::v1: SubjectAccessReview;
        certificates::v1: CertificateSigningRequest;
        coordination::v1: Lease;
        discovery::v1: EndpointSlice;
        events::v1: Event;
        flowcontrol::v1: FlowSchema PriorityLevelConfiguration;
        node::v1: RuntimeClass;
        resource::v1: DeviceClass ResourceClaim ResourceClaimTemplate ResourceSlice;
        scheduling::v1: PriorityClass;
    }
    check::<k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition>();
    check::<k8s_openapi::kube_aggregator::pkg::apis::apiregistration::v1::APIService>();
}

#[test]
fn the_objects_have_every_field() {
    let fill = Fill { seed: 0, within: &[], time: false };
    let pod = k8s_openapi::api::core::v1::Pod::deserialize(fill).unwrap();
    let container = pod.spec.as_ref().unwrap().containers.first().unwrap();
    assert_eq!(container.security_context.as_ref().unwrap().allow_privilege_escalation, Some(true));
    let written = serde_json::to_string(&pod).unwrap();
    for deep in ["matchLabelKeys", "volumeClaimTemplate", "fieldsV1", "hostnameOverride", "lastTransitionTime"] {
        assert!(written.contains(deep), "{deep} is not in {written}");
    }
}

/// A deserializer that makes values up: whatever a type asks for, it gets.
#[derive(Clone, Copy)]
struct Fill<'f> {
    /// Which optional fields there are; with 0 all.
    seed: u64,
    /// The names of the structs around the value. One within itself is left empty.
    within: &'f [&'static str],
    /// Whether a text has to be a time.
    time: bool,
}

impl Fill<'_> {
    /// Another value of the same making.
    fn next(self, salt: usize) -> Self {
        let mixed = (self.seed ^ (salt as u64 + 1)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Self { seed: if self.seed == 0 { 0 } else { mixed ^ (mixed >> 29) | 1 }, ..self }
    }

    fn is_there(self) -> bool {
        self.seed == 0 || self.seed >> 32 & 3 != 0
    }

    fn text(self) -> &'static str {
        // Also valid as base64.
        if self.time { "2026-01-02T03:04:05Z" } else { "dGV4" }
    }
}

type Error = de::value::Error;

impl<'de> Deserializer<'de> for Fill<'_> {
    type Error = Error;

    /// Of the types that take several kinds of values, those for schemas take mappings.
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        let name = std::any::type_name::<V>();
        if name.contains("json_schema_props_or") {
            return visitor.visit_map(Fields { fill: self, names: ["type"].iter() });
        }
        if self.seed & 4 == 0 { visitor.visit_str(self.text()) } else { visitor.visit_i64(7) }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(true)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i32(i32::MAX)
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(i64::MIN)
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_f64(1.5)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.text())
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_str(self.text())
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.is_there() { visitor.visit_some(self) } else { visitor.visit_none() }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(Self { time: matches!(name, "Time" | "MicroTime"), ..self })
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(One(Some(self)))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(Fields { fill: self, names: ["example.com/any.key"].iter() })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        let names = if self.within.contains(&name) { &[] } else { fields };
        let within = [self.within, &[name]].concat();
        visitor.visit_map(Fields { fill: Fill { within: &within, ..self }, names: names.iter() })
    }

    forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u32 u64 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct enum identifier
        ignored_any
    }
}

/// A list of one item.
struct One<'f>(Option<Fill<'f>>);

impl<'de> SeqAccess<'de> for One<'_> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        self.0.take().map(|fill| seed.deserialize(fill.next(0))).transpose()
    }
}

/// A mapping with these keys. Those that name a type have one value only, and are written by the types themselves.
struct Fields<'f> {
    fill: Fill<'f>,
    names: std::slice::Iter<'static, &'static str>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let is_resource = self.fill.within.last().is_some_and(|name| is_resource(name));
        let mut names = self.names.by_ref().filter(|name| !is_resource || !matches!(**name, "apiVersion" | "kind"));
        names.next().map(|name| seed.deserialize((*name).into_deserializer())).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(self.fill.next(self.names.len()))
    }
}

/// Whether the values of `apiVersion` and `kind` are fixed: not in references to other objects.
fn is_resource(name: &str) -> bool {
    !name.ends_with("Reference") && !name.ends_with("Entry")
}

impl fmt::Debug for Fill<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "seed {} within {:?}", self.seed, self.within)
    }
}
