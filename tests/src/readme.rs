//! The examples in a policy's README.

/// One fenced example.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The line of the fence, from 1.
    pub line: usize,
    /// Whether the policy rejects it (`yaml reject`) or accepts it (`yaml accept`).
    pub rejected: bool,
    /// The manifest.
    pub text: String,
    /// The manifest before the change, from the fence `yaml before` above: makes the request an UPDATE.
    pub before: Option<String>,
}

/// The fences tagged `yaml reject` and `yaml accept`. A fence `yaml before` belongs to all that follow it.
#[must_use]
pub fn examples(readme: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut before = None;
    let mut lines = readme.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let rejected = match line.trim() {
            "```yaml reject" => Some(true),
            "```yaml accept" => Some(false),
            "```yaml before" => None,
            _ => continue,
        };
        let body: Vec<_> = lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim() != "```").collect();
        let text = body.join("\n") + "\n";
        match rejected {
            Some(rejected) => examples.push(Example { line: number + 1, rejected, text, before: before.clone() }),
            None => before = Some(text),
        }
    }
    examples
}
