//! What the LimitRanges of the namespace give to a container that says nothing.
//!
//! Source: `SetDefaults_LimitRangeItem` and the admission plugin LimitRanger of Kubernetes, which completes regular and
//! init containers alike, before the pod is stored.

use std::cell::OnceCell;

use forewarn_kit::cluster;
use forewarn_kit::json::{Node, Tape};
use forewarn_kit::quantity::Quantity;

use crate::resource::Resource;
use crate::settings::{Amount, Bounds};
use crate::stated::{Side, Stated, Value};

/// The LimitRanges of one namespace, looked at when the first container lacks something.
#[derive(Debug)]
pub(crate) struct LimitRanges<'a> {
    namespace: Option<&'a str>,
    given: OnceCell<Vec<Given>>,
}

/// An amount that a LimitRange gives.
#[derive(Debug, PartialEq, Eq)]
struct Given {
    range: String,
    resource: Resource,
    side: Side,
    amount: Amount,
}

/// What becomes of a container that does not say one side.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Completion {
    /// It stays without.
    Nothing,
    /// A LimitRange gives it what fits.
    Fits,
    /// A LimitRange gives it what does not fit: amount, LimitRange and flaw in words.
    Unfit(String),
}

impl<'a> LimitRanges<'a> {
    pub(crate) fn of(namespace: Option<&'a str>) -> Self {
        Self { namespace, given: OnceCell::new() }
    }

    /// What a container gets for a side that it does not say. Of several LimitRanges any one may come first, so all have
    /// to fit.
    pub(crate) fn complete(&self, bounds: &Bounds, own: &Stated<'_>, side: Side) -> Completion {
        let mut completion = Completion::Nothing;
        for given in self.given(own.resource, side) {
            if let Some(flaw) = self.flaw(bounds, own, side, given.amount.value) {
                let (text, range) = (&given.amount.text, &given.range);
                return Completion::Unfit(format!("the `{text}` that LimitRange `{range}` gives it is {flaw}"));
            }
            completion = Completion::Fits;
        }
        completion
    }

    fn flaw(&self, bounds: &Bounds, own: &Stated<'_>, side: Side, amount: Quantity) -> Option<String> {
        if let Some(max) = bounds.max.get(own.resource).as_ref().filter(|max| amount > max.value) {
            return Some(format!("above the maximum of `{}`", max.text));
        }
        if side == Side::Request {
            return None;
        }
        let flaw = |request: Quantity, text: &str| {
            if request > amount {
                return Some(format!("below its request of `{text}`, so the API server refuses the pod"));
            }
            let ratio = bounds.max_ratio.get(own.resource).as_ref()?;
            bounds
                .is_too_far_above(own.resource, amount, request)
                .then(|| format!("more than {} times its request of `{text}`", ratio.text))
        };
        match &own.request {
            Value::Amount(request) if request.value > Quantity::ZERO => flaw(request.value, &request.text),
            Value::Amount(_) | Value::Unusable => None,
            Value::Absent => {
                self.given(own.resource, Side::Request).find_map(|given| flaw(given.amount.value, &given.amount.text))
            }
        }
    }

    fn given(&self, resource: Resource, side: Side) -> impl Iterator<Item = &Given> {
        let seen = self.given.get_or_init(|| {
            let list = self.namespace.map(|namespace| cluster::list("v1", "LimitRange", namespace));
            list.and_then(Result::ok).map(|list| read(&list)).unwrap_or_default()
        });
        seen.iter().filter(move |given| given.resource == resource && given.side == side)
    }
}

/// What the LimitRanges in a list give. Of a wrong type they are the API server's business, and give nothing.
fn read(list: &str) -> Vec<Given> {
    let Ok(tape) = Tape::parse(list) else { return Vec::new() };
    let mut found = Vec::new();
    for object in tape.root().objects("items") {
        let range = object.object("metadata").and_then(|metadata| metadata.string("name")).unwrap_or_default();
        let limits = object.object("spec").into_iter().flat_map(|spec| spec.objects("limits"));
        for item in limits.filter(|item| item.string("type").as_deref() == Some("Container")) {
            for resource in Resource::ALL {
                for side in [Side::Request, Side::Limit] {
                    let amount = default(item, resource, side);
                    found.extend(amount.map(|amount| Given { range: range.to_string(), resource, side, amount }));
                }
            }
        }
    }
    found
}

/// The API server completes LimitRanges as well: what is not said follows from the next best.
fn default(item: Node<'_>, resource: Resource, side: Side) -> Option<Amount> {
    let fields: &[&str] = match side {
        Side::Request => &["defaultRequest", "default", "max", "min"],
        Side::Limit => &["default", "max"],
    };
    let node = fields.iter().find_map(|field| item.at(&[field, resource.name()]))?;
    let amount = Amount { text: node.as_scalar()?.into_owned(), value: Quantity::read(node)?.ok()? };
    // Zero is the same as nothing.
    Some(amount).filter(|amount| amount.value > Quantity::ZERO)
}

#[cfg(test)]
mod tests {
    use super::{Given, read};
    use crate::resource::Resource;
    use crate::stated::Side;

    /// The request and the limit for memory that an item gives.
    fn memory(item: &str) -> [Option<String>; 2] {
        let list = format!(r#"{{"items":[{{"metadata":{{"name":"r"}},"spec":{{"limits":[{item}]}}}}]}}"#);
        let given = read(&list);
        [Side::Request, Side::Limit].map(|side| {
            let about = |given: &&Given| given.resource == Resource::Memory && given.side == side;
            given.iter().find(about).map(|given| given.amount.text.clone())
        })
    }

    #[test]
    fn what_is_not_said_follows_from_the_next_best() {
        for (item, request, limit) in [
            (r#""defaultRequest":{"memory":"1Mi"},"default":{"memory":"2Mi"}"#, Some("1Mi"), Some("2Mi")),
            (r#""default":{"memory":"2Mi"}"#, Some("2Mi"), Some("2Mi")),
            (r#""max":{"memory":"4Mi"},"min":{"memory":"1Mi"}"#, Some("4Mi"), Some("4Mi")),
            (r#""min":{"memory":1048576}"#, Some("1048576"), None),
            (r#""default":{"cpu":"1"}"#, None, None),
            (r#""default":{"memory":"0"},"max":{"memory":"1Mi"}"#, None, None),
            (r#""default":{"memory":"much"}"#, None, None),
            (r#""default":[]"#, None, None),
        ] {
            let expected = [request, limit].map(|text| text.map(str::to_owned));
            assert_eq!(memory(&format!(r#"{{"type":"Container",{item}}}"#)), expected, "{item}");
            assert_eq!(memory(&format!(r#"{{"type":"Pod",{item}}}"#)), [None, None], "{item}");
        }
    }

    #[test]
    fn nonsense_gives_nothing() {
        for list in ["", "[]", "{}", r#"{"items":[1,{"spec":{"limits":[2,{}]}}]}"#] {
            assert_eq!(read(list), [], "{list}");
        }
    }
}
