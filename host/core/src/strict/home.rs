//! Where in an object a field belongs that was written in another place.

use super::api::{Field, Shape, api};
use super::path;

/// A mapping on the way from the object to the field.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Its type.
    pub(super) type_name: &'static str,
    /// Its JSON Pointer.
    pub(super) pointer: String,
}

/// A place that has the field.
struct Home {
    type_name: &'static str,
    path: String,
}

/// How far up and down together a field is looked for.
const MAX_STEPS: usize = 4;
/// A name that more types than this have near by tells nothing.
const MAX_TYPES: usize = 3;
/// The branches of an object that are taken for each other.
const BRANCHES: [&str; 2] = ["metadata", "spec"];
/// Fields below which nobody writes by hand.
const NOT_WRITTEN: [&str; 4] = ["ephemeralContainers", "managedFields", "ownerReferences", "status"];

/// The paths of the mappings near by that have such a field, `way` leading from the object to where it was written.
///
/// `takes` tells whether a field could hold the value.
pub(super) fn homes(way: &[Place], name: &str, takes: impl Fn(&Field) -> bool) -> Vec<String> {
    let here = way.last().map(|place| last_segment(&path::general(&place.pointer))).unwrap_or_default();
    for steps in 1..=MAX_STEPS {
        let mut homes: Vec<Home> = Vec::new();
        for (up, place) in way.iter().rev().enumerate().take(steps + 1) {
            let down = steps - up;
            for home in below(place, down, name, &takes) {
                let segment = last_segment(&home.path);
                // Another branch is what was meant only when it looks alike: not one kind of volume for another.
                if up > 0 && down > 0 && segment != here && !BRANCHES.contains(&segment.as_str()) {
                    continue;
                }
                match homes.iter_mut().find(|known| known.type_name == home.type_name) {
                    // `containers[].securityContext` is what a pod's `securityContext` was taken for.
                    Some(known) if last_segment(&known.path) != here && last_segment(&home.path) == here => {
                        *known = home
                    }
                    Some(_) => {}
                    None => homes.push(home),
                }
            }
        }
        if homes.len() > MAX_TYPES {
            return Vec::new();
        }
        if !homes.is_empty() {
            return homes.into_iter().map(|home| home.path).collect();
        }
    }
    Vec::new()
}

/// The mappings exactly `depth` below a place that have the field.
fn below(place: &Place, depth: usize, name: &str, takes: &impl Fn(&Field) -> bool) -> Vec<Home> {
    let mut frontier = vec![Home { type_name: place.type_name, path: path::general(&place.pointer) }];
    for _ in 0..depth {
        frontier = frontier.iter().flat_map(children).collect();
    }
    let has = |home: &Home| {
        let mut fields = api().fields_of(home.type_name).into_iter().flatten();
        fields.find(|field| field.name == name).is_some_and(takes)
    };
    frontier.retain(has);
    frontier
}

fn children(parent: &Home) -> Vec<Home> {
    let fields = api().fields_of(parent.type_name).into_iter().flatten();
    let written = fields.filter(|field| !NOT_WRITTEN.contains(&field.name));
    written
        .filter_map(|field| {
            let (type_name, brackets) = match field.shape() {
                Shape::Type(name) => (name, ""),
                Shape::List(item) => match Shape::of(item) {
                    Shape::Type(name) => (name, "[]"),
                    _ => return None,
                },
                _ => return None,
            };
            // A type within itself would go on for ever.
            if type_name == parent.type_name {
                return None;
            }
            let dot = if parent.path.is_empty() { "" } else { "." };
            Some(Home { type_name, path: format!("{}{dot}{}{brackets}", parent.path, field.name) })
        })
        .collect()
}

fn last_segment(path: &str) -> String {
    path.rsplit('.').next().unwrap_or_default().trim_end_matches("[]").to_owned()
}
