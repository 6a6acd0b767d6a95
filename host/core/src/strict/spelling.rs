//! The word that was probably meant.

/// The candidate that differs from the word in case, dashes or underscores only, or else by few letters.
pub(super) fn nearest<'c>(word: &str, candidates: impl Iterator<Item = &'c str> + Clone) -> Option<&'c str> {
    let plain = plain(word);
    if let Some(same) = candidates.clone().find(|candidate| self::plain(candidate) == plain) {
        return Some(same);
    }
    let limit = limit(word.chars().count());
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many letters may differ. In short words every letter counts.
fn limit(length: usize) -> usize {
    match length {
        0..=2 => 0,
        3..=7 => 1,
        8..=11 => 2,
        _ => 3,
    }
}

fn plain(word: &str) -> String {
    word.chars().filter(|letter| !matches!(letter, '-' | '_')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn few_letters_may_differ() {
        let fields = ["env", "image", "livenessProbe", "name", "readinessProbe", "resources", "tty"];
        for (word, meant) in [
            ("livenesProbe", Some("livenessProbe")),
            ("liveness_probe", Some("livenessProbe")),
            ("LIVENESSPROBE", Some("livenessProbe")),
            ("resource", Some("resources")),
            ("evn", Some("env")),
            ("probe", None),
            ("ty", None),
            ("environment", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, fields.into_iter()), meant, "{word}");
        }
    }
}
