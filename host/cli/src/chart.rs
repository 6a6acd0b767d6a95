//! `forewarn chart`

use std::path::Path;

use anyhow::anyhow;
use forewarn_core::facts::{FactFile, Facts};
use forewarn_core::object::Identity;
use forewarn_core::problem::{Problem, ProblemKind};
use forewarn_core::source::Source;
use forewarn_core::yaml::Documents;
use serde_json::{Value, json};

use crate::args::Chart;
use crate::check;
use crate::exit::{Exit, Failure};
use crate::facts::{self, Broken};
use crate::git::{File, Repository, Revision};
use crate::inputs::{Input, display};

/// The input's name in the metadata of policies.
const INPUT: &str = "chart";

const CHART: &str = "Chart.yaml";
const VALUES: &str = "values.yaml";
/// Where a chart may tell about its releases; the first that is there counts.
const RELEASE_NOTES: [&str; 3] = ["RELEASE.txt", "RELEASE.md", "CHANGELOG.md"];

/// Asks policies about the next release of a Helm chart.
///
/// # Errors
/// See [`facts::review`]; also exit 2 for a revision that is not there, 3 when git fails.
pub(crate) fn chart(args: &Chart) -> Result<Exit, Failure> {
    facts::review(INPUT, || gather(&args.directory, args.against.as_deref()), &args.reporting)
}

fn gather(directory: &Path, against: Option<&str>) -> Result<Result<Facts, Vec<Broken>>, Failure> {
    let now = State::on_disk(directory);
    let notes = release_notes(directory);
    let (now, notes) = match (now, notes) {
        (Ok(now), Ok(notes)) => (now, notes),
        (now, notes) => {
            return Ok(Err(now.err().into_iter().flatten().chain(notes.err()).collect()));
        }
    };
    let previous = match against.map(|revision| Previous::at(directory, revision)).transpose()? {
        Some(Err(broken)) => return Ok(Err(broken)),
        Some(Ok(previous)) => previous,
        None => None,
    };
    Ok(Ok(facts(now, notes.as_ref(), previous.as_ref())))
}

fn facts(now: State, notes: Option<&(String, String)>, previous: Option<&Previous>) -> Facts {
    let text = |key| now.chart.value.get(key).and_then(Value::as_str).map(str::to_owned);
    let identity = Identity {
        api_version: text("apiVersion").unwrap_or_default(),
        kind: "Chart".to_owned(),
        namespace: None,
        name: text("name"),
    };
    let notes = notes.map(|(file, text)| json!({"file": file, "text": text}));
    let mut input = format!(
        r#"{{"chart":{},"values":{},"releaseNotes":{},"previous":"#,
        now.chart.json,
        now.values_json(),
        json!(notes)
    );
    match previous {
        None => input.push_str("null}"),
        Some(previous) => input.push_str(&format!(
            r#"{{"chart":{},"values":{}}},"changed":{}}}"#,
            previous.state.chart.json,
            previous.state.values_json(),
            previous.changed(&now)
        )),
    }
    let mut files = vec![now.chart.file("/chart")];
    files.extend(now.values.map(|values| values.file("/values")));
    Facts { identity, input, files, otherwise: "/version" }
}

/// The files of a chart that policies read.
struct State {
    chart: Part,
    /// A chart can do without.
    values: Option<Part>,
}

/// A YAML file.
struct Part {
    name: String,
    text: String,
    json: String,
    value: Value,
}

impl State {
    fn on_disk(directory: &Path) -> Result<Self, Vec<Broken>> {
        let part = |file| read(&directory.join(file)).and_then(|(name, text)| Part::parse(name, text));
        // A link that leads nowhere is a file that cannot be read.
        let values = directory.join(VALUES).symlink_metadata().is_ok().then(|| part(VALUES)).transpose();
        Self::of(part(CHART), values)
    }

    fn of(chart: Result<Part, Broken>, values: Result<Option<Part>, Broken>) -> Result<Self, Vec<Broken>> {
        match (chart, values) {
            (Ok(chart), Ok(values)) => Ok(Self { chart, values }),
            (chart, values) => Err(chart.err().into_iter().chain(values.err()).collect()),
        }
    }

    /// Without a file, or with nothing in it, there are no values.
    fn values_json(&self) -> &str {
        self.values.as_ref().map(|values| values.json.as_str()).filter(|json| *json != "null").unwrap_or("{}")
    }
}

