//! Fractions of a second as .NET has them: ticks of 100 ns, at most seven digits. A time span with more is refused;
//! what a date-time has below a tick is cut off when it is written.

/// Nanoseconds of a tick.
pub(super) const TICK: u32 = 100;
/// Ticks of a second.
pub(super) const PER_SECOND: u32 = 10_000_000;

/// Reads the digits behind the point, one to seven of them, as ticks.
pub(super) fn parse(digits: &str) -> Option<u32> {
    let legal = (1..=7).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    legal.then(|| format!("{digits:0<7}").parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_count_from_the_point() {
        assert_eq!((parse("5"), parse("0000001"), parse("1234567")), (Some(5_000_000), Some(1), Some(1_234_567)));
        assert_eq!((parse(""), parse("12345678"), parse("+5"), parse("½")), (None, None, None, None));
    }
}
