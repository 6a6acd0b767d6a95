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
}

/// The fences tagged `yaml reject` and `yaml accept`.
#[must_use]
pub fn examples(readme: &str) -> Vec<Example> {
    let mut examples = Vec::new();
    let mut lines = readme.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let rejected = match line.trim() {
            "```yaml reject" => true,
            "```yaml accept" => false,
            _ => continue,
        };
        let body: Vec<_> = lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim() != "```").collect();
        examples.push(Example { line: number + 1, rejected, text: body.join("\n") + "\n" });
    }
    examples
}
