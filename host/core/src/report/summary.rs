//! The numbers of a whole run.

use crate::finding::Severity;
use crate::problem::Problem;
use crate::review::FileReview;
use std::fmt;

/// How much was checked, and what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Files that were read.
    pub files: usize,
    /// Objects in them.
    pub objects: usize,
    /// Verdicts asked for: pairs of an object and a policy that covers it.
    pub evaluations: usize,
    /// Findings that reject an object.
    pub denied: usize,
    /// Findings that warn.
    pub warned: usize,
    /// Findings that an exemption took back.
    pub suppressed: usize,
    /// Things that could not be checked.
    pub errors: usize,
    /// Parts of files that are no objects.
    pub skipped: usize,
    /// Findings that are gone because they were fixed.
    pub fixed: usize,
    /// Objects that were not reviewed, because they are as they were.
    pub unchanged: usize,
}

impl Summary {
    /// Adds everything up. `problems` are those that belong to no reviewed file.
    #[must_use]
    pub fn of(reviews: &[FileReview], problems: &[Problem]) -> Self {
        let start = Self { errors: problems.len(), ..Self::default() };
        reviews.iter().fold(start, |mut summary, review| {
            summary.add(review);
            summary
        })
    }

    /// Adds one file.
    pub fn add(&mut self, review: &FileReview) {
        self.files += usize::from(!review.configuration);
        self.objects += review.objects;
        self.evaluations += review.evaluations;
        self.errors += review.problems.len();
        self.skipped += review.skipped.len();
        self.fixed += review.fixed;
        self.unchanged += review.unchanged;
        for located in &review.findings {
            let count = match located.finding.severity {
                _ if located.finding.suppressed.is_some() => &mut self.suppressed,
                Severity::Deny => &mut self.denied,
                Severity::Warn => &mut self.warned,
            };
            *count += 1;
        }
    }
}

/// `2 denied, 1 warned in 3 objects of 2 files (18 evaluations), 1 skipped`
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.denied, self.warned) {
            (0, 0) => f.write_str("no findings")?,
            (denied, 0) => write!(f, "{denied} denied")?,
            (0, warned) => write!(f, "{warned} warned")?,
            (denied, warned) => write!(f, "{denied} denied, {warned} warned")?,
        }
        write!(
            f,
            " in {} of {} ({})",
            counted(self.objects, "object"),
            counted(self.files, "file"),
            counted(self.evaluations, "evaluation")
        )?;
        if self.unchanged > 0 {
            write!(f, ", {} unchanged", self.unchanged)?;
        }
        if self.suppressed > 0 {
            write!(f, ", {} suppressed", self.suppressed)?;
        }
        if self.skipped > 0 {
            write!(f, ", {} skipped", self.skipped)?;
        }
        if self.errors > 0 {
            write!(f, ", {}", counted(self.errors, "error"))?;
        }
        Ok(())
    }
}

fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_names_what_there_is() {
        let summary =
            Summary { files: 2, objects: 3, evaluations: 18, denied: 2, warned: 1, skipped: 1, ..Summary::default() };
        assert_eq!(summary.to_string(), "2 denied, 1 warned in 3 objects of 2 files (18 evaluations), 1 skipped");
        let summary = Summary { files: 1, objects: 1, evaluations: 1, suppressed: 4, errors: 2, ..Summary::default() };
        assert_eq!(summary.to_string(), "no findings in 1 object of 1 file (1 evaluation), 4 suppressed, 2 errors");
    }
}
