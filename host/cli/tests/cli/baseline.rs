//! `--write-baseline` and `--baseline`

use crate::forewarn::{BAD, Folder, GOOD, ONLY};

fn check(folder: &Folder, args: &[&str]) -> (i32, String) {
    let outcome = folder.run(&[&["check"], ONLY, args].concat());
    assert_eq!(outcome.stderr, "");
    (outcome.code, outcome.stdout)
}

#[test]
fn known_findings_do_not_fail_and_new_ones_do() {
    let folder = Folder::new(&[("k8s/pod.yaml", BAD)]);
    let written = check(&folder, &["k8s", "--write-baseline", "known.json"]);
    assert_eq!(
        written,
        (
            0,
            "no findings in 1 object of 1 file (1 evaluation), 1 suppressed\nwrote 1 known finding to known.json\n"
                .to_owned()
        )
    );
    let text = std::fs::read_to_string(folder.path().join("known.json")).unwrap();
    insta::assert_snapshot!("baseline", text);

    // Moved to another file and line, it is the same.
    std::fs::remove_file(folder.path().join("k8s/pod.yaml")).unwrap();
    folder.write("k8s/other.yaml", format!("# moved\n{BAD}").as_bytes());
    let known = &["k8s", "--baseline", "known.json"];
    assert_eq!(
        check(&folder, known),
        (0, "no findings in 1 object of 1 file (1 evaluation), 1 suppressed\n".to_owned())
    );
    let fixed = check(&folder, &[known.as_slice(), &["--fix"]].concat());
    assert!(fixed.1.ends_with("fixed 0 findings in 0 files\n"), "{fixed:?}");

    folder.write("k8s/new.yaml", BAD.replace("name: web", "name: new").as_bytes());
    let (code, stdout) = check(&folder, known);
    assert_eq!(code, 1);
    assert!(stdout.ends_with("1 denied in 2 objects of 2 files (2 evaluations), 1 suppressed\n"), "{stdout}");
}

#[test]
fn what_is_mended_is_told() {
    let folder = Folder::new(&[("k8s/pod.yaml", BAD), ("forewarn.yaml", "baseline: known.json\n")]);
    check(&folder, &[".", "--write-baseline", "known.json"]);
    // The baseline itself is no manifest.
    assert_eq!(
        check(&folder, &["."]),
        (0, "no findings in 1 object of 1 file (1 evaluation), 1 suppressed\n".to_owned())
    );
    folder.write("k8s/pod.yaml", BAD.replace("Escalation: true", "Escalation: false").as_bytes());
    let (code, stdout) = check(&folder, &["k8s"]);
    assert_eq!(code, 0);
    insta::assert_snapshot!("stale-baseline", stdout);
    assert_eq!(check(&folder, &["k8s", "--fail-on", "warn"]).0, 1);
    // Nobody asked the policy.
    let outcome = folder.run(&["check", "--policy", "root-user", "k8s", "--fail-on", "never"]);
    assert!(!outcome.stdout.contains("suppressions/stale"), "{}", outcome.stdout);
}

#[test]
fn an_object_that_is_gone_is_told_by_the_same_run() {
    let folder = Folder::new(&[("k8s/pod.yaml", BAD), ("k8s/good.yaml", GOOD)]);
    let run = |args: &[&str]| folder.run(&[&["check", "--fail-on", "never"], args].concat()).stdout;
    run(&["k8s", "--write-baseline", "known.json"]);
    std::fs::remove_file(folder.path().join("k8s/pod.yaml")).unwrap();
    assert!(run(&["k8s", "--baseline", "known.json"]).contains("of Pod shop/web is gone"));
    assert!(!run(&["k8s/good.yaml", "--baseline", "known.json"]).contains("is gone"));
}

#[test]
fn the_bytes_do_not_depend_on_jobs() {
    let files: Vec<_> =
        (0..20).map(|n| (format!("k8s/{n}.yaml"), BAD.replace("name: web", &format!("name: web{n}")))).collect();
    let files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let folder = Folder::new(&files);
    let mut texts = ["1", "7"].map(|jobs| {
        folder.run(&["check", "k8s", "--jobs", jobs, "--write-baseline", "known.json"]);
        std::fs::read_to_string(folder.path().join("known.json")).unwrap()
    });
    texts.sort();
    assert_eq!(texts[0], texts[1]);
}

