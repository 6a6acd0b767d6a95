//! The two resources that the rule is about.

use forewarn_kit::quantity::Quantity;

/// What a node runs out of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    /// Counted in cores.
    Cpu,
    /// Counted in bytes.
    Memory,
}

/// One value for each resource.
#[derive(Debug, Default)]
pub(crate) struct PerResource<T> {
    pub(crate) cpu: T,
    pub(crate) memory: T,
}

/// Fewer bytes than this hold no process.
const SMALLEST_MEMORY: Quantity = Quantity::units(1 << 20);
/// As many cores as this are rather millicores without their `m`.
const MANY_CORES: Quantity = Quantity::units(100);

impl Resource {
    pub(crate) const ALL: [Self; 2] = [Self::Cpu, Self::Memory];

    /// The resource's key in Kubernetes.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Memory => "memory",
        }
    }

    /// The resource that `name` is the key of.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|resource| resource.name() == name)
    }

    /// An amount to suggest where nothing better is known.
    pub(crate) fn modest(self) -> Quantity {
        match self {
            Self::Cpu => Quantity::millis(500),
            Self::Memory => Quantity::units(256 << 20),
        }
    }

    /// The same as a user writes it.
    pub(crate) fn modest_text(self) -> &'static str {
        match self {
            Self::Cpu => "500m",
            Self::Memory => "256Mi",
        }
    }

    /// How an amount is written.
    pub(crate) fn example(self) -> &'static str {
        match self {
            Self::Cpu => "write cores (`2`, `0.5`) or thousandths of a core (`500m`)",
            Self::Memory => "write a number and a unit without a blank between them: `512Mi`, `2Gi`, `500M`",
        }
    }

    /// Whether an amount, as it is written, is more likely a slip of the unit: less than any process needs, or more
    /// cores than most nodes have. `max` is the largest amount that the settings expect.
    pub(crate) fn is_suspicious(self, text: &str, amount: Quantity, max: Option<Quantity>) -> bool {
        match self {
            Self::Cpu => {
                let thousandths_or_less = text.ends_with(['m', 'u', 'n']);
                amount >= MANY_CORES && !thousandths_or_less && max.is_none_or(|max| amount > max)
            }
            Self::Memory => amount > Quantity::ZERO && amount < SMALLEST_MEMORY,
        }
    }

    /// For a suspicious amount: what it means, and what to write instead.
    pub(crate) fn slip(self, text: &str, amount: Quantity) -> (String, String) {
        let digits = text.trim_end_matches('m');
        let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
        match self {
            Self::Cpu => {
                let help = if plain {
                    format!(
                        "write `{digits}m` for thousandths of a core; if cores are meant, set `max.cpu` of this policy"
                    )
                } else {
                    self.example().to_owned()
                };
                (format!("{amount} cores: more than most nodes have"), help)
            }
            Self::Memory => {
                // A long number was meant as bytes.
                let write = if plain && digits.len() <= 5 {
                    format!("`{digits}Mi` for mebibytes")
                } else {
                    "at least `1Mi`".to_owned()
                };
                (format!("{amount} bytes: no process fits in there"), format!("write {write}"))
            }
        }
    }
}

impl<T> PerResource<T> {
    pub(crate) fn get(&self, resource: Resource) -> &T {
        match resource {
            Resource::Cpu => &self.cpu,
            Resource::Memory => &self.memory,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suspects_slips_of_the_unit() {
        use Resource::{Cpu, Memory};
        for (resource, text, expected) in [
            (Memory, "512m", true),
            (Memory, "512", true),
            (Memory, "1023Ki", true),
            (Memory, "1Mi", false),
            (Memory, "0", false),
            (Memory, "129e6", false),
            (Cpu, "500", true),
            (Cpu, "100", true),
            (Cpu, "99.5", false),
            (Cpu, "500000m", false),
            (Cpu, "100000000u", false),
            (Cpu, "1k", true),
            (Cpu, "500Mi", true),
        ] {
            let amount = Quantity::parse(text).expect(text);
            assert_eq!(resource.is_suspicious(text, amount, None), expected, "{text}");
        }
    }

    #[test]
    fn expects_as_many_cores_as_the_settings_do() {
        let cores = Quantity::units;
        assert!(!Resource::Cpu.is_suspicious("128", cores(128), Some(cores(128))));
        assert!(Resource::Cpu.is_suspicious("128", cores(128), Some(cores(64))));
    }
}
