//! The image in a chart's values: `image: {registry, repository, tag}`, or one text.

use forewarn_kit::finding::{Finding, Severity};
use forewarn_kit::image::Image;
use forewarn_kit::json::{Kind, Node};
use forewarn_kit::release::TagSuffixes;

use crate::chart::{Chart, Field};

/// The parts of the image as they are written.
#[derive(Debug, Default)]
pub(crate) struct Written<'a> {
    registry: Option<Field<'a>>,
    /// The repository, or the whole image.
    repository: Option<Field<'a>>,
    pub(crate) tag: Option<Field<'a>>,
    /// Whether all of it is one text.
    whole: bool,
}

impl<'a> Written<'a> {
    /// The image of some values. They are the chart's own, so `image` may also be something else.
    pub(crate) fn of(values: Node<'a>) -> Self {
        let Some(image) = values.field("image") else { return Self::default() };
        if image.kind() == Kind::Object {
            let field = |key| Field::of(image, key);
            return Self {
                registry: field("registry"),
                repository: field("repository"),
                tag: field("tag"),
                whole: false,
            };
        }
        let text = image.as_str().filter(|text| !text.is_empty());
        let tag = text.as_ref().and_then(|text| Image::parse(text).ok()?.tag);
        Self {
            registry: None,
            repository: text.map(|text| Field { node: image, text }),
            tag: tag.map(|tag| Field { node: image, text: tag.into() }),
            whole: true,
        }
    }

    /// Whether the values name an image.
    pub(crate) fn is_some(&self) -> bool {
        self.repository.is_some() || self.tag.is_some()
    }

    /// The image, with the tag if there is one.
    pub(crate) fn reference(&self) -> Option<Image> {
        let name = self.name()?;
        self.with_tag(&name).and_then(|text| Image::parse(&text).ok()).or_else(|| Image::parse(&name).ok())
    }

    fn name(&self) -> Option<String> {
        let repository = &self.repository.as_ref()?.text;
        Some(match &self.registry {
            Some(registry) => format!("{}/{repository}", registry.text),
            None => repository.to_string(),
        })
    }

    fn with_tag(&self, name: &str) -> Option<String> {
        self.tag.as_ref().filter(|_| !self.whole).map(|tag| format!("{name}:{}", tag.text))
    }
}

/// What keeps the values' image from being one.
pub(crate) fn problem<'a>(chart: &Chart<'a>) -> Option<Finding<'a>> {
    let image = &chart.image;
    let (name, repository) = (image.name()?, image.repository.as_ref()?);
    let (text, field) = if Image::parse(&name).is_err() {
        (name, repository)
    } else {
        let text = image.with_tag(&name).filter(|text| Image::parse(text).is_err())?;
        (text, image.tag.as_ref()?)
    };
    if text.contains("{{") {
        // The chart's templates fill it in.
        return None;
    }
    let message = format!("the values' image is `{text}`, which is no image reference, so no node can pull it");
    let help = "write the repository in small letters and one tag, such as `registry.example/shop/web` and `1.4.2`";
    Some(Finding::deny("bad-image", field.node, message).help(help))
}

/// A tag in the values that is another version than the app's.
pub(crate) fn differs<'a>(severity: Severity, chart: &Chart<'a>, suffixes: &TagSuffixes) -> Option<Finding<'a>> {
    let (field, app) = (chart.image.tag.as_ref()?, chart.app.as_ref()?);
    let tag = field.text.split('@').next().filter(|tag| !tag.is_empty() && !tag.contains("{{"))?;
    if suffixes.tag_is(tag, &app.text) {
        return None;
    }
    let message = format!(
        "the values' image has the tag `{tag}`, but `appVersion` is `{}`, so the chart names one version and runs another",
        app.text
    );
    let help = if field.node.kind() == Kind::Number {
        "put the tag in quotes, as YAML takes 1.10 for 1.1, and make it the `appVersion`"
    } else {
        "make the two the same; with templates like those of `helm create`, leave the tag empty, and it is the `appVersion`"
    };
    Some(Finding::new(severity, "tag-differs", field.node, message).help(help))
}
