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

/// The candidate that is meant without doubt: the only one that is near.
pub(super) fn only<'c>(word: &str, candidates: impl Iterator<Item = &'c str> + Clone) -> Option<&'c str> {
    let plain = plain(word);
    let mut same = candidates.clone().filter(|candidate| self::plain(candidate) == plain);
    if let Some(first) = same.next() {
        return same.next().is_none().then_some(first);
    }
    let limit = limit(word.chars().count());
    let mut near = candidates.filter(|candidate| strsim::damerau_levenshtein(word, candidate) <= limit);
    near.next().filter(|_| near.next().is_none())
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
    use super::{nearest, only};

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
            assert_eq!(only(word, fields.into_iter()), meant, "{word}");
        }
    }

    #[test]
    fn what_may_be_two_things_is_not_sure() {
        let fields = ["hostIPC", "hostPID", "hostIP", "host_ip"];
        assert_eq!(nearest("hostIPD", fields.into_iter()), Some("hostIP"));
        assert_eq!(only("hostIPD", fields.into_iter()), None);
        assert_eq!(only("hostip", fields.into_iter()), None);
        assert_eq!(only("hostpid", fields.into_iter()), Some("hostPID"));
    }
}