impl Part {
    /// Reads the first document, as Helm does. Duplicate keys, of which Helm loses one, are refused.
    fn parse(name: String, text: String) -> Result<Self, Broken> {
        let mut json = String::new();
        let problem = {
            let source = Source::new(&text);
            match Documents::new(&source).next() {
                None => None,
                Some(Err(error)) => Some(Problem::of_yaml(&name, &error)),
                Some(Ok(document)) => {
                    document.write_json(document.root(), &mut json);
                    document.flaws().first().map(|flaw| Problem::of_yaml(&name, flaw))
                }
            }
        };
        if let Some(problem) = problem {
            return Err(Broken::new(problem, text));
        }
        if json.is_empty() {
            json.push_str("null");
        }
        match serde_json::from_str(&json) {
            Ok(value) => Ok(Self { name, text, json, value }),
            Err(error) => Err(Broken::new(unreadable(&name, &error.to_string()), text)),
        }
    }

    fn file(self, holds: &'static str) -> FactFile {
        FactFile { name: self.name, text: self.text, holds }
    }

    /// What is in the file besides the versions.
    fn without_versions(&self) -> Value {
        let mut value = self.value.clone();
        if let Some(fields) = value.as_object_mut() {
            fields.retain(|key, _| key != "version" && key != "appVersion");
        }
        value
    }
}

/// The chart as it was at a revision.
struct Previous {
    state: State,
    /// Whether any file is another one now, besides those that policies read.
    others_changed: bool,
}

impl Previous {
    /// Nothing where the revision has no such chart.
    fn at(directory: &Path, revision: &str) -> Result<Result<Option<Self>, Vec<Broken>>, Failure> {
        let repository = Repository::around(directory)?;
        let commit = repository.revision(revision)?;
        let below = repository.path_of(directory);
        let below = below.ok_or_else(|| Failure::input(anyhow!("`{}` has no path in git", display(directory))))?;
        let files = repository.files(&commit, &below)?;
        let path = |file: &str| if below.is_empty() { file.to_owned() } else { format!("{below}/{file}") };
        let find = |file| files.iter().find(|found| found.path == path(file));
        let Some(chart) = find(CHART) else { return Ok(Ok(None)) };
        let part = |file: &File| part_at(&repository, revision, file);
        let state = State::of(part(chart)?, find(VALUES).map(part).transpose()?.transpose());
        let others_changed = others_changed(&repository, &commit, &below, path)?;
        Ok(state.map(|state| Some(Self { state, others_changed })))
    }

    /// What is another now, as policies read it.
    fn changed(&self, now: &State) -> Value {
        let values = |state: &State| serde_json::from_str::<Value>(state.values_json()).unwrap_or_default();
        json!({
            "chart": self.state.chart.without_versions() != now.chart.without_versions(),
            "values": values(&self.state) != values(now),
            "templates": self.others_changed,
        })
    }
}

fn part_at(repository: &Repository, revision: &str, file: &File) -> Result<Result<Part, Broken>, Failure> {
    let mut contents = repository.read(std::slice::from_ref(file))?;
    let name = format!("{revision}:{}", file.path);
    Ok(match String::from_utf8(contents.remove(&file.blob).unwrap_or_default()) {
        Ok(text) => Part::parse(name, text),
        Err(_) => Err(Broken::new(unreadable(&name, "it is not UTF-8"), String::new())),
    })
}

fn others_changed(
    repository: &Repository,
    commit: &Revision,
    below: &str,
    path: impl Fn(&str) -> String,
) -> Result<bool, Failure> {
    let read: Vec<_> = [CHART, VALUES].iter().chain(&RELEASE_NOTES).map(|file| path(file)).collect();
    Ok(repository.changed(commit, below)?.iter().any(|changed| !read.contains(changed)))
}

/// The release notes: the file's name and its text.
fn release_notes(directory: &Path) -> Result<Option<(String, String)>, Broken> {
    let file = RELEASE_NOTES.iter().find(|file| directory.join(file).symlink_metadata().is_ok());
    file.map(|file| Ok(((*file).to_owned(), read(&directory.join(file))?.1))).transpose()
}

/// A file's name in reports, and its text.
fn read(path: &Path) -> Result<(String, String), Broken> {
    match Input::named(path).read() {
        Ok(text) => Ok((display(path), text.unwrap_or_default())),
        Err(error) => Err(Broken::new(check::problem(&error), String::new())),
    }
}

