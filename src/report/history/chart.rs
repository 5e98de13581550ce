//! Small charts of Unicode blocks.

/// Widest bar, in characters.
pub(super) const BAR_CHARS_MAX: i64 = 40;

const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A bar as long as `value` is beside `max`, to an eighth of a character. Nothing for what is not above zero.
pub(super) fn bar(value: i64, max: i64) -> String {
    let eighths = scaled(value, max, 8 * BAR_CHARS_MAX);
    let whole = usize::try_from(eighths / 8).unwrap_or(0);
    let rest = usize::try_from(eighths % 8).ok().filter(|rest| *rest > 0).and_then(|rest| EIGHTHS.get(rest));
    "█".repeat(whole).chars().chain(rest.copied()).collect()
}

/// The same for what is only a mean: shaded, to a whole character.
pub(super) fn shaded_bar(value: i64, max: i64) -> String {
    "▒".repeat(usize::try_from(scaled(value, max, BAR_CHARS_MAX)).unwrap_or(0))
}

/// A line of small bars, each beside the largest of them; a space where there is no value.
pub(super) fn sparkline(values: &[Option<i64>]) -> String {
    let max = values.iter().flatten().copied().max().unwrap_or(0);
    let level = |value: i64| usize::try_from(scaled(value, max, 8).max(1) - 1).unwrap_or(0);
    let mark = |value: &Option<i64>| value.and_then(|value| LEVELS.get(level(value)).copied()).unwrap_or(' ');
    values.iter().map(mark).collect()
}

/// `value` of `max` in units of which `max` has `units`, to the nearest; what is above zero has one at least.
fn scaled(value: i64, max: i64, units: i64) -> i64 {
    if value <= 0 || max <= 0 {
        return 0;
    }
    let (value, max) = (i128::from(value.min(max)), i128::from(max));
    let nearest = (2 * value * i128::from(units) + max) / (2 * max);
    i64::try_from(nearest).unwrap_or(units).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_long_as_their_values() {
        assert_eq!(bar(100, 100), "█".repeat(40));
        assert_eq!(bar(50, 100).chars().count(), 20);
        assert_eq!(
            (bar(1, 1_000_000), bar(0, 100), bar(-5, 100), bar(0, 0)),
            ("▏".to_owned(), String::new(), String::new(), String::new())
        );
        assert_eq!(bar(i64::MAX, i64::MAX).chars().count(), 40);
        assert_eq!(shaded_bar(25, 100), "▒".repeat(10));
    }

    #[test]
    fn a_sparkline_leaves_out_what_is_not_known() {
        assert_eq!(sparkline(&[Some(0), Some(1), None, Some(50), Some(100), Some(-3)]), "▁▁ ▄█▁");
        assert_eq!(sparkline(&[]), "");
    }
}
