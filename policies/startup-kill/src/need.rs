//! How long a container may need to start.

use forewarn_kit::glob;
use forewarn_kit::settings::Settings;
use forewarn_kit::workload::{Container, Workload};

use crate::{annotation, images};

/// A time to start, and who says so.
#[derive(Debug)]
pub(crate) struct Need {
    /// Seconds.
    pub(crate) seconds: i64,
    /// A clause for messages.
    pub(crate) source: String,
}

/// The setting `budgets`.
#[derive(Debug)]
pub(crate) struct Budgets(Vec<Budget>);

#[derive(Debug)]
struct Budget {
    images: Vec<String>,
    kinds: Vec<String>,
    seconds: i64,
}

/// The most that any number of a probe can be.
pub(crate) const MAX_SECONDS: i64 = i32::MAX as i64;

/// What software that repairs its data first may need: the article's brokers took ten to thirty minutes.
const REPAIR_SECONDS: i64 = 1800;

/// What any other StatefulSet may need.
const STATEFUL_SECONDS: i64 = 300;

impl Budgets {
    pub(crate) fn read(settings: &mut Settings<'_>) -> Self {
        let about = "How long containers may need to start. Of the entries that fit, the longest counts; where none \
                     fits, databases and message brokers get 1800 seconds and other StatefulSets 300.";
        Self(settings.list("budgets", about, |item| {
            let images = item.strings("images", "Globs over normalised image references.", &[]);
            let kinds = item.strings("kinds", "Globs over kinds of workloads.", &[]);
            let seconds = item.optional_integer("seconds", "The time to start, in seconds.", 0..=MAX_SECONDS);
            if !item.has("seconds") {
                item.refuse("`seconds` is needed");
            }
            if images.is_empty() && kinds.is_empty() {
                item.refuse("`images` or `kinds` is needed; `kinds: [\"*\"]` is every workload");
            }
            Budget { images, kinds, seconds: seconds.unwrap_or_default() }
        }))
    }

    /// What `container` needs: the longer of its budget and what its team states.
    pub(crate) fn need(&self, workload: &Workload<'_>, container: &Container<'_>) -> Need {
        let budget = self.budget(workload, container);
        match annotation::stated(workload, container) {
            Some(stated) if stated.seconds > budget.seconds => stated,
            _ => budget,
        }
    }

    fn budget(&self, workload: &Workload<'_>, container: &Container<'_>) -> Need {
        let image = container.image();
        let fits = |budget: &&Budget| {
            let image_fits =
                || image.as_ref().is_some_and(|image| budget.images.iter().any(|glob| image.matches(glob)));
            let kind_fits = || budget.kinds.iter().any(|glob| glob::matches(glob, &workload.kind));
            (budget.images.is_empty() || image_fits()) && (budget.kinds.is_empty() || kind_fits())
        };
        if let Some(seconds) = self.0.iter().filter(fits).map(|budget| budget.seconds).max() {
            return Need { seconds, source: format!("the policy's setting `budgets` asks for {seconds} s") };
        }
        if let Some(product) = image.as_ref().and_then(images::product) {
            let source = format!("{product} may need {REPAIR_SECONDS} s after a crash");
            return Need { seconds: REPAIR_SECONDS, source };
        }
        if workload.kind == "StatefulSet" {
            let source = format!("a StatefulSet may need {STATEFUL_SECONDS} s to recover its data");
            return Need { seconds: STATEFUL_SECONDS, source };
        }
        Need { seconds: 0, source: String::new() }
    }
}
