//! Policies that ask about other objects: those of the same run.

use serde_json::json;

use crate::forewarn::Folder;

/// Says nothing about its token.
const WEB: &str = "\
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec:
  serviceAccountName: web
  containers: [{name: web, image: 'nginx:1.27'}]
";

/// Keeps the token from its pods.
const ACCOUNT: &str = "\
apiVersion: v1
kind: ServiceAccount
metadata: {name: web, namespace: shop}
automountServiceAccountToken: false
";

const CHECK: &[&str] = &["check", "--policy", "service-account-token"];

#[test]
fn objects_of_other_files_are_seen() {
    let folder = Folder::new(&[("a/web.yaml", WEB), ("z/account.yaml", ACCOUNT)]);
    assert_eq!(folder.run(&[CHECK, &["a/web.yaml"]].concat()).code, 1);
    assert_eq!(folder.run(&[CHECK, &["a/web.yaml", "z/account.yaml"]].concat()).code, 0);
    assert_eq!(folder.run(&[CHECK, &["."]].concat()).code, 0);
}

#[test]
fn standard_input_and_pipes_are_seen_and_reviewed() {
    let folder = Folder::new(&[("web.yaml", WEB), ("account.yaml", ACCOUNT)]);
    let one_job = |path, file| [CHECK, &["--jobs", "1", "--format", "json", path, file]].concat();
    for path in ["-", "/dev/stdin"] {
        for (file, input) in [("web.yaml", ACCOUNT), ("account.yaml", WEB)] {
            // Whichever comes first: the search may be the first to read it, or the review.
            let mut arguments = one_job(path, file);
            for _ in 0..2 {
                let outcome = folder.run_with_input(&arguments, input);
                let report: serde_json::Value = serde_json::from_str(&outcome.stdout).unwrap();
                assert_eq!((outcome.code, &report["summary"]["objects"]), (0, &json!(2)), "{path} {file}");
                let last = arguments.len() - 1;
                arguments.swap(last - 1, last);
            }
        }
    }
}

#[test]
fn what_cannot_be_read_is_reported_once() {
    let folder = Folder::new(&[("web.yaml", WEB), ("broken.yaml", "kind: ServiceAccount\na: [\n")]);
    folder.write("binary.yaml", b"ServiceAccount \xff");
    let (code, report) = folder.report(&["--policy", "service-account-token", "."]);
    assert_eq!((code, &report["summary"]["errors"], &report["summary"]["denied"]), (3, &json!(2), &json!(1)));
}

#[test]
fn any_number_of_jobs_sees_the_same() {
    let folder = Folder::new(&[]);
    for n in 0..40 {
        folder.write(&format!("web-{n:02}.yaml"), WEB.replace("web", &format!("web-{n}")).as_bytes());
        if n % 3 == 0 {
            folder.write(&format!("account-{n:02}.yaml"), ACCOUNT.replace("web", &format!("web-{n}")).as_bytes());
        }
    }
    let run = |jobs| folder.run(&[CHECK, &["--jobs", jobs, "."]].concat());
    let one = run("1");
    assert_eq!(one.stdout.matches("error[service-account-token/unset]").count(), 26);
    for jobs in ["2", "8"] {
        assert_eq!(run(jobs).stdout, one.stdout);
    }
}
