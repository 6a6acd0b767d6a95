//! Every case file and every README example of every policy, run by the shipped module.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use forewarn_core::finding::{PatchOperation, Severity};
use forewarn_core::report::text::TextReport;
use forewarn_tests::ask::{Answer, Policy, file_review, policies};
use forewarn_tests::case::{Case, Verdict, cases};
use forewarn_tests::readme::examples;
use forewarn_tests::{folder, root};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::{Value, json};
use similar::TextDiff;

fn main() {
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    for policy in policies() {
        match cases(&folder(policy.id).join("cases")) {
            Ok(cases) => trials.extend(trials_of(policy, cases)),
            Err(error) => trials.push(Trial::test(format!("{}::cases", policy.id), move || Err(error.into()))),
        }
        trials.push(Trial::test(format!("{}::readme", policy.id), || readme(policy)));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn trials_of(policy: &'static Policy, cases: Vec<Case>) -> Vec<Trial> {
    let all = cases.clone();
    let mut trials =
        vec![Trial::test(format!("{}::every code has a case", policy.id), move || every_code_has_a_case(policy, &all))];
    let names: BTreeSet<_> = cases.iter().map(|case| format!("{}.snap", case.name)).collect();
    trials.push(Trial::test(format!("{}::every snapshot has a case", policy.id), move || {
        every_snapshot_has_a_case(policy.id, &names)
    }));
    trials.extend(
        cases.into_iter().map(|case| Trial::test(format!("{}::{}", policy.id, case.name), move || run(policy, &case))),
    );
    trials
}

fn run(policy: &Policy, case: &Case) -> Result<(), Failed> {
    let mut answers = ask(policy, case)?;
    if answers.is_empty() {
        return Err("the file holds no object".into());
    }
    let mut shown = rendered(case, &answers);
    if case.verdict == Verdict::Fix {
        shown.push_str(&repairs(policy, case, &answers)?);
    }
    let counts = |severity| answers.iter().flat_map(Answer::counting).filter(move |f| f.finding.severity == severity);
    let (denied, warned) = (counts(Severity::Deny).count(), counts(Severity::Warn).count());
    let fits = match case.verdict {
        Verdict::Accept => denied == 0 && warned == 0,
        Verdict::Warn => denied == 0 && warned > 0,
        Verdict::Reject => denied > 0,
        Verdict::Fix => denied + warned > 0,
    };
    for answer in &mut answers {
        fixes_repair(policy, case, answer)?;
    }
    let mut settings = insta::Settings::new();
    settings.set_snapshot_path(folder(policy.id).join("cases/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(case.name.as_str(), shown));
    if fits { Ok(()) } else { Err(format!("{:?} does not fit {denied} denied, {warned} warned", case.verdict).into()) }
}

fn ask(policy: &Policy, case: &Case) -> Result<Vec<Answer>, Failed> {
    Ok(policy.review(&case.text, &case.settings, case.old.as_deref(), case.sub_resource.as_deref())?)
}

fn rendered(case: &Case, answers: &[Answer]) -> String {
    let file = format!("{}.yaml", case.name);
    let mut shown = TextReport::new(false).file(&file_review(&file, answers), &case.text);
    for located in answers.iter().flat_map(|answer| &answer.findings) {
        if let Some(suppressed) = &located.finding.suppressed {
            let finding = &located.finding;
            shown += &format!(
                "suppressed by {} ({}): {} at {}\n",
                suppressed.by, suppressed.reason, finding.code, finding.pointer
            );
        }
    }
    if shown.is_empty() { "no findings\n".to_owned() } else { shown }
}

/// Runs the case with `mutate: true`: shows what changes, and asserts that it is enough and final.
fn repairs(policy: &Policy, case: &Case, before: &[Answer]) -> Result<String, Failed> {
    let mut case = case.clone();
    case.settings.insert("mutate".to_owned(), json!(true));
    let mut shown = String::new();
    let mut repaired = false;
    for (answer, before) in ask(policy, &case)?.iter().zip(before) {
        let Some(mutated) = answer.reply.get("mutated_object").filter(|object| !object.is_null()) else { continue };
        repaired = true;
        let unfixable =
            |answer: &Answer| answer.counting().filter(|f| f.finding.denies() && f.finding.fix.is_empty()).count();
        if answer.accepted() != (unfixable(before) == 0) {
            return Err(format!("accepted is {} with {} unfixable", answer.accepted(), unfixable(before)).into());
        }
        let text = |value: &Value| format!("{value:#}\n");
        let (old, new) = (text(&answer.object), text(mutated));
        shown += &TextDiff::from_lines(&old, &new).unified_diff().header("before", "after").to_string();
        typed(mutated)?;
        let again = Case { text: mutated.to_string(), ..case.clone() };
        for answer in ask(policy, &again)? {
            if answer.reply.get("mutated_object").is_some_and(|object| !object.is_null()) {
                return Err("a second run changes the object again".into());
            }
            if let Some(left) = answer.counting().find(|located| !located.finding.fix.is_empty()) {
                return Err(format!("`{}` is still fixable after the fix", left.finding.code).into());
            }
        }
    }
    if repaired { Ok(shown) } else { Err("no object is repaired".into()) }
}

/// Applies each finding's own patch with another implementation of JSON Patch: the finding must be gone.
fn fixes_repair(policy: &Policy, case: &Case, answer: &Answer) -> Result<(), Failed> {
    for located in answer.counting().filter(|located| !located.finding.fix.is_empty()) {
        let finding = &located.finding;
        let operations = finding.fix.iter().map(PatchOperation::to_json).collect();
        let patch: json_patch::Patch = serde_json::from_value(operations)?;
        let mut object = answer.object.clone();
        json_patch::patch(&mut object, &patch)?;
        typed(&object)?;
        let fixed = Case { text: object.to_string(), ..case.clone() };
        let same = |left: &forewarn_core::finding::Finding| {
            (&left.code, &left.pointer, &left.container) == (&finding.code, &finding.pointer, &finding.container)
        };
        if ask(policy, &fixed)?.iter().flat_map(Answer::counting).any(|left| same(&left.finding)) {
            return Err(format!("the fix of `{}` at {} does not repair it", finding.code, finding.pointer).into());
        }
    }
    Ok(())
}

/// A repaired object is still one that the API server can read.
fn typed(object: &Value) -> Result<(), Failed> {
    use k8s_openapi::api::{apps::v1 as apps, batch::v1 as batch, core::v1 as core};
    fn read<T: serde::de::DeserializeOwned>(object: &Value) -> Result<(), Failed> {
        Ok(T::deserialize(object).map(|_| ())?)
    }
    let text = |key: &str| object.get(key).and_then(Value::as_str).unwrap_or_default();
    match (text("apiVersion"), text("kind")) {
        ("v1", "Pod") => read::<core::Pod>(object),
        ("v1", "ServiceAccount") => read::<core::ServiceAccount>(object),
        ("apps/v1", "Deployment") => read::<apps::Deployment>(object),
        ("apps/v1", "StatefulSet") => read::<apps::StatefulSet>(object),
        ("apps/v1", "DaemonSet") => read::<apps::DaemonSet>(object),
        ("batch/v1", "Job") => read::<batch::Job>(object),
        ("batch/v1", "CronJob") => read::<batch::CronJob>(object),
        _ => Ok(()),
    }
}

fn every_code_has_a_case(policy: &Policy, cases: &[Case]) -> Result<(), Failed> {
    let described = policy.call("describe", b"")?;
    let declared = described.get("codes").and_then(Value::as_array).ok_or("`describe` lists no codes")?;
    let declared: BTreeSet<_> = declared.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    let mut seen = BTreeSet::new();
    for case in cases {
        let answers = ask(policy, case)?;
        seen.extend(answers.iter().flat_map(|a| &a.findings).map(|located| located.finding.code.clone()));
    }
    let undeclared: Vec<_> = seen.difference(&declared).collect();
    let unseen: Vec<_> = declared.difference(&seen).collect();
    if !undeclared.is_empty() || !unseen.is_empty() {
        return Err(format!("codes without a case: {unseen:?}; codes that are not declared: {undeclared:?}").into());
    }
    for verdict in [Verdict::Accept, Verdict::Reject] {
        if !cases.iter().any(|case| case.verdict == verdict) {
            return Err(format!("no case for {verdict:?}").into());
        }
    }
    let fixes = answers_with_fixes(policy, cases)?;
    if fixes && !cases.iter().any(|case| case.verdict == Verdict::Fix) {
        return Err("findings carry fixes, and no case tries them".into());
    }
    Ok(())
}

fn answers_with_fixes(policy: &Policy, cases: &[Case]) -> Result<bool, Failed> {
    for case in cases {
        let answers = ask(policy, case)?;
        if answers.iter().flat_map(|answer| &answer.findings).any(|located| !located.finding.fix.is_empty()) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn every_snapshot_has_a_case(id: &str, names: &BTreeSet<String>) -> Result<(), Failed> {
    let snapshots = fs::read_dir(folder(id).join("cases/snapshots"))?;
    for snapshot in snapshots {
        let name = snapshot?.file_name().to_string_lossy().into_owned();
        if !names.contains(&name) {
            return Err(format!("`{name}` belongs to no case").into());
        }
    }
    Ok(())
}

fn readme(policy: &Policy) -> Result<(), Failed> {
    let path = folder(policy.id).join("README.md");
    let readme = fs::read_to_string(&path)?;
    let examples = examples(&readme);
    for wanted in [true, false] {
        if !examples.iter().any(|example| example.rejected == wanted) {
            return Err(format!("no example that is {}", if wanted { "rejected" } else { "accepted" }).into());
        }
    }
    for example in &examples {
        let answers = policy.review(&example.text, &serde_json::Map::new(), example.before.as_deref(), None)?;
        let rejected = answers.iter().any(|answer| !answer.accepted());
        let clean = answers.iter().all(|answer| answer.counting().count() == 0);
        if answers.is_empty() || rejected != example.rejected || (!example.rejected && !clean) {
            let shown = path.strip_prefix(root()).unwrap_or(Path::new("README.md")).display().to_string();
            return Err(format!("{shown}:{}: not what its tag says", example.line).into());
        }
    }
    Ok(())
}