fn unreadable(name: &str, reason: &str) -> Problem {
    let message = format!("cannot read `{name}`: {reason}");
    Problem { file: Some(name.to_owned()), ..Problem::new(ProblemKind::Input, message) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::History;

    fn chart(history: &History, version: &str) {
        let chart = format!("apiVersion: v2\nname: web\nversion: {version} # next\nappVersion: \"1.10\"\n");
        history.write("charts/web/Chart.yaml", chart.as_bytes());
    }

    fn gathered(history: &History, against: Option<&str>) -> Value {
        let facts = gather(&history.path().join("charts/web"), against).unwrap().unwrap();
        serde_json::from_str(&facts.input).unwrap()
    }

    #[test]
    fn the_input_holds_what_the_chart_says() {
        let history = History::new();
        chart(&history, "1.0.0");
        let bare = json!({
            "chart": {"apiVersion": "v2", "name": "web", "version": "1.0.0", "appVersion": "1.10"},
            "values": {}, "releaseNotes": null, "previous": null,
        });
        assert_eq!(gathered(&history, None), bare);
        history.write("charts/web/values.yaml", b"# none yet\n");
        assert_eq!(gathered(&history, None), bare);
        history.write("charts/web/values.yaml", b"image: {tag: 1.0.0}\n");
        history.write("charts/web/CHANGELOG.md", b"# 1.0.0\n");
        history.write("charts/web/RELEASE.md", b"1.0.0\n");
        let facts = gather(&history.path().join("charts/web"), None).unwrap().unwrap();
        assert_eq!((facts.identity.to_string().as_str(), facts.identity.api_version.as_str()), ("Chart web", "v2"));
        let input: Value = serde_json::from_str(&facts.input).unwrap();
        assert_eq!(input["values"]["image"]["tag"], "1.0.0");
        assert_eq!(input["releaseNotes"], json!({"file": "RELEASE.md", "text": "1.0.0\n"}));
    }

    #[test]
    fn the_previous_chart_comes_from_git() {
        let history = History::new();
        history.write("README.md", b"");
        history.commit();
        chart(&history, "1.0.0");
        history.write("charts/web/values.yaml", b"tag: a\n");
        history.write("charts/web/templates/web.yaml", b"kind: Pod\n");
        history.commit();
        let changed = |what| gathered(&history, Some("HEAD"))["changed"] == what;
        assert!(changed(json!({"chart": false, "values": false, "templates": false})));
        assert_eq!(gathered(&history, Some("HEAD~1"))["previous"], Value::Null);
        assert_eq!(gathered(&history, Some("HEAD~1")).get("changed"), None);

        // Versions, comments and release notes are no change of the chart.
        chart(&history, "1.0.1");
        history.write("charts/web/values.yaml", b"tag: a # still\n");
        history.write("charts/web/RELEASE.txt", b"1.0.1\n");
        history.write("elsewhere.yaml", b"");
        let input = gathered(&history, Some("HEAD"));
        assert!(changed(json!({"chart": false, "values": false, "templates": false})), "{input}");
        assert_eq!(input["previous"]["chart"]["version"], "1.0.0");
        assert_eq!((&input["chart"]["version"], &input["previous"]["values"]), (&json!("1.0.1"), &json!({"tag": "a"})));

        history.write("charts/web/values.yaml", b"tag: b\n");
        assert!(changed(json!({"chart": false, "values": true, "templates": false})));
        history.write("charts/web/templates/new.yaml", b"");
        assert!(changed(json!({"chart": false, "values": true, "templates": true})));
        history.write("charts/web/Chart.yaml", b"name: web\nversion: 1.0.1\n");
        assert!(changed(json!({"chart": true, "values": true, "templates": true})));
    }

    #[test]
    fn what_cannot_be_read_is_told_with_its_place() {
        let history = History::new();
        let directory = history.path().join("charts/web");
        let broken = |against| -> Vec<(String, Option<u32>)> {
            let broken = gather(&directory, against).unwrap().unwrap_err();
            broken.into_iter().map(|broken| (broken.problem.message, broken.problem.line)).collect()
        };
        let [missing] = broken(None).try_into().unwrap();
        assert!(missing.0.starts_with("cannot read `") && missing.0.contains("charts/web/Chart.yaml`"), "{missing:?}");
        history.write("charts/web/Chart.yaml", b"name: web\nversion: [\n");
        history.write("charts/web/values.yaml", b"a: 1\na: 2\n");
        history.write("charts/web/RELEASE.txt", &[0xff]);
        let [chart_file, values, notes] = broken(None).try_into().unwrap();
        assert!(chart_file.0.contains("not valid YAML") && chart_file.1 == Some(2), "{chart_file:?}");
        assert!(values.0.contains("already set") && values.1 == Some(2), "{values:?}");
        assert!(notes.0.contains("not UTF-8"), "{notes:?}");
        history.commit();
        std::fs::remove_file(directory.join("RELEASE.txt")).unwrap();
        std::fs::remove_file(directory.join("values.yaml")).unwrap();
        chart(&history, "1.0.0");
        let [before, _] = broken(Some("HEAD")).try_into().unwrap();
        assert!(before.0.contains("not valid YAML"), "{before:?}");
    }
}
