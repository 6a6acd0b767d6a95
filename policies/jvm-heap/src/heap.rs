//! The heap that a JVM's options add up to.

use forewarn_kit::env::UNSEEN;
use forewarn_kit::jvm::{Jvm, JvmOption};

use crate::size;

/// How large the heap of one JVM may grow.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heap<'j, 'a> {
    /// What decides; nothing leaves the JVM's default, a quarter of the memory.
    pub(crate) decided: Option<Decided<'j, 'a>>,
    /// Options at which the JVM refuses to start.
    pub(crate) bad: Vec<&'j JvmOption<'a>>,
    /// What cannot be seen, and may decide instead.
    pub(crate) unseen: Option<&'j JvmOption<'a>>,
}

/// The option that decides.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Decided<'j, 'a> {
    pub(crate) option: &'j JvmOption<'a>,
    pub(crate) size: HeapSize,
}

/// How large the heap may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HeapSize {
    /// To so many bytes.
    Bytes(u64),
    /// To so many hundredths of a percent of the memory limit.
    Share(u32),
}

/// What one option says about the heap.
enum Says {
    /// `-Xmx8g`
    Max(Result<u64, size::BadSize>),
    /// `-XX:MaxRAMPercentage=75.0`
    Percent(Result<u32, size::BadSize>),
    /// `-XX:MaxRAMFraction=2`, the older way to say 50 percent.
    Fraction(Result<u32, size::BadSize>),
    /// `-XX:MaxRAM=4g`: percentages are of that, not of the limit.
    OtherBase,
}

impl<'j, 'a> Heap<'j, 'a> {
    /// Reads a JVM's options. The last `-Xmx` or `-XX:MaxHeapSize` wins; without one the last `-XX:MaxRAMPercentage`,
    /// else the last `-XX:MaxRAMFraction`.
    /// Source: `Arguments::set_heap_size` in HotSpot.
    pub(crate) fn of(jvm: &'j Jvm<'a>) -> Self {
        let mut heap = Self::default();
        let (mut max, mut percent, mut fraction) = (None, None, None);
        let mut other_base = false;
        for option in &jvm.options {
            if option.hides() {
                heap.unseen = Some(option);
                continue;
            }
            let Some(says) = says(&option.text) else { continue };
            if option.text.contains(UNSEEN) {
                heap.unseen = Some(option);
                continue;
            }
            let mut keep = |slot: &mut Option<Decided<'j, 'a>>, size: Result<HeapSize, size::BadSize>| match size {
                Ok(size) => *slot = Some(Decided { option, size }),
                Err(size::BadSize) if option.certain => heap.bad.push(option),
                Err(size::BadSize) => {}
            };
            match says {
                Says::Max(bytes) => {
                    keep(&mut max, bytes.map(HeapSize::Bytes));
                    // Whatever came before is overruled.
                    heap.unseen = None;
                }
                Says::Percent(value) => keep(&mut percent, value.map(HeapSize::Share)),
                Says::Fraction(value) => keep(&mut fraction, value.map(HeapSize::Share)),
                Says::OtherBase => other_base = true,
            }
        }
        heap.decided = max.or(percent.or(fraction).filter(|_| !other_base));
        heap
    }
}

fn says(option: &str) -> Option<Says> {
    let after = |prefix| option.strip_prefix(prefix);
    if let Some(size) = after("-Xmx").or_else(|| after("-XX:MaxHeapSize=")) {
        return Some(Says::Max(size::bytes(size)));
    }
    if let Some(percent) = after("-XX:MaxRAMPercentage=") {
        return Some(Says::Percent(size::percentage(percent)));
    }
    if let Some(fraction) = after("-XX:MaxRAMFraction=") {
        let fraction = fraction.parse().ok().and_then(|fraction| 10_000_u32.checked_div(fraction));
        return Some(Says::Fraction(fraction.ok_or(size::BadSize)));
    }
    after("-XX:MaxRAM=").map(|_| Says::OtherBase)
}
