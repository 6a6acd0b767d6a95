//! The checklist of Kubewarden's conventions names tests; they have to exist.

use std::fs;

use forewarn_tests::root;

/// Every pair of a test's file and its name, as the document writes them: `file` `name`.
fn named_tests(document: &str) -> Vec<(&str, &str)> {
    let mut tests = Vec::new();
    let mut file = None;
    for span in document.split('`').skip(1).step_by(2) {
        match file {
            _ if span.ends_with(".rs") => file = Some(span),
            Some(path) => tests.push((path, span)),
            None => {}
        }
    }
    tests
}

#[test]
fn every_test_of_the_checklist_exists() {
    let document = fs::read_to_string(root().join("docs/kubewarden-conformance.md")).unwrap();
    let (_, lists) = document.split_once("\n## ").unwrap();
    let mut count = 0;
    for line in lists.lines() {
        for (file, name) in named_tests(line) {
            let source = fs::read_to_string(root().join(file)).unwrap_or_else(|error| panic!("`{file}`: {error}"));
            let known = source.contains(&format!("fn {name}(")) || source.contains(&format!("(\"{name}\", "));
            assert!(known, "`{file}` has no test `{name}`");
            count += 1;
        }
    }
    assert!(count > 30, "{count} tests are named");
}

#[test]
fn every_line_of_the_checklist_is_there() {
    let document = fs::read_to_string(root().join("docs/kubewarden-conformance.md")).unwrap();
    for number in 1..=12 {
        assert!(document.contains(&format!("\n### {number}. ")), "line {number} is missing");
    }
}