#[test]
fn a_baseline_that_cannot_be_read_is_wrong_usage() {
    let folder = Folder::new(&[("pod.yaml", BAD)]);
    for (text, expected) in [
        (
            Some("{\n  \"version\": 2\n}\n"),
            "error: known.json:2:14: a baseline of version 2, and only version 1 can be read\nhelp: write it anew",
        ),
        (Some("{\"version\": 1, [\n"), "error: known.json:1:"),
        (
            None,
            "error: cannot read the baseline `known.json`: No such file or directory (os error 2)\nhelp: `--write-baseline FILE` writes one\n",
        ),
    ] {
        text.into_iter().for_each(|text| drop(folder.write("known.json", text.as_bytes())));
        if text.is_none() {
            std::fs::remove_file(folder.path().join("known.json")).unwrap();
        }
        let outcome = folder.run(&["check", "pod.yaml", "--baseline", "known.json"]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (2, ""));
        assert!(outcome.stderr.starts_with(expected), "{}", outcome.stderr);
    }
}

#[test]
fn a_run_that_could_not_review_everything_writes_no_baseline() {
    let folder = Folder::new(&[("pod.yaml", BAD), ("broken.yaml", "a: [\n")]);
    let outcome = folder.run(&["check", ".", "--write-baseline", "known.json"]);
    assert_eq!(outcome.code, 3);
    assert!(!folder.path().join("known.json").exists());
    assert!(outcome.stderr.contains("the baseline was not written"), "{}", outcome.stderr);
}

/// A copy of [`BAD`] of another name.
fn other(name: &str) -> String {
    BAD.replace("  name: web\n  namespace", &format!("  name: {name}\n  namespace"))
}

#[test]
fn fixes_are_made_for_what_is_new_only() {
    let folder = Folder::new(&[("k8s/known.yaml", BAD), ("k8s/gone.yaml", &other("gone"))]);
    check(&folder, &["k8s", "--write-baseline", "known.json"]);
    folder.write("k8s/new.yaml", other("new").as_bytes());
    folder.write("k8s/gone.yaml", other("gone").replace("Escalation: true", "Escalation: false").as_bytes());
    let (code, stdout) = check(&folder, &["k8s", "--baseline", "known.json", "--fix", "--fail-on", "warn"]);
    assert!(stdout.contains("the known finding `privilege-escalation/allowed` of Pod shop/gone is gone"), "{stdout}");
    assert!(stdout.contains("1 warned in 3 objects of 3 files (3 evaluations), 1 suppressed\n"), "{stdout}");
    assert!(stdout.ends_with("fixed 1 finding in 1 file\n"), "{stdout}");
    assert_eq!(code, 1, "{stdout}");
    let read = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert_eq!(read("k8s/known.yaml"), BAD);
    assert_eq!(read("k8s/new.yaml"), other("new").replace("Escalation: true", "Escalation: false"));
}

#[test]
fn what_is_fixed_is_not_written_down() {
    let folder = Folder::new(&[("k8s/pod.yaml", BAD)]);
    let (code, stdout) = check(&folder, &["k8s", "--fix", "--write-baseline", "known.json"]);
    assert_eq!(code, 0, "{stdout}");
    assert!(stdout.ends_with("fixed 1 finding in 1 file\nwrote 0 known findings to known.json\n"), "{stdout}");
}

#[test]
fn of_what_changed_only_what_is_new_fails() {
    let folder = Folder::new(&[
        ("old/touched.yaml", BAD),
        ("old/same.yaml", &other("same")),
        ("new/touched.yaml", &BAD.replace("1.27", "1.28")),
        ("new/same.yaml", &other("same")),
    ]);
    check(&folder, &["old", "--write-baseline", "known.json"]);
    let against = &["new", "--against", "old", "--baseline", "known.json"];
    let (code, stdout) = check(&folder, against);
    // The known finding of the unchanged object is not called gone: nobody looked.
    assert_eq!(
        (code, stdout.as_str()),
        (0, "no findings in 2 objects of 2 files (1 evaluation), 1 unchanged, 1 suppressed\n")
    );
    folder.write("new/new.yaml", other("new").as_bytes());
    let (code, stdout) = check(&folder, against);
    assert_eq!(code, 1);
    assert!(
        stdout.ends_with("1 denied in 3 objects of 3 files (2 evaluations), 1 unchanged, 1 suppressed\n"),
        "{stdout}"
    );
    // With the fix nothing is left to fail.
    let (code, stdout) = check(&folder, &[against.as_slice(), &["--fix"]].concat());
    assert_eq!(code, 0, "{stdout}");
    assert!(stdout.ends_with("fixed 1 finding in 1 file\n"), "{stdout}");
}
